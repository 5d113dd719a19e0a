"""The one style of every figure: its ground, fonts and widths, and how it says what it shows.

Everything that is drawn and saved follows the choice that `using` makes:

    from fer_analysis.figures.style import using

    with using(format="pdf", style="paper"):
        fer.evaluate("runs/first")

A function that draws a figure is `styled`, takes colours from `theme()` by their meaning
(`fer_analysis.figures.colours`), and says with `describe` what is shown: of which run and split,
of how many images, with which intervals.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from textwrap import wrap

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import PercentFormatter

from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.figures.colours import DARK, LIGHT, Theme
from fer_analysis.figures.fonts import families

FORMATS = ("png", "svg", "pdf")
STYLES = ("screen", "dark", "paper")

WIDTH = 9.6
"""Inches: no figure is wider, so that a page shows it whole (1,440 pixels as PNG)."""

INTERVALS = "95 % intervals"

COLUMN_FONTS = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "figure.titlesize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.2,
}
"""Settings for figures that are drawn at a column's width in the first place."""

_FONTS = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "figure.titlesize": 11.5,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "lines.markersize": 5,
    "text.usetex": False,
}
_FACTS = 9
"""Points of the line below a title."""


@dataclass(frozen=True)
class Choice:
    """How figures are drawn and written; see `using`."""

    format: str = "png"
    style: str = "screen"


_DEFAULT = Choice()
_choice: ContextVar[Choice] = ContextVar("figure style")


def chosen() -> Choice:
    """Return what `using` chose."""
    return _choice.get(_DEFAULT)


@contextmanager
def using(*, format: str | None = None, style: str | None = None) -> Iterator[None]:
    """Draw and write figures in a style and a format within this block.

    Args:
        format: `png`; or `svg` or `pdf`, beside the PNG, which pages show. None keeps it.
        style: `screen`; `dark`, for a dark page; or `paper`, as wide as a journal's column or
            page. None keeps it.

    Raises:
        FerError: If there is no such format or style.
    """
    asked = {"format": (format, FORMATS), "style": (style, STYLES)}
    problems = [
        f"{key}: unknown '{value}'{did_you_mean(value, known)}"
        for key, (value, known) in asked.items()
        if value is not None and value not in known
    ]
    if problems:
        raise FerError("how figures are written", problems)
    changed = {key: value for key, (value, _) in asked.items() if value is not None}
    token = _choice.set(replace(chosen(), **changed))
    try:
        yield
    finally:
        _choice.reset(token)


def theme() -> Theme:
    """Return the colours of the style that was chosen."""
    return DARK if chosen().style == "dark" else LIGHT


def styled(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """Let a function draw its figure in the style that was chosen, whatever the user's settings."""

    @functools.wraps(draw)
    def drawn(*args, **options) -> Figure:
        with rc_context(_settings()):
            figure = draw(*args, **options)
            for axis in figure.findobj(Axis):
                axis.get_major_ticks(1)  # ticks copy the first one, which is made now, in style
            return figure

    return drawn


def _settings() -> dict:
    colours = theme()
    ink = ("text.color", "axes.labelcolor", "axes.titlecolor", "xtick.color", "ytick.color")
    ground = ("figure.facecolor", "axes.facecolor", "legend.facecolor", "hatch.color")
    return {
        **_FONTS,
        "font.family": families(),
        "axes.edgecolor": colours.muted,
        "legend.edgecolor": colours.grid,
        "grid.color": colours.grid,
        **dict.fromkeys(ink, colours.ink),
        **dict.fromkeys(ground, colours.ground),
    }


def describe(figure: Figure, title: str, *facts: str) -> None:
    """Write above a figure what it shows, and below that of what: nothing is cut.

    Args:
        figure: At its final size.
        title: What is shown.
        *facts: Run, split, n, intervals …; empty ones are left out.
    """
    inches = figure.get_figwidth()
    head = wrap(title, int(inches * 72 / 6.4)) or [""]
    lines = _joined([fact for fact in facts if fact], int(inches * 72 / 4.9))
    above = figure.suptitle("\n".join(head + [""] * len(lines)), x=0.012, ha="left")
    if lines:  # in the room of the empty lines
        note = Annotation(
            "\n".join(lines),
            (0, 0),
            xycoords=above,
            ha="left",
            va="bottom",
            fontsize=_FACTS,
            color=theme().muted,
            annotation_clip=False,
        )
        figure.add_artist(note)


def _joined(facts: list[str], width: int) -> list[str]:
    """Return lines of facts, a fact on one line wherever it fits."""
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(fact) + 3 <= width:
            lines[-1] += f" · {fact}"
        else:
            lines += wrap(fact, width)
    return lines


def share_axis(axis: Axis, label: str = "") -> None:
    """Let an axis show shares of 1 as percent, and say of what."""
    axis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    if label:
        axis.set_label_text(label)


def rows_of(axes: Axes, names: list[str], *, below: float = 0.5) -> None:
    """Lay out axes with a row for each name, the first at the top, and a grid for the values."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 1) - 1 + below, -0.6)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def bare(axes: Axes) -> None:
    """Take frame and tick marks from the axes of a matrix."""
    axes.spines[:].set_visible(False)
    axes.tick_params(which="both", length=0)
