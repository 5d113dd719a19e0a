"""Occlusion: how far a target's logit falls when a patch that slides over the face hides it."""

from __future__ import annotations

from typing import Annotated

import keras
import numpy as np
from pydantic import Field

from fer_analysis.errors import FerError
from fer_analysis.saliency import parts_of_logit
from fer_analysis.saliency.methods.fills import Fill, fill
from fer_analysis.saliency.methods.gradients import Progress, logit_weights, scores
from fer_analysis.saliency.region_occlusion import logits_when_hidden


@parts_of_logit
def occlusion(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    patch: Annotated[int, Field(ge=1, le=512)] = 8,
    stride: Annotated[int, Field(ge=1, le=512)] = 4,
    fill_with: Fill = "mean",
    batch_size: int = 256,
    face: np.ndarray | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the drop of each target's logit under a sliding patch (Zeiler & Fergus 2014).

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)`, the logit to explain, or weights of the logits `(n, k)`.
        patch: Side of the patch, pixels.
        stride: Pixels from one place to the next.
        fill_with: What the patch shows: `mean` (the mean face) or `blur`.
        batch_size: Copies at a time.
        face: The mean face, `(h, w, channels)`; by default that of `images`.
        progress: Called after each group of images.

    Returns:
        float32 `(n, h, w)`, logits: for each pixel the mean drop over the patches that hide
        it, negative where hiding it raises the logit.

    Raises:
        FerError: If patch or stride is not positive, or the stride leaves gaps.
    """
    if not 1 <= stride <= patch:
        raise FerError(
            f"occlusion: patch={patch}, stride={stride}: expected a stride from 1 to the patch"
        )
    masks = _patches(*images.shape[1:3], patch, stride)
    weights = logit_weights(targets, model.output_shape[-1])
    shown = fill(images, fill_with, face)
    maps = np.empty(images.shape[:3], np.float32)
    group = max(1, batch_size // len(masks))
    for start in range(0, len(images), group):
        rows = slice(start, start + group)
        behind = logits_when_hidden(model, images[rows], masks, shown[rows], batch_size=batch_size)
        whole = scores(model, images[rows], weights[rows], batch_size=batch_size)
        drops = whole[:, None] - np.einsum("nmk,nk->nm", behind, weights[rows])
        maps[rows] = np.tensordot(drops, masks, 1) / masks.sum(axis=0)
        if progress:
            progress(min(rows.stop, len(images)), len(images))
    return maps


def _patches(height: int, width: int, patch: int, stride: int) -> np.ndarray:
    """Return the patches' pixels, bool `(patches, height, width)`; every pixel is in one."""
    masks = []
    for top in _places(height, patch, stride):
        for left in _places(width, patch, stride):
            mask = np.zeros((height, width), bool)
            mask[top : top + patch, left : left + patch] = True
            masks.append(mask)
    return np.array(masks)


def _places(length: int, patch: int, stride: int) -> list[int]:
    last = max(length - patch, 0)
    return sorted({*range(0, last + 1, stride), last})
