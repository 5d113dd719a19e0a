"""The recalls behind a diagnosis: by number of images, by agreement, and what is mistaken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.cell_roles import find_roles
from fer_analysis.study.effects import AGREED, ELSEWHERE, SPLIT
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence

AS_PREDICTED, PRIOR_CORRECTED = "as predicted", "prior-corrected"
KINDS = {PLAIN: AS_PREDICTED, CORRECTED: PRIOR_CORRECTED}


@dataclass(frozen=True)
class CellRecall:
    """Recall and precision of one label in one cell.

    Args:
        label: The label.
        cell: The cell.
        training_images: Images of the label that the cell was trained on, mean of its seeds.
        kind: `as predicted` or `prior-corrected`.
        n: Images of the label that are scored.
        seeds: Number of seeds.
        recall: With its interval.
        precision: With its interval; undefined where nothing is predicted as the label.
    """

    label: str
    cell: str
    training_images: int
    kind: str
    n: int
    seeds: int
    recall: Estimate
    precision: Estimate

    @classmethod
    def from_dict(cls, row: dict) -> CellRecall:
        """Make it from what `dataclasses.asdict` gives."""
        figures = {key: Estimate.from_dict(row[key]) for key in ("recall", "precision")}
        return cls(**row | figures)

    def row(self) -> dict:
        """Return it as a row for CSV."""
        names = ("label", "cell", "training_images", "kind", "n", "seeds")
        return {name: getattr(self, name) for name in names} | {
            "recall": self.recall.value,
            "low": self.recall.low,
            "high": self.recall.high,
            "precision": self.precision.value,
            "precision_low": self.precision.low,
            "precision_high": self.precision.high,
        }


@dataclass(frozen=True)
class AgreementRecall:
    """Prior-corrected recall of one label on images of one kind of annotators' agreement.

    Args:
        label: The label.
        annotators: `with the label`, `split` or `on another label`.
        share: Of the label's images that are of this kind.
        recall: With its interval.
    """

    label: str
    annotators: str
    share: float
    recall: Estimate

    @classmethod
    def from_dict(cls, row: dict) -> AgreementRecall:
        """Make it from what `dataclasses.asdict` gives."""
        return cls(**row | {"recall": Estimate.from_dict(row["recall"])})


@dataclass(frozen=True)
class PredictedAs:
    """What the images of one label are predicted as.

    Args:
        name: By what: `as predicted`, `prior-corrected`, or a remedy.
        n: Number of images.
        shares: `(k,)`, the share that is predicted as each label.
    """

    name: str
    n: int
    shares: tuple[float, ...]

    @classmethod
    def from_dict(cls, row: dict) -> PredictedAs:
        """Make it from what `dataclasses.asdict` gives."""
        return cls(**row | {"shares": tuple(row["shares"])})


def doses(evidence: StudyEvidence, subject: str) -> tuple[CellRecall, ...]:
    """Return recall and precision by number of training images.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are examined; it has most images of each label.
    """
    return tuple(
        row
        for label, cells in find_roles(evidence, subject).doses.items()
        for cell in (*cells, subject)
        for row in _recalls(evidence, cell, evidence.label_names.index(label))
    )


def equal(evidence: StudyEvidence, subject: str) -> tuple[CellRecall, ...]:
    """Return the recall of all labels in the subject, and where all have the same n."""
    return tuple(
        row
        for cell in (subject, *reversed(find_roles(evidence, subject).equal))
        for index in range(len(evidence.label_names))
        for row in _recalls(evidence, cell, index)
    )


def by_agreement(evidence: StudyEvidence, subject: str) -> tuple[AgreementRecall, ...]:
    """Return each label's recall by the annotators' agreement; empty without votes."""
    if not evidence.has_votes:
        return ()
    tallies = evidence.tallies(subject)
    rows = []
    groups = {"with the label": AGREED, "split": SPLIT, "on another label": ELSEWHERE}
    for name, strata in groups.items():
        recall, share = tallies.recall(CORRECTED, strata), tallies.share(strata)[0]
        low, high = percentile_interval(recall[1:])
        rows += [
            AgreementRecall(label, name, float(share[i]), Estimate(recall[0, i], low[i], high[i]))
            for i, label in enumerate(evidence.label_names)
            if np.isfinite([recall[0, i], low[i], high[i]]).all()
        ]
    return tuple(rows)


def predicted_as(evidence: StudyEvidence, subject: str, label: str) -> tuple[PredictedAs, ...]:
    """Return what a label is predicted as, before and after what was tried for it.

    The subject's row of the confusion matrix as predicted, prior-corrected, and as predicted by
    the cell that has only remedies added and the highest mean recall.
    """
    index = evidence.label_names.index(label)
    rows = [_confusion(evidence, subject, kind, index) for kind in KINDS]
    names = list(KINDS.values())
    if remedy := _best_remedy(evidence, subject):
        rows.append(_confusion(evidence, remedy, PLAIN, index))
        names.append(f"remedy: {remedy}")
    return tuple(
        PredictedAs(name, int(np.rint(row.sum())), tuple((row / max(row.sum(), 1e-9)).tolist()))
        for name, row in zip(names, rows, strict=True)
    )


def _confusion(evidence: StudyEvidence, cell: str, kind: int, index: int) -> np.ndarray:
    return evidence.tallies(cell).confusion[kind][0, index]


def _best_remedy(evidence: StudyEvidence, subject: str) -> str | None:
    own = evidence.settings[subject]
    cells = [
        cell
        for cell in evidence.cells
        if (other := evidence.settings[cell])["remedies"] != own["remedies"]
        and other | {"remedies": None} == own | {"remedies": None}
    ]

    def mean_recall(cell: str) -> float:
        return float(np.nanmean(evidence.recall(cell, PLAIN)))

    return max(cells, key=mean_recall, default=None)


def _recalls(evidence: StudyEvidence, cell: str, index: int) -> list[CellRecall]:
    tallies = evidence.tallies(cell)
    counts = [scored.counts[index] for scored in evidence.cells[cell].values()]
    n = int(tallies.n[index])

    def figure(values: np.ndarray) -> Estimate:
        return Estimate(values[0], *percentile_interval(values[1:]), n)

    return [
        CellRecall(
            label=evidence.label_names[index],
            cell=cell,
            training_images=round(float(np.mean(counts))),
            kind=name,
            n=n,
            seeds=len(counts),
            recall=figure(tallies.recall(kind)[:, index]),
            precision=figure(tallies.precision(kind)[:, index]),
        )
        for kind, name in KINDS.items()
    ]
