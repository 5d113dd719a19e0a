"""How figures are written: for the screen or for a paper, as PNG and on request as SVG or PDF.

The one place for sizes, fonts and formats of publication figures. Everything that `save` writes
follows the choice that `using` makes:

    from fer_analysis.figures.style import using

    with using(format="pdf", style="paper"):
        fer.evaluate("runs/first")

In PDF fonts are embedded as TrueType, in SVG texts are outlines: both look the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.files import replacing

FORMATS = ("png", "svg", "pdf")
STYLES = ("screen", "paper")

COLUMN, PAGE = 3.5, 7.2
"""Width of a journal's column and of its page (two columns), inches: 89 and 183 mm."""

PNG_DPI = {"screen": 150, "paper": 300}
SMALLEST = 5.5
"""Points: no text of a paper's figure is smaller."""

TRAINING, HELD_OUT = "tab:blue", "tab:orange"
"""The colours of the paper's curves: apart for colour-blind readers, and in grey (L* 47 and 68)."""

FONTS = {
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

_VECTOR = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "fer"}
_METADATA = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@dataclass(frozen=True)
class _Choice:
    format: str = "png"
    style: str = "screen"


_DEFAULT = _Choice()
_choice: ContextVar[_Choice] = ContextVar("figure style")


@contextmanager
def using(*, format: str | None = None, style: str | None = None) -> Iterator[None]:
    """Write figures in a format and a style within this block.

    Args:
        format: `png`; or `svg` or `pdf`, beside the PNG, which pages show. None keeps it.
        style: `screen`, or `paper`: as wide as a journal's column or page. None keeps it.

    Raises:
        FerError: If there is no such format or style.
    """
    chosen = {"format": (format, FORMATS), "style": (style, STYLES)}
    problems = [
        f"{key}: unknown '{value}'{did_you_mean(value, known)}"
        for key, (value, known) in chosen.items()
        if value is not None and value not in known
    ]
    if problems:
        raise FerError("how figures are written", problems)
    changed = {key: value for key, (value, _) in chosen.items() if value is not None}
    token = _choice.set(replace(_choice.get(_DEFAULT), **changed))
    try:
        yield
    finally:
        _choice.reset(token)


def write(figure: Figure, path: str | Path, *, dpi: int | None = None) -> list[Path]:
    """Write a figure as PNG, and beside it in the format that was chosen.

    Args:
        figure: What to write; in the style `paper` its size changes.
        path: The PNG; its folder is created.
        dpi: Pixels per inch; None takes the style's.

    Returns:
        The files.
    """
    choice = _choice.get(_DEFAULT)
    if choice.style == "paper":
        fit(figure)
    formats = dict.fromkeys(("png", choice.format))
    return write_as(figure, path, formats, dpi=dpi or PNG_DPI[choice.style])


def write_as(
    figure: Figure, path: str | Path, formats: Sequence[str], *, dpi: int = PNG_DPI["paper"]
) -> list[Path]:
    """Write a figure in several formats, the same bytes for the same figure.

    Args:
        figure: What to write, at its size.
        path: The file, whose suffix is replaced.
        formats: Of `FORMATS`.
        dpi: Pixels per inch of the PNG, and of pictures inside the others.

    Returns:
        The files.
    """
    files = []
    for name in formats:
        files.append(Path(path).with_suffix(f".{name}"))
        with rc_context(_VECTOR), replacing(files[-1]) as temporary:
            figure.savefig(temporary, dpi=dpi, format=name, metadata=_METADATA.get(name))
    return files


def fit(figure: Figure, width: float | None = None) -> None:
    """Make a figure as wide as a column, or as a page if it was much wider, with all it contains.

    Texts, lines and markers shrink with it, texts no further than to `SMALLEST`.

    Args:
        figure: The figure, changed in place.
        width: Inches; None chooses.
    """
    before, height = figure.get_size_inches()
    width = width or (COLUMN if before <= 1.5 * COLUMN else PAGE)
    ratio = width / before
    if ratio >= 1:
        return
    figure.set_size_inches(width, height * ratio)
    for text in figure.findobj(Text):
        text.set_fontsize(max(SMALLEST, text.get_fontsize() * ratio))
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * ratio)
        line.set_markersize(line.get_markersize() * ratio)
