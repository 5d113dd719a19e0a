"""Scores and their gradients for all methods, compiled once for each model, in batches."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.models.predict import logits_model

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


def logit_weights(targets: np.ndarray, k: int) -> np.ndarray:
    """Return what a score weighs each logit with, float32 `(n, k)`.

    Args:
        targets: Labels, integers `(n,)`, or the weights themselves `(n, k)`.
        k: Number of labels.
    """
    targets = np.asarray(targets)
    if targets.ndim == 2:
        return targets.astype(np.float32)
    return np.eye(k, dtype=np.float32)[targets]


def scores(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    batch_size: int = 256,
) -> np.ndarray:
    """Return each image's score, the logit (or weighted logits) of its target, float32 `(n,)`.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)` or weights of the logits `(n, k)`.
        batch_size: Images at a time.
    """
    return (logits(model, images, batch_size=batch_size) * _weights(model, targets)).sum(axis=1)


def logits(model: keras.Model, images: np.ndarray, *, batch_size: int = 256) -> np.ndarray:
    """Return the logits in inference mode, float32 `(n, k)`."""
    function = _forward(model)
    found = np.empty((len(images), model.output_shape[-1]), np.float32)
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        found[rows] = function(tf.convert_to_tensor(images[rows].astype(np.float32)))
    return found


def batched_maps(
    function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    batch_size: int,
    progress: Progress | None,
) -> np.ndarray:
    """Fill the maps of all images by a compiled function of (images, weights of the logits)."""
    weights = _weights(model, targets)
    maps = np.empty(images.shape[:3], np.float32)
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        batch = tf.convert_to_tensor(images[rows].astype(np.float32))
        maps[rows] = function(batch, tf.convert_to_tensor(weights[rows]))
        if progress:
            progress(min(rows.stop, len(images)), len(images))
    return maps


def signature(model: keras.Model) -> list[tf.TensorSpec]:
    """Return the signature (images, weights) of a compiled function.

    The open batch size keeps the last, partial batch from a new trace.
    """
    shape = model.inputs[0].shape
    return [tf.TensorSpec([None, *shape[1:]]), tf.TensorSpec([None, model.output_shape[-1]])]


@functools.lru_cache(maxsize=1)  # methods that average call in groups: trace a model once
def score_gradient(model: keras.Model) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
    """Compile (images, weights) -> scores `(n,)`, their gradients `(n, h, w, channels)`."""
    logits_of = logits_model(model)

    @tf.function(input_signature=signature(model))
    def function(images: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            score = tf.reduce_sum(logits_of(images, training=False) * weights, axis=1)
        # Images do not meet in inference mode: the sum's gradient holds each one's own.
        return score, tape.gradient(score, images)

    return function


@functools.lru_cache(maxsize=1)
def _forward(model: keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    logits_of = logits_model(model)
    return tf.function(
        lambda images: logits_of(images, training=False), input_signature=signature(model)[:1]
    )


def _weights(model: keras.Model, targets: np.ndarray) -> np.ndarray:
    return logit_weights(targets, model.output_shape[-1])
