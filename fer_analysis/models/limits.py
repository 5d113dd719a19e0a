"""Limits that options of several models share: a network has to fit into memory."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Width = Annotated[int, Field(ge=1, le=2048)]
Widths = Annotated[tuple[Width, ...], Field(max_length=8)]
Dropped = Annotated[float, Field(ge=0, lt=1)]
Momentum = Annotated[float, Field(ge=0, lt=1)]

MOST_WEIGHTS = 2**27
"""Of one layer: half a gigabyte, and training needs four times that."""
