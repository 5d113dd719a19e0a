"""From results to matplotlib figures. The only subpackage that imports matplotlib.

Every function returns a `matplotlib.figure.Figure`; none touches pyplot, so that nothing
depends on a screen or on earlier figures.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.tensorflow_setup import any_mplbackend

with any_mplbackend():
    import matplotlib  # noqa: F401

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, path: str | Path, *, dpi: int | None = None) -> None:
    """Write a figure as PNG at once, and in the format and style chosen in `figures.style`.

    Args:
        figure: What to write.
        path: The PNG; its folder is created.
        dpi: Pixels per inch; None takes the style's.
    """
    from fer_analysis.figures.writing import write

    write(figure, path, dpi=dpi)


def svg(figure: Figure) -> str:
    """Return a figure as an SVG document: texts as outlines, the same for the same figure.

    Args:
        figure: What to draw.
    """
    import io

    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "fer"}), io.StringIO() as buffer:
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
        return buffer.getvalue()


def plain(text: object, longest: int = 28) -> str:
    """Return a name as matplotlib should draw it: shortened, and with `$` as a plain character.

    Characters that no installed font has are replaced by their code points.
    """
    from fer_analysis.figures.fonts import drawable

    text = " ".join(str(text).split())
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return drawable(text).replace("$", r"\$")
