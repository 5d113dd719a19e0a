"""Slices of the data as it is: whether dark, blurred, turned … faces are where a network fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import read_json, write_csv, write_json
from fer_analysis.quality.measures import measure
from fer_analysis.quality.template import FaceTemplate
from fer_analysis.statistics.estimate import Estimate, from_json, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.significance import holm
from fer_analysis.statistics.stratified import stratified_difference
from fer_analysis.text import estimate, html_table, points

FILE, TABLE = "slices.json", "slices.csv"
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
FLAGGED = "flagged"
LEAST = 20
"""Fewest images of a slice: fewer show nothing."""


@dataclass(frozen=True)
class Slice:
    """Images with one property, and how they fare beside the others of the same labels.

    Args:
        measure: What was measured, e.g. `brightness`, or what an image is flagged as.
        part: One of `QUARTERS`, or `flagged`.
        low: The measure's lowest value in the slice; None for a flag.
        high: Its highest value.
        n: Images.
        accuracy: Share that is predicted correctly.
        difference: To all other images, within labels; see `stratified_difference`.
        p: Of no difference, corrected for the number of slices (Holm).
        recall: Label -> recall in the slice.
    """

    measure: str
    part: str
    low: float | None
    high: float | None
    n: int
    accuracy: Estimate
    difference: Estimate
    p: float
    recall: dict[str, Estimate]

    @property
    def shown(self) -> bool:
        """Whether the difference is shown at 5 %."""
        return self.p < 0.05

    @property
    def name(self) -> str:
        """E.g. `brightness, lowest quarter (31 to 96)`."""
        if self.low is None:
            return f"{self.measure.replace('_', ' ')}, {self.part}"
        return f"{self.measure.replace('_', ' ')}, {self.part} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Slices:
    """Every slice of a split.

    Args:
        split: The split's name.
        images: Which of its images, e.g. `leak-free images`.
        n: How many.
        accuracy: Of all of them.
        slices: The slices, by measure and then by quarter.
        worst: int64 `(m,)`, rows of the worst slice's images among the n, wrong ones first by
            loss; empty where no slice is shown to be worse than the rest.
    """

    split: str
    images: str
    n: int
    accuracy: Estimate
    slices: tuple[Slice, ...]
    worst: np.ndarray

    @property
    def worse(self) -> tuple[Slice, ...]:
        """The slices that are shown to be worse than the rest, the largest difference first."""
        found = [each for each in self.slices if each.shown and each.difference.value < 0]
        return tuple(sorted(found, key=lambda each: each.difference.value))

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON."""
        return to_json({**asdict(self), "worst": self.worst.tolist()})

    def save(self, folder: str | Path) -> None:
        """Write `slices.json` (everything) and `slices.csv` (a row a slice)."""
        write_json(Path(folder) / FILE, self.as_dict())
        write_csv(Path(folder) / TABLE, [_flat(each) for each in self.slices])

    @classmethod
    def load(cls, folder: str | Path) -> Slices:
        """Read what `save` wrote.

        Raises:
            FerError: If it is missing or damaged.
        """
        file = Path(folder) / FILE
        given = read_json(file)
        if given is None:
            raise FerError(f"{file}: no slices there; make them with `fer evaluate --slices`")
        try:
            found = from_json(given)
            slices = tuple(Slice(**row) for row in found["slices"])
            return cls(**found | {"slices": slices, "worst": np.array(found["worst"], int)})
        except (TypeError, KeyError) as error:
            raise FerError(f"{file}: damaged; run `fer evaluate --slices` again") from error

    def _repr_html_(self) -> str:
        rows = [
            [each.name, f"{each.n:,}", estimate(each.accuracy), points(each.difference.value)]
            for each in self.worse
        ]
        title = f"{self.split}, {self.images}: {self.n:,}, accuracy {estimate(self.accuracy)}"
        return html_table(title, ["worse than the rest", "n", "accuracy", "points"], rows)


def slices_of(
    evaluation: Evaluation,
    images: np.ndarray,
    *,
    flags: Mapping[str, np.ndarray] | None = None,
    name: str = "all images",
) -> Slices:
    """Divide images into quarters by measures of the picture, and compare their accuracy.

    A quarter may have more of an easy label than the rest; therefore each label's images are
    compared among themselves, and the differences are averaged. All tests are corrected together
    (Holm).

    Args:
        evaluation: The predictions of n images.
        images: uint8 `(n, h, w, 1)`.
        flags: Name -> bool `(n,)`, e.g. the issues of an audit.
        name: Which images these are.
    """
    values = measure(images) | FaceTemplate.of(images).measure(images)
    groups = [group for key in values for group in _quarters(key, values[key])]
    groups += [(key, FLAGGED, np.asarray(mask), None) for key, mask in (flags or {}).items()]
    groups = [group for group in groups if LEAST <= group[2].sum() <= len(images) - LEAST]
    hit = evaluation.predicted == evaluation.labels
    compared = [stratified_difference(hit, mask, evaluation.labels) for _, _, mask, _ in groups]
    corrected = holm([p for _, p in compared])
    slices = tuple(
        _slice(evaluation, group, difference, float(p))
        for group, (difference, _), p in zip(groups, compared, corrected, strict=True)
    )
    found = Slices(
        evaluation.split, name, len(images), _share(hit), slices, worst=np.zeros(0, np.int64)
    )
    if not found.worse:
        return found
    mask = groups[slices.index(found.worse[0])][2]
    own = evaluation.probabilities[np.arange(len(hit)), evaluation.labels]
    rows = np.flatnonzero(mask)
    return Slices(**vars(found) | {"worst": rows[np.lexsort((own[rows], hit[rows]))]})


def _quarters(name: str, values: np.ndarray) -> list[tuple]:
    """Return (measure, part, mask, ends); equal values stay together."""
    edges = np.quantile(values, (0.25, 0.5, 0.75)) if len(values) else np.zeros(3)
    place = np.searchsorted(edges, values, side="left")
    groups = []
    for index, part in enumerate(QUARTERS):
        mask = place == index
        if mask.any():
            groups.append((name, part, mask, (values[mask].min(), values[mask].max())))
    return groups if len(groups) > 1 else []


def _slice(evaluation: Evaluation, group: tuple, difference: Estimate, p: float) -> Slice:
    name, part, mask, ends = group
    low, high = (None, None) if ends is None else map(float, ends)
    hit = evaluation.predicted == evaluation.labels
    recall = {
        label: _share(hit[mask & (evaluation.labels == index)])
        for index, label in enumerate(evaluation.label_names)
    }
    return Slice(
        measure=name,
        part=part,
        low=low,
        high=high,
        n=int(mask.sum()),
        accuracy=_share(hit[mask]),
        difference=difference,
        p=p,
        recall=recall,
    )


def _share(hit: np.ndarray) -> Estimate:
    return proportion(int(hit.sum()), len(hit))


def _flat(each: Slice) -> dict:
    flat = {key: getattr(each, key) for key in ("measure", "part", "low", "high", "n")}
    for key in ("accuracy", "difference"):
        figure = getattr(each, key)
        flat |= {key: figure.value, f"{key}_low": figure.low, f"{key}_high": figure.high}
    flat |= {"p": each.p, "shown": each.shown}
    return flat | {f"recall {label}": figure.value for label, figure in each.recall.items()}
