"""Every key of a config: its type and limits, its default and its meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter

from fer_analysis.config.schema import AugmentationConfig, FilesConfig, RunConfig, SyntheticConfig
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.synthetic.settings import Settings
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.models import MODELS
from fer_analysis.options import meanings_of, options_of, summary_of
from fer_analysis.registry import Registry
from fer_analysis.remedies import REMEDIES


@dataclass(frozen=True)
class Key:
    """A key of a config.

    Args:
        path: The key's path, as `--set` takes it.
        kind: Its type and limits, in words.
        default: Its default, as YAML writes it; empty where a value is required.
        meaning: What it does.
        only: The model, or the kind of data, that takes it; empty for all.
    """

    path: str
    kind: str
    default: str
    meaning: str
    only: str = ""


def config_keys(prefix: str = "") -> tuple[Key, ...]:
    """Return every key of a config, or those that begin with a prefix.

    Raises:
        FerError: If there is none.
    """
    keys = tuple(_all_keys())
    found = tuple(k for k in keys if f"{k.path}.".startswith(f"{prefix}.") or k.path == prefix)
    found = found if prefix else keys
    if not found:
        raise FerError(f"no key '{prefix}'{did_you_mean(prefix, {key.path for key in keys})}")
    return found


def _all_keys() -> Iterator[Key]:
    yield Key("model.name", " | ".join(MODELS), "", "Which network of the table of models.")
    for name in MODELS:
        yield from _of_function("model", MODELS[name], only=name)
    yield from _of_section("data", FilesConfig, only="files")
    yield from _of_section(
        "data", SyntheticConfig, only="synthetic", meanings=meanings_of(Settings)
    )
    yield from _of_section("augmentation", AugmentationConfig, meanings=meanings_of(Augmentation))
    yield from _of_section("training", RunConfig.model_fields["training"].annotation)
    yield from _of_table("manipulations", MANIPULATIONS)
    yield from _of_table("remedies", REMEDIES)
    seed = RunConfig.model_fields["seed"]
    yield Key("seed", _kind(seed.rebuild_annotation()), _shown(seed.default), seed.description)


def _of_section(
    path: str, section: type[BaseModel], *, only: str = "", meanings: dict | None = None
) -> Iterator[Key]:
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from _of_section(f"{path}.{name}", inner, only=only)
            continue
        meaning = " ".join(((meanings or {}).get(name) or field.description or "").split())
        default = "" if field.is_required() else _shown(field.default)
        yield Key(f"{path}.{name}", _kind(field.rebuild_annotation()), default, meaning, only)


def _of_table(path: str, table: Registry) -> Iterator[Key]:
    for name in table:
        yield Key(f"{path}.{name}", "true, false or options", "false", summary_of(table[name]))
        yield from _of_function(f"{path}.{name}", table[name])


def _of_function(path: str, function: Callable, *, only: str = "") -> Iterator[Key]:
    meanings = meanings_of(function)
    for name, (annotation, default) in options_of(function).items():
        shown = "" if default is ... else _shown(default)
        yield Key(f"{path}.{name}", _kind(annotation), shown, meanings.get(name, ""), only)


def _kind(annotation: Any) -> str:
    return _words(TypeAdapter(annotation).json_schema())


def _words(schema: dict) -> str:
    """Return a JSON schema in words, e.g. `whole number, 1 to 8192`."""
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(_words(each) for each in schema["anyOf"])
    kind = schema.get("type")
    if kind == "object":
        return f"name: {_words(schema.get('additionalProperties') or {})}"
    if kind == "array":
        parts = schema.get("prefixItems")
        return (
            f"[{', '.join(map(_words, parts))}]" if parts else f"list of {_words(schema['items'])}"
        )
    name = {"integer": "whole number", "boolean": "true | false", "string": "text"}.get(kind, kind)
    return ", ".join(filter(None, (name or "any value", _limits(schema))))


def _limits(schema: dict) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{low} to {high}"
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    return " and ".join(f"{sign} {schema[key]}" for key, sign in signs.items() if key in schema)


def _shown(value: Any) -> str:
    return json.dumps(value)
