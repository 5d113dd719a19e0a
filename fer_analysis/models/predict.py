"""Predictions of a model in batches."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.errors import FerError


def logits_model(model: keras.Model) -> keras.Model:
    """Return the part of `model` up to its logits; it shares all weights."""
    return keras.Model(model.inputs, model.get_layer("logits").output)


def features_model(model: keras.Model) -> keras.Model:
    """Return the part of `model` up to what its logits are made of; it shares all weights."""
    features = model.get_layer("logits").input
    flat = features if len(features.shape) == 2 else keras.layers.Flatten()(features)
    return keras.Model(model.inputs, flat)


def predictor(model: keras.Model, *, batch_size: int = 256) -> Callable[..., np.ndarray]:
    """Compile a model's inference once, for images in any number.

    Keras's own `predict` would compile an uncompiled model with XLA, which is many times
    slower on a CPU.

    Args:
        model: Raw pixels in.
        batch_size: Images at a time.

    Returns:
        A function of images, uint8 `(n, height, width, 1)`, and optionally `progress`, called
        with (images done, images in all). It returns the outputs, float32 `(n, outputs)`, and
        raises `FerError` for images of another size than the model takes.
    """
    function = tf.function(lambda batch: model(batch, training=False), reduce_retracing=True)

    def predict(images: np.ndarray, progress: Callable[[int, int], None] | None = None):
        _check_size(model, images)
        results = []
        for start in range(0, len(images), batch_size):
            batch = tf.cast(images[start : start + batch_size], tf.float32)
            results.append(function(batch).numpy())
            if progress:
                progress(min(start + batch_size, len(images)), len(images))
        return np.concatenate(results)

    return predict


def _check_size(model: keras.Model, images: np.ndarray) -> None:
    taken = model.input_shape[1:3]
    if any(side not in (None, own) for side, own in zip(taken, images.shape[1:3], strict=True)):
        size, own = ("x".join(map(str, sides)) for sides in (taken, images.shape[1:3]))
        raise FerError(
            f"the model takes images of {size} pixels, the data has {own}: "
            f"read it at that size with --set data.size={taken[0]}"
        )
