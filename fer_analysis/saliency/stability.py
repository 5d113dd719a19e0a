"""Stability: do other runs of the same recipe look at the same places?"""

from __future__ import annotations

import numpy as np

from fer_analysis.data.regions.template import Regions
from fer_analysis.saliency.enrichment import enrichment
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.saliency.sanity import rank_correlation


def stability(runs: dict[str, SaliencyMaps], regions: Regions) -> list[dict]:
    """Compare the maps that several runs give the same images.

    Args:
        runs: Name of a run -> its maps; all of the same images, in the same order.
        regions: The parts of the face.

    Returns:
        One row a label: `label`, `n`, `runs`, `same_image` (rank correlation of two runs' maps
        of one image, mean over images and pairs of runs), `mean_map` (that of their mean maps),
        and `most_enriched`: each run's first region. Maps of zeros are left out: null, and
        `none`, where no other map is.
    """
    first = next(iter(runs.values()))
    rows = []
    for label in np.unique(first.labels):
        members = first.labels == label
        maps = [each.take(members).strength for each in runs.values()]
        means = [_mean_map(each)[None] for each in maps]
        pairs = [(i, j) for i in range(len(maps)) for j in range(i)]
        same = [_correlation(maps[i], maps[j]) for i, j in pairs]
        overall = [_correlation(means[i], means[j]) for i, j in pairs]
        rows.append(
            {
                "label": first.label_names[label],
                "n": int(members.sum()),
                "runs": len(maps),
                "same_image": _mean(same),
                "mean_map": _mean(overall),
                "most_enriched": [_most_enriched(each, regions) for each in maps],
            }
        )
    return rows


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    nonzero = (one.max(axis=(1, 2)) > 0) & (other.max(axis=(1, 2)) > 0)
    return rank_correlation(one[nonzero], other[nonzero])


def _mean(pairs: list[np.ndarray]) -> float | None:
    """Return the mean over pairs of runs of their means over images."""
    means = [each.mean() for each in pairs if len(each)]
    return float(np.mean(means)) if means else None


def _most_enriched(maps: np.ndarray, regions: Regions) -> str:
    values = enrichment(maps, regions)
    return regions.names[int(np.argmax(values.mean(axis=0)))] if len(values) else "none"


def _mean_map(maps: np.ndarray) -> np.ndarray:
    total = maps.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    nonzero = total[:, 0, 0] > 0
    return (maps[nonzero] / total[nonzero]).sum(axis=0)
