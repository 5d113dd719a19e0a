"""Cells with `each`: one for every combination of some values, filled into names and settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

LABEL = "label"
"""The name whose values the caller may choose: `{label}` in a study file."""


def expanded(
    name: str, settings: Mapping[str, Any], each: Mapping[str, Sequence], labels: Sequence[str] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and settings of a cell for each combination of its values.

    Args:
        name: The cell's, with `{value}` where a value goes.
        settings: Config keys and values, with the same placeholders.
        each: Placeholder -> the values that it takes in turn.
        labels: The values of `{label}`, if the cell has it; the file's own if empty.
    """
    values = {**each, LABEL: tuple(labels)} if labels and LABEL in each else each
    for combination in product(*values.values()):
        chosen = dict(zip(values, combination, strict=True))
        yield (
            filled(name, chosen),
            {filled(key, chosen): filled(value, chosen) for key, value in settings.items()},
        )


def filled(value: Any, chosen: Mapping[str, Any]) -> Any:
    """Replace placeholders by values; a placeholder alone keeps its value's type."""
    if isinstance(value, dict):
        return {filled(key, chosen): filled(inner, chosen) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in chosen:
        return chosen[value[1:-1]]
    for name, choice in chosen.items():
        value = value.replace(f"{{{name}}}", str(choice))
    return value
