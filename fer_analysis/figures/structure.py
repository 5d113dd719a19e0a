"""A drawing of a network from a plain list of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from fer_analysis.figures import plain
from fer_analysis.figures.colours import ink_on
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.style import WIDTH, describe, styled, theme

MANY_LAYERS = 30
"""A network with more layers than this is drawn as blocks."""

FILLS = {"Conv": "#a9cdf0", "Dense": "#fbd3a7", "Pooling": "#bfe0b0", "Normalization": "#ddd5f0"}
"""Part of a layer's kind -> colour of its box; the first match is used."""

LEFT, RIGHT, OUTPUT = 1.8, 7.0, 8.55
"""Edges of the boxes and of the column of outputs, inches."""

LINE, GAP = 0.19, 0.17
"""Height of a line of text, and of the arrow between two boxes, inches."""


@dataclass(frozen=True)
class Block:
    """Consecutive layers that are drawn as one box.

    Args:
        repetitions: The layers of each repetition of the block.
    """

    repetitions: tuple[tuple, ...]

    @property
    def layers(self) -> list:
        """All layers of the block."""
        return [layer for repetition in self.repetitions for layer in repetition]

    @property
    def text(self) -> str:
        """The kinds of layers in one repetition, and how often it occurs."""
        # Padding may come in one repetition only: it is not part of the pattern.
        shown = [
            row.kind for row in self.repetitions[-1] if len(self.layers) == 1 or not _pads(row)
        ]
        times = len(self.repetitions)
        # No line break inside a layer's name, nor before an arrow.
        text = "\u00a0→ ".join(kind.replace(" ", "\u00a0") for kind in shown)
        return f"{times} × ({text})" if times > 1 else text

    @property
    def sizes(self) -> str:
        """The output of each repetition; equal ones once."""
        outputs = [repetition[-1].output_shape for repetition in self.repetitions]
        return ", ".join(dict.fromkeys("×".join(map(str, shape)) for shape in outputs))


@styled
def structure_figure(rows: Sequence, run: str = "", *, name: str = "The network") -> Figure:
    """Draw a network from top to bottom: layers, or blocks of them where there are many.

    Layers are in the order of the graph; parallel branches come one after the other.

    Args:
        rows: One object per layer with `name`, `kind`, `output_shape` (without the batch) and
            `parameters`.
        run: The run whose network it is.
        name: The network's, for the title.
    """
    boxes = find_blocks(rows) if len(rows) > MANY_LAYERS else [Block(((row,),)) for row in rows]
    texts = [wrap(box.text, 72) for box in boxes]
    heights = [LINE * len(lines) + 0.12 for lines in texts]
    total = sum(heights) + GAP * len(boxes)
    figure = Figure(figsize=(WIDTH, total + 1), layout="constrained")
    axes = figure.subplots()
    axes.set_xlim(0, WIDTH)
    axes.set_ylim(total, -0.3)
    axes.axis("off")
    for x, title in ((LEFT - 0.15, "layer"), (OUTPUT, "output"), (WIDTH, "parameters")):
        axes.text(x, -0.2, title, ha="right", va="center", color=theme().muted)
    top = 0.0
    for box, lines, height in zip(boxes, texts, heights, strict=True):
        if top:
            arrow = {"arrowstyle": "-|>", "color": theme().muted, "shrinkA": 0, "shrinkB": 0}
            middle = (LEFT + RIGHT) / 2
            axes.annotate("", (middle, top), (middle, top - GAP), arrowprops=arrow)
        _draw(axes, box, "\n".join(lines), top, height)
        top += height + GAP
    parameters = sum(row.parameters for row in rows)
    title = f"{name}: {len(rows)} layers, {parameters:,} parameters"
    more = "parallel branches come one after the other" if len(boxes) < len(rows) else ""
    describe(figure, title, of_run(run), "output: height×width×channels", more)
    return figure


def find_blocks(rows: Sequence) -> list[Block]:
    """Group layers: patterns of kinds that repeat while the map keeps its size.

    Layers that do not repeat stay together up to the next change of size.
    """
    blocks = []
    for stage in _stages(rows):
        start, loose = 0, []
        while start < len(stage):
            period, times = _repetition([unit[-1].kind for unit in stage[start:]])
            if times == 1:
                loose.append(stage[start])
            if loose and (times > 1 or start + 1 == len(stage)):
                blocks.append(Block((_joined(loose),)))
                loose = []
            if times > 1:
                ends = range(start, start + period * times, period)
                blocks.append(Block(tuple(_joined(stage[end : end + period]) for end in ends)))
            start += period * times
    return blocks


def _stages(rows: Sequence) -> list[list[list]]:
    """Split layers where the height or width of the map changes.

    A unit is a layer with the padding before it, whose odd size is not a separate stage.
    """
    stages, padding, size = [], [], None
    for row in rows:
        if _pads(row) and row is not rows[-1]:
            padding.append(row)
            continue
        if not stages or row.output_shape[:-1] != size:
            stages.append([])
        stages[-1].append([*padding, row])
        padding, size = [], row.output_shape[:-1]
    return stages


def _repetition(kinds: list[str]) -> tuple[int, int]:
    """Return (period, times) of the repetition at the start that covers most; (1, 1) if none."""
    best = (1, 1)
    for period in range(1, len(kinds) // 2 + 1):
        times = 1
        while kinds[period * times : period * (times + 1)] == kinds[:period]:
            times += 1
        if times > 1 and period * times > best[0] * best[1]:
            best = (period, times)
    return best


def _joined(units: list[list]) -> tuple:
    return tuple(row for unit in units for row in unit)


def _pads(row) -> bool:
    return "Padding" in row.kind


def _draw(axes: Axes, box: Block, text: str, top: float, height: float) -> None:
    kinds = " ".join(row.kind for row in box.layers)
    fill = next((colour for part, colour in FILLS.items() if part in kinds), theme().faint)
    for shift in (0.06, 0) if len(box.repetitions) > 1 else (0,):  # a stack of boxes
        axes.add_patch(
            FancyBboxPatch(
                (LEFT + shift, top + shift),
                RIGHT - LEFT,
                height,
                boxstyle="round,pad=0,rounding_size=0.05",
                facecolor=fill,
                edgecolor=theme().muted,
                linewidth=0.8,
            )
        )
    middle = top + height / 2
    names = dict.fromkeys([box.layers[0].name, box.layers[-1].name])
    name = " …\n".join(plain(name) for name in names)
    parameters = sum(row.parameters for row in box.layers)
    axes.text(
        (LEFT + RIGHT) / 2, middle, text, ha="center", va="center", fontsize=8.5, color=ink_on(fill)
    )
    for x, side, size in (
        (LEFT - 0.15, name, 7),
        (OUTPUT, box.sizes, 8.5),
        (WIDTH, f"{parameters:,}" if parameters else "0", 8.5),
    ):
        axes.text(x, middle, side, ha="right", va="center", fontsize=size, linespacing=1.1)
