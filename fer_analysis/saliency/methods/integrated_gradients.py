"""Integrated gradients: shares of a logit's difference from that of a baseline."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated

import keras
import numpy as np
import tensorflow as tf
from pydantic import Field

from fer_analysis.errors import FerError
from fer_analysis.saliency import parts_of_logit
from fer_analysis.saliency.methods.fills import Fill, fill
from fer_analysis.saliency.methods.gradients import (
    Progress,
    logit_weights,
    score_gradient,
    scores,
    signature,
)

TOLERANCE = 0.01
"""By which share a map's sum may miss the difference of logits before its steps are doubled."""


@parts_of_logit
def integrated_gradients(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    baseline: Fill = "mean",
    steps: Annotated[int, Field(ge=1, le=4096)] = 32,
    doublings: Annotated[int, Field(ge=0, le=8)] = 2,
    batch_size: int = 128,
    face: np.ndarray | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the integrated gradients of each target's logit (Sundararajan et al. 2017).

    The gradient is averaged along the straight way from the baseline to the image, and
    multiplied by the difference of the two. A network of rectified units is straight but for
    kinks. Within each step the gradient is therefore taken to be the one at its start up to a
    kink and the one at its end from there on, with the kink where the logits at both ends put
    it: exact for one kink a step. (Gauss-Legendre's rule left twice the residual.)

    The mean face is the default baseline: it is the same for every image and independent of the
    label, whereas an image's blur still shows an open mouth, whose share would then be lost.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)`, the logit to explain, or weights of the logits `(n, k)`.
        baseline: `mean` (the mean face) or `blur` (the image, blurred).
        steps: Into which the way is cut.
        doublings: How often they are doubled at most, image by image, where the map's sum misses
            the difference by more than `TOLERANCE` (see `residuals`).
        batch_size: Points on the way at a time.
        face: The mean face, `(h, w, channels)`; by default that of `images`.
        progress: Called after each group of images.

    Returns:
        float32 `(n, h, w)`, logits; a map's sum is the difference of the two logits.

    Raises:
        FerError: If `steps` or `doublings` is out of range, or there is no such baseline.
    """
    if steps < 1 or doublings < 0:
        raise FerError(
            f"integrated_gradients: steps={steps}, doublings={doublings}: "
            "expected at least one step and no negative number of doublings"
        )
    start = fill(images, baseline, face)
    weights = logit_weights(targets, model.output_shape[-1])
    maps = np.empty(images.shape[:3], np.float32)
    group = max(1, batch_size // (steps + 1))
    for first in range(0, len(images), group):
        rows = np.arange(first, min(first + group, len(images)))
        for doubling in range(doublings + 1):
            ends = images[rows].astype(np.float32), weights[rows], start[rows]
            maps[rows], missed = _path_integral(model)(*ends, steps * 2**doubling)
            rows = rows[missed > TOLERANCE]
            if not len(rows):
                break
        if progress:
            progress(min(first + group, len(images)), len(images))
    return maps


def residuals(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    maps: np.ndarray,
    *,
    baseline: str = "mean",
    face: np.ndarray | None = None,
) -> np.ndarray:
    """Return by how much each map's sum misses the difference of logits that it shares out.

    Args:
        model: As for `integrated_gradients`, like all others.
        images: `(n, h, w, channels)`.
        targets: Labels `(n,)` or weights `(n, k)`.
        maps: `(n, h, w)`, the maps.
        baseline: As given for the maps.
        face: As given for the maps.

    Returns:
        float64 `(n,)`: |sum - difference| / max(|difference|, 1 logit).
    """
    before = scores(model, fill(images, baseline, face), targets)
    return _missed(maps, before, scores(model, images, targets))


def _missed(maps: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    difference = after.astype(np.float64) - before
    missed = np.abs(maps.sum(axis=(1, 2), dtype=np.float64) - difference)
    return missed / np.maximum(np.abs(difference), 1)


@functools.lru_cache(maxsize=1)
def _path_integral(model: keras.Model) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Compile (images, weights, baselines, steps) -> maps, what each misses."""
    slope = score_gradient(model)
    image, weight = signature(model)

    @tf.function(input_signature=[image, weight, image, tf.TensorSpec([], tf.int32)])
    def function(images: tf.Tensor, weights: tf.Tensor, baselines: tf.Tensor, steps: tf.Tensor):
        places = tf.linspace(0.0, 1.0, steps + 1)[None, :, None, None, None]
        way = (images - baselines)[:, None]
        shape = tf.unstack(tf.shape(images)[1:])  # height and width may be open
        points = tf.reshape(baselines[:, None] + places * way, [-1, *shape])
        scores, slopes = slope(points, tf.repeat(weights, steps + 1, axis=0))
        scores = tf.reshape(scores, [-1, steps + 1])
        slopes = tf.reshape(slopes, [-1, steps + 1, *shape])
        parts = slopes * way / tf.cast(steps, tf.float32)
        before_kink = _before_kink(scores, tf.reduce_sum(parts, axis=(2, 3, 4)))
        nothing = tf.zeros_like(before_kink[:, :1])
        counts = tf.concat([before_kink, nothing], 1) + tf.concat([nothing, 1 - before_kink], 1)
        return tf.reduce_sum(parts * counts[:, :, None, None, None], axis=(1, 4)), scores

    def maps_and_missed(images, weights, baselines, steps: int):
        maps, scores = (each.numpy() for each in function(images, weights, baselines, steps))
        return maps, _missed(maps, scores[:, 0], scores[:, -1])

    return maps_and_missed


def _before_kink(scores: tf.Tensor, rises: tf.Tensor) -> tf.Tensor:
    """Return the share of each step before its kink, `(n, steps)`, 0 to 1.

    Args:
        scores: `(n, steps + 1)`, at the points.
        rises: `(n, steps + 1)`, what a step would add at each point's gradient.
    """
    start, end = rises[:, :-1], rises[:, 1:]
    share = tf.math.divide_no_nan(scores[:, 1:] - scores[:, :-1] - end, start - end)
    straight = tf.abs(start - end) <= 1e-4 * (tf.abs(start) + tf.abs(end))
    return tf.where(straight, 0.5, tf.clip_by_value(share, 0.0, 1.0))
