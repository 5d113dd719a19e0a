"""A small classifier in place of the network: a study of it takes seconds, not minutes.

The rule sees predictions only, so what it says can be tested with any classifier. This one is a
perceptron with one hidden layer on 24x24 pixels (scikit-learn). It sees the number of images, the
manipulations, balanced sampling, horizontal flips, epochs and learning rate of a cell's config;
everything else of a recipe is ignored, so recipes cannot be planted in it.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from fer_analysis.config.schema import RunConfig
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.study.cell import cell_data, fingerprints
from fer_analysis.study.design import Cell, work_of
from fer_analysis.study.store import CellStore

HIDDEN = 64
SPLITS = ("fold", "validation")


def run_quickly(cell: Cell, folder: Path) -> dict:
    """Train and store one cell, as `fer_analysis.study.cell.run_cell` does."""
    store = CellStore(folder)
    if done := store.find(cell):
        return done.facts
    config = cell.config
    data = cell_data(config)
    train = data.dataset.part("train")
    for name, options in config.manipulations.chosen():
        train = MANIPULATIONS[name](train, seed=config.seed, **options)
    k = len(data.dataset.label_names)
    rows = _epoch(train.labels, config, k)
    network = _fit(_features(train.images)[rows], train.labels[rows], config)
    found = {
        name: network.predict_proba(_features(data.dataset.part(name).images)).astype(np.float32)
        for name in SPLITS
        if data.dataset.has(name)
    }
    counts = np.bincount(train.labels, minlength=k)
    seen = np.bincount(train.labels[rows], minlength=k)
    facts = {
        "name": cell.name,
        "seed": cell.seed,
        "threads": cell.threads,
        "work": work_of(cell),
        "fingerprints": fingerprints(data),
        "label_names": list(data.dataset.label_names),
        "seconds": 0,
        "prior": (seen / seen.sum()).tolist(),
        "training_counts": counts.tolist(),
        "figures": {name: {"n": len(values)} for name, values in found.items()},
    }
    store.write(cell, found, facts)
    return facts


def _epoch(labels: np.ndarray, config: RunConfig, k: int) -> np.ndarray:
    """Return the images of an epoch: as many in every cell, whatever was removed."""
    rng = np.random.default_rng([config.seed, 8])
    n = config.training.images_per_epoch or len(labels)
    if "balanced_sampling" not in dict(config.remedies.chosen()):
        return rng.permutation(np.resize(rng.permutation(len(labels)), n))
    own = [rng.permutation(np.flatnonzero(labels == label)) for label in range(k)]
    return rng.permutation(np.concatenate([np.resize(rows, n // k) for rows in own]))


def _features(images: np.ndarray) -> np.ndarray:
    small = images.astype(np.float32).reshape(len(images), 24, 2, 24, 2).mean(axis=(2, 4))
    small = small.reshape(len(images), -1)
    return (small - small.mean(axis=1, keepdims=True)) / 64


def _fit(features: np.ndarray, labels: np.ndarray, config: RunConfig) -> MLPClassifier:
    if config.augmentation.horizontal_flip:
        flipped = features.reshape(-1, 24, 24)[:, :, ::-1].reshape(features.shape)
        half = np.random.default_rng([config.seed, 9]).random(len(features)) < 0.5
        features = np.where(half[:, None], flipped, features)
    network = MLPClassifier(
        HIDDEN,
        batch_size=64,
        learning_rate_init=config.training.learning_rate,
        max_iter=config.training.epochs,
        alpha=1e-3,
        random_state=config.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(features, labels)
