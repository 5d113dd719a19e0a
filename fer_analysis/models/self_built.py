"""The paper's self-built network: three convolutions with pooling, then the dense head."""

from __future__ import annotations

from fer_analysis.models.head import classification_head
from fer_analysis.models.limits import Dropped, Widths


def self_built(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    filters: Widths = (32, 64, 128),
    dense: Widths = (256, 128, 64),
    dropout: Dropped = 0.1,
    batch_normalization: bool = False,
):
    """Build 3 x (3x3 convolution, relu, 2x2 max-pooling) and the paper's head.

    The paper names the kinds of layers, but gives no filters, widths or dropout: these
    defaults are ours.

    Args:
        input_shape: `(height, width, channels)` of the images, pixels 0-255.
        num_classes: Number of labels.
        filters: Filters of each convolution; one block each.
        dense: Widths of the hidden dense layers.
        dropout: Share of units dropped in the head.
        batch_normalization: Normalise after each pooling (not in the paper).

    Returns:
        An uncompiled `keras.Model`.
    """
    import keras
    from keras import layers

    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Rescaling(1 / 255)(inputs)
    for width in filters:
        x = layers.Conv2D(width, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        if batch_normalization:
            # Momentum .9: with Keras's .99 the inference statistics lag for hundreds of steps.
            x = layers.BatchNormalization(momentum=0.9)(x)
    outputs = classification_head(x, num_classes, dense=dense, dropout=dropout)
    return keras.Model(inputs, outputs, name="self_built")
