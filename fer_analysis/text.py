"""The one place that formats figures, and names from outside the package.

Names of a data set are untrusted: they are shortened here, and escaped in templates.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from html import escape
from typing import Protocol

LONGEST_NAME = 40
LONGEST_ID = 120
MISSING = "n/a"
"""Text for a figure that is undefined or unknown."""


class Estimate(Protocol):
    """A value and the ends of its interval (`fer_analysis.statistics.estimate`)."""

    @property
    def value(self) -> float | None: ...

    @property
    def interval(self) -> tuple[float, float] | None: ...


def short(text: object, longest: int = LONGEST_ID) -> str:
    """Return a text of one line: shortened, with characters that do not print as escapes."""
    text = str(text)[: longest + 1]
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return label names that fit a table, still different from each other."""
    made: list[str] = []
    for index, name in enumerate(names):
        text = short(name, LONGEST_NAME) or "(no name)"
        made.append(text if text not in made else f"{text} ({index})")
    return tuple(made)


def command(*words: object) -> str:
    """Return a command that can be pasted; the first word may be several."""
    first, *others = map(str, words)
    return " ".join([first, *(shlex.quote(short(word, 300)) for word in others)])


def percent(value: float | None, digits: int = 1, *, unit: str = " %") -> str:
    """Return a share of 1 as `61.9 %`; without the unit in a column that has it in its header."""
    return MISSING if _missing(value) else f"{100 * value:.{digits}f}{unit}"


def number(value: float | None, digits: int = 3) -> str:
    """Return a figure as it is: `0.619`."""
    return MISSING if _missing(value) else f"{value:.{digits}f}"


def count(value: int | None) -> str:
    """Return a number of images: `3,309`."""
    return MISSING if value is None else f"{value:,}"


def interval(ends: Sequence[float] | None, digits: int = 1, *, unit: str = " %") -> str:
    """Return the ends of an interval of shares: `60.3 to 63.5 %`; without the unit `60.3-63.5`."""
    if ends is None or any(map(_missing, ends)):
        return MISSING
    low, high = (f"{100 * end:.{digits}f}" for end in ends)
    return f"{low} to {high}{unit}" if unit else f"{low}-{high}"


def estimate(figure: Estimate, digits: int = 1) -> str:
    """Return a share with its interval as `61.9 % [60.3-63.5]`."""
    value = percent(figure.value, digits)
    return (
        value
        if figure.interval is None
        else f"{value} [{interval(figure.interval, digits, unit='')}]"
    )


def number_interval(ends: Sequence[float] | None, digits: int = 3) -> str:
    """Return the ends of an interval of figures that are no shares: `0.603-0.635`."""
    return MISSING if ends is None else "-".join(number(end, digits) for end in ends)


def number_estimate(figure: Estimate, digits: int = 3) -> str:
    """Return a figure that is no share with its interval as `0.619 [0.603-0.635]`."""
    value = number(figure.value, digits)
    if figure.interval is None:
        return value
    return f"{value} [{number_interval(figure.interval, digits)}]"


def points(value: float | None, ends: Sequence[float] | None = None, digits: int = 1) -> str:
    """Return a difference of shares in points, with its interval: `+2.8 (+1.2 to +4.3)`."""
    if _missing(value):
        return MISSING
    text = f"{100 * value:+.{digits}f}"
    if ends is None or any(map(_missing, ends)):
        return text
    return f"{text} ({points(ends[0], digits=digits)} to {points(ends[1], digits=digits)})"


def duration(seconds: float) -> str:
    """Return how long something takes, roughly: `50 s`, `7 min`, `1 h 50 min`."""
    if seconds < 90:
        return f"{math.ceil(seconds / 10) * 10} s"
    hours, minutes = divmod(math.ceil(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def p_value(value: float | None) -> str:
    """Return a p-value with two digits; very small ones as `< 0.0001`."""
    if _missing(value):
        return MISSING
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def p_equals(value: float | None) -> str:
    """Return a p-value with its name: `p = 0.03` or `p < 0.0001`."""
    text = p_value(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def _missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def html_table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for a notebook; all texts are escaped.

    Args:
        caption: Of the table.
        head: The columns' names.
        rows: A text for each column.
    """
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def markdown(value: object) -> str:
    """Return a text that Markdown shows as it is: no markup, no HTML, no line break."""
    if isinstance(value, float | int):
        return str(value)
    return _MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))
