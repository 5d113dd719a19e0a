"""From what was asked for to a plan: configs, data in the paper's protocol where it fits, runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.config import RunConfig, load_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.load import LoadedData
from fer_analysis.data.splits import FULL_TEST
from fer_analysis.data.usual_source import usual_source
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.evaluation.open_run import NO_DATA, name_of, read_data
from fer_analysis.paper import MODELS, PROTOCOL
from fer_analysis.progress import Progress
from fer_analysis.reproduction.changes import changes
from fer_analysis.reproduction.plan import Plan
from fer_analysis.reproduction.recipes import QUICK_EXPLAINED, RECIPES
from fer_analysis.result_folders import default_folder
from fer_analysis.run import Run
from fer_analysis.study.diagnosis import Diagnosis

if TYPE_CHECKING:
    from pydantic import BaseModel


def make_plan(
    data: str | Path | LoadedData | None,
    *,
    recipe: str,
    quick: bool,
    out: str | Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    given: Mapping[str, str | Path | Run | None] | None = None,
    study: str | Path | None = None,
    progress: Progress,
) -> Plan:
    """Read the configs and the data.

    Raises:
        FerError: If the recipe is unknown, or configs, data, given runs or the study are not what
            they should be.
    """
    if recipe not in RECIPES:
        raise FerError(f"unknown recipe{did_you_mean(recipe, RECIPES)}")
    diagnosis = None if study is None else Diagnosis.load(Path(study))
    runs = {network: _opened(run) for network, run in (given or {}).items() if run is not None}
    folder, shorter = RECIPES[recipe].configs(quick=quick)
    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    given_data = isinstance(data, LoadedData)
    loaded = data if given_data else _read(data, folder, (*shorter, *overrides), progress)
    if loaded.section is None:
        raise FerError("data: no record of how it was read; use the result of fer.load_data")
    usual = load_config(f"{folder}{MODELS[0]}", shorter, data=str(loaded.section.source)).data
    if given_data:
        overrides = (*_without_data(overrides), *_data_texts(loaded, usual))
    as_usual = dataclasses.replace(loaded, section=usual)
    configs, changed = {}, {}
    for network in MODELS:
        name = f"{folder}{network}"
        configs[network] = _config(name, loaded, (*shorter, *overrides), progress)
        changed |= changes(_config(name, as_usual, shorter, Progress()), configs[network])
    split = "test" if loaded.dataset.has("test") else "validation"
    name = f"reproduction-{name_of(loaded)}-{recipe}{'-quick' if quick else ''}"
    place = default_folder(name, loaded.fingerprint) if out is None else Path(out)
    return Plan(
        recipe=recipe,
        quick=quick,
        configs=configs,
        data=loaded,
        split=split,
        folder=place,
        explained=QUICK_EXPLAINED if quick else {},
        changes=changed,
        overrides=overrides,
        given=runs,
        study=None if study is None else Path(study),
        diagnosis=diagnosis,
    )


def _opened(given: str | Path | Run) -> Run:
    run = given if isinstance(given, Run) else Run.open(given)
    if not run.is_directory or not run.config_file.is_file():
        raise FerError(f"{run.path}: given, but it is no run directory with a config")
    return run


def _without_data(overrides: tuple[str, ...]) -> tuple[str, ...]:
    """Return the overrides of data that was read before: its own section counts."""
    return tuple(text for text in overrides if not text.startswith("data."))


def _data_texts(loaded: LoadedData, usual: BaseModel) -> tuple[str, ...]:
    """Return the overrides with which the command reads what Python had read before."""
    own, theirs = loaded.section.model_dump(mode="json"), usual.model_dump(mode="json")
    if _has_whole_test(loaded):  # the command would read it in the paper's protocol
        own["protocol"] = loaded.protocol
    return tuple(
        f"data.{key}={json.dumps(value)}"
        for key, value in own.items()
        if theirs.get(key) != value and key != "source"
    )


def _read(
    source: str | Path | None, folder: str, overrides: tuple[str, ...], progress: Progress
) -> LoadedData:
    """Read the data, in the paper's protocol where its whole test is there."""
    source = source or usual_source()
    if source is None:
        raise FerError(NO_DATA)
    section = load_config(f"{folder}{MODELS[0]}", overrides, data=str(source)).data
    loaded = read_data(section, progress)
    if loaded.layout == SYNTHETIC or section.protocol != "auto" or not _has_whole_test(loaded):
        return loaded
    return read_data(section.model_copy(update={"protocol": PROTOCOL}))


def _has_whole_test(loaded: LoadedData) -> bool:
    """Return whether PublicTest and PrivateTest are there, which are Kaggle's test folder."""
    if loaded.protocol != "official":
        return False
    held_out = np.isin(loaded.dataset.split, ("validation", "test"))
    counts = np.bincount(loaded.dataset.labels[held_out], minlength=len(FULL_TEST[PROTOCOL]))
    return np.array_equal(counts, FULL_TEST[PROTOCOL])


def _config(
    name: str, loaded: LoadedData, overrides: tuple[str, ...], progress: Progress
) -> RunConfig:
    """Return a network's config for this data, without votes where the data has none."""
    section = loaded.section.model_dump(mode="json")
    if (source := section["source"]) != SYNTHETIC:
        section["source"] = str(Path(source).expanduser().resolve())
    own = _without_data(overrides)
    config = load_config(name, own, data=section)
    if loaded.dataset.votes is None and "soft_labels" in dict(config.remedies.chosen()):
        progress.notice(f"{name}: without soft labels, since the data has no annotators' votes")
        config = load_config(name, (*own, "remedies.soft_labels=false"), data=section)
    return config
