"""Estimate: a figure with its interval and the number of images behind it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A figure, the ends of its 95 % interval, and n; the same shape in memory and in JSON.

    Args:
        value: The figure; None where it is undefined.
        low: The interval's lower end; None without an interval.
        high: Its upper end.
        n: How many images it is computed from; None if it has no meaning.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    correct: int | None = None

    def __post_init__(self):
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            defined = number is not None and math.isfinite(number)
            object.__setattr__(self, name, float(number) if defined else None)
        object.__setattr__(self, "n", None if self.n is None else int(self.n))

    @property
    def interval(self) -> tuple[float, float] | None:
        """The ends of the interval; None without one."""
        return None if self.low is None or self.high is None else (self.low, self.high)

    def as_dict(self) -> dict:
        """Return the estimate ready for JSON: `{"value", "low", "high", "n"}` and `correct`."""
        shape = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return shape if self.correct is None else shape | {"correct": self.correct}

    @classmethod
    def from_dict(cls, given: dict) -> Estimate:
        """Return what `as_dict` wrote."""
        return cls(
            given["value"], **{key: given.get(key) for key in ("low", "high", "n", "correct")}
        )


def to_json(value: object) -> object:
    """Return nested dicts and lists with every `Estimate` as the dict of `as_dict`."""
    if isinstance(value, Estimate):
        return value.as_dict()
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    return [to_json(each) for each in value] if isinstance(value, list | tuple) else value


def from_json(value: object) -> object:
    """Return nested dicts and lists with every dict of an estimate as the `Estimate`."""
    if isinstance(value, dict):
        if value.keys() - {"correct"} == {"value", "low", "high", "n"}:
            return Estimate.from_dict(value)
        return {key: from_json(each) for key, each in value.items()}
    return [from_json(each) for each in value] if isinstance(value, list) else value
