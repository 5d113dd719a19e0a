"""A study file: its keys, where it is found, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from fer_analysis.config.load import read_yaml
from fer_analysis.config.section import Section
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.options import Seed
from fer_analysis.shipped import CONFIGS

MOST_FOLDS = 100


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
    folds: Annotated[int, Field(ge=2, le=MOST_FOLDS)] = 6
    """Parts of the training images, one of which a cell leaves out."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=1000)]
    """Seed s leaves out fold s of `folds`, counted round: no two seeds the same one."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """Threads of a cell: fixed, since results depend on their number."""
    cells: dict[str, CellConfig] = {}

    @field_validator("seeds")
    @classmethod
    def _within_the_folds(cls, seeds, info):
        if len(set(seeds)) < len(seeds):
            raise ValueError("a seed is listed twice")
        folds = info.data.get("folds")
        if folds and (twice := _same_fold(seeds, folds)):
            enough = (n for n in range(folds + 1, MOST_FOLDS + 1) if not _same_fold(seeds, n))
            more = next((f"set folds to {n} or " for n in enough), "")
            raise ValueError(
                f"seeds {twice[0]} and {twice[1]} leave out the same fold of {folds}, whose images "
                f"would count twice; {more}list other seeds"
            )
        return seeds


def _same_fold(seeds: Sequence[int], folds: int) -> tuple[int, int] | None:
    """Return the first two seeds that leave out the same fold, if any do."""
    first: dict[int, int] = {}
    for seed in seeds:
        if first.setdefault(seed % folds, seed) != seed:
            return first[seed % folds], seed
    return None


def read_study(name: str | Path) -> tuple[Path, StudyConfig]:
    """Find and read a study file.

    Args:
        name: A YAML file, or the bare name of a shipped study.

    Raises:
        FerError: If there is none, or naming every problem of the file.
    """
    path = find_study(name)
    try:
        return path, StudyConfig.model_validate(read_yaml(path))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, p['loc']))}: {p['msg'].removeprefix('Value error, ')}"
            for p in error.errors()
        ]
        raise FerError(str(path), problems) from None


def find_study(name: str | Path) -> Path:
    """Return the path of a study file given as a path or as a shipped study's name.

    Raises:
        FerError: If there is neither.
    """
    shipped = _shipped()
    if Path(name).is_file():
        return Path(name)
    bare = Path(str(name)).name.removesuffix(".yaml")
    if bare in shipped:
        return shipped[bare]
    raise FerError(f"{name}: no such file, nor a shipped study{did_you_mean(bare, shipped)}")


def _shipped() -> dict[str, Path]:
    return {path.stem: path for path in sorted((CONFIGS / "studies").glob("*.yaml"))}


def hidden_by_folders(names: Sequence[str | Path | object]) -> list[str]:
    """Return those names of shipped studies that a folder here has too: it is taken as a RUN."""
    given = [str(name) for name in names if isinstance(name, str | Path)]
    return [name for name in given if name in _shipped() and Path(name).is_dir()]


def are_studies(names: Sequence[str | Path | object]) -> bool:
    """Tell studies from a RUN: whether each is a study file, a shipped study or a `Study`.

    Args:
        names: At least one.

    Raises:
        FerError: If there are several, and one is not there.
    """
    for name in names:
        if not isinstance(name, str | Path):
            if not hasattr(name, "cells"):
                return False
        elif Path(name).is_dir() or str(name).endswith(".keras"):
            return False
        else:
            try:
                find_study(name)
            except FerError:
                if len(names) > 1:
                    raise
                return False
    return True
