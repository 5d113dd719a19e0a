"""The flaws to plant in the embedded data, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.regions.template import REGIONS, SIZE
from fer_analysis.data.synthetic.action_units import MOST_FORMS
from fer_analysis.errors import FerError, did_you_mean

FEWEST = 100
"""Images without which not every label is in every split."""


@dataclass(frozen=True)
class Settings:
    """The arguments of `synthetic.generate`, which describes them."""

    n: int
    seed: int
    counts: Mapping[str, int]
    forms: Mapping[str, int]
    blend: Mapping[str, Sequence]
    wrong_labels: Mapping[str, Sequence]
    cue_regions: Mapping[str, Sequence[str]]
    jitter: float
    noise: float

    def __post_init__(self):
        problems = [
            *_number("n", self.n, Integral, FEWEST),
            *_number("seed", self.seed, Integral, 0),
            *_number("jitter", self.jitter, Real, 0, SIZE / 2),
            *_number("noise", self.noise, Real, 0, 255),
        ]
        checks = {
            "counts": lambda path, _, value: _number(path, value, Integral, 1),
            "forms": lambda path, _, value: _number(path, value, Integral, 1, MOST_FORMS),
            "blend": _blend,
            "wrong_labels": _pair,
            "cue_regions": _regions,
        }
        for name, check in checks.items():
            given = getattr(self, name)
            if not isinstance(given, Mapping):
                problems.append(f"data.{name}: expected label: value pairs, received {given!r}")
                continue
            for label, value in given.items():
                if label in FER_LABELS:
                    problems += check(f"{name}.{label}", label, value)
                else:
                    hint = did_you_mean(label, FER_LABELS)
                    problems.append(f"data.{name}.{label}: unknown label '{label}'{hint}")
        if problems:
            raise FerError("embedded data", problems)


def _number(path: str, value: object, kind: type, low: float, high: float | None = None) -> list:
    number = isinstance(value, kind) and not isinstance(value, bool)
    if number and low <= value and (high is None or value <= high):
        return []
    what = "a whole number" if kind is Integral else "a number"
    limits = f"of at least {low}" if high is None else f"from {low:g} to {high:g}"
    return [f"data.{path}: expected {what} {limits}, received {value!r}"]


def _pair(path: str, label: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return [f"data.{path}: expected [other label, number from 0 to 1], received {value!r}"]
    problems = _number(path, value[1], Real, 0, 1)
    if value[0] not in FER_LABELS:
        hint = did_you_mean(value[0], FER_LABELS)
        problems.append(f"data.{path}: unknown label '{value[0]}'{hint}")
    elif value[0] == label:
        problems.append(f"data.{path}: '{label}' names itself; name another label")
    return problems


def _blend(path: str, label: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 3:
        return _pair(path, label, value)
    return _pair(path, label, value[:2]) + _number(path, value[2], Real, 0, 1)


def _regions(path: str, _: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return [f"data.{path}: expected a list of regions ([] for no cue), received {value!r}"]
    return [
        f"data.{path}: unknown region '{name}'{did_you_mean(name, REGIONS)}"
        for name in value
        if name not in REGIONS
    ]
