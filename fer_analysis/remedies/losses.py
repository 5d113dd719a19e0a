"""Remedies that change the loss; each wraps the recipe's loss."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.remedies.recipe import Recipe


def focal_loss(recipe: Recipe, *, gamma: Annotated[float, Field(ge=0, le=10)] = 2.0) -> Recipe:
    """Reduce the weight of correctly predicted images: focal loss (Lin et al. 2017).

    Args:
        recipe: What to change.
        gamma: The loss of an image is multiplied by (1 - p)^gamma; 0 is cross-entropy.
    """
    import keras

    focal = keras.losses.categorical_focal_crossentropy
    return replace(recipe, loss=partial(focal, alpha=1.0, gamma=gamma, from_logits=True))


def class_weights(recipe: Recipe, *, power: Annotated[float, Field(ge=0, le=1)] = 0.5) -> Recipe:
    """Increase the weight of images of rare labels.

    The mean weight over what an epoch shows is 1, so that the learning rate keeps its effect.

    Args:
        recipe: What to change.
        power: The weight of a label is proportional to its frequency^-power: 1 is full
            inverse weighting, which costs much accuracy on FER-2013; 0.5 the root.
    """
    from keras import ops

    present = recipe.prior > 0
    weights = np.where(present, np.where(present, recipe.prior, 1) ** -power, 0)
    weights /= recipe.prior @ weights
    loss, by_label = recipe.loss, weights.astype(np.float32)

    def weighted(targets, logits):
        # Each label's share of a soft target has its own weight.
        shares = targets * by_label
        weight = ops.sum(shares, axis=-1, keepdims=True)
        return weight[:, 0] * loss(shares / weight, logits)

    return replace(recipe, loss=weighted, prior=recipe.prior * weights)


def logit_adjustment(recipe: Recipe, *, tau: Annotated[float, Field(gt=0, le=10)] = 1.0) -> Recipe:
    """Add the log of the labels' frequencies to the logits while training (Menon et al. 2021).

    The network then does not have to learn the frequencies: without the addition, its
    predictions treat all labels as equally frequent.

    Args:
        recipe: What to change.
        tau: How much of the log is added; 1 corrects for the frequencies exactly.
    """
    present = recipe.prior > 0
    prior = np.where(present, recipe.prior, 1)  # nothing is added to a label that is never shown
    loss, addition = recipe.loss, (tau * np.log(prior)).astype(np.float32)
    corrected = np.where(present, prior ** (1 - tau), 0)
    return replace(
        recipe,
        loss=lambda targets, logits: loss(targets, logits + addition),
        prior=corrected / corrected.sum(),
    )
