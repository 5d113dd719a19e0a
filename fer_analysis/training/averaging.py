"""The moving average of a model's weights, which is usually better than the last weights."""

from __future__ import annotations

import keras
import tensorflow as tf


class WeightAverage:
    """An exponential moving average of all weights (Polyak & Juditsky 1992).

    The statistics of batch normalisation are averaged like everything else.

    Args:
        model: The model that is trained; the average starts from its weights.
        decay: Share of the average that a step keeps. In the first steps it keeps less,
            `(1 + step) / (10 + step)`, so that the first weights are forgotten.
    """

    def __init__(self, model: keras.Model, decay: float):
        self._weights = model.weights
        self._decay = decay
        self.variables = [tf.Variable(weight.value) for weight in model.weights]
        self._move = tf.function(self._moved)

    def update(self, step: int) -> None:
        """Add the weights after step `step`, counted from 1 over the whole run."""
        self._move(tf.constant(1 - min(self._decay, (1 + step) / (10 + step)), tf.float32))

    def _moved(self, share):
        for average, weight in zip(self.variables, self._weights, strict=True):
            average.assign_add(share * (weight.value - average))
