"""What is to be trained on which data, what has to be said of it, and how it is done again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fer_analysis.config import RunConfig
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.load import LoadedData
from fer_analysis.paper import NAMES, PROTOCOL, TEST_IMAGES
from fer_analysis.reproduction.changes import FREE, listed
from fer_analysis.run import Run
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.text import short


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
        changes: Key -> its value, where the configs are not those of the recipe's name.
        overrides: `KEY=VALUE` texts that make those changes.
        given: Network -> a finished run that is used instead of training one.
        study: The folder of a study's diagnosis; None without one.
        diagnosis: What it holds.
    """

    recipe: str
    quick: bool
    configs: Mapping[str, RunConfig]
    data: LoadedData
    split: str
    folder: Path
    explained: Mapping[str, object] = field(default_factory=dict)
    changes: Mapping[str, object] = field(default_factory=dict)
    overrides: tuple[str, ...] = ()
    given: Mapping[str, Run] = field(default_factory=dict)
    study: Path | None = None
    diagnosis: Diagnosis | None = None

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
        if self.changed:
            return f"a changed recipe is no evidence for or against the paper: {self.changed}"
        return ""

    @property
    def changed(self) -> str:
        """What makes the recipe another one than its name says; empty where nothing does."""
        return listed({key: value for key, value in self.changes.items() if key not in FREE})

    @property
    def reads_otherwise(self) -> bool:
        """Whether the data is made into faces or labels other than the recipe's."""
        return any(key.startswith("data.") and key not in FREE for key in self.changes)

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
        return (*where, self._recipe(), *self._given())

    def _recipe(self) -> str:
        free = listed({key: value for key, value in self.changes.items() if key in FREE})
        told = [
            f"recipe: {self.recipe}",
            self.quick and "a quick look",
            self.changed and f"changed: {self.changed}",
            free and f"with {free}",
        ]
        return ", ".join(filter(None, told))

    def _given(self) -> tuple[str, ...]:
        return tuple(
            f"{NAMES[network]}: the given run {short(run.name, 60)}, seed {run.config().seed}"
            for network, run in self.given.items()
        )

    def command(self) -> tuple[object, ...]:
        """Return the words of the command that does all of this again."""
        return (
            *("fer reproduce", "--data", self.source, "--recipe", self.recipe),
            *(["--quick"] if self.quick else []),
            *(word for text in self.overrides for word in ("--set", text)),
            *(
                word
                for network, run in self.given.items()
                for word in (f"--{network.replace('_', '-')}", run.path)
            ),
            *(["--study", self.study] if self.study else []),
        )

    @property
    def source(self) -> str:
        """What the data was called by the user."""
        return str(self.data.section.source)
