"""How saliency spreads over the parts of a face, and how sure a mean over images is of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.regions.template import Regions, template
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.statistics.bootstrap import bootstrap, percentile_interval

SHIFT = 2
"""Pixels by which the regions are moved to see how much an answer hangs on their place."""


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
        right_map: The same of the images that are predicted right; NaN without one.
        wrong_map: The same of those that are predicted wrong.
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
    right_map: np.ndarray
    wrong_map: np.ndarray
    regions: list[dict]

    @property
    def top(self) -> dict | None:
        """The region with the highest enrichment; None where n is 0."""
        return max(self.regions, key=lambda row: row["enrichment"]) if self.n else None


def summaries(
    saliency: SaliencyMaps, images: np.ndarray, regions: Regions | None = None
) -> list[LabelSummary]:
    """Average the maps of each label.

    Args:
        saliency: The maps.
        images: `(n, h, w, 1)`, the images they explain, pixels 0-255.
        regions: The parts of the face; by default the template.

    Returns:
        One summary for each label that has maps, in the order of the labels.
    """
    result = []
    for label in np.unique(saliency.labels):
        members = saliency.labels == label
        part = saliency.take(members)
        name, density = saliency.label_names[label], _shares(part.strength)
        right = (saliency.predicted == label)[members]
        pixels = density[0].size
        n = int((~np.isnan(density[:, 0, 0])).sum())
        result.append(
            LabelSummary(
                label=name,
                n=n,
                left_out=len(density) - n,
                right=int(right.sum()),
                support=int(saliency.support[label]),
                correct=int(saliency.correct[label]),
                mean_face=images[members, ..., 0].mean(axis=0),
                mean_map=_mean(density) * pixels,
                right_map=_mean(density[right]) * pixels,
                wrong_map=_mean(density[~right]) * pixels,
                regions=region_rows(part.strength, name, regions),
            )
        )
    return result


def region_shares(maps: np.ndarray, regions: Regions | None = None) -> np.ndarray:
    """Return the share of each map's |saliency| that falls on each region.

    Args:
        maps: `(n, h, w)`, raw.
        regions: The parts of the face; by default the template.

    Returns:
        float64 `(n, regions)`; a row sums to 1, or is NaN for a map of zeros.
    """
    return by_region(_shares(maps), regions or template(*maps.shape[1:]))


def enrichment(maps: np.ndarray, regions: Regions) -> np.ndarray:
    """Return each map's enrichment: its share of |saliency| over the region's share of area.

    Args:
        maps: `(n, h, w)`, raw.
        regions: The parts of the face.

    Returns:
        float64 `(m, regions)`, without the maps of zeros.
    """
    shares = region_shares(maps, regions)
    return over_area(shares[~np.isnan(shares[:, 0])], regions)


def over_area(shares: np.ndarray, regions: Regions) -> np.ndarray:
    """Return shares of saliency over shares of area; 0 where a region has no pixel."""
    areas = np.broadcast_to(regions.areas, shares.shape)
    return np.divide(shares, areas, out=np.zeros_like(shares), where=areas > 0)


def bootstrap_means(values: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return means over images, had other images been drawn, float64 `(draws, ...)`.

    Args:
        values: `(n, columns)`, a row an image. One image knows nothing of the next: all NaN.
        seed: Of the draws; values of the same n are drawn alike, so that they stay pairs.
    """
    n = len(values)
    if n < 2:
        return np.full((1, values.shape[1]), np.nan)
    return bootstrap(lambda weights: weights @ values / n, n, seed=seed)


def region_rows(
    maps: np.ndarray, label: str, regions: Regions | None = None, *, seed: int = 0
) -> list[dict]:
    """Return a table of the mean saliency of each region.

    Args:
        maps: `(n, h, w)`, raw, of one label.
        label: Its name.
        regions: The parts of the face; by default the template.
        seed: Of the bootstrap.

    Returns:
        One row a region: `label`, `n` (maps), `left_out` (maps of zeros), `region`, `area` and
        mean `share` of saliency (shares of 1), `share_low` and `share_high` (95 % percentile
        bootstrap over images), `enrichment` (share / area) with its `low` and `high`, and
        `shifted_low` and `shifted_high`: the enrichments found when all regions are moved by
        up to `SHIFT` pixels. NaN where too few maps are left.
    """
    regions = regions or template(*maps.shape[1:])
    density = _shares(maps)
    density = density[~np.isnan(density[:, 0, 0])]
    areas = regions.areas
    low, high = percentile_interval(bootstrap_means(by_region(density, regions), seed=seed))
    mean = _mean(density)
    moved = [regions.shifted(*move) for move in itertools.product((-SHIFT, 0, SHIFT), repeat=2)]
    shifted = np.array([over_area(by_region(mean, each), each) for each in moved])
    columns = {
        "area": areas,
        "share": by_region(mean, regions),
        "share_low": low,
        "share_high": high,
        "enrichment": over_area(by_region(mean, regions), regions),
        "low": over_area(low, regions),
        "high": over_area(high, regions),
        "shifted_low": shifted.min(axis=0),
        "shifted_high": shifted.max(axis=0),
    }
    head = {"label": label, "n": len(density), "left_out": len(maps) - len(density)}
    return [
        head | {"region": region} | {name: float(values[i]) for name, values in columns.items()}
        for i, region in enumerate(regions.names)
    ]


def by_region(density: np.ndarray, regions: Regions) -> np.ndarray:
    """Sum `(..., h, w)` over each region, `(..., regions)`."""
    *leading, height, width = density.shape
    members = np.eye(len(regions.names))[regions.pixels.ravel()]
    return density.reshape(*leading, height * width) @ members


def _shares(maps: np.ndarray) -> np.ndarray:
    """Return each pixel's share of its map's |saliency|; NaN throughout a map of zeros."""
    magnitude = np.abs(maps.astype(np.float64))
    total = magnitude.sum(axis=(1, 2), keepdims=True)
    return np.divide(magnitude, total, out=np.full_like(magnitude, np.nan), where=total > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Average over maps, leaving out those of NaN; NaN where nothing is left."""
    said = values[~np.isnan(values[:, 0, 0])]
    return said.mean(axis=0) if len(said) else np.full(values.shape[1:], np.nan)
