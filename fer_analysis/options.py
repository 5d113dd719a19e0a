"""Keyword options of functions and dataclasses: type, default and limits are declared once.

Config sections, `--option`s and their checks are derived from the signature. A limit is written
as `Annotated[float, Field(ge=0, le=1)]`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Container, Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError, create_model

from fer_analysis.errors import FerError, did_you_mean, quoted

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""Seed of everything random; Keras accepts no larger one."""


def options_of(function: Callable, *, seed: bool = False) -> dict[str, tuple[Any, Any]]:
    """Return a function's keyword options as fields for pydantic: name -> (type, default).

    Args:
        function: A function, or a dataclass whose fields are keyword-only.
        seed: Whether to include `seed`, which usually is the run's own.
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


def checked_options(
    function: Callable, given: Mapping[str, object], *, where: str, leave_out: Container[str] = ()
) -> dict[str, Any]:
    """Return options with all defaults, checked by the function's annotations.

    Args:
        function: Whose options.
        given: The options that are set.
        where: The function's name, for messages.
        leave_out: Keywords that are not options.

    Raises:
        FerError: Naming every problem at once.
    """
    fields = {k: field for k, field in options_of(function).items() if k not in leave_out}
    strict = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
    try:
        section = create_model("Options", __config__=strict, **fields).model_validate(dict(given))
    except ValidationError as error:
        problems = [_explain(each, tuple(fields)) for each in error.errors()]
        if len(problems) == 1:
            raise FerError(f"{where}: {problems[0]}") from error
        raise FerError(where, problems) from error
    return {name: getattr(section, name) for name in fields}


def _explain(problem: dict, known: tuple[str, ...]) -> str:
    name = str(problem["loc"][0])
    if problem["type"] == "extra_forbidden":
        return f"unknown option '{name}'" + (
            did_you_mean(name, known) if known else " (it has none)"
        )
    message = problem["msg"].removeprefix("Value error, ")
    return f"{name}: {message[0].lower()}{message[1:]}, received {quoted(problem['input'])}"


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


def summary_of(function: Callable) -> str:
    """Return the first line of a function's docstring."""
    return (inspect.getdoc(function) or "").partition("\n")[0]


def meanings_of(function: Callable) -> dict[str, str]:
    """Return what the `Args` section of a docstring says of each argument."""
    _, _, section = (inspect.getdoc(function) or "").partition("\nArgs:\n")
    meanings, name = {}, ""
    for line in section.splitlines():
        if line and not line.startswith(" "):  # the next section
            break
        if line[4:5].strip():
            name, _, text = line.strip().partition(": ")
            meanings[name] = text
        elif name and line.strip():
            meanings[name] += f" {line.strip()}"
    return meanings
