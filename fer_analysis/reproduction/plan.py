"""What is to be trained on which data: the recipes, and the protocol of the paper where it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_analysis.config import RunConfig, load_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.load import LoadedData
from fer_analysis.data.splits import FULL_TEST
from fer_analysis.data.usual_source import usual_source
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.evaluation.open_run import NO_DATA, name_of, read_data
from fer_analysis.paper import MODELS, PROTOCOL, TEST_IMAGES
from fer_analysis.progress import Progress
from fer_analysis.result_folders import default_folder


@dataclass(frozen=True)
class Recipe:
    """Which configs train the paper's two networks.

    Args:
        what: What is done, in a few words.
        folder: Of the configs' names; both are in it.
        quick: The same for a quick look.
        quick_overrides: What shortens those configs.
    """

    what: str
    folder: str
    quick: str
    quick_overrides: tuple[str, ...] = ()


RECIPES = {
    "repaired": Recipe("the paper's networks, the recipe repaired", "", "demo/"),
    "paper": Recipe(
        "the paper's recipe to the letter",
        "paper/",
        "paper/",
        ("training.epochs=4", "training.images_per_epoch=6400"),
    ),
    "best": Recipe(
        "the paper's networks with remedies",
        "improved/",
        "improved/",
        ("training.epochs=8", "training.images_per_epoch=9600"),
    ),
}

QUICK_EXPLAINED = {"n": 20, "options": {"steps": 16, "doublings": 0}}
"""Arguments of `explain` for a quick look."""


@dataclass(frozen=True, eq=False)
class Plan:
    """What `reproduce` is about to do.

    Args:
        recipe: A name in `RECIPES`.
        quick: Whether it is a quick look.
        configs: Network -> its config, in the order of the paper.
        data: The faces.
        split: The split that is evaluated: the test, or validation in its place.
        folder: Where runs and results go.
        explained: Arguments of `fer_analysis.explain`, as far as they are not its defaults.
    """

    recipe: str
    quick: bool
    configs: Mapping[str, RunConfig]
    data: LoadedData
    split: str
    folder: Path
    explained: Mapping[str, object] = field(default_factory=dict)

    @property
    def synthetic(self) -> bool:
        """Whether the faces are drawn by the package."""
        return self.data.layout == SYNTHETIC

    @property
    def decides(self) -> str:
        """Why the networks cannot decide a claim of the paper; empty where they can."""
        if self.synthetic:
            return "drawn faces are no evidence for or against the paper"
        if self.quick:
            return "a quick look is no evidence: smaller or shorter trainings than the recipe's"
        return ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What has to be said with every figure: of which data and recipe it is."""
        n = int((self.data.dataset.split == self.split).sum())
        place = f"{self.split} split, n = {n:,}"
        if self.synthetic:
            where = (f"drawn faces, no photographs: {place}",)
        elif self.split != "test":
            where = (
                f"{self.data.protocol} protocol, {place}: validation in the place of the test, "
                "which this data does not have; its images also chose the epoch",
            )
        elif self.data.protocol == PROTOCOL and self.data.comparable:
            where = (f"the paper's protocol, {place}",)
        else:
            where = (
                f"{self.data.protocol} protocol, {place}: not the paper's {TEST_IMAGES:,} images",
            )
        recipe = f"recipe: {self.recipe}" + (", a quick look" if self.quick else "")
        return (*where, recipe)

    def command(self, *more: object) -> tuple[object, ...]:
        """Return the words of the command that does all of this again."""
        words = ["fer reproduce", "--data", self.source, "--recipe", self.recipe]
        return (*words, *(["--quick"] if self.quick else []), *more)

    @property
    def source(self) -> str:
        """What the data was called by the user."""
        return str(self.data.section.source)


def make_plan(
    data: str | Path | LoadedData | None,
    *,
    recipe: str,
    quick: bool,
    out: str | Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    progress: Progress,
) -> Plan:
    """Read the configs and the data.

    Raises:
        FerError: If the recipe is unknown, or configs or data are not what they should be.
    """
    if recipe not in RECIPES:
        raise FerError(f"unknown recipe{did_you_mean(recipe, RECIPES)}")
    chosen = RECIPES[recipe]
    folder = chosen.quick if quick else chosen.folder
    if quick:
        overrides = (*chosen.quick_overrides, *overrides)
    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    loaded = data if isinstance(data, LoadedData) else _read(data, folder, overrides, progress)
    if loaded.section is None:
        raise FerError("data: no record of how it was read; use the result of fer.load_data")
    configs = {
        network: _config(f"{folder}{network}", loaded, overrides, progress) for network in MODELS
    }
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
    own = tuple(text for text in overrides if not text.startswith("data."))
    config = load_config(name, own, data=section)
    if loaded.dataset.votes is None and "soft_labels" in dict(config.remedies.chosen()):
        progress.notice(f"{name}: without soft labels, since the data has no annotators' votes")
        config = load_config(name, (*own, "remedies.soft_labels=false"), data=section)
    return config
