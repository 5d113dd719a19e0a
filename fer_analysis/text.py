"""Words for the page. Names from a data set are untrusted: shortened here, escaped in templates."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

LONGEST_NAME = 40
LONGEST_ID = 120


def short(text: object, longest: int = LONGEST_ID) -> str:
    """Return a text of one line: shortened, with characters that do not print as escapes."""
    text = str(text)[: longest + 1]
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def short_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return label names that fit a table, still different from each other."""
    made: list[str] = []
    for index, name in enumerate(names):
        told = short(name, LONGEST_NAME) or "(no name)"
        made.append(told if told not in made else f"{told} ({index})")
    return tuple(made)


def command(*words: object) -> str:
    """Return a command that can be pasted; the first word may be several."""
    first, *others = map(str, words)
    return " ".join([first, *(shlex.quote(short(word, 300)) for word in others)])


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share of 1 as `61.9 %`."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def interval(ends: Sequence[float] | None, digits: int = 1) -> str:
    """Return the ends of an interval of shares as `60.3 to 63.5 %`."""
    if ends is None or any(end is None for end in ends):
        return "–"
    return f"{100 * ends[0]:.{digits}f} to {100 * ends[1]:.{digits}f} %"


def points(value: float | None, ends: Sequence[float] | None = None) -> str:
    """Return a difference of shares in points, with its interval: `+2.8 (+1.2 to +4.3)`."""
    if value is None:
        return "–"
    told = f"{100 * value:+.1f}"
    if ends is None or any(end is None for end in ends):
        return told
    return f"{told} ({100 * ends[0]:+.1f} to {100 * ends[1]:+.1f})"


def p_value(value: float | None) -> str:
    if value is None:
        return "–"
    return "< .0001" if value < 0.0001 else f"{value:.2g}"


_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&!])")


def markdown(value: object) -> str:
    """Return a text that Markdown shows as it is: no markup, no HTML, no line break."""
    if isinstance(value, float | int):
        return str(value)
    return _MARKDOWN.sub(r"\\\1", " ".join(str(value).split()))
