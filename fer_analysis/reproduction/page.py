"""The page and the summary of a reproduction."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from fer_analysis.report.render import document
from fer_analysis.reproduction.draw import FORMATS, Drawn
from fer_analysis.reproduction.plan import Plan
from fer_analysis.reproduction.recipes import RECIPES
from fer_analysis.reproduction.result import Reproduction
from fer_analysis.tabular import as_markdown
from fer_analysis.text import markdown

TEMPLATES = Path(__file__).parent / "templates"
PIXELS = 116
"""CSS pixels an inch: the figures' small texts are then legible on a page."""

CARE = (
    "An expression is not a feeling: a label says what a face was filed under. Nothing here "
    "says what a person feels."
)


def page(plan: Plan, result: Reproduction, figures: Sequence[Drawn], *, faces: bool) -> str:
    """Return the page as HTML.

    Args:
        plan: What was reproduced.
        result: What came out.
        figures: The figures.
        faces: Whether photographs may be on the page; drawn faces always are.
    """
    shown = faces or plan.synthetic
    return document(
        TEMPLATES / "reproduction.html",
        result=result,
        what=RECIPES[plan.recipe].what,
        care=CARE,
        figures=[_figure(each, shown=shown or not each.faces) for each in figures],
        formats=FORMATS,
    )


def _figure(drawn: Drawn, *, shown: bool) -> dict:
    uri = base64.b64encode(drawn.svg.encode()).decode() if shown else ""
    return {
        "name": drawn.name,
        "caption": drawn.caption,
        "uri": uri and f"data:image/svg+xml;base64,{uri}",
        "width": round(PIXELS * drawn.width),
    }


def summary(result: Reproduction, figures: Sequence[Drawn]) -> str:
    """Return the summary in Markdown."""
    lines = [
        "# The paper (Tao 2023), reproduced",
        "",
        f"{markdown(result.headline)}.",
        "",
        *(f"- {markdown(remark)}" for remark in result.remarks),
        *(f"- {name} collapsed: {markdown(why)}" for name, why in result.collapses.items()),
        f"- {CARE}",
        "",
        f"Made by `{result.command}`",
        "",
        as_markdown(result.table),
        "## Claims",
        "",
        "| claim | paper | ours | verdict |",
        "|---|---|---|---|",
        *(
            f"| {' | '.join(map(markdown, (e.claim, e.paper, e.ours, e.verdict)))} |"
            for e in result.claims
        ),
        "",
        "Reasons and commands: claims.md. Figures:",
        "",
        *(f"- [{each.name}]({each.name}.png): {markdown(each.caption)}" for each in figures),
    ]
    return "\n".join(lines) + "\n"
