"""What all sections of a config have in common."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator


class Section(BaseModel):
    """A part of the config: unknown keys are errors, values never change.

    `true` and `false` are no numbers, though Python and pydantic take them for 1 and 0.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_switch_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if _has_switch(value) and _takes_numbers_alone(cls, info.field_name):
            raise ValueError("expected a number, not true or false")
        return value


def _has_switch(value: Any) -> bool:
    """Tell whether a value is, or holds, `true` or `false`."""
    if isinstance(value, dict):
        return any(map(_has_switch, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_switch, value))
    return isinstance(value, bool)


@functools.cache
def _takes_numbers_alone(section: type[Section], name: str) -> bool:
    """Tell whether a key takes numbers, and neither true and false nor keys of its own."""
    kinds = set(_kinds(section.model_fields[name].annotation))
    sections = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, BaseModel)]
    return bool(kinds & {int, float}) and not kinds & {bool, Any} and not sections


def _kinds(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation is made of, those of literal values too."""
    parts = get_args(annotation)
    if not parts:
        literal = annotation is not Any and not inspect.isclass(annotation)
        yield type(annotation) if literal else annotation
    for part in parts:
        yield from _kinds(part)
