"""Remedies that change how often an epoch shows each label."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.remedies.recipe import Recipe
from fer_analysis.statistics.rounding import whole_numbers

Power = Annotated[float, Field(ge=0, le=1)]


def balanced_sampling(recipe: Recipe, *, power: Power = 1.0) -> Recipe:
    """Show rare labels more often and frequent ones less, in epochs of the same length.

    Args:
        recipe: What to change.
        power: A label with n images gets a share proportional to n^(1 - power): 1 shows all
            labels equally often, 0.5 in proportion to the root of their number, 0 changes nothing.
    """
    counts = recipe.counts
    weights = np.where(counts > 0, counts.astype(float) ** (1 - power), 0)
    return _showing(recipe, whole_numbers(weights / weights.sum(), int(recipe.showings.sum())))


def expansion(recipe: Recipe, *, power: Power = 1.0) -> Recipe:
    """Expand rare labels towards the largest one by augmented copies: the paper's proposal.

    Every image is shown at least once an epoch, each further time with its own random
    transform; epochs become longer, whatever `training.images_per_epoch` is.

    Args:
        recipe: What to change.
        power: A label with n images is shown n^(1 - power) * largest^power times: 1 brings all
            labels to the largest, 0 changes nothing.
    """
    return _showing(recipe, expanded(recipe.counts, power))


def expanded(counts: np.ndarray, power: float = 1.0) -> np.ndarray:
    """Return how often `expansion` shows labels of these numbers of images, int64 `(k,)`."""
    shown = counts ** (1 - power) * counts.max() ** power
    return np.where(counts > 0, np.rint(shown), 0).astype(np.int64)


def _showing(recipe: Recipe, showings: np.ndarray) -> Recipe:
    shown = replace(recipe, showings=showings)
    return replace(shown, prior=shown.frequencies())
