"""From a config and its data to the recipe that `fit` follows."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import keras
import numpy as np

from fer_analysis.config import RunConfig, ScheduleConfig, TrainingConfig
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_labels import vote_targets
from fer_analysis.errors import FerError
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.remedies import REMEDIES
from fer_analysis.remedies.recipe import Recipe
from fer_analysis.statistics.rounding import whole_numbers
from fer_analysis.training.teachers import answers_by_label, answers_of, open_teachers


def make_recipe(config: RunConfig, train: FaceDataset, validation: FaceDataset) -> Recipe:
    """Turn a config and its data into a recipe, its remedies applied.

    Raises:
        FerError: If a remedy needs something that the data does not have.
    """
    training, k = config.training, len(train.label_names)
    counts, targets = np.bincount(train.labels, minlength=k), _targets(config, train)
    recipe = Recipe(
        train=train,
        validation=validation,
        targets=targets,
        showings=_showings(counts, training.images_per_epoch),
        prior=targets.mean(axis=0, dtype=np.float64),
        augmentation=config.augmentation.build(),
        loss=partial(keras.losses.categorical_crossentropy, from_logits=True),
        optimizer=partial(make_optimizer, training),
        epochs=training.epochs,
        batch_size=training.batch_size,
        monitor=training.early_stopping.monitor,
        keep=training.keep,
        patience=training.early_stopping.patience,
        stop_on_collapse=training.stop_on_collapse,
        seed=config.seed,
        weight_averaging=training.weight_averaging,
        image_sizes=training.image_sizes,
    )
    for name, options in config.remedies.chosen():
        recipe = REMEDIES[name](recipe, **options)
        if recipe.distillation and not recipe.distillation.networks:
            recipe = _with_teachers(recipe, training.precision)
    return recipe


def _targets(config: RunConfig, train: FaceDataset) -> np.ndarray:
    """Return each image's label as shares of the labels, or the votes' shares, float32 `(n, k)`."""
    if config.data.vote_targets == "majority":
        return np.eye(len(train.label_names), dtype=np.float32)[train.labels]
    if "soft_labels" in dict(config.remedies.chosen()):
        raise FerError(
            "remedies.soft_labels: data.vote_targets: distribution trains on the votes already; "
            "leave one of them out"
        )
    shares = vote_targets(train, config.data.least_votes)
    if changed := int((shares.argmax(axis=1) != train.labels).sum()):
        raise FerError(
            f"data.vote_targets: distribution trains on the votes, so the labels that a "
            f"manipulation gave {changed:,} images would have no effect; use majority"
        )
    return shares


def _with_teachers(recipe: Recipe, precision: str) -> Recipe:
    wanted = recipe.distillation
    models = open_teachers(wanted.teachers, recipe.train.label_names, precision=precision)
    answers = answers_of(models, temperature=wanted.temperature)
    taught = replace(
        recipe,
        distillation=replace(
            wanted,
            answers=answers,
            networks=tuple(models),
            by_label=answers_by_label(answers, recipe.train),
        ),
    )
    return replace(taught, prior=taught.frequencies())


def _showings(counts: np.ndarray, images: int | None) -> np.ndarray:
    """Return how many images of each label an epoch shows, in proportion to their number."""
    return counts if images is None else whole_numbers(counts / counts.sum(), images)


def manipulate(config: RunConfig, train: FaceDataset) -> FaceDataset:
    """Return the training images with the config's manipulations applied.

    Raises:
        FerError: If a manipulation needs something that the data does not have.
    """
    chosen = config.manipulations.chosen()
    if "permute_labels" in dict(chosen) and "distillation" in dict(config.remedies.chosen()):
        raise FerError(
            "manipulations.permute_labels: remedies.distillation's teachers answer for the images "
            "as they are, so that their labels would be learnt after all; leave one of them out"
        )
    for name, options in chosen:
        train = MANIPULATIONS[name](train, seed=config.seed, **options)
    return train


def make_optimizer(training: TrainingConfig, steps: int) -> keras.Optimizer:
    """Build the optimizer with its learning-rate schedule.

    In float16 it scales the loss, by as much as the gradients bear (Micikevicius et al. 2018).

    Args:
        training: Section of the config.
        steps: Training steps per epoch.
    """
    optimizer = _optimizer(training, steps)
    if training.precision == "float16":
        return keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def schedule_doubts(training: TrainingConfig) -> list[str]:
    """Say which keys of the schedule have no effect, or not the one that its name promises."""
    schedule, lines = training.schedule, []
    for key in sorted(schedule.model_fields_set - {"name"}):
        kind = "cosine" if key == "warmup_epochs" else "exponential"
        if schedule.name != kind and getattr(schedule, key) != getattr(ScheduleConfig(), key):
            lines.append(f"training.schedule.{key} has no effect: the schedule is {schedule.name}")
    if schedule.name == "cosine" and schedule.warmup_epochs >= training.epochs:
        lines.append(
            f"training.schedule.warmup_epochs: {schedule.warmup_epochs:g} of {training.epochs} "
            "epochs: training ends at its highest learning rate; choose fewer, or more epochs"
        )
    return lines


def length_doubts(training: TrainingConfig, recipe: Recipe) -> list[str]:
    """Say where a remedy shows more images an epoch than the config asks for."""
    asked, shown = training.images_per_epoch, int(recipe.showings.sum())
    if asked is None or shown == asked:
        return []
    return [
        f"an epoch shows {shown:,} images and not the {asked:,} of training.images_per_epoch: "
        "remedies.expansion sets their number"
    ]


def _optimizer(training: TrainingConfig, steps: int) -> keras.Optimizer:
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
