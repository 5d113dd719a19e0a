"""The design of a study: a base config, cells that change one thing each, and seeds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from fer_analysis.config import RunConfig, load_config, parse_config
from fer_analysis.config.load import read_yaml
from fer_analysis.config.schema import SYNTHETIC, Section
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.shipped import CONFIGS

BASE = "base"
"""The cell that changes nothing: every study has it."""

VERSION = 1
"""To be raised whenever the same cell would give other results."""


class CellConfig(Section):
    """One cell, or, with `each`, one for every combination of some values."""

    set: dict[str, Any]
    """Config keys and their values, as `--set` takes them."""
    each: dict[str, tuple[str | int | float, ...]] = {}
    """Names and values: `{name}` in the cell's name and settings becomes each value in turn."""


class StudyConfig(Section):
    """A study file."""

    question: str
    """What the study asks, in a sentence."""
    base: str = "fast"
    """The config that cells change."""
    set: dict[str, Any] = {}
    """Changes to the base, the same in all cells."""
    seeds: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    """Seed s leaves out fold s; as many folds as `folds`."""
    folds: Annotated[int, Field(ge=2)] = 6
    threads: Annotated[int, Field(ge=1)] = 1
    """Of a cell, whatever runs beside it: results depend on it."""
    cells: dict[str, CellConfig] = {}

    @field_validator("seeds")
    @classmethod
    def _within_the_folds(cls, seeds, info):
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed stands there twice")
        return seeds


@dataclass(frozen=True)
class Cell:
    """One ordinary run of a study.

    Args:
        name: What was changed.
        seed: Its seed, which is also the fold that it leaves out.
        settings: The config of the run, as JSON (a cell travels to other processes). What stands at
            its default is left out: options that are added later leave the key as it is.
        threads: It runs with.
        keeps_model: Whether the model itself is kept: that of the base cell, which is examined.
    """

    name: str
    seed: int
    settings: str
    threads: int
    keeps_model: bool = False

    @property
    def config(self) -> RunConfig:
        """The config of the run."""
        return parse_config(json.loads(self.settings), where=f"cell '{self.name}'")

    @property
    def key(self) -> str:
        """A short hash of all that its result depends on: cells of several studies share it."""
        return self._hash(self.settings)

    @property
    def portable_key(self) -> str:
        """The same wherever the data lie; whether they are the same is for the reader to see."""
        settings = json.loads(self.settings)
        if settings.get("data", {}).get("source") != SYNTHETIC:
            settings.get("data", {}).pop("source", None)
        return self._hash(json.dumps(settings, sort_keys=True))

    def _hash(self, settings: str) -> str:
        what = f"{VERSION} {self.threads} {settings}"
        return hashlib.blake2b(what.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Study:
    """A study: its name, its file, and all of its cells."""

    name: str
    config: StudyConfig
    cells: tuple[Cell, ...]

    def only(self, name: str | None) -> Study:
        """Return the study with the cells of one name alone.

        Raises:
            FerError: If there is none.
        """
        if name is None:
            return self
        names = dict.fromkeys(cell.name for cell in self.cells)
        if name not in names:
            raise FerError(f"study {self.name}: no cell '{name}'{did_you_mean(name, names)}")
        cells = tuple(cell for cell in self.cells if cell.name == name)
        return Study(self.name, self.config, cells)


def load_study(
    name: str | Path,
    *,
    source: str | None = None,
    images: int | None = None,
    base: str | None = None,
    labels: Sequence[str] = (),
) -> Study:
    """Read a study file and make its cells.

    Fair cells: all take the same number of steps (`training.images_per_epoch`), without early
    stopping, and keep the last weights, so that fewer images never mean less training.

    Args:
        name: A YAML file, or the bare name of a shipped study.
        source: The data; wins over the file's `data.source`.
        images: Images that an epoch shows in every cell; the config's own if None.
        base: The config that cells change; wins over the file's `base`.
        labels: What `{label}` stands for; wins over the file's lists.

    Raises:
        FerError: Naming every problem of the file, or the first cell that makes no config.
    """
    path = find_study(name)
    try:
        config = StudyConfig.model_validate(read_yaml(path))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, p['loc']))}: {p['msg'].removeprefix('Value error, ')}"
            for p in error.errors()
        ]
        raise FerError(str(path), problems) from None
    if base:
        config = config.model_copy(update={"base": base})
    changes = {BASE: {}} | dict(_expanded(config.cells, tuple(labels)))
    fixed = {
        "training.keep": "last",
        "training.early_stopping.patience": None,
        "data.folds": config.folds,
        **({"training.images_per_epoch": images} if images else {}),
        **config.set,
    }
    cells, base_keys = [], set()
    for cell, changed in changes.items():
        for seed in config.seeds:
            values = {**fixed, "seed": seed, "data.fold": seed % config.folds, **changed}
            overrides = [f"{key}={json.dumps(value)}" for key, value in values.items()]
            try:
                run = load_config(config.base, overrides, data=source)
            except FerError as error:
                raise FerError(f"{path}, cell '{cell}': {error}") from error
            settings = json.dumps(
                run.model_dump(mode="json", exclude_defaults=True), sort_keys=True
            )
            made = Cell(cell, seed, settings, config.threads, keeps_model=cell == BASE)
            if cell == BASE:
                base_keys.add(made.key)
            if cell == BASE or made.key not in base_keys:  # else it changes nothing in this base
                cells.append(made)
    return Study(path.stem, config, tuple(cells))


def work_of(cell: Cell) -> list:
    """Return what the duration of a cell depends on, ready for JSON."""
    config = cell.config
    training = config.training
    return [
        cell.threads,
        config.model.model_dump(mode="json"),
        training.epochs,
        training.images_per_epoch,
        training.batch_size,
    ]


def find_study(name: str | Path) -> Path:
    """Return the path of a study file given as a path or as a shipped study's name.

    Raises:
        FerError: If there is neither.
    """
    shipped = {path.stem: path for path in sorted((CONFIGS / "studies").glob("*.yaml"))}
    if Path(name).is_file():
        return Path(name)
    bare = Path(str(name)).name.removesuffix(".yaml")
    if bare in shipped:
        return shipped[bare]
    raise FerError(f"{name}: no such file, nor a shipped study{did_you_mean(bare, shipped)}")


def _expanded(cells: dict[str, CellConfig], labels: tuple[str, ...]):
    """Yield names and settings, one for each combination of a cell's values."""
    for name, cell in cells.items():
        each = cell.each | ({"label": labels} if labels and "label" in cell.each else {})
        for values in product(*each.values()):
            chosen = dict(zip(each, values, strict=True))
            yield (
                _filled(name, chosen),
                {_filled(key, chosen): _filled(value, chosen) for key, value in cell.set.items()},
            )


def _filled(value: Any, chosen: dict[str, Any]) -> Any:
    """Put chosen values in the place of their names; a name alone keeps its value's type."""
    if isinstance(value, dict):
        return {_filled(key, chosen): _filled(inner, chosen) for key, inner in value.items()}
    if not isinstance(value, str):
        return value
    if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in chosen:
        return chosen[value[1:-1]]
    for name, choice in chosen.items():
        value = value.replace(f"{{{name}}}", str(choice))
    return value
