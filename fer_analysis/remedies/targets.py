"""Remedies that change the target of an image."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.errors import FerError
from fer_analysis.remedies.recipe import Distillation, Recipe


def soft_labels(recipe: Recipe, *, weight: Annotated[float, Field(gt=0, le=1)] = 0.5) -> Recipe:
    """Train on the annotators' votes in addition to the label (Barsoum et al. 2016).

    Votes for options that are no label of the data set (contempt, unknown, no face) are left
    out; an image without any other vote keeps its label.

    Args:
        recipe: What to change.
        weight: The votes' share of the target; the rest stays on the label.

    Raises:
        FerError: If the data has no votes.
    """
    if recipe.train.votes is None:
        raise FerError(
            "remedies.soft_labels: the data has no annotators' votes; with FER-2013's CSV put "
            "FER+'s fer2013new.csv in the same folder, or give its path: --set data.votes=PATH"
        )
    votes = recipe.train.votes[:, : recipe.targets.shape[1]].astype(np.float32)
    total = votes.sum(axis=1, keepdims=True)
    shares = np.divide(votes, total, out=recipe.targets.copy(), where=total > 0)
    softened = replace(recipe, targets=(1 - weight) * recipe.targets + weight * shares)
    return replace(softened, prior=softened.frequencies())


def label_smoothing(recipe: Recipe, *, amount: Annotated[float, Field(gt=0, lt=1)] = 0.1) -> Recipe:
    """Move a share of every target evenly to all labels (Szegedy et al. 2016).

    Args:
        recipe: What to change.
        amount: The share that is moved.
    """
    k = recipe.targets.shape[1]
    smoothed = replace(recipe, targets=recipe.targets * (1 - amount) + np.float32(amount / k))
    return replace(smoothed, prior=smoothed.frequencies())


def mixup(recipe: Recipe, *, alpha: Annotated[float, Field(gt=0, le=10)] = 0.2) -> Recipe:
    """Mix two images, and their targets in the same proportion (Zhang et al. 2018).

    Args:
        recipe: What to change.
        alpha: Of Beta(alpha, alpha), from which each image's share is drawn: small values
            leave most pairs nearly unmixed, 1 makes all shares equally likely.
    """
    return replace(recipe, mixup=alpha)


def distillation(
    recipe: Recipe,
    *,
    teachers: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)] = ("bundled",),
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5,
    temperature: Annotated[float, Field(ge=0.1, le=100)] = 1.0,
) -> Recipe:
    """Train on what other networks answer, in addition to the label (Hinton et al. 2015).

    The teachers see the very picture that is shown, with its augmentation and conditions (Beyer
    et al. 2022): what they answer on their own training images as they are is memory. Each step
    takes their answers as well, about a third of a step for a teacher of the same size; an exported
    one (`fer export`), and `bundled`, answers several times as fast without bfloat16.

    Args:
        recipe: What to change.
        teachers: RUNs: run directories, .keras and exported files, `bundled`. Their mean is taken.
        weight: Their share of the target; the rest stays what it was.
        temperature: Divides their logits; above 1, their answers are softer.
    """
    return replace(recipe, distillation=Distillation(teachers, weight, temperature))
