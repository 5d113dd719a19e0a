"""The design of a study: a base config, cells that change one thing each, and seeds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fer_analysis.config import RunConfig, load_config, parse_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.open import open_whole
from fer_analysis.data.usual_source import usual_source
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.study.cell_key import cell_key
from fer_analysis.study.expansion import expanded
from fer_analysis.study.study_file import StudyConfig, read_study
from fer_analysis.training.face_lists import pinned

BASE = "base"
"""The cell that changes nothing: every study has it."""


@dataclass(frozen=True)
class Cell:
    """One ordinary run of a study.

    Args:
        name: What was changed.
        seed: Its seed, which is also the fold that it leaves out.
        settings: The config of the run, as JSON (a cell is sent to other processes). Defaults are
            left out.
        threads: Number of threads that it runs with.
        keeps_model: Whether the model itself is kept: that of the base cell, which is examined.
        base_key: Hash of what all cells of its study change: the same for studies that can be
            diagnosed together, wherever the data is stored.
    """

    name: str
    seed: int
    settings: str
    threads: int
    keeps_model: bool = False
    base_key: str = ""

    @property
    def config(self) -> RunConfig:
        """The config of the run."""
        return parse_config(json.loads(self.settings), where=f"cell '{self.name}'")

    @cached_property
    def key(self) -> str:
        """A short hash of all that its result depends on: cells of several studies share it."""
        return cell_key(self.settings, self.threads)

    @cached_property
    def portable_key(self) -> str:
        """The same wherever the data is stored; fingerprints tell whether it is the same data."""
        return cell_key(self.settings, self.threads, portable=True)


@dataclass(frozen=True)
class Study:
    """A study: its name, its file, and all of its cells."""

    name: str
    config: StudyConfig
    cells: tuple[Cell, ...]

    @property
    def base_config(self) -> RunConfig:
        """The config of the base cell, with its first seed."""
        return next(cell for cell in self.cells if cell.name == BASE).config

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
    name: str | Path | Study,
    data: str | Path | None = None,
    *,
    base: str | None = None,
    labels: Sequence[str] = (),
) -> Study:
    """Read a study whose cells all show the same number of images an epoch.

    The number is that of the training images that remain when a fold is left out, on average;
    so fewer images of a label never mean a shorter training. The data is read to count them,
    unless the base config sets `training.images_per_epoch` itself.

    Args:
        name: A YAML file, the bare name of a shipped study, or a study (returned as it is).
        data: The data set's path, or `synthetic`; the study file's own, else `FER2013_DIR`, if
            None.
        base: The config that cells change; wins over the file's `base`.
        labels: What `{label}` stands for in the file's cells; wins over the file's lists.

    Raises:
        FerError: If the study or its data cannot be read.
    """
    if isinstance(name, Study):
        return name
    source = None if data is None else str(data)
    if source not in (None, SYNTHETIC):
        source = str(Path(source).expanduser().resolve())
    source = source or usual_source()
    study = plan_study(name, source=source, base=base, labels=labels)
    config = study.base_config
    if config.training.images_per_epoch:
        return study
    if config.data.source is None:
        raise FerError(f"study {study.name}: no data: name it with --data PATH")
    images = _images_per_epoch(config, study.config.folds, labels)
    return plan_study(name, source=source, images=images, base=base, labels=labels)


def _images_per_epoch(config: RunConfig, folds: int, labels: Sequence[str]) -> int:
    dataset = open_whole(config.data).dataset
    counts = dataset.counts()
    if "train" not in counts:
        raise FerError(f"{config.data.source}: a study needs a 'train' split")
    for label in labels:
        if label not in dataset.label_names:
            raise FerError(f"no label '{label}'{did_you_mean(label, dataset.label_names)}")
    return int(np.rint(counts["train"].sum() * (folds - 1) / folds))


def plan_study(
    name: str | Path,
    *,
    source: str | None = None,
    images: int | None = None,
    base: str | None = None,
    labels: Sequence[str] = (),
) -> Study:
    """Read a study file and make its cells, without looking at the data.

    All cells train without early stopping and keep the last weights.

    Args:
        name: A YAML file, or the bare name of a shipped study.
        source: The data; wins over the file's `data.source`.
        images: Images that an epoch shows in every cell; the config's own if None.
        base: The config that cells change; wins over the file's `base`.
        labels: What `{label}` stands for; wins over the file's lists.

    Raises:
        FerError: Naming every problem of the file, or the first cell that makes no config,
            changes the data or has the name of another.
    """
    path, config = read_study(name)
    if base:
        config = config.model_copy(update={"base": base})
    fixed = {
        "training.keep": "last",
        "training.early_stopping.patience": None,
        "data.folds": config.folds,
        **({"training.images_per_epoch": images} if images else {}),
        **config.set,
    }
    changes = {BASE: {}, **_named(config, labels, path)}
    anyone = {**fixed, "seed": 0, "data.fold": 0}  # machines may divide the seeds
    shared = cell_key(
        _settings(config.base, anyone, source, str(path)), config.threads, portable=True
    )
    cells, base_keys, bases = [], set(), {}
    for cell, changed in changes.items():
        for seed in config.seeds:
            where = f"{path}, cell '{cell}'"
            values = {**fixed, "seed": seed, "data.fold": seed % config.folds, **changed}
            settings = _settings(config.base, values, source, where)
            made = Cell(
                cell, seed, settings, config.threads, keeps_model=cell == BASE, base_key=shared
            )
            if cell == BASE:
                base_keys.add(made.key)
                bases[seed] = made.config
            elif {key.partition(".")[0] for key in changed} & {"data", "seed"}:
                _check_same_data(made.config, bases[seed], where)
            if cell == BASE or made.key not in base_keys:  # else it changes nothing in this base
                cells.append(made)
    return Study(path.stem, config, tuple(cells))


def _named(config: StudyConfig, labels: Sequence[str], path: Path) -> dict[str, dict[str, Any]]:
    """Return what each cell but the base changes, by its name.

    Raises:
        FerError: If two cells that change different things have one name, or one is called as the
            base is.
    """
    changes: dict[str, dict[str, Any]] = {}
    for template, section in config.cells.items():
        for cell, changed in expanded(template, section.set, section.each, labels):
            if cell == BASE:
                raise FerError(f"{path}: '{BASE}' is the cell that changes nothing; rename yours")
            if changes.setdefault(cell, changed) != changed:
                missing = [f"{{{name}}}" for name in section.each if f"{{{name}}}" not in template]
                hint = f"put {' and '.join(missing)} into it" if missing else "rename one"
                raise FerError(f"{path}: two different cells have the name '{cell}'; {hint}")
    return changes


_TARGETS = {"vote_targets"}
"""Keys of the data that a cell may change: what it trains on, and no image, label or split."""
_OWN_TARGETS = {"votes", "votes_of", *_TARGETS}
"""The same, where the votes are not what the images are labelled by."""


def _check_same_data(config: RunConfig, base: RunConfig, where: str) -> None:
    """Refuse a cell that is not trained and scored on the base's images.

    Raises:
        FerError: Naming the keys.
    """
    own, expected = ({"seed": c.seed, **_flat_data(c)} for c in (config, base))
    differ = [key for key in {**expected, **own} if own.get(key) != expected.get(key)]
    if differ:
        raise FerError(
            f"{where}: changes {', '.join(differ)}, but all cells have the data and the seeds of "
            "the study, or they could not be compared: put it in the study's own 'set', or in "
            "another study"
        )


def _flat_data(config: RunConfig) -> dict[str, Any]:
    free = _TARGETS if config.data.labels == "votes" else _OWN_TARGETS
    data = config.data.model_dump(mode="json", exclude=free)
    return {f"data.{key}": value for key, value in data.items()}


def _settings(base: str, values: dict[str, Any], source: str | None, where: str) -> str:
    overrides = [f"{key}={json.dumps(value)}" for key, value in values.items()]
    try:
        run = pinned(load_config(base, overrides, data=source))
    except FerError as error:
        raise FerError(f"{where}: {error}") from error
    return json.dumps(run.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


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
