"""The paper's classification head, the same for both of its networks."""

from __future__ import annotations

from collections.abc import Sequence

from fer_analysis.errors import FerError
from fer_analysis.models.limits import MOST_WEIGHTS


def classification_head(features, num_classes: int, *, dense: Sequence[int], dropout: float):
    """Add dropout, flatten, (dense, activation, dropout) for each width, logits, softmax.

    Args:
        features: Feature maps, `(batch, height, width, channels)`.
        num_classes: Number of labels.
        dense: Widths of the hidden dense layers (the paper has three, widths not given).
        dropout: Share of units dropped before flattening and after each dense layer.

    Returns:
        Probabilities, `(batch, num_classes)`.

    Raises:
        FerError: If a dense layer has more weights than fit into memory.
    """
    from keras import layers

    x = layers.Dropout(dropout)(features) if dropout else features
    x = layers.Flatten()(x)
    for width in dense:
        if (weights := x.shape[-1] * width) > MOST_WEIGHTS:
            raise FerError(
                f"model.dense: {width} units over {x.shape[-1]:,} features are {weights:,} weights "
                f"(at most {MOST_WEIGHTS:,}); choose fewer units, fewer filters or smaller images"
            )
        x = layers.Dense(width)(x)
        x = layers.Activation("relu")(x)
        x = layers.Dropout(dropout)(x) if dropout else x
    logits = layers.Dense(num_classes, name="logits")(x)
    return layers.Softmax(name="probabilities")(logits)
