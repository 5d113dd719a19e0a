"""What a terminal is given: no control characters, and nothing that its encoding lacks.

Names of files and labels come from outside. A terminal obeys control characters in them, and one
that does not write UTF-8 makes Python raise an error.
"""

from __future__ import annotations

import sys


def encodable() -> None:
    """Let stdout and stderr write what their encoding lacks as escapes, e.g. `\\u2265`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def escaped(text: str) -> str:
    """Return a text whose control characters are escapes; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def printable(text: object) -> str:
    """Return a name from outside as one line."""
    return escaped(str(text)).replace("\n", "\\n")
