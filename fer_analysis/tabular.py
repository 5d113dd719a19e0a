"""Tables of texts as files: CSV, LaTeX (booktabs) and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.files import file_name, write_csv, write_text
from fer_analysis.text import markdown

SUFFIXES = (".csv", ".tex", ".md")

TEXT_WIDTH = 90
"""Characters that fit on a line of an article in 10 points."""


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Args:
        head: The columns' names; the first column is of texts, the others are of figures.
        rows: A text for each column.
        caption: What it shows.
        notes: Below it, a sentence each.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    notes: tuple[str, ...] = ()


def write_tables(tables: Sequence[Table], file: str | Path) -> list[Path]:
    """Write tables to a file of the format that its suffix names.

    LaTeX and Markdown take all tables in one file. A CSV takes one: further tables go to files
    whose names end in 2, 3, ….

    Args:
        tables: At least one.
        file: Ending in `.csv`, `.tex` or `.md`.

    Returns:
        The files.

    Raises:
        FerError: If the suffix is another.
    """
    file = check_suffix(file)
    if file.suffix == ".csv":
        files = [
            file if number == 1 else file.with_stem(f"{file.stem}-{number}")
            for number in range(1, len(tables) + 1)
        ]
        for table, path in zip(tables, files, strict=True):
            names = _distinct(table.head)
            write_csv(path, [dict(zip(names, row, strict=True)) for row in table.rows])
        return files
    as_text = as_latex if file.suffix == ".tex" else as_markdown
    write_text(file, "\n".join(map(as_text, tables)))
    return [file]


def check_suffix(file: str | Path) -> Path:
    """Return a path whose suffix names a format.

    Raises:
        FerError: If it names none.
    """
    file = Path(file)
    if file.suffix not in SUFFIXES:
        raise FerError(f"{file}: expected a name that ends in {', '.join(SUFFIXES)}")
    return file


def as_latex(table: Table) -> str:
    r"""Return a `table` environment, which needs `\usepackage{booktabs}`.

    A table that is wider than a page's text is scaled to it, which needs `graphicx` too.
    """
    columns = zip(*([len(cell) for cell in row] for row in (table.head, *table.rows)), strict=True)
    wide = sum(max(lengths) + 2 for lengths in columns) > TEXT_WIDTH
    lines = [
        f"% needs \\usepackage{{booktabs{',graphicx' * wide}}}",
        "\\begin{table}",
        "\\centering",
        f"\\caption{{{latex(table.caption)}}}",
        f"\\label{{tab:{file_name(table.caption)[:40].strip('_').lower()}}}",
        *(["\\resizebox{\\textwidth}{!}{%"] if wide else []),
        f"\\begin{{tabular}}{{l{'r' * (len(table.head) - 1)}}}",
        "\\toprule",
        _latex_row(table.head),
        "\\midrule",
        *map(_latex_row, table.rows),
        "\\bottomrule",
        "\\end{tabular}" + "}" * wide,
        *(f"\\par\\footnotesize {latex(note)}" for note in table.notes),
        "\\end{table}",
    ]
    return "\n".join(lines) + "\n"


def as_markdown(table: Table) -> str:
    """Return the table in Markdown, its caption above and its notes below."""
    lines = [f"**{markdown(table.caption)}**", ""] if table.caption else []
    lines += [_markdown_row(table.head), "|---" + "|---:" * (len(table.head) - 1) + "|"]
    lines += map(_markdown_row, table.rows)
    lines += [line for note in table.notes for line in ("", markdown(note))]
    return "\n".join(lines) + "\n"


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "–": "--",
    "−": "$-$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "→": r"$\rightarrow$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "·": r"$\cdot$",
    "<": r"$<$",
    ">": r"$>$",
    "…": r"\dots{}",
}


def latex(text: str) -> str:
    """Return a text as LaTeX sets it: ranges with an en dash, negative numbers with a minus."""
    text = re.sub(r"(?<=\d)-(?=\d)", "–", " ".join(text.split()))
    text = re.sub(r"(?<!\S)-(?=\d)|(?<=[(\[])-(?=\d)", "−", text)
    return "".join(_LATEX.get(character, character) for character in text)


def _latex_row(cells: Sequence[str]) -> str:
    # A bracket after a line's end would be an option of the line break.
    texts = [f"{{{cell}}}" if cell.startswith("[") else cell for cell in map(latex, cells)]
    return " & ".join(texts) + r" \\"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(markdown, cells))} |"


def _distinct(names: Sequence[str]) -> list[str]:
    """Return column names that differ; an empty one is `name`, or `column N`."""
    made: list[str] = []
    for number, name in enumerate(names, start=1):
        text = name or ("name" if number == 1 else f"column {number}")
        made.append(text if text not in made else f"{text} ({number})")
    return made
