"""One text where a list of texts is expected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def listed(value: Any) -> tuple:
    """Return an argument that takes several values as a tuple; a single value is one of them.

    A text is iterable too: `conditions="dark"` would be the conditions `d`, `a`, `r` and `k`.
    """
    if value is None:
        return ()
    is_list = isinstance(value, Iterable) and not isinstance(value, str | bytes)
    return tuple(value) if is_list else (value,)
