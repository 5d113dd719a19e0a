"""Figures as files: PNG, and on request SVG or PDF, for the screen or for a paper.

In PDF fonts are embedded as TrueType, in SVG texts are outlines: both look the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from fer_analysis.figures.style import chosen
from fer_analysis.files import replacing

COLUMN, PAGE = 3.5, 7.2
"""Width of a journal's column and of its page (two columns), inches: 89 and 183 mm."""

PNG_DPI = {"screen": 150, "dark": 150, "paper": 300}
SMALLEST = 5.5
"""Points: no text of a paper's figure is smaller."""

_VECTOR = {"pdf.fonttype": 42, "svg.fonttype": "path", "svg.hashsalt": "fer"}
_METADATA = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def write(figure: Figure, path: str | Path, *, dpi: int | None = None) -> list[Path]:
    """Write a figure as PNG, and beside it in the format that was chosen.

    Args:
        figure: What to write; in the style `paper` its size changes.
        path: The PNG; its folder is created.
        dpi: Pixels per inch; None takes the style's.

    Returns:
        The files.
    """
    choice = chosen()
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
