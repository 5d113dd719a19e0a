"""A drawing of a network from a plain list of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from fer_analysis.figures import plain

MANY_LAYERS = 30
"""A network with more layers than this is drawn as blocks."""

FILLS = {
    "Conv": "#9fc5e8",
    "Dense": "#f9cb9c",
    "Pooling": "#b6d7a8",
    "Normalization": "#d9d2e9",
    "": "#eeeeee",
}
"""Part of a layer's kind -> colour of its box; the first that fits a box's layers wins."""

LINE = 0.2
"""Height of a line of text, inches."""


@dataclass(frozen=True)
class Box:
    """Consecutive layers that are drawn together.

    Args:
        layers: The layers; all repetitions of the block.
        repeats: How often the block stands there in a row.
    """

    layers: tuple
    repeats: int = 1

    @property
    def text(self) -> str:
        """The kinds of one repetition (the last: the first may begin with a padding)."""
        kinds = [layer.kind for layer in self.layers]
        one = [kind for kind in kinds if not _is_padding(kind)] if self.repeats > 1 else kinds
        return " → ".join(map(_short, one[-(len(one) // self.repeats) :]))

    @property
    def sizes(self) -> str:
        """The output of each repetition, equal ones once."""
        step = len(self.layers) / self.repeats
        ends = [self.layers[round(step * (i + 1)) - 1] for i in range(self.repeats)]
        shapes = dict.fromkeys("x".join(map(str, layer.output_shape)) for layer in ends)
        return ", ".join(shapes)


def structure_figure(rows: Sequence) -> Figure:
    """Draw a network from top to bottom: layers, or blocks of them where there are many.

    A block is a sequence of kinds that repeats without a change of the map's size.

    Args:
        rows: One object a layer with `name`, `kind`, `output_shape` (without the batch) and
            `parameters`.
    """
    boxes = blocks(rows) if len(rows) > MANY_LAYERS else [Box((row,)) for row in rows]
    texts = [wrap(plain(box.text, longest=400), 62) for box in boxes]
    heights = [LINE * len(lines) + 0.14 for lines in texts]
    gap = 0.16
    total = sum(heights) + gap * len(boxes)
    figure = Figure(figsize=(10.5, total + 0.9), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(0, 10.3)
    axes.set_ylim(total, -0.35)
    axes.axis("off")
    for x, title, side in ((2.3, "layers", "right"), (8.8, "output", "right"), (10.2, "parameters", "right")):
        axes.text(x, -0.2, title, ha=side, va="center", fontsize=8, color="0.4")
    top = 0.0
    for box, lines, height in zip(boxes, texts, heights, strict=True):
        _draw(axes, box, "\n".join(lines), top, height)
        top += height + gap
        if box is not boxes[-1]:
            arrow = {"arrowstyle": "-|>", "color": "0.4", "shrinkA": 0, "shrinkB": 0}
            axes.annotate("", (5, top), (5, top - gap), arrowprops=arrow)
    parameters = sum(row.parameters for row in rows)
    figure.suptitle(f"{len(rows)} layers, {parameters:,} parameters", fontsize=11)
    return figure


def blocks(rows: Sequence) -> list[Box]:
    """Group layers into blocks: repeated patterns of kinds within one size of the map.

    What does not repeat stays together up to the next change of size. Padding changes the
    size only for the layer after it, so it counts as part of that layer.
    """
    boxes = []
    for stage in _stages(rows):
        position, loose = 0, []
        while position < len(stage):
            period, repeats = _repetition(stage, position)
            if repeats == 1:
                loose += stage[position]
                position += 1
                continue
            if loose:
                boxes.append(Box(tuple(loose)))
                loose = []
            end = position + period * repeats
            boxes.append(Box(tuple(sum(stage[position:end], [])), repeats))
            position = end
        if loose:
            boxes.append(Box(tuple(loose)))
    return boxes
