"""Class activation maps of an inner layer: coarse, so only of a layer that can tell regions."""

from __future__ import annotations

import functools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.errors import FerError
from fer_analysis.models.ensemble import is_ensemble
from fer_analysis.saliency.methods.gradients import Progress, batched_maps, signature

FINEST_NEEDED = 12
"""Rows and columns below which a map cannot tell the eyes of a 48x48 face from its mouth."""

_KINDS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.ReLU,
    keras.layers.Activation,
)


def grad_cam(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    layer: str | None = None,
    batch_size: int = 128,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return Grad-CAM maps (Selvaraju et al. 2017): channels weighted by their mean gradient.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)`, the logit to explain, or weights of the logits `(n, k)`.
        layer: Whose activations; by default the deepest convolution or activation whose map
            has at least 12x12 cells.
        batch_size: Images at a time.
        progress: Called after each batch.

    Returns:
        float32 `(n, h, w)`, 0 or more, interpolated from the layer's map.

    Raises:
        FerError: If the layer's map is coarser than 12x12, or there is no such layer.
    """
    function = _cam(model, cam_layer(model, layer, images.shape[1:3]), _grad_cam)
    return batched_maps(function, model, images, targets, batch_size=batch_size, progress=progress)


def layer_cam(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    *,
    layer: str | None = None,
    batch_size: int = 128,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return LayerCAM maps (Jiang et al. 2021): every cell weighted by its own gradient.

    Unlike Grad-CAM's mean over the map, the weight of a cell knows where it is, which is what
    the shallow layers of small networks need.
    Arguments, result and errors are those of `grad_cam`.
    """
    function = _cam(model, cam_layer(model, layer, images.shape[1:3]), _layer_cam)
    return batched_maps(function, model, images, targets, batch_size=batch_size, progress=progress)


def cam_layer(
    model: keras.Model, name: str | None = None, size: tuple[int, int] | None = None
) -> str:
    """Return the layer to take, checked to be fine enough.

    Args:
        model: The network.
        name: The layer; None takes the deepest convolution or activation that will do.
        size: Rows and columns of the images, which a network for any size does not tell.

    Raises:
        FerError: If none will do, or the named one does not; it names those that do.
    """
    if is_ensemble(model):
        raise FerError(
            "an ensemble has no last map of its own: use another method, or explain its members"
        )
    layers = {each.name: each for each in model.layers if len(each.output.shape) == 4}
    sizes = _map_sizes(model, list(layers.values()), size)
    fine = [
        each
        for each, layer in layers.items()
        if min(sizes[each]) >= FINEST_NEEDED and isinstance(layer, _KINDS)
    ]
    least = f"{FINEST_NEEDED}x{FINEST_NEEDED}"
    if not fine:
        raise FerError(
            f"the network has no convolution or activation with a map of at least {least}: "
            "a class activation map would tell no regions; use another method"
        )
    if name is None:
        return fine[-1]
    if name not in layers:
        raise FerError(f"layer '{name}': no such layer with a map; expected {_listed(fine)}")
    height, width = sizes[name]
    if min(height, width) < FINEST_NEEDED:
        raise FerError(
            f"layer '{name}': its map of {height}x{width} tells no regions of a face; "
            f"expected at least {least}: {_listed(fine)}"
        )
    return name


def _map_sizes(
    model: keras.Model, layers: list[keras.Layer], size: tuple[int, int] | None
) -> dict[str, tuple[int, int]]:
    """Return the rows and columns of each layer's map."""
    shapes = [layer.output.shape for layer in layers]
    if size and layers and None in model.inputs[0].shape[1:3]:
        every = keras.Model(model.inputs, [layer.output for layer in layers])
        shapes = every.compute_output_shape((1, *size, model.inputs[0].shape[-1]))
    return {each.name: tuple(shape[1:3]) for each, shape in zip(layers, shapes, strict=True)}


def _grad_cam(activations: tf.Tensor, slopes: tf.Tensor) -> tf.Tensor:
    weights = tf.reduce_mean(slopes, axis=(1, 2), keepdims=True)
    return tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1, keepdims=True))


def _layer_cam(activations: tf.Tensor, slopes: tf.Tensor) -> tf.Tensor:
    weighted = tf.nn.relu(slopes) * activations
    return tf.nn.relu(tf.reduce_sum(weighted, axis=-1, keepdims=True))


@functools.lru_cache(maxsize=2)
def _cam(model: keras.Model, layer: str, combine: Callable) -> Callable[..., tf.Tensor]:
    both = keras.Model(
        model.inputs, [model.get_layer(layer).output, model.get_layer("logits").output]
    )

    @tf.function(input_signature=signature(model))
    def function(images: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            activations, logits = both(images, training=False)
            score = logits * weights
        coarse = combine(activations, tape.gradient(score, activations))
        return tf.image.resize(coarse, tf.shape(images)[1:3])[..., 0]

    return function


def _listed(names: list[str], longest: int = 8) -> str:
    shown = ", ".join(names[-longest:])
    return shown if len(names) <= longest else f"…, {shown}"
