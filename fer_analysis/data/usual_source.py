"""The data that is meant where none is named: that of the variable FER2013_DIR."""

from __future__ import annotations

import os


def usual_source() -> str | None:
    """Return what FER2013_DIR names; None if it is not set, or empty."""
    return os.environ.get("FER2013_DIR") or None
