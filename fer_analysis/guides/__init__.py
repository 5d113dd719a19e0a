"""The guides: one Markdown file each, in this folder; a new file is listed by itself."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError, did_you_mean, quoted

FOLDER = Path(__file__).parent
FIRST = "getting-started"
"""The guide that is listed before all others."""

_LINK = re.compile(r'(?P<kind>href|src)="(?P<target>[^"]*)"')
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 50rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.55 sans-serif }}
pre, table {{ display: block; overflow-x: auto; font-size: .85rem }}
pre {{ padding: .8rem; border: 1px solid #8886; border-radius: .3rem }}
th, td {{ padding: .2rem .6rem; border-bottom: 1px solid #8884; text-align: left }}
img {{ max-width: 100% }}
</style></head><body>
<p><a href="{first}.html">All guides</a></p>
{body}</body></html>
"""


@dataclass(frozen=True)
class Guide:
    """One guide.

    Attributes:
        name: What `fer guide NAME` takes: the file's name without its ending.
        title: The file's first heading.
        text: Markdown.
    """

    name: str
    title: str
    text: str


def all_guides() -> list[Guide]:
    """Return every guide: the first one to read, then by title."""
    found = [_read(path) for path in FOLDER.glob("*.md")]
    return sorted(found, key=lambda guide: (guide.name != FIRST, guide.title.lower()))


def find_guide(name: str) -> Guide:
    """Return a guide by its name.

    Raises:
        FerError: If there is none of this name; the message lists all names.
    """
    known = {guide.name: guide for guide in all_guides()}
    if name not in known:
        raise FerError(f"no guide {quoted(name)}{did_you_mean(name, known)}")
    return known[name]


def write_pages(folder: Path) -> None:
    """Write every guide as a web page, `folder/NAME.html`, with the pictures of this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for guide in all_guides():
        (folder / f"{guide.name}.html").write_text(_page(guide), encoding="utf-8")


def anchor(heading: str) -> str:
    """Return the name under which a heading is linked to, as code hosts make it."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


def _read(path: Path) -> Guide:
    text = path.read_text(encoding="utf-8")
    return Guide(path.stem, text.partition("\n")[0].removeprefix("# ").strip(), text)


def _page(guide: Guide) -> str:
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark").enable("table")
    tokens = markdown.parse(guide.text)
    for opening, content in zip(tokens, tokens[1:], strict=False):
        if opening.type == "heading_open":
            opening.attrSet("id", anchor(content.content))
    body = markdown.renderer.render(tokens, markdown.options, {})
    body = _LINK.sub(lambda found: _target(found["kind"], found["target"]), body)
    return _PAGE.format(title=html.escape(guide.title), first=FIRST, body=body)


def _target(kind: str, target: str) -> str:
    """Return a link as the page has it: to another page, to a file here, or to none."""
    path, _, part = target.partition("#")
    if "://" in target or not path:
        return f'{kind}="{target}"'
    file = FOLDER / path
    if file.parent == FOLDER and file.suffix == ".md":
        return f'{kind}="{file.stem}.html{"#" * bool(part)}{part}"'
    # Records of our runs are in the repository, not in an installed package.
    return f'{kind}="{file.resolve().as_uri()}"' if file.exists() else f'title="{target}"'
