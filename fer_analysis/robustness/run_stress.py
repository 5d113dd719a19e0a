"""Predict a split under each condition and severity, once; a restart continues."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.open_run import data_section, read_data
from fer_analysis.evaluation.selective_prediction import answer_rule
from fer_analysis.evaluation.temperature import fit_temperature
from fer_analysis.progress import Progress
from fer_analysis.robustness.changes import CHANGES, NAMES
from fer_analysis.robustness.images import content, draw, held_out, leak_free_part
from fer_analysis.robustness.networks import Network, checked
from fer_analysis.robustness.store import PredictionStore
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.statistics.estimate import to_json
from fer_analysis.statistics.temperature_scaling import at_temperature

VERSION = 1
"""Of the conditions; raised when one of them changes."""

DEFAULT_N = 1000
"""Images that are tested: accuracy to 3 points, at 28 % of the time of PublicTest."""

EXAMPLES = 6
"""Faces whose pictures are kept."""


def run_stress(
    network: Network,
    data: LoadedData,
    split: str,
    *,
    conditions: Sequence[str] = (),
    severities: Sequence[int] = (),
    n: int = DEFAULT_N,
    seed: int = 0,
    progress: Progress | None = None,
) -> StressTest:
    """Test a network under conditions.

    Args:
        network: The network.
        data: The data.
        split: Which part of it; its leak-free images are drawn from.
        conditions: Names of conditions; all of them if empty.
        severities: Of 1 to 5; all of them if empty.
        n: How many images, each label with its share.
        seed: Of the draw and of the conditions.
        progress: Receives the task and notices.

    Raises:
        FerError: If an argument is not what it should be, or the network's labels are not the
            data's.
    """
    progress = progress or Progress()
    chosen, levels = _checked(conditions, severities, n)
    part = leak_free_part(data.dataset, split, network.run)
    images = draw(part, n, seed)
    predictions = _Predictions(network, split, seed, progress)
    jobs = [("clean",), *NAMES, *((name, level) for name in chosen for level in levels)]
    made = predictions.of(images, jobs)
    own_images = _is_fitted_here(network, data, split)
    if network.temperature is None:
        network = predictions.with_rule(held_out(data.dataset, split, part, images))
    cells = [(name, level) for name in chosen for level in levels]
    refused = predictions.refused(images, {job: made[job] for job in [("clean",), *cells]})
    rows = _examples(images, seed)
    return StressTest(
        meta={
            "run": network.name,
            "split": split,
            "data": data.fingerprint,
            "split_data": data.fingerprints.get(split),
            "protocol": data.protocol,
            "label_notes": list(data.label_notes(split)),
            "leak_free": len(part),
            "seed": seed,
            "seen": sorted(network.seen & set(chosen)),
            "rule_from": network.rule_from,
            "guard_from": network.guard.made["from"] if network.guard else "",
            "fitted_here": own_images,
            "made_from": predictions.store(images).made_from,
        },
        label_names=images.label_names,
        ids=images.ids,
        labels=images.labels,
        clean=made[("clean",)],
        cells={cell: made[cell] for cell in cells},
        changes={name: made[name] for name in NAMES},
        temperature=network.temperature,
        rule=network.rule,
        refused=refused,
        examples=rows,
        example_images=images.images[rows],
        folder=network.run.stress_folder(split),
    )


def open_split(
    data: str | Path | LoadedData | None,
    split: str | None,
    overrides: tuple[str, ...] = (),
    *,
    progress: Progress,
) -> tuple[LoadedData, str]:
    """Read data for a network that has none of its own, and choose the split.

    Args:
        data: A path, data that was read before, or None for `FER2013_DIR`.
        split: The split; test if the data has one, else validation.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives the notices.
    """
    loaded = data
    if not isinstance(data, LoadedData):
        loaded = read_data(data_section(data, overrides), progress)
    if split is None:
        split = "test" if loaded.dataset.has("test") else "validation"
        progress.notice(f"split: {split}")
    return loaded, split


def _is_fitted_here(network: Network, data: LoadedData, split: str) -> bool:
    """Tell whether what came with a network was fitted on images of this split."""
    fitted = network.rule is not None or network.guard is not None
    return fitted and split == "validation" and network.run.is_own(data.fingerprint)


def _checked(conditions, severities, n: int) -> tuple[list[str], list[int]]:
    """Return conditions in the order of their table, and severities.

    Raises:
        FerError: If one of them does not exist.
    """
    for name in conditions:
        CONDITIONS.check(name)
    levels = sorted(set(severities or SEVERITIES))
    if n < 1 or not set(levels) <= set(SEVERITIES):
        raise FerError(f"expected n of 1 or more and severities 1 to 5, received {n}, {levels}")
    return [name for name in CONDITIONS if name in conditions or not conditions], levels


class _Predictions:
    """Predicts what is not saved yet, and saves it at once."""

    def __init__(self, network: Network, split: str, seed: int, progress: Progress):
        self.network, self.seed, self.progress = network, seed, progress
        self.folder = network.run.stress_folder(split)
        self._predict = None

    def store(self, part: FaceDataset) -> PredictionStore:
        """Return where predictions of these images are saved."""
        made_from = json.dumps([VERSION, self.network.identity, content(part), self.seed])
        return PredictionStore(self.folder, made_from)

    def of(self, part: FaceDataset, jobs: list[tuple]) -> dict[tuple, np.ndarray]:
        """Return each job with its probabilities `(n, k)`; a notice counts those saved before."""
        made, store, before = {}, self.store(part), 0
        with self.progress.task(f"stress test of {self.network.name}") as update:
            for job in jobs:
                made[job] = store.get(*job)
                before += made[job] is not None
                if made[job] is None:
                    made[job] = self._of_images(_changed(part.images, job, self.seed), part)
                    store.put(made[job], *job)
                update(len(made), len(jobs))
        if before:
            self.progress.notice(
                f"{self.network.name}: {before} of {len(jobs)} predictions of these images were "
                f"saved before; to predict anew, delete {store.place}"
            )
        return made

    def refused(self, part: FaceDataset, made: dict[tuple, np.ndarray]) -> np.ndarray | None:
        """Return which pictures the guard refuses, bool `(jobs, n)`; None without a guard.

        Args:
            part: The images.
            made: Each job with its probabilities `(n, k)`.
        """
        if (guard := self.network.guard) is None:
            return None
        found, store = [], self.store(part)
        temperature = self.network.temperature or 1.0
        kind = f"refused by {guard.identity} at {temperature:g}"
        with self.progress.task("measuring pictures") as update:
            for job, probabilities in made.items():
                refused = store.get(*job, kind)
                if refused is None:
                    confidence = at_temperature(probabilities, temperature).max(axis=1)
                    refused = guard.refuses(_changed(part.images, job, self.seed), confidence)
                    store.put(refused, *job, kind)
                found.append(refused)
                update(len(found), len(made))
        return np.stack(found)

    def with_rule(self, part: FaceDataset | None) -> Network:
        """Return the network with a temperature and a rule fitted on clean images."""
        if part is None:
            return self.network
        probabilities = self.of(part, [("clean", "held-out")])["clean", "held-out"]
        temperature = fit_temperature(part.labels, probabilities)
        scaled = at_temperature(probabilities, temperature)
        return dataclasses.replace(
            self.network,
            temperature=temperature,
            rule=to_json(answer_rule(part.labels, scaled)),
            rule_from=f"{len(part):,} clean images that were not drawn",
        )

    def _of_images(self, images: np.ndarray, part: FaceDataset) -> np.ndarray:
        self._predict = self._predict or self.network.load(part.label_names)
        return checked(self._predict(images), len(images), part.label_names)


def _changed(images: np.ndarray, job: tuple, seed: int) -> np.ndarray:
    if job[0] == "clean":
        return images
    if job in NAMES:
        size, way = job
        return CHANGES[size][way](images)
    name, severity = job
    return CONDITIONS[name](images, severity=severity, seed=seed)


def _examples(part: FaceDataset, seed: int) -> np.ndarray:
    """Return rows of a few images, of different labels first."""
    order = np.random.default_rng([seed, 1]).permutation(len(part))
    _, first = np.unique(part.labels[order], return_index=True)
    rest = np.setdiff1d(np.arange(len(order)), first)
    return order[np.concatenate([first, rest])][:EXAMPLES]
