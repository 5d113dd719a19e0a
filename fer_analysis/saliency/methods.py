"""Saliency methods: how the logit of a target changes with each pixel."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.errors import FerError
from fer_analysis.models.predict import logits_model

Progress = Callable[[int, int], None]
"""Called with (images done, images in all)."""


def gradient(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    batch_size: int = 128,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the gradient of each target's logit (Simonyan et al. 2013, with its sign).

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Integers `(n,)`, the logit to explain for each image.
        batch_size: Images at a time.
        progress: Called after each batch.

    Returns:
        float32 `(n, h, w)`, logits a grey level, summed over the channels.
    """
    function = _logit_gradient(model)
    maps = np.empty(images.shape[:3], np.float32)
    for start in range(0, len(images), batch_size):
        rows = slice(start, start + batch_size)
        batch = tf.convert_to_tensor(images[rows].astype(np.float32))
        maps[rows] = function(batch, tf.convert_to_tensor(targets[rows].astype(np.int64)))
        if progress:
            progress(min(rows.stop, len(images)), len(images))
    return maps


def smoothgrad(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    samples: int = 25,
    noise: float = 0.15,
    seed: int = 0,
    batch_size: int = 128,
    method: Callable[..., np.ndarray] = gradient,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the mean map of noisy copies of each image (SmoothGrad, Smilkov et al. 2017).

    Args:
        model: As `method` wants it.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Integers `(n,)`, the logit to explain for each image.
        samples: Noisy copies of an image.
        noise: Standard deviation of the noise, a share of the image's range of values.
        seed: Of the noise. An image's noise depends on this and its position alone.
        batch_size: Copies at a time.
        method: The saliency method to smooth.
        progress: Called after each group of images.

    Returns:
        float32 `(n, h, w)`, in the unit of `method`.

    Raises:
        FerError: If `samples` or `noise` is out of range.
    """
    if samples < 1 or noise < 0:
        raise FerError(
            f"smoothgrad: samples={samples}, noise={noise}: "
            "expected at least one sample and no negative noise"
        )
    maps = np.empty(images.shape[:3], np.float32)
    group = max(1, batch_size // samples)
    for start in range(0, len(images), group):
        positions = range(start, min(start + group, len(images)))
        copies = np.concatenate([_noisy(images[i], samples, noise, (seed, i)) for i in positions])
        smooth = method(
            model, copies, np.repeat(targets[positions], samples), batch_size=batch_size
        )
        # Summed in float64: copies that agree have exactly themselves as their mean.
        smooth = smooth.reshape(len(positions), samples, *maps.shape[1:])
        maps[positions] = smooth.mean(axis=1, dtype=np.float64)
        if progress:
            progress(positions.stop, len(images))
    return maps


def _noisy(image: np.ndarray, samples: int, noise: float, seed: tuple[int, int]) -> np.ndarray:
    grain = np.random.default_rng(seed).standard_normal((samples, *image.shape), np.float32)
    return image + np.float32(noise * np.ptp(image.astype(np.float32))) * grain


@functools.lru_cache(maxsize=1)  # methods that average call in groups: trace a model once
def _logit_gradient(model: keras.Model) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    logits_of = logits_model(model)
    shape = model.inputs[0].shape

    # The open batch size in the signature keeps the last, partial batch from a new trace.
    @tf.function(input_signature=[tf.TensorSpec(shape), tf.TensorSpec([None], tf.int64)])
    def function(images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(images)
            logits = logits_of(images, training=False)
            chosen = tf.gather(logits, targets, axis=1, batch_dims=1)
        # Images do not meet in inference mode: the sum's gradient holds each one's own.
        return tf.reduce_sum(tape.gradient(chosen, images), axis=-1)

    return function
