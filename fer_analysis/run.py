"""Run: one run directory. The only file that knows the names of the files in it."""

from __future__ import annotations

import contextlib
import csv
import glob
import hashlib
import json
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

import numpy as np

from fer_analysis.config import RunConfig, load_config
from fer_analysis.errors import FerError
from fer_analysis.files import (
    content_hash,
    file_name,
    read_json,
    remove_leftovers,
    replacing,
    write_csv,
    write_json,
    write_text,
)
from fer_analysis.lock import locked

RUNS = Path("runs")
"""Where runs go, below the folder that the command is started in."""

BUNDLED = "bundled"
"""The RUN that comes with the package: this word alone, wherever a command takes a RUN."""

WEIGHTS = Path(__file__).parent / "weights"
"""The bundled network, a run directory without its history; nothing is ever written there."""


def results_folder(name: str, *origins: str) -> Path:
    """Return the folder for results that belong to no run directory: `runs/<name>-<key>`.

    The key follows from what the results are of, so that two models or two data sets of one
    name never share a folder, nor does a run of that name.

    Args:
        name: What the folder is called before the key.
        *origins: Fingerprints of the model, the data, the table.
    """
    key = hashlib.blake2b("\n".join(origins).encode(), digest_size=4).hexdigest()
    return RUNS / f"{file_name(name)}-{key}"


def with_key(path: Path) -> Path:
    """Return the folder that a name without its key means, if there is exactly one.

    Raises:
        FerError: If there are several.
    """
    if path.exists():
        return path
    found = sorted(path.parent.glob(f"{glob.escape(path.name)}-{'[0-9a-f]' * 8}"))
    if len(found) > 1:
        names = ", ".join(str(each) for each in found)
        raise FerError(f"{path}: results of several models or data sets; choose one of {names}")
    return found[0] if found else path


def default_folder(name: str, fingerprint: str) -> Path:
    """Return where a command's results go by default: `runs/<name>`.

    If results of other data are there, they are kept: the folder's name then ends in a key.

    Args:
        name: E.g. `audit-fer2013`.
        fingerprint: Of the data that the results are of.
    """
    folder = RUNS / file_name(name)
    saved = (read_json(file) or {} for file in folder.glob("*.json"))
    if any(each.get("fingerprint", fingerprint) != fingerprint for each in saved):
        return results_folder(name, fingerprint)
    return folder


