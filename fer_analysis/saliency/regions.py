"""How saliency spreads over the parts of a face, and how sure a mean over images is of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.regions import REGIONS, region_map
from fer_analysis.saliency.maps import SaliencyMaps

SHIFT = 2
"""Pixels (of 48) by which the template is moved to see how much an answer hangs on it."""

RESAMPLES = 2000


@dataclass(frozen=True, eq=False)
class LabelSummary:
    """The maps of one true label, averaged.

    Args:
        label: Its name.
        n: Maps that are averaged: all of the label's but those of zeros.
        left_out: Maps of zeros, which say nothing.
        right: How many of the explained images are predicted right.
        support: Images of the label in the whole split.
        correct: How many of them are predicted right.
        mean_face: float64 `(h, w)`, mean of the explained images, pixels 0-255.
        mean_map: float64 `(h, w)`, mean over images of each pixel's share of |saliency|,
            times the number of pixels: 1 = as if spread evenly. NaN where n is 0.
        regions: The label's rows of `region_rows`.
    """

    label: str
    n: int
    left_out: int
    right: int
    support: int
    correct: int
    mean_face: np.ndarray
    mean_map: np.ndarray
    regions: list[dict]

    @property
    def top(self) -> dict | None:
        """The region with the highest enrichment; None where n is 0."""
        return max(self.regions, key=lambda row: row["enrichment"]) if self.n else None


def summaries(saliency: SaliencyMaps, images: np.ndarray) -> list[LabelSummary]:
    """Average the maps of each label.

    Args:
        saliency: The maps.
        images: `(n, h, w, 1)`, the images they explain, pixels 0-255.

    Returns:
        One summary for each label that has maps, in the order of the labels.
    """
    result = []
    for label in np.unique(saliency.labels):
        members = saliency.labels == label
        name, density = saliency.label_names[label], _shares(saliency.maps[members])
        said = density[~np.isnan(density[:, 0, 0])]
        result.append(
            LabelSummary(
                label=name,
                n=len(said),
                left_out=len(density) - len(said),
                right=int((saliency.predicted == label)[members].sum()),
                support=int(saliency.support[label]),
                correct=int(saliency.correct[label]),
                mean_face=images[members, ..., 0].mean(axis=0),
                mean_map=_mean(density) * density[0].size,
                regions=region_rows(saliency.maps[members], name),
            )
        )
    return result


def region_shares(maps: np.ndarray, *, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return the share of each map's |saliency| that falls on each region.

    Args:
        maps: `(n, h, w)`, raw.
        shift: Rows and columns (of the 48x48 template) by which all regions are moved.

    Returns:
        float64 `(n, len(REGIONS))`; a row sums to 1, or is NaN for a map of zeros.
    """
    return _by_region(_shares(maps), shift)


def region_areas(height: int, width: int, *, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return the share of the pixels that each region takes, float64 `(len(REGIONS),)`."""
    regions = region_map(height, width, shift)
    return np.bincount(regions.ravel(), minlength=len(REGIONS)) / regions.size


def region_rows(maps: np.ndarray, label: str, *, seed: int = 0) -> list[dict]:
    """Return a table of the mean saliency of each region.

    Args:
        maps: `(n, h, w)`, raw, of one label.
        label: Its name.
        seed: Of the bootstrap.

    Returns:
        One row a region: `label`, `n` (maps), `left_out` (maps of zeros), `region`, `area` and
        mean `share` of saliency (shares of 1), `share_low` and `share_high` (95 % percentile
        bootstrap over images), `enrichment` (share / area) with its `low` and `high`, and
        `shifted_low` and `shifted_high`: the enrichments found when the template is moved by
        up to `SHIFT` pixels. NaN where too few maps are left.
    """
    density = _shares(maps)
    density = density[~np.isnan(density[:, 0, 0])]
    areas = region_areas(*maps.shape[1:])
    low, high = _bootstrap(_by_region(density), seed)
    mean = _mean(density)
    moves = itertools.product((-SHIFT, 0, SHIFT), repeat=2)
    moved = [_by_region(mean, move) / region_areas(*mean.shape, shift=move) for move in moves]
    columns = {
        "area": areas,
        "share": _by_region(mean),
        "share_low": low,
        "share_high": high,
        "enrichment": _by_region(mean) / areas,
        "low": low / areas,
        "high": high / areas,
        "shifted_low": np.min(moved, axis=0),
        "shifted_high": np.max(moved, axis=0),
    }
    head = {"label": label, "n": len(density), "left_out": len(maps) - len(density)}
    return [
        head | {"region": region} | {name: float(values[i]) for name, values in columns.items()}
        for i, region in enumerate(REGIONS)
    ]


def _shares(maps: np.ndarray) -> np.ndarray:
    """Return each pixel's share of its map's |saliency|; NaN throughout a map of zeros."""
    magnitude = np.abs(maps.astype(np.float64))
    total = magnitude.sum(axis=(1, 2), keepdims=True)
    return np.divide(magnitude, total, out=np.full_like(magnitude, np.nan), where=total > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Average over maps, leaving out those of NaN; NaN where nothing is left."""
    said = values[~np.isnan(values[:, 0, 0])]
    return said.mean(axis=0) if len(said) else np.full(values.shape[1:], np.nan)


def _by_region(density: np.ndarray, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Sum `(..., h, w)` over each region, `(..., len(REGIONS))`."""
    *leading, height, width = density.shape
    members = np.eye(len(REGIONS))[region_map(height, width, shift).ravel()]
    return density.reshape(*leading, height * width) @ members


def _bootstrap(shares: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of the 95 % percentile bootstrap interval of the mean over images."""
    n = len(shares)
    if n < 2:  # one image knows nothing of the next
        return (np.full(shares.shape[1], np.nan),) * 2
    # How often each image is drawn, for all resamples at once.
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    low, high = np.percentile(drawn @ shares / n, [2.5, 97.5], axis=0)
    return low, high
