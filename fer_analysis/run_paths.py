"""The names of the files in a run directory."""

from __future__ import annotations

from pathlib import Path
from typing import Self

MADE_FROM = "made_from.json"
"""What saved predictions were made from, in their folder."""


class RunPaths:
    """Where a run's files are.

    Args:
        path: The run directory.
        model: The model's file, where it lies elsewhere (results of a bare `.keras` file).
        trained: The run that trained the model, where its results are kept apart from it.
    """

    def __init__(self, path: Path, *, model: Path | None = None, trained: Self | None = None):
        self.path = Path(path)
        self._model = model
        self._trained = trained or self

    @property
    def origin(self) -> Self:
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
    def guard_file(self) -> Path:
        return self.path / "guard.json"

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
