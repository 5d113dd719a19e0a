"""In what the config of a network differs from the one that a recipe's name stands for."""

from __future__ import annotations

from collections.abc import Mapping

from fer_analysis.config import RunConfig
from fer_analysis.errors import shown
from fer_analysis.training.same_config import record_of

FREE = (
    "seed",
    "training.precision",
    "training.devices",
    "training.accelerate",
    "training.deterministic",
    "data.layout",
    "data.skip_bad",
    "data.split_seed",
)
"""Keys that leave a recipe what it is: chance, rounding, machines, and how its data is read."""

TOLD_APART = "data.protocol"
"""The key that every result tells with its data anyway."""

_OFF = "off"
_MOST = 3


def changes(named: RunConfig, used: RunConfig) -> dict[str, object]:
    """Return the keys whose values differ, each with the value that is used.

    Args:
        named: The config that the recipe's name stands for.
        used: The one that trains.
    """
    before, now = _values(named), _values(used)
    keys = dict.fromkeys((*before, *now))
    return {
        key: now.get(key, _OFF)
        for key in keys
        if before.get(key, _OFF) != now.get(key, _OFF) and key != TOLD_APART
    }


def listed(given: Mapping[str, object]) -> str:
    """Return changes as `key=value, …`; of many, the first ones and how many more."""
    texts = [f"{key}={shown(value, 40)}" for key, value in given.items()]
    more = [f"and {len(texts) - _MOST} more"] if len(texts) > _MOST else []
    return ", ".join([*texts[:_MOST], *more])


def _values(config: RunConfig) -> dict[str, object]:
    """Return the config's values by their keys, without sections that are empty."""
    record = record_of(config)
    return {key: value for key, value in record.items() if "." in key or value != {}}
