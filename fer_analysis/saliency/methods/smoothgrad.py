"""SmoothGrad: the mean map of noisy copies, around any method that takes gradients."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated

import keras
import numpy as np
from pydantic import Field

from fer_analysis.errors import FerError
from fer_analysis.saliency import METHODS
from fer_analysis.saliency.methods.fills import mean_face
from fer_analysis.saliency.methods.gradients import Progress


def smoothgrad(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    samples: Annotated[int, Field(ge=1, le=10_000)] = 25,
    noise: Annotated[float, Field(ge=0, le=10)] = 0.15,
    seed: int = 0,
    batch_size: int = 128,
    method: str | Callable[..., np.ndarray] = "gradient",
    face: np.ndarray | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the mean map of noisy copies of each image (SmoothGrad, Smilkov et al. 2017).

    Args:
        model: As `method` requires it.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)`, the logit to explain, or weights of the logits `(n, k)`.
        samples: Noisy copies of an image.
        noise: Standard deviation of the noise, a share of the image's range of values.
        seed: Of the noise. An image's noise depends on this and its position alone.
        batch_size: Copies at a time.
        method: The saliency method to smooth, or its name.
        face: The mean face, `(h, w, channels)`, of methods that paint pixels over; by default
            that of `images`.
        progress: Called after each group of images.

    Returns:
        float32 `(n, h, w)`, in the unit of `method`.

    Raises:
        FerError: If `samples` or `noise` is out of range, or the method is this one.
    """
    if samples < 1 or noise < 0:
        raise FerError(
            f"smoothgrad: samples={samples}, noise={noise}: "
            "expected at least one sample and no negative noise"
        )
    method = METHODS[method] if isinstance(method, str) else method
    if method is smoothgrad:
        raise FerError("smoothgrad: method: it cannot smooth itself; expected another method")
    options = {}
    if "face" in inspect.signature(method).parameters:
        options["face"] = mean_face(images) if face is None else face
    maps = np.empty(images.shape[:3], np.float32)
    group = max(1, batch_size // samples)
    for start in range(0, len(images), group):
        positions = range(start, min(start + group, len(images)))
        copies = np.concatenate([_noisy(images[i], samples, noise, (seed, i)) for i in positions])
        repeated = np.repeat(targets[positions], samples, axis=0)
        smooth = method(model, copies, repeated, batch_size=batch_size, **options)
        # Summed in float64: copies that agree have exactly themselves as their mean.
        smooth = smooth.reshape(len(positions), samples, *maps.shape[1:])
        maps[positions] = smooth.mean(axis=1, dtype=np.float64)
        if progress:
            progress(positions.stop, len(images))
    return maps


def _noisy(image: np.ndarray, samples: int, noise: float, seed: tuple[int, int]) -> np.ndarray:
    grain = np.random.default_rng(seed).standard_normal((samples, *image.shape), np.float32)
    return image + np.float32(noise * np.ptp(image.astype(np.float32))) * grain
