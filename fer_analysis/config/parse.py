"""From plain values to a checked config: every problem at once, by the user's key paths."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, get_args

from pydantic import ValidationError, create_model

from fer_analysis.config.schema import (
    SYNTHETIC,
    FilesConfig,
    ManipulationsConfig,
    ModelConfig,
    RemediesConfig,
    RunConfig,
    Section,
    SwitchesConfig,
    SyntheticConfig,
)
from fer_analysis.errors import FerError, did_you_mean, quoted, shown
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.models import MODELS
from fer_analysis.options import options_of
from fer_analysis.registry import Registry
from fer_analysis.remedies import REMEDIES

EMPTY = "an empty section: write its keys below it"


def parse_config(values: dict, *, where: str = "config") -> RunConfig:
    """Check plain values and return the config they describe.

    Raises:
        FerError: Naming every problem at once, `where` first.
    """
    model = values.get("model")
    name = model.get("name") if isinstance(model, dict) else None
    known = name in MODELS
    config_class = _config_class(
        MODELS[name] if known else None, tuple(REMEDIES), tuple(MANIPULATIONS)
    )
    problems = []
    if model is None and "model" in values:
        problems.append(f"model: {EMPTY}")
    elif model is not None and not known:
        hint = did_you_mean(name, MODELS) if name else f" (available: {', '.join(MODELS)})"
        problems.append(f"model.name: unknown model {quoted(name)}{hint}")
    try:
        config = config_class.model_validate(values)
    except ValidationError as error:
        problems += [_explain(problem, config_class) for problem in error.errors()]
    if problems:
        raise FerError(where, problems)
    return config


@functools.cache
def _config_class(
    builder: Callable | None, remedies: tuple[str, ...], manipulations: tuple[str, ...]
) -> type[RunConfig]:
    """Derive the config of a model from its builder's options and from the tables.

    Once for the same builder and names: making a class takes longer than checking values.

    Args:
        builder: The model's; None takes any model section, so that other problems are found.
        remedies: The names in `REMEDIES`.
        manipulations: The names in `MANIPULATIONS`.
    """
    model = Any
    if builder is not None:
        model = create_model("ModelConfig", __base__=ModelConfig, **options_of(builder))
    remedied = _table_section(RemediesConfig, REMEDIES, remedies)
    manipulated = _table_section(ManipulationsConfig, MANIPULATIONS, manipulations)
    return create_model(
        "RunConfig",
        __base__=RunConfig,
        model=(model, ...),
        remedies=(remedied, remedied()),
        manipulations=(manipulated, manipulated()),
    )


@functools.cache
def _table_section(
    base: type[SwitchesConfig], table: Registry, names: tuple[str, ...]
) -> type[SwitchesConfig]:
    """Derive the section of a table from its entries' keyword options.

    Once for the same names: configs are equal if their classes are.
    """
    sections = {
        name: create_model(name, __base__=Section, **options_of(table[name])) for name in names
    }
    return create_model(
        base.__name__,
        __base__=base,
        **{name: (section | None, None) for name, section in sections.items()},
    )


def _explain(problem: dict, config_class: type[Section]) -> str:
    tags = ("files", SYNTHETIC)
    keys = [str(key) for key in problem["loc"]]
    if keys[:1] == ["data"]:
        keys = [key for key in keys if key not in tags]
    where = shown(".".join(keys), 200)
    if problem["type"] == "extra_forbidden":
        known = _known_keys(problem["loc"], config_class)
        return f"{where}: unknown key{did_you_mean(keys[-1], known)}"
    if problem["type"] == "missing":
        return f"{where}: missing"
    if problem["type"] == "model_type" and problem["input"] is None:
        return f"{where}: {EMPTY}, or leave it out"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    return f"{where}: {message}, received {quoted(problem['input'])}"


def _known_keys(location: tuple, config_class: type[Section]) -> list[str]:
    """Return the keys that the section around `location` takes."""
    kinds = {SYNTHETIC: SyntheticConfig, "files": FilesConfig}
    section: Any = config_class
    for key in location[:-1]:
        if key in kinds:
            section = kinds[key]
        elif key != "data":  # the next key tells which of the two kinds of data section it is
            annotation = section.model_fields[key].annotation
            choices = [annotation, *get_args(annotation)]
            section = next(c for c in choices if inspect.isclass(c) and issubclass(c, Section))
    return list(section.model_fields)
