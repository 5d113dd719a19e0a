"""Which devices a training uses."""

from __future__ import annotations

import tensorflow as tf


def strategy_for(devices: str) -> tf.distribute.Strategy:
    """Return how a training is distributed.

    Args:
        devices: `one`, or `all` graphics cards of this machine; without a card, all logical
            processors (one, unless TensorFlow was told otherwise).

    Returns:
        With several devices a `MirroredStrategy`: each step's images are divided among them and
        their gradients added up. Otherwise the strategy that changes nothing.
    """
    names = [device.name for device in _devices()]
    if devices == "one" or len(names) < 2:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(names)


def _devices() -> list:
    return tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
