"""Run: one run directory, how it is started and found, and what is written to and read from it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.errors import FerError
from fer_analysis.files import (
    content_hash,
    read_json,
    remove_leftovers,
    write_text,
)
from fer_analysis.lock import locked
from fer_analysis.models.exported import exported_file, is_exported, read_exported
from fer_analysis.result_folders import RUNS, new_run_folder, results_folder
from fer_analysis.run_paths import MADE_FROM
from fer_analysis.run_records import RunRecords

if TYPE_CHECKING:
    from fer_analysis.config import RunConfig

BUNDLED = "bundled"
"""The RUN that comes with the package: this word alone, wherever a command takes a RUN."""

WEIGHTS = Path(__file__).parent / "weights"
"""The bundled network, a run directory without its history; nothing is ever written there."""


class Run(RunRecords):
    """A run directory: what was asked for, what happened, and what came out.

    Args:
        path: The directory.
        model: The model's file, where it lies elsewhere (results of a bare `.keras` file).
        trained: The run that trained the model, where its results are kept apart from it.
    """

    @classmethod
    def create(cls, config: RunConfig, path: Path | None = None) -> Run:
        """Start a run directory and write its config.

        Args:
            config: The resolved config.
            path: The directory; by default `runs/<time>-<model>`.

        Raises:
            FerError: If there is a run already, or a config that a person wrote.
        """
        run = cls(new_run_folder(config.model.name) if path is None else Path(path))
        # A directory with nothing but a config is of a run that never began.
        own = {run.config_file, run.lock_file}
        if run.path.exists() and (not run.path.is_dir() or {*run.path.iterdir()} - own):
            raise FerError(
                f"{run.path}: exists already; choose another --run-dir, "
                f"or go on with it: `fer train --resume {run.path}`"
            )
        if run.config_file.exists() and not run._wrote_config():
            raise FerError(
                f"{run.config_file}: not written by a training, so it is kept; choose another "
                "--run-dir"
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
        if not isinstance(path, str | os.PathLike):
            raise FerError(
                f"run: expected a path, '{BUNDLED}' or a Run, received {type(path).__name__}"
            )
        if path == BUNDLED:
            return cls._bundled()
        path = Path(path)
        if not (path / "model.keras").is_file():
            path = exported_file(path) or path
        if path.name == "saved_model.pb" or (path / "saved_model.pb").is_file():
            raise FerError(
                f"{path}: a TensorFlow SavedModel, which is not read; name the run that it was "
                "made of, or save the model as .keras"
            )
        if is_exported(path) and path.is_file():
            return cls._exported(path)
        if path.is_file():  # its kind is checked when it is opened
            return cls(results_folder(path.stem, content_hash(path)), model=path)
        if not path.exists() and (RUNS / path).is_dir():
            path = RUNS / path
        run = cls(path)
        if not run.config_file.is_file():
            what = "not a run directory (no config.yaml)" if path.exists() else "no such run"
            raise FerError(
                f"{path}: {what}; expected a run directory, a .keras file, an exported file or "
                f"'{BUNDLED}'"
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
    def _exported(cls, file: Path) -> Run:
        """Open an exported network; its results go to a folder below `runs/`, none beside it."""
        model = read_exported(file)
        folder = results_folder(f"{model.name}-{model.to}", model.content)
        return cls(folder, model=file, trained=cls(file.parent))

    def light(self) -> Run:
        """Return the run's exported form that lies beside its model file; itself without one.

        Only the bundled network comes with one. It is not used where it was made of another
        model file.
        """
        file = exported_file(self.model_file.parent)
        if file is None or not is_exported(file) or is_exported(self.model_file):
            return self
        if read_exported(file).made_from != content_hash(self.model_file):
            return self
        return Run(self.path, model=file, trained=self.origin)

    @property
    def is_exported(self) -> bool:
        """Whether the network is an exported one, which TensorFlow is not needed for."""
        return is_exported(self.model_file)

    def _wrote_config(self) -> bool:
        """Tell whether config.yaml is one that `create` wrote, not a person's with comments."""
        try:
            return self.config().to_yaml() == self.config_file.read_text(encoding="utf-8")
        except FerError:
            return False

    @classmethod
    def newest(cls) -> Run:
        """Open the run that was started last; an exported network is none.

        Raises:
            FerError: If there is none.
        """
        folders = [file.parent for file in RUNS.glob("*/environment.json")]
        runs = [folder for folder in folders if not (folder / "export.json").exists()]
        if not runs:
            raise FerError(f"no run in {RUNS}/: train one first (`fer train --help`) or name one")
        return cls(max(runs, key=_started))

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

    def made(self, folder: Path) -> bool:
        """Tell whether predictions in a folder are of the model as it is now, or of unknown make.

        They are not where it was trained on, or another network was put in its place.
        """
        return self.is_of((read_json(folder / MADE_FROM) or {}).get("model"))

    def is_of(self, model: str | None) -> bool:
        """Tell whether a hash is that of the model as it is now; one that is unknown passes."""
        if model is None or not self.model_file.is_file():
            return True
        return model == content_hash(self.model_file)

    def held(self, notice: Callable[[str], None] | None = None) -> AbstractContextManager:
        """Hold the directory for one writer; a `FerError` says who holds it already.

        `notice` is told if the file system has no locks.
        """
        return locked(self.lock_file, notice)

    def remove_leftovers(self) -> None:
        """Delete what killed processes left half-written in the directory."""
        remove_leftovers(self.path)

    def config(self) -> RunConfig:
        """Read the run's config."""
        from fer_analysis.config import load_config

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


def _started(folder: Path) -> tuple[float, float]:
    """Return when a run was started: as recorded, or else when its record was written.

    Of a run and its copy, which have one record, the copy is written later and comes first.
    """
    file = folder / "environment.json"
    written = file.stat().st_mtime
    try:
        recorded = datetime.fromisoformat((read_json(file) or {})["started"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return written, 0
    return recorded, -written
