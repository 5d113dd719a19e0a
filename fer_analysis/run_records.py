"""What is written to the files of a run, and read back."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError, quoted
from fer_analysis.files import read_json, replacing, write_csv, write_json
from fer_analysis.run_paths import RunPaths

# Reading back is imported in the methods: pydantic takes longer than a prediction.

CARD = {
    "command": str,
    "seed": int,
    "model": str,
    "config": dict,
    "data": dict,
    "label_names": list,
    "calibration": dict,
}
"""card.json: where a bundled network comes from, and what was measured of it."""


def guard_problem(guard: dict) -> str | None:
    """Return what is wrong with the content of guard.json; None where nothing is."""
    measures, made = [guard.get(key) for key in ("middle", "spread", "costs")], guard.get("made")
    if not all(isinstance(each, dict) and each.keys() == measures[0].keys() for each in measures):
        return "middle, spread and costs are of different measures"
    middle, spread, costs = (list(each.values()) for each in measures)
    mean = guard.get("template")
    if not isinstance(mean, list) or len(mean) != 24 * 24:
        return "template: not a mean face of 24 x 24"
    if not all(isinstance(pair, list) and len(pair) == 2 for pair in costs):
        return "costs: not two a measure"
    flat = [cost for pair in costs for cost in pair]
    numbers = {
        "limit": [guard.get("limit"), *(guard.get(name, 0) for name in ("trust", "least", "far"))],
        "middle": middle,
        "spread": spread,
        "costs": flat,
        "template": mean,
    }
    for name, values in numbers.items():
        if not all(isinstance(each, int | float) and math.isfinite(each) for each in values):
            return f"{name}: expected numbers"
    if min([*flat, 0]) < 0 or min([*spread, 1]) <= 0:
        return "spread, costs: expected numbers above 0"
    if not isinstance(made, dict) or not isinstance(made.get("model"), str):
        return "made.model: expected a text"
    return None if isinstance(made.get("refused"), int | float) else "made.refused: no number"


def temperature_problem(record: dict | None) -> str | None:
    """Return what is wrong with the content of temperature.json; None where nothing is."""
    if record is None:
        return "not a JSON object"
    for name, kept in record.items():
        kept = kept if isinstance(kept, dict) else {}
        temperature = kept.get("temperature")
        if not isinstance(temperature, int | float) or not 0 < temperature < math.inf:
            return f"{name}.temperature: expected a number above 0"
        if not isinstance(kept.get("model"), str):
            return f"{name}.model: expected a text"
    return None


class RunRecords(RunPaths):
    """What a training began with, its history, its result, and what calibrates the model."""

    @property
    def is_complete(self) -> bool:
        """Tell whether training came to its end (the result is written last)."""
        with contextlib.suppress(FerError):
            self.result()
            return True
        return False

    def write_environment(self, environment: dict) -> None:
        write_json(self.environment_file, environment)

    def environment(self) -> dict:
        """Read versions, seed and data fingerprint of the training; empty for a bare model.

        Raises:
            FerError: If the file is damaged.
        """
        from fer_analysis.run_files import Environment, read_record

        file = self.origin.environment_file
        return read_record(file, Environment, again=self._again()) if file.exists() else {}

    def prior(self) -> list[float]:
        """Return how frequent the labels were for the model while it was trained, shares of 1.

        Raises:
            FerError: If that is not on record.
        """
        environment = self.environment()
        if (prior := environment.get("prior")) is not None:
            return prior
        if environment.get("members"):
            raise FerError(
                f"{self.model_file}: an ensemble whose members were not all trained with the same "
                "frequencies of the labels on record, so that there are none to correct for"
            )
        raise FerError(
            f"{self.model_file}: the labels' frequencies in training are not on record "
            "(a bare model, or a run from before they were kept)"
        )

    def data_of_members(self) -> dict[str, str]:
        """Return what the members of an ensemble were trained on, where that is not all the same.

        Returns:
            Fingerprint -> the members and their data, `a, b on fer2013 (fingerprint …)`; empty for
            one data set, for any other run, and where it is not on record.
        """
        members, names = {}, {}
        for member in self.environment().get("members", ()):
            for fingerprint, name in member.get("data", {}).items():
                members.setdefault(fingerprint, []).append(member["run"])
                names.setdefault(fingerprint, name)
        if len(members) < 2:
            return {}
        return {
            key: f"{', '.join(told)} on {names[key]} (fingerprint {key})"
            for key, told in members.items()
        }

    def face_list_notes(self) -> list[str]:
        """Return what lists of faces did to the training images, one line each."""
        return [
            each["sentence"] for each in self.environment().get("data", {}).get("face_lists", ())
        ]

    def training_counts(self) -> list[int]:
        """Return how many images of each label the model was trained on; empty if unknown."""
        return self.environment().get("training_counts", [])

    def write_result(self, result: dict) -> None:
        write_json(self.result_file, result)

    def result(self) -> dict:
        """Read the result of a complete run.

        Raises:
            FerError: If it is not complete, or the file is damaged.
        """
        from fer_analysis.run_files import Result, read_record

        again = f"`fer train --resume {self.path}` makes it again"
        return read_record(self.result_file, Result, again=again)

    def write_history(self, rows: list[dict]) -> None:
        """Write one row an epoch."""
        write_csv(self.history_file, rows)

    def history(self) -> list[dict]:
        """Read the history: numbers by column name, one dictionary an epoch.

        Raises:
            FerError: If the file is damaged.
        """
        from fer_analysis.run_files import read_history

        return read_history(self.history_file, again=self._again())

    def write_hashes(
        self, training: np.ndarray, validation: np.ndarray, *, earlier: Iterable[RunRecords] = ()
    ) -> None:
        """Keep the pixel hashes of the images that train and of those that choose the epoch.

        They tell leaked test images, and figures on images that had a say.

        Args:
            training: Of the training images.
            validation: Of the images that choose the epoch.
            earlier: Runs that this one starts or learns from: their images count as well. Where
                they are not known, the file is not written: they are not known here either.
        """
        from fer_analysis.run_files import read_hashes

        for name, hashes in (
            ("training_hashes_file", training),
            ("selection_hashes_file", validation),
        ):
            files = [(getattr(run.origin, name), run._again()) for run in earlier]
            if not all(file.exists() for file, _ in files):
                continue
            known = [read_hashes(file, again=again) for file, again in files]
            with replacing(getattr(self, name)) as temporary:
                np.save(temporary, np.unique(np.concatenate([hashes.astype("S32"), *known])))

    def leaked(self, hashes: np.ndarray) -> np.ndarray | None:
        """Tell which images the run was trained on, bool `(n,)`; None where unknown.

        Args:
            hashes: `FaceDataset.pixel_hashes()` of the images in question.
        """
        return self._among(hashes, self.origin.training_hashes_file)

    def selected(self, hashes: np.ndarray) -> np.ndarray | None:
        """Tell which images chose the run's best epoch, bool `(n,)`; None where unknown."""
        return self._among(hashes, self.origin.selection_hashes_file)

    def is_own(self, fingerprint: str) -> bool:
        """Tell whether data is what the run was trained on."""
        return self.environment().get("data", {}).get("fingerprint") == fingerprint

    def temperatures(self) -> dict:
        """Read the model's temperatures, with and without test-time augmentation; or {}.

        Raises:
            FerError: If a file is damaged.
        """
        found = {}
        for file in dict.fromkeys((self.origin.temperature_file, self.temperature_file)):
            if not file.exists():
                continue
            record = read_json(file)
            if problem := temperature_problem(record):
                from fer_analysis.run_files import damaged

                raise damaged(file, problem, "delete it; `fer evaluate` makes it again")
            found |= record
        return found

    def write_temperatures(self, temperatures: dict) -> None:
        write_json(self.temperature_file, temperatures)

    def guard(self) -> dict | None:
        """Read the guard of the model; None where none was made.

        Raises:
            FerError: If the file is damaged.
        """
        files = (self.guard_file, self.origin.guard_file)
        file = next((file for file in files if file.exists()), None)
        again = "delete it; `fer evaluate --guard` makes it again"
        if file is None:
            return None
        guard = read_json(file) or {}
        if problem := guard_problem(guard):
            from fer_analysis.run_files import damaged

            raise damaged(file, problem, again)
        return guard

    def write_guard(self, guard: dict) -> None:
        write_json(self.guard_file, guard)

    def card(self) -> dict | None:
        """Read the card of a bundled network; None where there is none.

        Raises:
            FerError: If the file is damaged.
        """
        file = self.origin.card_file
        if not file.exists():
            return None
        card = read_json(file) or {}
        if wrong := [key for key, kind in CARD.items() if not isinstance(card.get(key), kind)]:
            from fer_analysis.run_files import damaged

            again = "install the package anew, or make it with scripts/bundle.py"
            raise damaged(file, f"{wrong[0]}: {quoted(card.get(wrong[0]))}", again)
        return card

    def _among(self, hashes: np.ndarray, file: Path) -> np.ndarray | None:
        from fer_analysis.run_files import read_hashes

        if not file.exists():
            return None
        return np.isin(hashes.astype("S32"), read_hashes(file, again=self._again()))

    def _again(self) -> str:
        """Return how what was written at a training's start, or with each epoch, is made again."""
        return f"train the run once more: `fer train {self.origin.config_file}`"
