"""What a stress test was of, in words: a part of the conditions is not called all of them."""

from __future__ import annotations

from collections.abc import Sequence

from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.text import short

FEW = 3
"""Conditions that are named."""


def conditions_told(n: int, names: Sequence[str] | None, severities: Sequence[int] | None) -> str:
    """Return conditions and, where they are not all, severities: `condition dark at severity 1`.

    Args:
        n: How many conditions.
        names: Their names; None where they are not on record.
        severities: The severities; None where they are not on record.
    """
    if names is not None and n <= FEW:
        named = ", ".join(short(name.replace("_", " "), 60) for name in names)
        told = f"the simulated condition{'s'[: n > 1]} {named}"
    elif names is not None and n < len(CONDITIONS):
        told = f"{n} of {len(CONDITIONS)} simulated conditions"
    else:
        told = f"{n} simulated conditions (noise, blur, light, masks …)"
    if severities is None or set(severities) == set(SEVERITIES):
        return told
    many = len(severities) > 1
    return f"{told} at severit{'ies' if many else 'y'} {', '.join(map(str, severities))}"
