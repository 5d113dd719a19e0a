"""Keyword options of functions and dataclasses: type, default and limits stand there alone.

Config sections, `--option`s and their checks are derived from the signature. A limit is written
as `Annotated[float, Field(ge=0, le=1)]`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""Of everything random; Keras takes no larger one."""


def options_of(function: Callable, *, seed: bool = False) -> dict[str, tuple[Any, Any]]:
    """Return a function's keyword options as pydantic takes fields: name -> (type, default).

    Args:
        function: A function, or a dataclass whose fields are keyword-only.
        seed: Whether an option called `seed` is one; mostly it is the run's own.
    """
    made = {
        field.name: field.default_factory()
        for field in (dataclasses.fields(function) if dataclasses.is_dataclass(function) else ())
        if field.default_factory is not dataclasses.MISSING
    }
    return {
        parameter.name: (parameter.annotation, made.get(parameter.name, _default(parameter)))
        for parameter in inspect.signature(function, eval_str=True).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and (seed or parameter.name != "seed")
    }


def _default(parameter: inspect.Parameter) -> Any:
    return ... if parameter.default is parameter.empty else parameter.default


def limits_of(annotation: Any) -> tuple[type, float | None, float | None]:
    """Return kind, smallest and largest value of an `Annotated[int | float, Field(...)]`."""
    low = high = None
    for field in annotation.__metadata__:
        for limit in field.metadata:
            low = getattr(limit, "ge", low)
            high = getattr(limit, "le", high)
    return annotation.__origin__, low, high
