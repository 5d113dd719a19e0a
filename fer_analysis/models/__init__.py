"""The table of models, and the contract of each of them.

A builder is `(input_shape, num_classes, **options) -> keras.Model`:

- raw pixels 0-255 go in, preprocessing is part of the model;
- the last layers are `Dense(name="logits")` and `Softmax(name="probabilities")`;
- the graph is flat (no model used as a layer), so that gradients reach inner layers;
- no random layer except dropout: augmentation belongs to the input pipeline.

Builders import Keras when called, so that their options can be checked without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fer_analysis.errors import FerError, first_line
from fer_analysis.registry import Registry

if TYPE_CHECKING:
    import keras

MODELS = Registry(
    "model",
    {
        "mobilenet": "fer_analysis.models.mobilenet:mobilenet",
        "residual": "fer_analysis.models.residual:residual",
        "self_built": "fer_analysis.models.self_built:self_built",
    },
)


def build_model(
    name: str, input_shape: tuple[int, int, int], num_classes: int, **options: object
) -> keras.Model:
    """Build a model of the table.

    Args:
        name: Its name.
        input_shape: `(height, width, channels)` of the images.
        num_classes: Number of labels.
        **options: The builder's own.

    Raises:
        FerError: If there is no such model, or no network can be built with the options.
    """
    builder = MODELS[name]
    try:
        return builder(tuple(input_shape), num_classes, **options)
    except (ValueError, TypeError) as error:
        raise FerError(f"model: {name} does not fit its options: {first_line(error)}") from error
