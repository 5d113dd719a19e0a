"""A residual network for small faces, made for a CPU."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fer_analysis.models.limits import Dropped, Momentum, Width, Widths


def residual(
    input_shape: tuple[int | None, int | None, int],
    num_classes: int,
    *,
    stem: Width = 32,
    widths: Widths = (64, 128, 256),
    blocks: Annotated[tuple[Annotated[int, Field(ge=0, le=32)], ...], Field(max_length=8)] = (
        1,
        1,
        1,
    ),
    dropout: Dropped = 0.0,
    momentum: Momentum = 0.9,
):
    """Build a stem and one stage for each width, after He et al. 2016.

    Designed for a CPU: 3x3 convolutions of 32 channels and more keep its units
    busy, large maps do not. So the stem pools before it normalises, only the stem has
    maps of more than half the side, and a stage pools before it widens. Each image is
    standardised first, so that brightness and contrast carry no information.

    Args:
        input_shape: `(height, width, channels)` of the images, pixels 0-255. Height and width
            may be None: the weights fit any size.
        num_classes: Number of labels.
        stem: Filters of the first convolution.
        widths: Filters of each stage; each halves the side of the one before it.
        blocks: Residual blocks (two convolutions and a shortcut) of each stage.
        dropout: Share of the features dropped before the logits.
        momentum: Momentum of the batch normalisation. Keras's 0.99 lags for hundreds of steps.

    Returns:
        An uncompiled `keras.Model`.

    Raises:
        ValueError: If `widths` and `blocks` differ in length, or are empty.
    """
    import keras
    from keras import layers

    if not widths or len(widths) != len(blocks):
        raise ValueError(f"widths {widths} and blocks {blocks}: expected one of each per stage")
    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Rescaling(1 / 255)(inputs)
    # One group without parameters: the image's own mean and standard deviation.
    x = layers.GroupNormalization(groups=1, center=False, scale=False, name="standardised")(x)
    x = layers.MaxPooling2D(2)(_convolution(x, stem))
    x = _normalised(x, momentum)
    for stage, (width, count) in enumerate(zip(widths, blocks, strict=True)):
        x = layers.MaxPooling2D(2)(x) if stage else x
        x = _normalised(_convolution(x, width), momentum)
        for _ in range(count):
            x = _block(x, width, momentum)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(x) if dropout else x
    logits = layers.Dense(num_classes, name="logits")(x)
    return keras.Model(inputs, layers.Softmax(name="probabilities")(logits), name="residual")


def _block(x, width: int, momentum: float):
    """Add a residual block: two convolutions and a shortcut."""
    from keras import layers

    change = _normalised(_convolution(x, width), momentum)
    change = _normalised(_convolution(change, width), momentum, activation=None)
    return layers.Activation("relu")(layers.Add()([x, change]))


def _convolution(x, width: int):
    """Convolve 3x3, without a bias, which the normalisation would remove."""
    from keras import layers

    return layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(
        x
    )


def _normalised(x, momentum: float, activation: str | None = "relu"):
    from keras import layers

    x = layers.BatchNormalization(momentum=momentum)(x)
    return layers.Activation(activation)(x) if activation else x
