"""The list of a network's layers is complete, and its drawing fits on a page."""

from __future__ import annotations

import pytest

from fer_analysis.figures.structure import find_blocks
from fer_analysis.models import MODELS
from fer_analysis.models.structure import LayerRow, structure_rows, summary_text


@pytest.mark.parametrize("name", list(MODELS))
def test_every_layer_is_listed_and_drawn_once(name):
    model = MODELS[name]((48, 48, 1), 7)
    rows = structure_rows(model)
    assert [row.name for row in rows] == [layer.name for layer in model.layers]
    assert sum(row.parameters for row in rows) == model.count_params()
    assert (rows[0].output_shape, rows[-1].output_shape) == ((48, 48, 1), (7,))
    blocks = find_blocks(rows)
    assert [row for block in blocks for row in block.layers] == rows
    assert len(blocks) <= 25, "readable on one page"


def test_a_row_tells_the_kind_of_layer():
    model = MODELS["self_built"]((48, 48, 1), 7, filters=(4,), dense=(8,), dropout=0.5)
    kinds = [row.kind for row in structure_rows(model)]
    assert kinds == [
        "InputLayer",
        "Rescaling",
        "Conv2D 3x3 relu",
        "MaxPooling2D 2x2",
        "Dropout 0.5",
        "Flatten",
        "Dense",
        "Activation relu",
        "Dropout 0.5",
        "Dense",
        "Softmax",
    ]
    logits = structure_rows(model)[-2]
    assert logits == LayerRow("logits", "Dense", (7,), 8 * 7 + 7)


def test_the_summary_counts_what_is_trained():
    model = MODELS["self_built"](
        (8, 8, 1), 2, filters=(3,), dense=(), dropout=0, batch_normalization=True
    )
    convolution, normalisation, dense = 3 * 3 * 3 + 3, 4 * 3, 4 * 4 * 3 * 2 + 2
    lines = summary_text(model).splitlines()
    assert lines[-1] == (
        f"self_built: 8 layers, {convolution + normalisation + dense} parameters, "
        f"{convolution + normalisation // 2 + dense} trainable"
    )
    assert lines[4].split()[1:] == ["Conv2D", "3x3", "relu", "8", "x", "8", "x", "3", "30"]
