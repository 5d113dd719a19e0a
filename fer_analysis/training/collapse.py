"""Recognising a collapsed run: it has learnt nothing but the frequency of the labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fer_analysis.config import RunConfig
from fer_analysis.text import percent

EPOCHS = 3
"""A run is collapsed if this many epochs in a row look collapsed."""

CHANCE_MARGIN = 0.02
"""A training accuracy within this of the majority share counts as chance.

Training accuracy matters: with slow batch-normalisation statistics the same network can predict
one label for everything in inference mode although it learns well."""

STANDSTILL = 0.01
"""A training loss that changes by less than this share of itself is at a standstill."""


@dataclass(frozen=True)
class Collapse:
    """A collapsed run.

    Args:
        epoch: The epoch at which it was recognised, counted from 1.
        kind: `diverged` (loss is not a number), `one label` or `standstill`.
        evidence: What shows it, as text.
    """

    epoch: int
    kind: str
    evidence: str


def find_collapse(
    history: Sequence[dict], *, train_majority: float, validation_majority: float
) -> Collapse | None:
    """Judge the last epochs of a run.

    Args:
        history: Rows of the run's history.
        train_majority: Share of the most frequent label among the images that an epoch shows.
        validation_majority: The same among the validation images.

    Returns:
        The collapse, or None.
    """
    last = history[-1]
    if not math.isfinite(last["loss"]):
        return Collapse(last["epoch"], "diverged", f"the training loss is {last['loss']}")
    rows = history[-EPOCHS:]
    if len(rows) < EPOCHS:
        return None
    if any(row["accuracy"] > train_majority + CHANCE_MARGIN for row in rows):
        return None
    chance = (
        f"training accuracy {percent(last['accuracy'])} is the share of the most frequent label "
        f"({percent(train_majority)})"
    )
    if all(row["labels_predicted"] == 1 for row in rows):
        return Collapse(
            last["epoch"],
            "one label",
            f"one label for every validation image in {EPOCHS} epochs in a row; {chance}",
        )
    still = abs(rows[0]["loss"] - last["loss"]) < STANDSTILL * rows[0]["loss"]
    at_chance = all(
        abs(row["validation_accuracy"] - validation_majority) < CHANCE_MARGIN / 2 for row in rows
    )
    if still and at_chance:
        return Collapse(
            last["epoch"],
            "standstill",
            f"validation accuracy at the majority share ({percent(validation_majority)}) for "
            f"{EPOCHS} epochs while the loss does not change; {chance}",
        )
    return None


def at_chance(row: dict, *, validation_majority: float) -> str | None:
    """Say whether the epoch whose weights are kept is no better than a constant answer.

    A short run ends before `find_collapse` can judge it.

    Args:
        row: The epoch's row of the history.
        validation_majority: Share of the most frequent label among the validation images.

    Returns:
        What shows it, in words; None if the epoch is better.
    """
    accuracy = row["validation_accuracy"]
    if row["labels_predicted"] == 1:
        return f"one label for every validation image (accuracy {accuracy:.1%})"
    if accuracy > validation_majority:
        return None
    return (
        f"validation accuracy {accuracy:.1%}; always predicting the most frequent label would "
        f"give {validation_majority:.1%}"
    )


def likely_cause(
    *, kind: str, optimizer: str, learning_rate: float, vertical_flip: bool, shift: float
) -> str:
    """Return the most likely cause of a collapse in a recipe, and what to try."""
    adaptive = optimizer in ("adam", "adamw", "rmsprop")
    if adaptive and learning_rate > 0.003:
        return (
            f"likely cause: a learning rate of {learning_rate:g} is high for {optimizer}; "
            "try --set training.learning_rate=0.0003"
        )
    if kind == "diverged":
        return "likely cause: the learning rate; try a tenth of it"
    if vertical_flip:
        return (
            "likely cause: half of the faces are upside down; "
            "try --set augmentation.vertical_flip=false"
        )
    if shift > 0.1:
        return (
            f"possible cause: shifts of {percent(shift, 0)} of the side; "
            "try --set augmentation.shift=0.1"
        )
    return "possible cause: the network's depth without normalisation; try a batch-normalised one"


def cause_of(collapse: Collapse, config: RunConfig) -> str:
    """Return the likely cause of a collapse under this config, as a sentence."""
    return likely_cause(
        kind=collapse.kind,
        optimizer=config.training.optimizer,
        learning_rate=config.training.learning_rate,
        vertical_flip=config.augmentation.vertical_flip,
        shift=config.augmentation.shift,
    )
