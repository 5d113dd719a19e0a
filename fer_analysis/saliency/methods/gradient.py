"""The gradient of a target's logit: the effect of a small change of each pixel."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.saliency.methods.gradients import Progress, batched_maps, score_gradient


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
        targets: Labels `(n,)`, the logit to explain, or weights of the logits `(n, k)`.
        batch_size: Images at a time.
        progress: Called after each batch.

    Returns:
        float32 `(n, h, w)`, logits a grey level, summed over the channels.
    """
    slope = score_gradient(model)
    return batched_maps(
        lambda batch, weights: tf.reduce_sum(slope(batch, weights)[1], axis=-1),
        model,
        images,
        targets,
        batch_size=batch_size,
        progress=progress,
    )
