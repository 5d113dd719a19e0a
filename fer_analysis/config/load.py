"""Reading configs: a file or a shipped one's name, then overrides."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml

from fer_analysis.config.parse import parse_config
from fer_analysis.config.schema import FilesConfig, RunConfig, SyntheticConfig, kind_of_data
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.usual_source import usual_source
from fer_analysis.errors import FerError, did_you_mean, shown
from fer_analysis.models import MODELS
from fer_analysis.shipped import shipped_configs


def load_config(
    name: str | Path | RunConfig,
    overrides: Iterable[str] = (),
    *,
    data: str | Mapping | None = None,
) -> RunConfig:
    """Read a config.

    Args:
        name: Path of a YAML file, the bare name of a shipped one (`paper/mobilenet`), the name
            of a model (every key then has its default), or a config.
        overrides: `key.path=value` each, the value in YAML; they replace the file's.
        data: Path of a data set, or `synthetic`; replaces the file's `data.source`. A mapping
            replaces the whole section.

    Raises:
        FerError: Naming every problem of the file and the overrides at once.
    """
    if isinstance(name, RunConfig):
        where, values = "config", name.model_dump(mode="json")
    else:
        where, values = str(name), _read(name)
    if isinstance(data, Mapping):
        values["data"] = dict(data)
    elif data is not None:
        section = values.get("data") if isinstance(values.get("data"), dict) else {}
        same_kind = kind_of_data(section) == kind_of_data({"source": data})
        values["data"] = {**(section if same_kind else {}), "source": data}
    for override in overrides:
        _override(values, override)
    usual = usual_source()
    if usual and isinstance(values.setdefault("data", {}), dict):
        values["data"]["source"] = values["data"].get("source") or usual
    return parse_config(values, where=where)


def load_augmentation(name: str | Path | RunConfig, overrides: Iterable[str] = ()) -> Augmentation:
    """Read the augmentation of a config; overrides of other sections are ignored.

    Raises:
        FerError: As `load_config`.
    """
    own = [text for text in overrides if text.startswith("augmentation.")]
    return load_config(name, own).augmentation.build()


def _read(name: str | Path) -> dict:
    if name in MODELS and not Path(name).is_file() and name not in shipped_configs():
        return {"model": {"name": name}}
    return read_yaml(find_config(name))


def check_sections(overrides: Iterable[str], *sections: str) -> None:
    """Refuse overrides of sections that would not be used.

    Args:
        overrides: `key.path=value` each.
        *sections: The sections that are used.

    Raises:
        FerError: Naming every such key.
    """
    keys = [text.partition("=")[0].strip() for text in overrides]
    problems = [
        f"{shown(key)}: would have no effect"
        for key in keys
        if key.partition(".")[0] not in sections
    ]
    if problems:
        used = " and ".join(f"{section}.…" for section in sections)
        raise FerError(f"--set (only {used} is used here)", problems)


def parse_data(values: dict, overrides: Iterable[str] = ()) -> FilesConfig | SyntheticConfig:
    """Check the data section alone; overrides are of the form `data.key=value`.

    Raises:
        FerError: Naming every problem at once.
    """
    overrides = tuple(overrides)
    check_sections(overrides, "data")
    sections = {"model": {"name": next(iter(MODELS))}, "data": dict(values)}
    for override in overrides:
        _override(sections, override)
    return parse_config(sections, where="data").data


def find_config(name: str | Path) -> Path:
    """Return the path of a config file given as a path or as a shipped config's name.

    Raises:
        FerError: If there is neither.
    """
    if Path(name).is_file():
        return Path(name)
    shipped = shipped_configs()
    bare = str(name).removesuffix(".yaml").removeprefix("configs/")
    if bare in shipped:
        return shipped[bare]
    known = {**shipped, **dict.fromkeys(MODELS)}
    raise FerError(f"{name}: no such file, nor a shipped config{did_you_mean(bare, known)}")


def read_yaml(path: Path) -> dict:
    """Read a YAML file of sections.

    Raises:
        FerError: If it is not one.
    """
    try:
        values = _parsed(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError) as error:
        raise FerError(f"{path}: not YAML: {shown(' '.join(str(error).split()), 200)}") from error
    if not isinstance(values, dict):
        raise FerError(f"{path}: expected sections (model, data, …), received {shown(values)}")
    return values


class _Loader(yaml.SafeLoader):
    """Reads plain values: no aliases, which can expand without limit; dates are texts.

    Numbers are decimal: to PyYAML 010 is 8 and 1:30 is 90, here they are texts, which a key that
    takes numbers reads as 10 and refuses. A key that is there twice is refused: PyYAML would take
    the last one without a word.
    """

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            raise ValueError(f"an alias (*{shown(self.peek_event().anchor, 20)}); write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in getattr(node, "value", ()) if key.id == "scalar"]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ValueError(f"the key '{shown(twice[0], 40)}' is there twice")
        return super().construct_mapping(node, deep=deep)


_PLAIN = {
    "tag:yaml.org,2002:timestamp": None,
    "tag:yaml.org,2002:int": re.compile(r"[-+]?(?:0|[1-9][0-9_]*)$"),
    "tag:yaml.org,2002:float": re.compile(
        r"""[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+][0-9]+)?$
        |[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$""",
        re.VERBOSE,
    ),
}
"""Tag -> which texts have it, where that differs from PyYAML; None: no text has it."""

_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, chosen) for tag, usual in resolvers if (chosen := _PLAIN.get(tag, usual)) is not None
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _parsed(text: str) -> object:
    """Parse YAML; a text that comes again, as a study's do thousands of times, is parsed once.

    Raises:
        yaml.YAMLError, ValueError: If it is none, or more than a config needs.
    """
    return copy.deepcopy(_parsed_once(text))


@functools.lru_cache(256)
def _parsed_once(text: str) -> object:
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (TypeError, OverflowError) as error:  # !!set of lists, !!int of words
        raise ValueError(str(error)) from None


def _override(values: dict, override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals:
        raise FerError(f"--set {shown(override)}: expected key.path=value, e.g. training.epochs=3")
    *sections, key = path.strip().split(".")
    for section in sections:
        if not isinstance(values.get(section), dict):
            values[section] = {}
        values = values[section]
    try:
        values[key] = _parsed(text)
    except (yaml.YAMLError, ValueError) as error:
        raise FerError(f"--set {shown(override)}: the value is not YAML") from error
