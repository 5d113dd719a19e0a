"""The paper's MobileNet-based network: the backbone (Howard et al. 2017) and the dense head."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from fer_analysis.errors import FerError, first_line
from fer_analysis.models.head import classification_head
from fer_analysis.models.limits import Dropped, Momentum, Widths


def mobilenet(
    input_shape: tuple[int, int, int],
    num_classes: int,
    *,
    alpha: Annotated[float, Field(gt=0, le=4)] = 1.0,
    weights: str | None = None,
    dense: Widths = (256, 128, 64),
    dropout: Dropped = 0.1,
    momentum: Momentum = 0.9,
    offset: Annotated[float, Field(ge=-100, le=100)] = 1.0,
    enlarge: Annotated[int, Field(ge=1, le=8)] = 1,
):
    """Build `keras.applications.MobileNet` without its top, and the paper's head.

    Args:
        input_shape: `(height, width, channels)` of the images, pixels 0-255, at least 32x32.
        num_classes: Number of labels.
        alpha: Width multiplier of the backbone.
        weights: None (start from scratch), `imagenet` (downloaded by Keras, where the network
            allows), or the path of a weights file for the backbone.
        dense: Widths of the hidden dense layers.
        dropout: Share of units dropped in the head.
        momentum: Momentum of the batch normalisation. Keras's 0.99 needs some 500 steps until
            inference follows training; 0.9 suits short runs.
        offset: What the batch normalisation's offsets start from. At Keras's 0 training from
            scratch did not learn in its first epochs, at 1 it learnt from the first one on
            (perhaps because fewer values are cut off). Loaded weights have their own.
        enlarge: How many times as high and as wide images are made (bilinear) before the backbone,
            which halves them five times: 48 pixels end in a 1x1 map, enlarged twice in a 3x3 map.

    Returns:
        An uncompiled `keras.Model`.

    Raises:
        FerError: If the weights cannot be loaded.
    """
    import keras
    from keras import layers

    inputs = keras.Input(input_shape, name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1)(inputs)
    if enlarge > 1:
        x = layers.UpSampling2D(enlarge, interpolation="bilinear")(x)
    if weights and input_shape[-1] == 1:  # pretrained backbones see three channels
        x = layers.Concatenate()([x, x, x])
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise FerError(f"model.weights: no file {weights} (expected a path, imagenet or null)")
    try:
        backbone = keras.applications.MobileNet(
            input_tensor=x,
            input_shape=tuple(x.shape[1:]),
            alpha=alpha,
            include_top=False,
            weights=weights,
        )
    except Exception as error:  # Keras raises any kind of error of the download or the file
        raise FerError(
            f"model: MobileNet with alpha={alpha}, weights={weights!r}: {first_line(error)}"
        ) from error
    for layer in backbone.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = momentum
            if weights is None:
                layer.beta.assign(keras.ops.full_like(layer.beta, offset))
    outputs = classification_head(backbone.output, num_classes, dense=dense, dropout=dropout)
    return keras.Model(inputs, outputs, name="mobilenet")