class Run:
    """A run directory: what was asked for, what happened, and what came out.

    Args:
        path: The directory.
        model: The model's file, where it lies elsewhere (results of a bare `.keras` file).
        trained: The run that trained the model, where its results are kept apart from it.
    """

    def __init__(self, path: Path, *, model: Path | None = None, trained: Run | None = None):
        self.path = Path(path)
        self._model = model
        self._trained = trained or self

    @classmethod
    def create(cls, config: RunConfig, path: Path | None = None) -> Run:
        """Start a run directory and write its config.

        Args:
            config: The resolved config.
            path: The directory; by default `runs/<time>-<model>`.

        Raises:
            FerError: If there is a run already.
        """
        run = cls(_new_folder(config.model.name) if path is None else Path(path))
        # A directory with nothing but a config is of a run that never began.
        own = {run.config_file, run.lock_file}
        if run.path.exists() and (not run.path.is_dir() or {*run.path.iterdir()} - own):
            raise FerError(
                f"{run.path}: exists already; choose another --run-dir, "
                f"or go on with it: `fer train --resume {run.path}`"
            )
        write_text(run.config_file, config.to_yaml())
        return run

    @classmethod
    def open(cls, path: str | Path | None) -> Run:
        """Open a RUN: a run directory, a model file, `bundled`, or (None) the newest run.

        The word `bundled` is the network that comes with the package whatever lies in the
        working directory; a directory of that name is `./bundled`.

        Raises:
            FerError: If it is none of these.
        """
        if path is None:
            return cls.newest()
        if path == BUNDLED:
            return cls._bundled()
        path = Path(path)
        if path.is_file():  # its kind is checked when it is opened
            return cls(results_folder(path.stem, content_hash(path)), model=path)
        if not path.exists() and (RUNS / path).is_dir():
            path = RUNS / path
        run = cls(path)
        if not run.config_file.is_file():
            what = "not a run directory (no config.yaml)" if path.exists() else "no such run"
            if (path / "saved_model.pb").is_file():
                what = "a TensorFlow SavedModel, which is not read; save the model as .keras"
            raise FerError(
                f"{path}: {what}; expected a run directory, a .keras file or '{BUNDLED}'"
            )
        return run

    @classmethod
    def _bundled(cls) -> Run:
        """Open the network that comes with the package; its results go to `runs/bundled`."""
        trained, run = cls(WEIGHTS), cls(RUNS / BUNDLED)
        if not trained.model_file.is_file():
            raise FerError(
                f"'{BUNDLED}': this installation comes without a network; name a run, "
                "or put one there with scripts/bundle.py"
            )
        if run.config_file.is_file():
            raise FerError(
                f"{run.path} is a run of your own, where results of the bundled network would "
                "go: rename it"
            )
        return cls(run.path, model=trained.model_file, trained=trained)

    @classmethod
    def newest(cls) -> Run:
        """Open the run that was started last.

        Raises:
            FerError: If there is none.
        """
        runs = [file.parent for file in RUNS.glob("*/environment.json")]
        if not runs:
            raise FerError(f"no run in {RUNS}/: train one first (`fer train --help`) or name one")
        return cls(max(runs, key=lambda path: (path / "environment.json").stat().st_mtime_ns))

    def for_data(self, name: str, fingerprint: str) -> Run:
        """Return the run that takes the results on other data, with the same model.

        Args:
            name: What the data is called.
            fingerprint: The data's.
        """
        model = self.trained_model_file()
        bare = self._model is not None and self._trained is self
        own = self._model.stem if bare else self.name
        path = results_folder(f"{own}-{name}", content_hash(model), fingerprint)
        return Run(path, model=model, trained=self.origin)

    @property
    def origin(self) -> Run:
        """The run that trained the model: mostly this one."""
        return self._trained

    @property
    def is_directory(self) -> bool:
        """Tell a run directory from a bare model file."""
        return self._model is None

    @property
    def name(self) -> str:
        """The directory's name."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        return self.path / "config.yaml"

    @property
    def lock_file(self) -> Path:
        return self.path / ".lock"

    @property
    def environment_file(self) -> Path:
        return self.path / "environment.json"

    @property
    def history_file(self) -> Path:
        return self.path / "history.csv"

    @property
    def model_file(self) -> Path:
        return self._model or self.path / "model.keras"

    @property
    def checkpoint_file(self) -> Path:
        return self.path / "checkpoint.npz"

    @property
    def result_file(self) -> Path:
        return self.path / "result.json"

    @property
    def training_hashes_file(self) -> Path:
        return self.path / "training_images.npy"

    @property
    def selection_hashes_file(self) -> Path:
        return self.path / "validation_images.npy"

    @property
    def temperature_file(self) -> Path:
        return self.path / "temperature.json"

    @property
    def card_file(self) -> Path:
        return self.path / "card.json"

    @property
    def curves_file(self) -> Path:
        return self.path / "curves.png"

    @property
    def structure_file(self) -> Path:
        return self.path / "structure.png"

    @property
    def summary_file(self) -> Path:
        return self.path / "summary.txt"

    def evaluation_folder(self, split: str) -> Path:
        return self.path / "evaluation" / split

    def saliency_folder(self, split: str) -> Path:
        return self.path / "saliency" / split

    def stress_folder(self, split: str) -> Path:
        return self.path / "stress" / split

    @property
    def is_complete(self) -> bool:
        """Tell whether training came to its end (the result is written last)."""
        return read_json(self.result_file) is not None

    def held(self) -> AbstractContextManager:
        """Hold the directory for one writer; a `FerError` says who holds it already."""
        return locked(self.lock_file)

    def remove_leftovers(self) -> None:
        """Delete what killed processes left half-written in the directory."""
        remove_leftovers(self.path)

    def config(self) -> RunConfig:
        """Read the run's config."""
        return load_config(self.config_file)

    def trained_model_file(self) -> Path:
        """Return the model's file.

        Raises:
            FerError: If there is none yet.
        """
        if not self.model_file.is_file():
            raise FerError(
                f"{self.path} has no model.keras: training did not finish its first epoch. "
                f"Resume it with `fer train --resume {self.path}`."
            )
        return self.model_file

    def write_environment(self, environment: dict) -> None:
        write_json(self.environment_file, environment)

    def environment(self) -> dict:
        """Read versions, seed and data fingerprint of the training; empty for a bare model."""
        file = self.origin.environment_file
        return json.loads(file.read_text()) if file.is_file() else {}

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
        result = read_json(self.result_file)
        if result is None:
            raise FerError(
                f"{self.result_file}: missing or damaged; `fer train --resume {self.path}` "
                "makes it again"
            )
        return result

    def write_history(self, rows: list[dict]) -> None:
        """Write one row an epoch."""
        write_csv(self.history_file, rows)

    def history(self) -> list[dict]:
        """Read the history: numbers by column name, one dictionary an epoch."""
        with open(self.history_file, newline="") as file:
            return [
                {
                    key: int(value) if key in ("epoch", "labels_predicted") else float(value)
                    for key, value in row.items()
                }
                for row in csv.DictReader(file)
            ]

    def write_hashes(self, training: np.ndarray, validation: np.ndarray) -> None:
        """Keep the pixel hashes of the images that train and of those that choose the epoch.

        They tell leaked test images, and figures on images that had a say.
        """
        for file, hashes in (
            (self.training_hashes_file, training),
            (self.selection_hashes_file, validation),
        ):
            with replacing(file) as temporary:
                np.save(temporary, np.unique(hashes).astype("S32"))

    def leaked(self, hashes: np.ndarray) -> np.ndarray | None:
        """Tell which images the run was trained on, bool `(n,)`; None where unknown.

        Args:
            hashes: `FaceDataset.pixel_hashes()` of the images in question.
        """
        return _among(hashes, self.origin.training_hashes_file)

    def selected(self, hashes: np.ndarray) -> np.ndarray | None:
        """Tell which images chose the run's best epoch, bool `(n,)`; None where unknown."""
        return _among(hashes, self.origin.selection_hashes_file)

    def is_own(self, fingerprint: str) -> bool:
        """Tell whether data is what the run was trained on."""
        return self.environment().get("data", {}).get("fingerprint") == fingerprint

    def temperatures(self) -> dict:
        """Read the model's temperatures, with and without test-time augmentation; or {}."""
        files = (self.origin.temperature_file, self.temperature_file)
        return {k: v for file in files for k, v in (read_json(file) or {}).items()}

    def write_temperatures(self, temperatures: dict) -> None:
        write_json(self.temperature_file, temperatures)


def _new_folder(model: str) -> Path:
    """Make a new directory for a run that starts now; no two processes get the same."""
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{model}"
    for path in (RUNS / name, *(RUNS / f"{name}-{count}" for count in range(2, 1000))):
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
    raise FerError(f"{RUNS / name}: a thousand runs were started in this second")


def _among(hashes: np.ndarray, file: Path) -> np.ndarray | None:
    return np.isin(hashes.astype("S32"), np.load(file)) if file.is_file() else None
