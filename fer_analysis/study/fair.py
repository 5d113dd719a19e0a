"""Fair cells: every cell of a study shows as many images as the base cell has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.data.open import open_data
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.study.design import BASE, Study, load_study


def load_fair_study(
    name: str | Path, source: str | None, *, base: str | None = None, labels: Sequence[str] = ()
) -> Study:
    """Read a study whose cells all show the same number of images an epoch.

    The number is that of the training images that are left beside a fold, on average.

    Args:
        name: A YAML file, or the bare name of a shipped study.
        source: The data; wins over the file's.
        base: The config that cells change; wins over the file's.
        labels: What `{label}` stands for in the file's cells; wins over its lists.

    Raises:
        FerError: If the study or its data cannot be read.
    """
    study = load_study(name, source=source, base=base, labels=labels)
    config = next(cell for cell in study.cells if cell.name == BASE).config
    if config.training.images_per_epoch:
        return study
    if config.data.source is None:
        raise FerError(f"study {study.name}: no data: name it with --data PATH")
    whole = config.data.model_copy(update={"folds": None, "fold": None})
    dataset = open_data(whole).dataset
    counts = dataset.counts()
    if "train" not in counts:
        raise FerError(f"{config.data.source}: a study needs a 'train' split")
    for label in labels:
        if label not in dataset.label_names:
            raise FerError(f"no label '{label}'{did_you_mean(label, dataset.label_names)}")
    folds = study.config.folds
    images = int(np.rint(counts["train"].sum() * (folds - 1) / folds))
    return load_study(name, source=source, images=images, base=base, labels=labels)
