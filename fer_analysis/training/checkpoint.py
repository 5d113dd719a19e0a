"""Checkpoint: all that a run needs to continue as if it had not been interrupted.

One file, replaced at once: weights and counters always agree. Order
and augmentation depend on (seed, epoch) and need no state; dropout's generators are among the
model's variables.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import replacing
from fer_analysis.training.averaging import WeightAverage


@dataclass
class Progress:
    """The progress of a run.

    Args:
        history: One row for each finished epoch.
        best_epoch: The epoch with the best monitored value, counted from 1; 0: none yet.
        best_weights: The model's weights after that epoch.
    """

    history: list[dict] = field(default_factory=list)
    best_epoch: int = 0
    best_weights: list[np.ndarray] = field(default_factory=list)

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history)


def save_checkpoint(
    path: Path,
    model: keras.Model,
    optimizer: keras.Optimizer,
    progress: Progress,
    average: WeightAverage | None = None,
) -> None:
    """Write the checkpoint; an existing one stays until the new one is complete."""
    arrays = {f"model_{i}": v.numpy() for i, v in enumerate(model.variables)}
    arrays |= {f"optimizer_{i}": v.numpy() for i, v in enumerate(optimizer.variables)}
    if average:
        arrays |= {f"average_{i}": v.numpy() for i, v in enumerate(average.variables)}
    arrays |= {f"best_{i}": array for i, array in enumerate(progress.best_weights)}
    notes = {"history": progress.history, "best_epoch": progress.best_epoch}
    with replacing(path) as temporary:
        np.savez(temporary, notes=json.dumps(notes), **arrays)


def load_checkpoint(
    path: Path,
    model: keras.Model,
    optimizer: keras.Optimizer,
    average: WeightAverage | None = None,
) -> Progress:
    """Restore model, optimizer and average in place and return the progress.

    Raises:
        FerError: If the file is damaged or belongs to another model.
    """
    try:
        # np.load does not close a file that it cannot read, so it is opened here.
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not optimizer.built:  # a second build of a LossScaleOptimizer adds variables
                optimizer.build(model.trainable_variables)
            parts = {"model": model.variables, "optimizer": optimizer.variables}
            if average:
                parts["average"] = average.variables
            for name, variables in parts.items():
                for i, variable in enumerate(variables):
                    variable.assign(arrays[f"{name}_{i}"])
            best = [arrays[f"best_{i}"] for i in range(len(model.weights)) if f"best_{i}" in arrays]
            return Progress(**json.loads(str(arrays["notes"])), best_weights=best)
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise FerError(f"{path}: not a checkpoint of this run ({error})") from error
