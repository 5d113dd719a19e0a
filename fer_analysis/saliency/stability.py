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
        and `most_enriched`: each run's first region.
    """
    first = next(iter(runs.values()))
    rows = []
    for label in np.unique(first.labels):
        members = first.labels == label
        maps = [each.take(members).strength for each in runs.values()]
        means = [_mean_map(each)[None] for each in maps]
        pairs = [(i, j) for i in range(len(maps)) for j in range(i)]
        tops = [enrichment(each, regions).mean(axis=0) for each in maps]
        same = [rank_correlation(maps[i], maps[j]).mean() for i, j in pairs]
        overall = [rank_correlation(means[i], means[j])[0] for i, j in pairs]
        rows.append(
            {
                "label": first.label_names[label],
                "n": int(members.sum()),
                "runs": len(maps),
                "same_image": float(np.mean(same)),
                "mean_map": float(np.mean(overall)),
                "most_enriched": [regions.names[int(np.argmax(top))] for top in tops],
            }
        )
    return rows


def _mean_map(maps: np.ndarray) -> np.ndarray:
    total = maps.sum(axis=(1, 2), keepdims=True, dtype=np.float64)
    said = total[:, 0, 0] > 0
    return (maps[said] / total[said]).sum(axis=0)
