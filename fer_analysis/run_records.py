"""What is written to the files of a run, and read back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import replacing, write_csv, write_json
from fer_analysis.run_files import (
    Card,
    Environment,
    GuardRecord,
    Result,
    Temperatures,
    read_hashes,
    read_history,
    read_record,
)
from fer_analysis.run_paths import RunPaths


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
        file = self.origin.environment_file
        return read_record(file, Environment, again=self._again()) if file.exists() else {}

    def prior(self) -> list[float]:
        """Return how frequent the labels were for the model while it was trained, shares of 1.

        Raises:
            FerError: If that is not on record.
        """
        prior = self.environment().get("prior")
        if prior is None:
            raise FerError(
                f"{self.model_file}: the labels' frequencies in training are not on record "
                "(a bare model, or a run from before they were kept)"
            )
        return prior

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
        again = "delete it; `fer evaluate` makes it again"
        files = dict.fromkeys((self.origin.temperature_file, self.temperature_file))
        read = (read_record(file, Temperatures, again=again) for file in files if file.exists())
        return {name: kept for record in read for name, kept in record.items()}

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
        return None if file is None else read_record(file, GuardRecord, again=again)

    def write_guard(self, guard: dict) -> None:
        write_json(self.guard_file, guard)

    def card(self) -> dict | None:
        """Read the card of a bundled network; None where there is none.

        Raises:
            FerError: If the file is damaged.
        """
        file = self.origin.card_file
        again = "install the package anew, or make it with scripts/bundle.py"
        return read_record(file, Card, again=again) if file.exists() else None

    def _among(self, hashes: np.ndarray, file: Path) -> np.ndarray | None:
        if not file.exists():
            return None
        return np.isin(hashes.astype("S32"), read_hashes(file, again=self._again()))

    def _again(self) -> str:
        """Return how what was written at a training's start, or with each epoch, is made again."""
        return f"train the run once more: `fer train {self.origin.config_file}`"
