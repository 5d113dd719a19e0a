"""How saliency is distributed over the parts of a face, with intervals over images."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.regions.template import Regions, template
from fer_analysis.saliency.findings import RegionShare
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.statistics.bootstrap import bootstrap, percentile_interval
from fer_analysis.statistics.estimate import Estimate

SHIFT = 2
"""Pixels by which the regions are moved, to see how much a result depends on their place."""


@dataclass(frozen=True, eq=False)
class LabelSummary:
    """The maps of one true label, averaged.

    Args:
        label: Its name.
        n: Maps that are averaged: all of the label's but those of zeros.
        left_out: Number of maps that are all zero.
        right: How many of the explained images are predicted correctly.
        support: Images of the label in the whole split.
        correct: How many of them are predicted correctly.
        mean_face: float64 `(h, w)`, mean of the explained images, pixels 0-255.
        mean_map: float64 `(h, w)`, mean over images of each pixel's share of |saliency|,
            times the number of pixels: 1 = as if spread evenly. NaN where n is 0.
        right_map: The same of the images that are predicted right; NaN without one.
        wrong_map: The same of those that are predicted wrong.
        regions: One entry for each region.
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
    regions: tuple[RegionShare, ...]

    @property
    def top(self) -> RegionShare | None:
        """The region with the highest enrichment; None where n is 0."""
        return max(self.regions, key=lambda each: each.enrichment.value) if self.n else None

    @property
    def wrong(self) -> int:
        """How many of the explained images are predicted wrong."""
        return self.n + self.left_out - self.right


def summaries(
    saliency: SaliencyMaps,
    images: np.ndarray,
    regions: Regions | None = None,
    *,
    known: Mapping[str, tuple[RegionShare, ...]] | None = None,
) -> list[LabelSummary]:
    """Average the maps of each label.

    Args:
        saliency: The maps.
        images: `(n, h, w, 1)`, the images they explain, pixels 0-255.
        regions: The parts of the face; by default the template.
        known: Label -> its regions, if they are known already.

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
                regions=known[name] if known else region_rows(part.strength, regions),
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
        values: `(n, columns)`, a row an image. All NaN for a single image.
        seed: Of the draws; values of the same n are drawn alike, so that they stay pairs.
    """
    n = len(values)
    if n < 2:
        return np.full((1, values.shape[1]), np.nan)
    return bootstrap(lambda weights: weights @ values / n, n, seed=seed)


def region_rows(
    maps: np.ndarray, regions: Regions | None = None, *, seed: int = 0
) -> tuple[RegionShare, ...]:
    """Return the mean saliency of each region, with 95 % intervals by bootstrap over images.

    Maps of zeros are left out; figures that too few maps are left for are undefined. Shifted
    regions are moved by up to `SHIFT` pixels.

    Args:
        maps: `(n, h, w)`, raw, of one label.
        regions: The parts of the face; by default the template.
        seed: Of the bootstrap.
    """
    regions = regions or template(*maps.shape[1:])
    density = _shares(maps)
    density = density[~np.isnan(density[:, 0, 0])]
    areas = regions.areas
    low, high = percentile_interval(bootstrap_means(by_region(density, regions), seed=seed))
    mean = _mean(density)
    moved = [regions.shifted(*move) for move in itertools.product((-SHIFT, 0, SHIFT), repeat=2)]
    shifted = np.array([over_area(by_region(mean, each), each) for each in moved])
    share, n = by_region(mean, regions), len(density)
    enriched = [over_area(values, regions) for values in (share, low, high)]
    span = np.stack([shifted.min(axis=0), shifted.max(axis=0)], axis=1)
    return tuple(
        RegionShare(
            region=region,
            area=float(areas[i]),
            share=Estimate(share[i], low[i], high[i], n),
            enrichment=Estimate(*(values[i] for values in enriched), n),
            shifted=tuple(None if np.isnan(end) else float(end) for end in span[i]),
        )
        for i, region in enumerate(regions.names)
    )


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
    defined = values[~np.isnan(values[:, 0, 0])]
    return defined.mean(axis=0) if len(defined) else np.full(values.shape[1:], np.nan)
