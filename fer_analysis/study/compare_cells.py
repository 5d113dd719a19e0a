"""Comparing the cells of a study with one of them: this is what the remedy bench is read by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from fer_analysis.evaluation.calibration import weighted_error
from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.design import Study
from fer_analysis.study.differences import OVERALL, CellFigures, Differences, Figure
from fer_analysis.study.resampling import PLAIN, StudyEvidence
from fer_analysis.study.tallies import Tallies
from fer_analysis.study.verdict_rule import FEWEST_IMAGES, estimate

WATCHED = 2
"""Labels whose recalls are shown with their differences, where none are asked for."""


def compare_cells(
    study: Study, evidence: StudyEvidence, reference: str, labels: Sequence[str] = ()
) -> Differences:
    """Return every figure of every cell, and by how much it differs from the reference's.

    The calibration error is corrected for chance as `evaluation.calibration` says.

    Args:
        study: The study.
        evidence: Of its finished cells.
        reference: The cell that the others are compared with.
        labels: To be watched; the two with the lowest recall if empty.

    Raises:
        FerError: If the reference is not finished.
    """
    evidence.require(reference)
    cells = cell_figures(evidence, reference)
    watched = tuple(labels) or lowest(cells, reference, WATCHED)
    return Differences(
        study=study.name,
        question=study.config.question,
        reference=reference,
        watched=watched,
        fingerprint=evidence.fingerprint,
        fingerprints=evidence.fingerprints,
        cells=cells,
        notes=(*_one_seed(evidence, reference), *_few_images(cells, watched)),
    )


def _one_seed(evidence: StudyEvidence, reference: str) -> tuple[str, ...]:
    """Say where intervals are over images alone, if they are."""
    others = [cell for cell in evidence.cells if cell != reference]
    alone = [cell for cell in others if len(evidence.common(cell, reference)) == 1]
    if not alone:
        return ()
    which = "" if len(alone) == len(others) else f" in {len(alone)} of {len(others)} cells"
    return (f"one seed{which}: intervals do not hold how trainings differ",)


def _few_images(cells: Sequence[CellFigures], watched: Sequence[str]) -> tuple[str, ...]:
    """Name the labels with too few images to tell, if there are any."""
    few = {
        name: row.figures[name].difference.n
        for row in cells
        for name in watched
        if row.figures[name].is_of_few
    }
    if not few:
        return ()
    told = ", ".join(f"{name} (n = {n})" for name, n in few.items())
    return (f"too few images for a *: {told}; a label takes {FEWEST_IMAGES} images",)


def cell_figures(evidence: StudyEvidence, reference: str) -> tuple[CellFigures, ...]:
    """Return the figures of all cells with their differences to the reference.

    Args:
        evidence: Of studies.
        reference: One of its cells.
    """

    @cache  # most cells have the same seeds, and then share the resamples of the reference
    def figures(cell: str, seeds: tuple[int, ...]) -> dict[str, np.ndarray]:
        return _figures(evidence, cell, seeds)

    differences: dict[str, dict[str, np.ndarray]] = {}
    numbers: dict[str, dict[str, int]] = {}
    for cell in evidence.cells:
        seeds = evidence.common(cell, reference)
        if cell != reference and seeds:
            own, base = figures(cell, seeds), figures(reference, seeds)
            for name in own:
                differences.setdefault(name, {})[cell] = own[name] - base[name]
            numbers[cell] = _numbers(evidence, cell, seeds)
    found = {
        name: {
            cell: replace(difference, n=numbers[cell][name])
            for cell, difference in estimate(values).items()
        }
        for name, values in differences.items()
    }
    warnings = {cell: evidence.warnings(cell) for cell in evidence.cells}
    return tuple(
        CellFigures(
            cell=cell,
            seeds=len(evidence.cells[cell]),
            n=_different_images(evidence, cell),
            training_images=tuple(evidence.training_counts(cell).tolist()),
            figures={
                name: Figure(
                    _with_interval(values),
                    found.get(name, {}).get(cell),
                    unseen=not warnings[cell] and not warnings[reference],
                )
                for name, values in figures(cell, evidence.common(cell)).items()
            },
            warnings=warnings[cell],
        )
        for cell in evidence.cells
    )


def _numbers(evidence: StudyEvidence, cell: str, seeds: tuple[int, ...]) -> dict[str, int]:
    """Return how many different images each figure is of."""
    n = evidence.tallies(cell, seeds).n
    own = dict(zip(evidence.label_names, n.tolist(), strict=True))
    return dict.fromkeys(OVERALL, int(n.sum())) | own


def _different_images(evidence: StudyEvidence, cell: str) -> int:
    """Return how many images a cell is scored on; those that all seeds share count once."""
    shared = [evidence.images[seed].shared for seed in evidence.cells[cell]]
    return sum(int((~each).sum()) for each in shared) + int(shared[0].sum())


def lowest(cells: Sequence[CellFigures], reference: str, most: int) -> tuple[str, ...]:
    """Return the labels that the reference has the lowest recall of, the lowest first."""
    figures = next(row.figures for row in cells if row.cell == reference)
    recalls = {name: f.value.value for name, f in figures.items() if name not in OVERALL}
    defined = [name for name, value in recalls.items() if value is not None]
    return tuple(sorted(defined, key=recalls.get)[:most])


def _with_interval(values: np.ndarray) -> Estimate:
    return Estimate(values[0], *percentile_interval(values[1:]))


def _figures(evidence: StudyEvidence, cell: str, seeds: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return each figure, `(1 + DRAWS,)`: as it is, then its resamples."""
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
    correct = np.diagonal(confusion, axis1=1, axis2=2)
    either = confusion.sum(axis=1) + confusion.sum(axis=2)
    return np.divide(2 * correct, either, out=np.zeros_like(correct), where=either > 0).mean(axis=1)


def _calibration_error(evidence: StudyEvidence, cell: str, seeds: tuple[int, ...]) -> np.ndarray:
    confidence, correct, weights = [], [], []
    for seed, each in evidence.weights(seeds):
        predictions = evidence.cells[cell][seed].predictions
        confidence.append(predictions.confidence)
        correct.append(predictions.predicted[PLAIN] == evidence.images[seed].labels)
        weights.append(each)
    return weighted_error(
        *(np.concatenate(values, axis=-1) for values in (confidence, correct, weights))
    )
