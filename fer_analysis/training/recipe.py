"""Recipe: everything that `fit` needs to know. A remedy is a function Recipe -> Recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from fer_analysis.config import RunConfig, ScheduleConfig, TrainingConfig
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.dataset import FaceDataset


def shuffled(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return every image's position once, in random order."""
    return rng.permutation(len(labels))


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        train: The images to learn from.
        validation: The images that tell the best epoch.
        targets: float32 `(n, labels)`, what the network should say of each training image.
        order: `(labels, generator) -> positions`: which images an epoch shows, in order.
        augmentation: Random transforms of the training images.
        loss: A Keras loss of (targets, logits).
        optimizer: A Keras optimizer.
        epochs: Most epochs to train.
        batch_size: Images a step.
        monitor: The column of the history that the best epoch is chosen by.
        patience: Epochs without improvement before stopping; None: never.
        stop_on_collapse: Stop when the run has collapsed.
        seed: Of order and augmentation.
    """

    train: FaceDataset
    validation: FaceDataset
    targets: np.ndarray
    order: Callable[[np.ndarray, np.random.Generator], np.ndarray]
    augmentation: Augmentation
    loss: Callable
    optimizer: keras.Optimizer
    epochs: int
    batch_size: int
    monitor: str
    patience: int | None
    stop_on_collapse: bool
    seed: int


def make_recipe(config: RunConfig, train: FaceDataset, validation: FaceDataset) -> Recipe:
    """Turn a config and its data into a recipe."""
    training = config.training
    return Recipe(
        train=train,
        validation=validation,
        targets=np.eye(len(train.label_names), dtype=np.float32)[train.labels],
        order=shuffled,
        augmentation=config.augmentation.build(),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        optimizer=make_optimizer(training, -(-len(train) // training.batch_size)),
        epochs=training.epochs,
        batch_size=training.batch_size,
        monitor=training.early_stopping.monitor,
        patience=training.early_stopping.patience,
        stop_on_collapse=training.stop_on_collapse,
        seed=config.seed,
    )


def make_optimizer(training: TrainingConfig, steps: int) -> keras.Optimizer:
    """Build the optimizer with its learning-rate schedule.

    Args:
        training: Section of the config.
        steps: Training steps an epoch.
    """
    rate = _schedule(training.schedule, training.learning_rate, steps, training.epochs)
    decay = training.weight_decay or (0.0 if training.optimizer == "adamw" else None)
    if training.optimizer == "sgd":
        return keras.optimizers.SGD(
            rate, momentum=training.momentum, nesterov=True, weight_decay=decay
        )
    if training.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, momentum=training.momentum, weight_decay=decay)
    adam = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[training.optimizer]
    return adam(rate, weight_decay=decay)


def _schedule(schedule: ScheduleConfig, rate: float, steps: int, epochs: int):
    if schedule.name == "cosine":
        warmup = round(schedule.warmup_epochs * steps)
        return keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup else rate,
            decay_steps=max(steps * epochs - warmup, 1),
            warmup_target=rate if warmup else None,
            warmup_steps=warmup,
        )
    if schedule.name == "exponential":
        return keras.optimizers.schedules.ExponentialDecay(
            rate, max(round(steps * schedule.every), 1), schedule.decay, schedule.staircase
        )
    return rate
