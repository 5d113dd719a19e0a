"""Text for a terminal: no control characters, and no characters outside its encoding.

Names of files and labels come from outside. A terminal executes control characters in them, and
Python raises an error if its encoding is not UTF-8.
"""

from __future__ import annotations

import sys


def encodable() -> None:
    """Let stdout and stderr write characters outside their encoding as escapes, e.g. `\\u2265`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def escaped(text: str) -> str:
    """Return a text whose control characters are escapes; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def printable(text: object) -> str:
    """Return a name from outside the package as one line."""
    return escaped(str(text)).replace("\n", "\\n")
