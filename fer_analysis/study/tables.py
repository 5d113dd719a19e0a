"""A diagnosis and what it rests on as plain rows, for CSV and for pictures."""

from __future__ import annotations

import numpy as np

from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.study.cell_roles import find_roles
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.effects import AGREED, ELSEWHERE, SPLIT
from fer_analysis.study.resampling import CORRECTED, PLAIN, Evidence

KINDS = {PLAIN: "as predicted", CORRECTED: "frequencies divided out"}


def rows(diagnosis: Diagnosis) -> list[dict]:
    """Return one row a label and cause, shares of 1."""
    told = []
    for row in diagnosis.labels:
        about = {
            "label": row.label,
            "n": row.n,
            "training_images": row.training,
            "recall": row.recall[0],
            "corrected_recall": row.corrected[0],
            "gap": row.gap.value,
            "gap_low": row.gap.low,
            "gap_high": row.gap.high,
            "corrected_gap": row.corrected_gap.value,
            "corrected_gap_low": row.corrected_gap.low,
            "corrected_gap_high": row.corrected_gap.high,
            "fails": row.fails,
        }
        blank = dict.fromkeys(("cause", "verdict", "effect", "effect_low", "effect_high", "part"))
        for cause in row.causes or (None,):
            if cause is None:
                told.append(about | blank)
                continue
            effect = cause.effect
            ends = (effect.value, effect.low, effect.high) if effect else (None,) * 3
            values = (cause.name, cause.verdict, *ends, cause.part)
            told.append(about | dict(zip(blank, values, strict=True)))
    return told


def doses(evidence: Evidence, subject: str) -> list[dict]:
    """Return recall and precision by number of training images: a row a label, number and kind.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are asked about; its own numbers are the largest.
    """
    told = []
    for label, cells in find_roles(evidence, subject).doses.items():
        index = evidence.label_names.index(label)
        for cell in (*cells, subject):
            told += _recalls(evidence, cell, index)
    return told


def equal(evidence: Evidence, subject: str) -> list[dict]:
    """Return the recall of all labels in the subject and where all have as many images."""
    cells = (subject, *reversed(find_roles(evidence, subject).equal))
    return [
        row
        for cell in cells
        for index in range(len(evidence.label_names))
        for row in _recalls(evidence, cell, index)
    ]


def by_agreement(evidence: Evidence, subject: str) -> list[dict]:
    """Return each label's recall by whom its annotators agree with; empty without votes."""
    if not evidence.has_votes:
        return []
    tallies = evidence.tallies(subject)
    groups = {"with the label": AGREED, "split": SPLIT, "on another label": ELSEWHERE}
    told = []
    for name, strata in groups.items():
        recall, share = tallies.recall(CORRECTED, strata), tallies.share(strata)[0]
        ends = percentile_interval(recall[1:])
        told += [
            {
                "label": label,
                "annotators": name,
                "share": float(share[i]),
                "recall": float(recall[0, i]),
                "low": float(ends[0, i]),
                "high": float(ends[1, i]),
            }
            for i, label in enumerate(evidence.label_names)
            if np.isfinite([recall[0, i], *ends[:, i]]).all()
        ]
    return told


def confusion_rows(evidence: Evidence, subject: str, label: str) -> list[dict]:
    """Return what a label is taken for, before and after what was tried for it.

    The subject's row of the confusion matrix as predicted, with the frequencies divided out, and
    as predicted by the cell that has only remedies added and the highest mean recall.
    """
    index = evidence.label_names.index(label)
    told = [_row(evidence, subject, kind, index, name) for kind, name in KINDS.items()]
    if remedy := _best_remedy(evidence, subject):
        told.append(_row(evidence, remedy, PLAIN, index, f"remedy: {remedy}"))
    return told


def _row(evidence: Evidence, cell: str, kind: int, index: int, name: str) -> dict:
    counts = evidence.tallies(cell).confusion[kind][0, index]
    shares = (counts / max(counts.sum(), 1e-9)).tolist()
    return {"name": name, "n": int(np.rint(counts.sum())), "shares": shares}


def _best_remedy(evidence: Evidence, subject: str) -> str | None:
    own = _settings(evidence, subject)
    cells = [
        cell
        for cell in evidence.cells
        if _settings(evidence, cell) == own
        and _remedies(evidence, cell) != _remedies(evidence, subject)
    ]

    def mean_recall(cell: str) -> float:
        return float(np.nanmean(evidence.tallies(cell).recall(PLAIN)[0]))

    return max(cells, key=mean_recall, default=None)


def _config(evidence: Evidence, cell: str) -> dict:
    return evidence.config(cell).model_dump(mode="json")


def _settings(evidence: Evidence, cell: str) -> dict:
    return {
        key: value
        for key, value in _config(evidence, cell).items()
        if key not in ("seed", "data", "remedies")
    }


def _remedies(evidence: Evidence, cell: str) -> dict:
    return _config(evidence, cell)["remedies"]


def _recalls(evidence: Evidence, cell: str, index: int) -> list[dict]:
    tallies = evidence.tallies(cell)
    counts = [scored.counts[index] for scored in evidence.cells[cell].values()]
    told = []
    for kind, name in KINDS.items():
        recall = tallies.recall(kind)[:, index]
        precision = tallies.precision(kind)[:, index]
        low, high = percentile_interval(recall[1:])
        least, most = percentile_interval(precision[1:])
        told.append(
            {
                "label": evidence.label_names[index],
                "cell": cell,
                "training_images": round(float(np.mean(counts))),
                "kind": name,
                "n": int(tallies.n[index]),
                "seeds": len(counts),
                "recall": float(recall[0]),
                "low": float(low),
                "high": float(high),
                "precision": _defined(precision[0]),
                "precision_low": _defined(least),
                "precision_high": _defined(most),
            }
        )
    return told


def _defined(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
