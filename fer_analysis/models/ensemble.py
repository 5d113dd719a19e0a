"""Several networks as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fer_analysis.errors import FerError

SMALLEST = 1e-12
"""Mean probabilities below it are taken as it: their logarithms are the logits."""

MEMBER = "member"
"""What the names of a member's layers begin with, in an ensemble."""


def ensemble_model(models: Sequence[keras.Model]) -> keras.Model:
    """Return one flat network whose probabilities are the mean of the members'.

    Equal weights, as in Lakshminarayanan, Pritzel & Blundell 2017, "Simple and scalable
    predictive uncertainty estimation using deep ensembles". Its logits are the logarithms of
    the mean.

    Args:
        models: Two or more networks from pixels `(n, h, w, 1)` to the same labels in the same
            order, each ending in the layer `logits` and a softmax. Their weights are copied.

    Raises:
        FerError: If they take images of different sizes.
    """
    shapes = {model.input_shape[1:] for model in models}
    if len(shapes) > 1:
        told = ", ".join("x".join(str(side or "any") for side in shape[:2]) for shape in shapes)
        raise FerError(f"the networks take images of different sizes: {told} pixels")
    images = keras.Input(next(iter(shapes)), name="image")
    shares = [_member(model, number, images) for number, model in enumerate(models, 1)]
    mean = layers.Average(name="mean_probabilities")(shares)
    logits = layers.Activation("linear", name="logits")(
        keras.ops.log(keras.ops.maximum(mean, SMALLEST))
    )
    return keras.Model(images, layers.Softmax(name="probabilities")(logits))


def is_ensemble(model: keras.Model) -> bool:
    """Tell whether a network was made by `ensemble_model`."""
    return any(layer.name.startswith(f"{MEMBER}_") for layer in model.layers)


def _member(model: keras.Model, number: int, images: keras.KerasTensor) -> keras.KerasTensor:
    """Put a copy of a network behind the shared input; return its probabilities."""

    def renamed(layer: keras.layers.Layer) -> keras.layers.Layer:
        config = layer.get_config()
        return type(layer).from_config(config | {"name": f"{MEMBER}_{number}_{layer.name}"})

    copy = keras.models.clone_model(model, input_tensors=images, clone_function=renamed)
    copy.set_weights(model.get_weights())
    return copy.output
