"""Region occlusion: the effect of a region on a logit and on recall, hidden or shown alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from scipy import ndimage

from fer_analysis.data.regions.template import Regions
from fer_analysis.saliency.methods.fills import FILLS, fill
from fer_analysis.saliency.methods.gradients import logit_weights, logits

CONTROLS = 5
"""Blobs of a region's area, elsewhere, that are hidden instead."""


@dataclass(frozen=True, eq=False)
class RegionOcclusion:
    """Scores of n images with each of r regions hidden, or shown alone; one fill.

    Args:
        drop: float32 `(n, r)`, how far the target's logit falls when the region is hidden.
        control: float32 `(n, r)`, the mean fall behind blobs of its area elsewhere.
        alone: float32 `(n, r)`, how far the logit rises when the region is all that is seen,
            above that of the fill alone.
        right: bool `(n,)`, whether the image is predicted as its label.
        right_hidden: bool `(n, r)`, with the region hidden.
        right_control: float32 `(n, r)`, share of the controls behind which it is.
        right_alone: bool `(n, r)`, with the region alone.
    """

    drop: np.ndarray
    control: np.ndarray
    alone: np.ndarray
    right: np.ndarray
    right_hidden: np.ndarray
    right_control: np.ndarray
    right_alone: np.ndarray


def occlude_regions(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    targets: np.ndarray,
    regions: Regions,
    *,
    face: np.ndarray | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, RegionOcclusion]:
    """Hide each region in turn, and show each alone, with every fill.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        labels: int64 `(n,)`, the true labels, for the recall.
        targets: Labels `(n,)` or weights of the logits `(n, k)`: the score.
        regions: The parts of the face, r of them.
        face: The mean face, `(h, w, channels)`; by default that of `images`.
        seed: Of the controls' places.
        progress: Called with (images done, images in all), each image once a fill.

    Returns:
        Fill -> result.
    """
    everything = np.ones((1, *images.shape[1:3]), bool)
    controls = _controls(regions, seed)
    masks = np.concatenate([regions.masks, ~regions.masks, controls, everything])
    weights = logit_weights(targets, model.output_shape[-1])
    whole = logits(model, images)
    found = {}
    for number, kind in enumerate(FILLS):
        shown = fill(images, kind, face)
        rows = []
        for i in range(len(images)):
            rows.append(logits_when_hidden(model, images[i : i + 1], masks, shown[i : i + 1])[0])
            if progress:
                progress(number * len(images) + i + 1, len(FILLS) * len(images))
        found[kind] = _result(whole, np.array(rows), weights, labels, len(regions.names))
    return found


def logits_when_hidden(
    model: keras.Model,
    images: np.ndarray,
    masks: np.ndarray,
    shown: np.ndarray,
    *,
    batch_size: int = 256,
) -> np.ndarray:
    """Return the logits of each image behind each mask.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        masks: bool `(m, h, w)`, the pixels to hide.
        shown: `(n, h, w, channels)`, the values that replace them.
        batch_size: Copies at a time.

    Returns:
        float32 `(n, m, k)`.
    """
    hidden = np.where(masks[None, ..., None], shown[:, None], images[:, None].astype(np.float32))
    found = logits(model, hidden.reshape(-1, *images.shape[1:]), batch_size=batch_size)
    return found.reshape(len(images), len(masks), -1)


def _result(
    whole: np.ndarray, behind: np.ndarray, weights: np.ndarray, labels: np.ndarray, r: int
) -> RegionOcclusion:
    """Sort the logits behind masks: r hidden, r alone, r x `CONTROLS`, all hidden."""
    score = np.einsum("nmk,nk->nm", behind, weights)
    fall = (whole * weights).sum(axis=1)[:, None] - score
    right = behind.argmax(axis=2) == labels[:, None]
    blobs = slice(2 * r, 2 * r + r * CONTROLS)

    def by_control(values: np.ndarray) -> np.ndarray:
        return values[:, blobs].reshape(len(values), r, CONTROLS).mean(axis=2)

    return RegionOcclusion(
        drop=fall[:, :r],
        control=by_control(fall),
        alone=score[:, r : 2 * r] - score[:, -1:],
        right=whole.argmax(axis=1) == labels,
        right_hidden=right[:, :r],
        right_control=by_control(right.astype(np.float32)),
        right_alone=right[:, r : 2 * r],
    )


def _controls(regions: Regions, seed: int) -> np.ndarray:
    """Return blobs of each region's area outside it, bool `(r * CONTROLS, h, w)`.

    A blob is a random pixel and those next to it. Where a region leaves too little room
    around it, the blob takes what there is.
    """
    rng = np.random.default_rng(seed)
    masks = []
    for mask in regions.masks:
        outside = np.argwhere(~mask)
        for _ in range(CONTROLS):
            centre = outside[rng.integers(len(outside))] if len(outside) else (0, 0)
            apart = np.full(mask.shape, True)
            apart[tuple(centre)] = False
            distance = np.where(mask, np.inf, ndimage.distance_transform_edt(apart))
            nearest = np.argsort(distance, axis=None, kind="stable")[: mask.sum()]
            blob = np.zeros(mask.size, bool)
            blob[nearest] = True
            masks.append(blob.reshape(mask.shape) & ~mask)
    return np.array(masks)
