"""The layers of a network: one row each, for a drawing or as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class LayerRow:
    """One layer.

    Args:
        name: Its name in the model.
        kind: Its class, with its main options (`Conv2D 3x3 relu`, `Dropout 0.25`).
        output_shape: Without the batch: `(height, width, channels)` or `(units,)`.
        parameters: How many, trainable or not.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int


def structure_rows(model: keras.Model) -> list[LayerRow]:
    """Return one row for each layer of a flat model, in the order of its graph."""
    return [
        LayerRow(layer.name, _kind(layer), tuple(layer.output.shape[1:]), layer.count_params())
        for layer in model.layers
    ]


def summary_text(model: keras.Model) -> str:
    """Return the layers as a plain table with the number of parameters."""
    rows = structure_rows(model)
    table = [("layer", "kind", "output", "parameters")] + [
        (row.name, row.kind, " x ".join(map(str, row.output_shape)), f"{row.parameters:,}")
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join([*map(str.ljust, cells[:-1], widths), cells[-1].rjust(widths[-1])])
        for cells in table
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    trainable = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    total = sum(row.parameters for row in rows)
    lines.append(
        f"\n{model.name}: {len(rows)} layers, {total:,} parameters, {trainable:,} trainable"
    )
    return "\n".join(lines) + "\n"


def _kind(layer: keras.Layer) -> str:
    """Name a layer's class, its window, rate and activation."""
    words = [type(layer).__name__]
    window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if isinstance(window, tuple):
        words.append("x".join(map(str, window)))
    if isinstance(rate := getattr(layer, "rate", None), float):
        words.append(f"{rate:g}")
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation != "linear" and activation != type(layer).__name__.lower():
        words.append(activation)
    return " ".join(words)
