"""Models from elsewhere, brought to the models' contract: grey pixels in, logits, softmax out."""

from __future__ import annotations

import json

import keras
import numpy as np
from keras import layers

from fer_analysis.errors import FerError
from fer_analysis.models.model_file import ANY_SIZE

PROBED = 4
"""Images by which the kind of unknown outputs is recognised."""

SUMS_TO_1 = 0.01


def adapted(model: keras.Model, *, square: bool = True) -> keras.Model:
    """Return a model that takes grey images and ends in the layer `logits` and a softmax.

    A network for colour gets the grey channel three times, one that gives logits gets its
    softmax. Weights are the model's own.

    Args:
        model: As it was loaded.
        square: Whether its images must be as high as wide.

    Raises:
        FerError: If it does not take one image and give one row of probabilities or logits.
    """
    inputs, outputs = _one(model, "inputs"), _one(model, "outputs")
    if len(inputs.shape) != 4 or (square and inputs.shape[1] != inputs.shape[2]):
        shape = "square grey ones" if square else "grey ones (height, width, 1)"
        raise FerError(f"takes {_told(inputs)}; expected {shape} or colour (3 channels)")
    if inputs.shape[3] not in (1, 3):
        raise FerError(f"takes {_told(inputs)}; expected 1 channel or 3")
    if len(outputs.shape) != 2 or (outputs.shape[1] or 0) < 2:
        raise FerError(
            f"gives outputs of shape {outputs.shape}; expected (None, labels), "
            "a probability for each of 2 labels or more"
        )
    if inputs.shape[3] == 3:
        model = _for_grey(keras.Model(inputs, outputs), inputs)
    elif _is_wrapped(model):
        model = keras.Model(inputs, outputs)
    return _with_softmax(model)


def check_finite(model: keras.Model) -> None:
    """Refuse a network whose weights are not numbers.

    Raises:
        FerError: If training diverged.
    """
    for weight in model.weights:
        if not np.isfinite(np.asarray(weight.numpy(), dtype=np.float32)).all():
            raise FerError(f"the model has diverged: weights of '{weight.path}' are not finite")


def _one(model: keras.Model, which: str):
    try:
        tensors = getattr(model, which)
    except (AttributeError, ValueError):
        tensors = None
    if not tensors:
        raise FerError("its input shape is not known; call the model once before it is saved")
    if len(tensors) > 1:
        raise FerError(f"has {len(tensors)} {which}; expected one")
    return tensors[0]


def _is_wrapped(model: keras.Model) -> bool:
    """Tell whether a list or dict is around the one input or output."""
    if isinstance(model, keras.Sequential):
        return False
    return any(isinstance(each, list | tuple | dict) for each in (model.input, model.output))


def _told(inputs) -> str:
    sides = ", ".join(str(side or "any") for side in inputs.shape[1:])
    return f"inputs of shape ({sides})"


def _for_grey(model: keras.Model, inputs) -> keras.Model:
    """Return the same flat network with its input's one channel repeated before the first layer."""
    name = inputs._keras_history.operation.name
    grey = keras.Input((*inputs.shape[1:3], 1), name=name)
    front = keras.Model(grey, layers.Concatenate(name="grey_as_colour")([grey] * 3))
    config = json.loads(json.dumps(model.get_config()))
    rest = [layer for layer in config["layers"] if layer["name"] != name]
    moved = json.dumps(rest).replace(
        f'"keras_history": {json.dumps([name, 0, 0])}',
        f'"keras_history": {json.dumps(["grey_as_colour", 0, 0])}',
    )
    first = json.loads(json.dumps(front.get_config()["layers"]))
    adapted = keras.Model.from_config(config | {"layers": first + json.loads(moved)})
    adapted.set_weights(model.get_weights())
    return adapted


def _with_softmax(model: keras.Model) -> keras.Model:
    last = model.outputs[0]._keras_history.operation
    activation = getattr(getattr(last, "activation", None), "__name__", None)
    if isinstance(last, layers.Softmax) or (
        isinstance(last, layers.Activation) and activation == "softmax"
    ):
        return _rename(model, last.input._keras_history.operation)
    if isinstance(last, (layers.Dense, layers.Activation)) and activation in ("softmax", "linear"):
        last.activation = keras.activations.linear
        return _closed(_rename(model, last), model.outputs[0])
    images = np.random.default_rng(0).uniform(0, 255, (PROBED, *_probed_shape(model)))
    values = np.array(model(images.astype(np.float32), training=False))
    if (values < 0).any():
        if activation not in (None, "log_softmax"):
            raise FerError(
                f"its last layer '{last.name}' ends in '{activation}', which gives neither "
                "probabilities nor logits; expected a softmax"
            )
        return _closed(_rename(model, last), model.outputs[0])
    if np.abs(values.sum(axis=1) - 1).max() > SUMS_TO_1:
        raise FerError(
            f"gives numbers that sum to {values[0].sum():.3g} for an image, neither "
            f"probabilities nor logits (its last layer is '{last.name}'); expected a softmax"
        )
    # Probabilities of unknown make: their logarithms are logits of the same softmax.
    logits = keras.ops.log(keras.ops.maximum(model.outputs[0], 1e-12))
    named = layers.Activation("linear", name="logits")(logits)
    return _closed(model, named)


def _rename(model: keras.Model, layer) -> keras.Model:
    """Call the layer that gives the logits so, and no other."""
    for other in model.layers:
        if other.name == "logits" and other is not layer:
            other.name = "logits_before"
    layer.name = "logits"
    return model


def _closed(model: keras.Model, logits) -> keras.Model:
    return keras.Model(model.inputs[0], layers.Softmax(name="probabilities")(logits))


def _probed_shape(model: keras.Model) -> tuple[int, ...]:
    return tuple(side or ANY_SIZE for side in model.inputs[0].shape[1:])
