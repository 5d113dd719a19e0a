"""What each cell of a study changes: figures beside the base's, with intervals of the differences.

This is what the remedy bench is read by.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from fer_analysis.evaluation.calibration import weighted_error
from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.study.resampling import PLAIN, Evidence, Tallies
from fer_analysis.study.thresholds import estimate

OVERALL = ("accuracy", "macro_f1", "ece")
"""Figures of all labels together; recalls follow, by the label's name."""


def changes(evidence: Evidence, subject: str) -> list[dict]:
    """Return every figure of every cell, and by how much it differs from the subject's.

    Args:
        evidence: Of studies.
        subject: The cell that the others are held against.

    Returns:
        For each cell `cell`, `seeds`, `n` (images), `training_images`, and `figures`: name of
        `OVERALL` or of a label (its recall, as predicted) -> `value` with its percentile
        interval `low`, `high`, and `difference` (None for the subject) with `difference_low` and
        `difference_high`. Differences are paired (same seeds, images and draws); their intervals
        are simultaneous over the cells (max-t bootstrap). The calibration error is corrected
        for chance as `evaluation.calibration` says.
    """

    @cache  # most cells have the same seeds, and then share what is drawn of the subject
    def figures(cell: str, seeds: tuple[int, ...]) -> dict[str, np.ndarray]:
        return _figures(evidence, cell, seeds)

    rows = {
        cell: _row(evidence, cell, figures(cell, evidence.common(cell))) for cell in evidence.cells
    }
    against = {}
    for cell in evidence.cells:
        seeds = evidence.common(cell, subject)
        if cell != subject and seeds:
            own, base = figures(cell, seeds), figures(subject, seeds)
            against[cell] = {figure: own[figure] - base[figure] for figure in own}
    for figure in rows[subject]["figures"]:
        found = estimate({cell: differences[figure] for cell, differences in against.items()})
        for cell, difference in found.items():
            rows[cell]["figures"][figure] |= {
                "difference": difference.value,
                "difference_low": difference.low,
                "difference_high": difference.high,
            }
    return list(rows.values())


def flat(rows: list[dict]) -> list[dict]:
    """Return `changes` with a row for each cell and figure, for CSV."""
    return [
        {key: row[key] for key in ("cell", "seeds", "n")} | {"figure": figure} | values
        for row in rows
        for figure, values in row["figures"].items()
    ]


def lowest(rows: list[dict], subject: str, most: int = 2) -> list[str]:
    """Return the labels that the subject recalls least, the lowest first."""
    figures = next(row["figures"] for row in rows if row["cell"] == subject)
    recalls = {name: f["value"] for name, f in figures.items() if name not in OVERALL}
    return sorted(recalls, key=recalls.get)[:most]


def _row(evidence: Evidence, cell: str, drawn: dict[str, np.ndarray]) -> dict:
    tallies = evidence.tallies(cell)
    none = dict.fromkeys(("difference", "difference_low", "difference_high"))
    figures = {}
    for figure, values in drawn.items():
        low, high = percentile_interval(values[1:])
        figures[figure] = {"value": float(values[0]), "low": float(low), "high": float(high)} | none
    return {
        "cell": cell,
        "seeds": len(evidence.cells[cell]),
        "n": int(tallies.n.sum()),
        "training_images": evidence.training_counts(cell).tolist(),
        "figures": figures,
    }


def _figures(evidence: Evidence, cell: str, seeds: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return each figure, `(1 + DRAWS,)`: as it is, then drawn again."""
    tallies = evidence.tallies(cell, seeds)
    recall = tallies.recall(PLAIN)
    return {
        "accuracy": _accuracy(tallies),
        "macro_f1": _macro_f1(tallies),
        "ece": _calibration_error(evidence, cell, seeds),
    } | {name: recall[:, i] for i, name in enumerate(evidence.label_names)}


def _accuracy(tallies: Tallies) -> np.ndarray:
    confusion = tallies.confusion[PLAIN]
    return np.trace(confusion, axis1=1, axis2=2) / confusion.sum(axis=(1, 2))


def _macro_f1(tallies: Tallies) -> np.ndarray:
    confusion = tallies.confusion[PLAIN]
    right = np.diagonal(confusion, axis1=1, axis2=2)
    either = confusion.sum(axis=1) + confusion.sum(axis=2)
    return np.divide(2 * right, either, out=np.zeros_like(right), where=either > 0).mean(axis=1)


def _calibration_error(evidence: Evidence, cell: str, seeds: tuple[int, ...]) -> np.ndarray:
    confidence, right, weights = [], [], []
    for seed, each in evidence.weights(seeds):
        answers = evidence.cells[cell][seed].answers
        confidence.append(answers.confidence)
        right.append(answers.predicted[PLAIN] == evidence.faces[seed].labels)
        weights.append(each)
    return weighted_error(
        *(np.concatenate(values, axis=-1) for values in (confidence, right, weights))
    )
