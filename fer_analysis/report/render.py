"""From the page's dictionary to its texts: HTML and the model card."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fer_analysis import text
from fer_analysis.figures.colours import DARK, LIGHT

TEMPLATES = Path(__file__).parent / "templates"
CARD = "MODEL_CARD.md"
SCRIPTS = ("place", "faces", "matrix", "selection", "tables")
"""The page's scripts, in `templates/script`, in the order in which they run."""


def html(content: dict) -> str:
    """Return the page: one document that asks for nothing from outside."""
    style = _style()
    parts = ((TEMPLATES / "script" / f"{name}.js").read_text() for name in SCRIPTS)
    script = f'(() => {{\n"use strict";\n{"".join(parts)}}})();\n'
    # The browser runs this script and no other, whatever a label is called.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = _environment(autoescape=True).get_template("report.html")
    return template.render(
        **content, style=Markup(style), script=Markup(script), script_hash=f"sha256-{digest}"
    )


def document(template: Path, **content: object) -> str:
    """Return another page in the same style, without a script.

    Args:
        template: Its template, which may use `style`.
        **content: What it formats.
    """
    style = Markup(_style())
    environment = _environment(template.parent, autoescape=True)
    return environment.get_template(template.name).render(**content, style=style)


def model_card(content: dict) -> str:
    """Return the model card in Markdown; every text in it is escaped for Markdown."""
    environment = _environment(autoescape=False, finalize=text.markdown)
    return environment.get_template(CARD).render(**content)


def _style() -> str:
    """Return the style sheet; its accents are those of the figures, on either ground."""
    light, dark = (
        f":root{{--model:{theme.network};--people:{theme.annotators};--bad:{theme.bad}}}"
        for theme in (LIGHT, DARK)
    )
    own = f"{light}@media screen and (prefers-color-scheme:dark){{{dark}}}"
    return f"{own}{(TEMPLATES / 'style.css').read_text()}"


def no_break(line: str) -> str:
    """Return a text whose percent signs stay on the line of their number."""
    return re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", line)


def unbroken(line: str) -> Markup:
    """Return a command whose options are not broken after their hyphens; its text is the same."""
    words = re.split(r"(?<!\S)(-\S+)", line)
    return Markup("").join(
        Markup('<span class="n">{}</span>').format(word) if i % 2 else word
        for i, word in enumerate(words)
    )


def _environment(folder: Path = TEMPLATES, **options) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **options,
    )
    environment.filters |= {
        "percent": text.percent,
        "interval": text.interval,
        "number": text.number,
        "points": text.points,
        "p_value": text.p_value,
        "no_break": no_break,
        "unbroken": unbroken,
        "exact": lambda value: "" if value is None else repr(value),
        "thousands": lambda value: f"{value:,}",
        "capitalize_first": lambda value: f"{value[:1].upper()}{value[1:]}",
    }
    return environment
