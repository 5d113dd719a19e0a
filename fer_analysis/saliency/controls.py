"""Controls of saliency: the edges of an image, and untrained networks."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
from scipy import ndimage


def edges(images: np.ndarray) -> np.ndarray:
    """Return Sobel's edge strength: a map of the image that no network is needed for.

    Args:
        images: `(n, h, w, channels)`, pixels 0-255.

    Returns:
        float32 `(n, h, w)`, grey levels, 0 or more.
    """
    grey = images.astype(np.float32).mean(axis=-1)
    return np.hypot(ndimage.sobel(grey, axis=1), ndimage.sobel(grey, axis=2))


def random_networks(model: keras.Model, count: int, *, seed: int = 0) -> Iterator[keras.Model]:
    """Yield untrained networks of the same architecture.

    Each is the same object with other weights: use it before asking for the next.

    Args:
        model: The trained network; it stays as it is.
        count: How many.
        seed: Of the weights.
    """
    other = copy_of(model)  # one for all of them: a new one would have to be compiled anew
    for number in range(count):
        randomise_weights(other.layers, seed=(seed, number))
        yield other


def copy_of(model: keras.Model) -> keras.Model:
    """Return a copy with weights of its own."""
    other = keras.models.clone_model(model)
    other.set_weights(model.get_weights())
    return other


def randomise_weights(layers: list[keras.Layer], *, seed: int | tuple[int, ...]) -> None:
    """Give the layers the weights of a network that has not been trained.

    Kernels are drawn so that signals keep their size through rectified units (He et al. 2015);
    normalisation passes what it is given, biases are 0. (Shuffling the trained weights instead
    left self-built networks with no live unit, and maps of zeros pass any test.)

    Args:
        layers: Of the network to change.
        seed: Of the kernels.
    """
    rng = np.random.default_rng(seed)
    for layer in layers:
        for variable in layer.weights:
            shape, name = tuple(variable.shape), variable.name
            if name.endswith("kernel"):
                inputs = shape[:2] if "depthwise" in type(layer).__name__.lower() else shape[:-1]
                value = rng.normal(0, np.sqrt(2 / np.prod(inputs)), shape)
            else:
                value = np.full(shape, float(name in ("gamma", "moving_variance")))
            variable.assign(value.astype(np.float32))
