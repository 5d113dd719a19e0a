"""The flaws to plant in the embedded data, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import Annotated, get_origin

from pydantic import Field

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.regions.template import REGIONS, SIZE
from fer_analysis.data.synthetic.action_units import MOST_FORMS
from fer_analysis.errors import FerError, did_you_mean, shown
from fer_analysis.options import Seed, limits_of, options_of

FEWEST = 100
"""Fewest images with which every label is in every split."""

MOST = 1_000_000
"""Images at most: 2.3 GB of pixels."""


Share = Annotated[float, Field(ge=0, le=1)]
Images = Annotated[int, Field(ge=1, le=MOST)]
Forms = Annotated[int, Field(ge=1, le=MOST_FORMS)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How embedded data is drawn, and which flaws are planted in it.

    Args:
        n: Images before `counts`: 80 % train, in the proportions of FER-2013's training set,
            10 % validation and 10 % test, where each label has at least 5 %.
        seed: Of everything random.
        counts: Label -> its number of *training* images. Nothing else changes.
        forms: Label -> number of different forms of its expression, 1 (the default) to 8.
        blend: Label -> (other label, mean weight 0-1 of the other[, share 0-1 of the faces, 1
            if left out]): each of these faces is a mixture of both expressions, with its
            own weight from a beta distribution.
        wrong_labels: Label -> (other label, share 0-1): in each split this share of the images
            that carry the label are clear faces of the other label, drawn like that label's.
        cue_regions: Label -> the only regions of `REGIONS` that may show its expression. All
            other pixels are those of the same face at rest. The regions are fixed in the
            image, as in the template: they do not follow a shifted face. In a region where
            none of the expression's action units shows (and for `neutral`) the cue is a
            grating whose direction depends on the label. An empty list leaves no cue.
        jitter: Largest shift of a face in each direction, in pixels.
        noise: Standard deviation of the pixel noise, in grey levels.

    Raises:
        FerError: Naming all values that are not as described.
    """

    n: Annotated[int, Field(ge=FEWEST, le=MOST)] = 3000
    seed: Seed = 0
    counts: dict[str, Images] = field(default_factory=dict)
    forms: dict[str, Forms] = field(default_factory=dict)
    blend: dict[str, tuple[str, float] | tuple[str, float, float]] = field(default_factory=dict)
    wrong_labels: dict[str, tuple[str, float]] = field(default_factory=dict)
    cue_regions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    jitter: Annotated[float, Field(ge=0, le=SIZE / 2)] = 1.0
    noise: Annotated[float, Field(ge=0, le=255)] = 5.0

    def __post_init__(self):
        problems = []
        for name, (annotation, _) in options_of(Settings, seed=True).items():
            if get_origin(annotation) is Annotated:
                problems += _number(name, getattr(self, name), annotation)
        checks = {
            "counts": lambda path, _, value: _number(path, value, Images),
            "forms": lambda path, _, value: _number(path, value, Forms),
            "blend": _blend,
            "wrong_labels": _pair,
            "cue_regions": _regions,
        }
        for name, check in checks.items():
            given = getattr(self, name)
            if not isinstance(given, Mapping):
                problems.append(
                    f"data.{name}: expected label: value pairs, received {shown(given)}"
                )
                continue
            for label, value in given.items():
                if label in FER_LABELS:
                    problems += check(f"{name}.{label}", label, value)
                else:
                    hint = did_you_mean(label, FER_LABELS)
                    problems.append(
                        f"data.{name}.{shown(label)}: unknown label '{shown(label)}'{hint}"
                    )
        if not problems and (images := sum(self.counts.values())) > MOST:
            problems.append(f"data.counts: expected at most {MOST:,} images, received {images:,}")
        if problems:
            raise FerError("embedded data", problems)


def _number(path: str, value: object, annotation: object) -> list[str]:
    kind, low, high = limits_of(annotation)
    kind = Integral if kind is int else Real
    number = isinstance(value, kind) and not isinstance(value, bool)
    if number and low <= value and (high is None or value <= high):
        return []
    what = "a whole number" if kind is Integral else "a number"
    limits = f"of at least {low}" if high is None else f"from {low:.12g} to {high:.12g}"
    return [f"data.{path}: expected {what} {limits}, received {shown(value)}"]


def _pair(path: str, label: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        return [f"data.{path}: expected [other label, number from 0 to 1], received {shown(value)}"]
    problems = _number(path, value[1], Share)
    if value[0] not in FER_LABELS:
        hint = did_you_mean(value[0], FER_LABELS)
        problems.append(f"data.{path}: unknown label '{shown(value[0])}'{hint}")
    elif value[0] == label:
        problems.append(f"data.{path}: '{label}' is the label itself; choose another one")
    return problems


def _blend(path: str, label: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 3:
        return _pair(path, label, value)
    return _pair(path, label, value[:2]) + _number(path, value[2], Share)


def _regions(path: str, _: str, value: object) -> list[str]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return [f"data.{path}: expected a list of regions ([] for no cue), received {shown(value)}"]
    return [
        f"data.{path}: unknown region '{shown(name)}'{did_you_mean(name, REGIONS)}"
        for name in value
        if name not in REGIONS
    ]
