"""Predictions under one condition each, saved as soon as they are made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.files import file_name, replacing

FOLDER = "predictions"


@dataclass(frozen=True)
class PredictionStore:
    """A folder with a small file for each condition and severity.

    Args:
        folder: The test's folder.
        made_from: What predictions were made from: network, images, seed. Those of anything
            else are in another subfolder, so a quick test of few images deletes nothing.
    """

    folder: Path
    made_from: str

    def get(self, *name: object) -> np.ndarray | None:
        """Return saved probabilities `(n, k)`; None where there are none of this test."""
        try:
            with np.load(self._file(name), allow_pickle=False) as archive:
                same = str(archive["made_from"]) == self.made_from
                return archive["probabilities"] if same else None
        except Exception:  # a damaged archive makes zip and numpy raise nearly anything
            return None

    def put(self, probabilities: np.ndarray, *name: object) -> None:
        """Save probabilities `(n, k)`."""
        with replacing(self._file(name)) as temporary:
            np.savez(temporary, probabilities=probabilities, made_from=self.made_from)

    @property
    def place(self) -> Path:
        """The subfolder of predictions made from this."""
        subfolder = hashlib.blake2b(self.made_from.encode(), digest_size=4).hexdigest()
        return self.folder / FOLDER / subfolder

    def _file(self, name: tuple) -> Path:
        return self.place / f"{file_name('-'.join(map(str, name)))}.npz"
