"""What more images of a label would bring: a curve fitted to the numbers that were tried."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.learning_curve import FARTHEST, FEWEST, LearningCurve, fit_curve
from fer_analysis.study.cell_roles import find_roles
from fer_analysis.study.recalls import KINDS
from fer_analysis.study.resampling import StudyEvidence

STEPS = (1.5, FARTHEST)
"""Times the label's number of images for which a gain is told; all are extrapolated."""
WORTH = 0.05
"""A gain in recall for which the number of images is told."""


@dataclass(frozen=True)
class Growth:
    """What more images of a label would bring, by the numbers that were tried.

    Args:
        label: The label.
        kind: `as predicted` or `prior-corrected`.
        tried: Numbers of training images that were tried, rising; the last is all of them.
        recalls: The recall with each.
        seeds: Number of seeds, the same for all numbers.
        n: Images of the label that are scored.
        p: How often cells that follow the law lie farther from it; None without a curve.
        gains: Number of images, as text -> difference of recall to all there are; extrapolated.
        images: Images in all that bring 5 points more; its value, or an end of its interval, is
            None beyond twice the number that there are.
        line: The curve for a picture: rows of images, recall, low, high.
        because: Why there is no curve; empty where there is one.
    """

    label: str
    kind: str
    tried: tuple[int, ...]
    recalls: tuple[float, ...]
    seeds: int
    n: int
    p: float | None = None
    gains: dict[str, Estimate] | None = None
    images: Estimate | None = None
    line: tuple[tuple[float, ...], ...] = ()
    because: str = ""

    @classmethod
    def from_dict(cls, row: dict) -> Growth:
        """Make it from what `dataclasses.asdict` gives."""
        given = row["gains"] and {k: Estimate.from_dict(v) for k, v in row["gains"].items()}
        images = row["images"] and Estimate.from_dict(row["images"])
        names = ("tried", "recalls")
        return cls(
            **row
            | {"gains": given, "images": images, "line": tuple(map(tuple, row["line"]))}
            | {name: tuple(row[name]) for name in names}
        )

    def as_dict(self) -> dict:
        """Return it ready for JSON."""
        return asdict(self)


def growth(evidence: StudyEvidence, subject: str) -> tuple[Growth, ...]:
    """Return what more images would bring each label of which several numbers were tried.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are examined; it has most images of each label.
    """
    doses = find_roles(evidence, subject).doses
    return tuple(
        _growth(evidence, (*doses[label], subject), label, kind)
        for label in evidence.label_names
        if label in doses
        for kind in KINDS
    )


def _growth(evidence: StudyEvidence, cells: tuple[str, ...], label: str, kind: int) -> Growth:
    i = evidence.label_names.index(label)
    seeds = evidence.common(*cells)
    if not seeds:
        tried = tuple(int(evidence.training_counts(cell)[i]) for cell in cells)
        return Growth(label, KINDS[kind], tried, (), 0, 0, because="its cells share no seed")
    counts = [np.mean([evidence.cells[cell][s].counts[i] for s in seeds]) for cell in cells]
    kept = sorted({count: at for at, count in reversed([*enumerate(counts)])}.values())
    recalls = [evidence.recall(cell, kind, seeds)[i] for cell in cells]
    by_seed = [[_recall(evidence, cell, seed, i, kind) for seed in seeds] for cell in cells]
    n = int(evidence.tallies(cells[-1], seeds).n[i])
    about = Growth(
        label=label,
        kind=KINDS[kind],
        tried=tuple(round(float(counts[at])) for at in kept),
        recalls=tuple(float(recalls[at]) for at in kept),
        seeds=len(seeds),
        n=n,
    )
    numbers, shares, each = (np.array(v)[kept] for v in (counts, recalls, by_seed))
    return _with_curve(about, fit_curve(numbers, shares, each, n))


def _recall(evidence: StudyEvidence, cell: str, seed: int, label: int, kind: int) -> float:
    own = evidence.images[seed].labels == label
    predicted = evidence.cells[cell][seed].predictions.predicted[kind]
    return float((predicted[own] == label).mean()) if own.any() else np.nan


def _with_curve(about: Growth, curve: LearningCurve | None) -> Growth:
    fields = asdict(about) | {"gains": None, "images": None}
    if curve is None:
        why = f"it takes two seeds and {FEWEST} numbers of images, some correct with each"
        more = f"`fer study run dose --label {about.label}` tries others"
        return Growth(**fields | {"because": f"{why}; {more}"})
    if not curve.follows:
        why = f"the numbers tried follow no power law (p = {curve.p:.2g})"
        return Growth(**fields | {"p": curve.p, "because": why})
    numbers = {times: round(times * curve.largest) for times in STEPS}
    largest = curve.largest
    drawn = [
        *np.geomspace(curve.counts[0], largest, 25),
        *np.linspace(1, FARTHEST, 13)[1:] * largest,
    ]
    found = {
        "p": curve.p,
        "gains": {str(n): curve.gain(times * curve.largest) for times, n in numbers.items()},
        "images": curve.images_for(WORTH),
        "line": tuple((float(n), *_band(curve.at(n))) for n in drawn),
    }
    return Growth(**fields | found)


def _band(values: np.ndarray) -> tuple[float, float, float]:
    low, high = np.quantile(values[1:], (0.025, 0.975))
    return float(values[0]), float(low), float(high)
