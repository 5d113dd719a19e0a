"""Fair cells: every cell of a study shows as many images as the base cell has."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.data.open import open_data
from fer_analysis.errors import FerError
from fer_analysis.study.design import BASE, Study, load_study


def load_fair_study(name: str | Path, source: str | None) -> Study:
    """Read a study whose cells all show the same number of images an epoch.

    The number is that of the training images that are left beside a fold, on average.

    Args:
        name: A YAML file, or the bare name of a shipped study.
        source: The data; wins over the file's.

    Raises:
        FerError: If the study or its data cannot be read.
    """
    study = load_study(name, source=source)
    base = next(cell for cell in study.cells if cell.name == BASE).config
    if base.training.images_per_epoch:
        return study
    if base.data.source is None:
        raise FerError(f"study {study.name}: no data: name it with --data PATH")
    whole = base.data.model_copy(update={"folds": None, "fold": None})
    counts = open_data(whole).dataset.counts()
    if "train" not in counts:
        raise FerError(f"{base.data.source}: a study needs a 'train' split")
    folds = study.config.folds
    images = int(np.rint(counts["train"].sum() * (folds - 1) / folds))
    return load_study(name, source=source, images=images)
