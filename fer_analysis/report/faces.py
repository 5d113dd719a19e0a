"""The faces of each cell of the confusion matrix, and what is shown of each."""

from __future__ import annotations

import numpy as np

from fer_analysis.evaluation.confusions import votes_as_text
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.report.sprites import Sprites
from fer_analysis.text import percent, short

PER_CELL = 120
"""Faces shown of a cell, the most confident first; the page has the number of hidden ones."""

IN_ALL = 4000
"""Faces on a page: data with many labels gets fewer of each cell."""

SHOWN = 3
"""Labels whose probability is shown in words."""


def cap(counts: np.ndarray, per_cell: int = PER_CELL, in_all: int = IN_ALL) -> int:
    """Return how many faces of each cell are shown so that the page stays within its size.

    Args:
        counts: Images of each cell.
        per_cell: No more than this of any cell.
        in_all: No more than this of all cells (but one of each).
    """
    most = per_cell
    while most > 1 and np.minimum(counts, most).sum() > in_all:
        most -= 1
    return most


def most_confident(evaluation: Evaluation, rows: np.ndarray) -> np.ndarray:
    """Return rows by the probability of the predicted label, the highest first."""
    confidence = evaluation.probabilities[rows].max(axis=1)
    return rows[np.argsort(-confidence, kind="stable")]


def cells(
    evaluation: Evaluation, sprites: Sprites | None, issues: dict[str, set[str]], per_cell: int
) -> list[dict]:
    """Return the cells that have images, row by row of the confusion matrix.

    Returns:
        `true`, `predicted` (positions), `count`, `hidden` and the `faces` shown, see `face`.
    """
    most = cap(evaluation.confusion, per_cell)
    made = []
    for true in range(len(evaluation.label_names)):
        if sprites:
            sprites.new_sprite()
        for predicted in range(len(evaluation.label_names)):
            rows = np.flatnonzero((evaluation.labels == true) & (evaluation.predicted == predicted))
            if not len(rows):
                continue
            shown = most_confident(evaluation, rows)[:most].tolist()
            made.append(
                {
                    "true": true,
                    "predicted": predicted,
                    "count": len(rows),
                    "hidden": len(rows) - len(shown),
                    "faces": [face(evaluation, row, sprites, issues) for row in shown],
                }
            )
    return made


def face(
    evaluation: Evaluation, row: int, sprites: Sprites | None, issues: dict[str, set[str]]
) -> dict:
    """Return what is shown of one image.

    Returns:
        `id`, `probabilities` (in thousandths) and `votes`, in the labels' order, for the bars;
        `likely` and `voted`, the same in words; `marks`, what an audit and the run's training
        images say of it; `place`, see `Sprites.place`, None without faces.
    """
    names = evaluation.label_names
    probabilities = evaluation.probabilities[row]
    order = np.argsort(-probabilities, kind="stable")[:SHOWN]
    name = str(evaluation.ids[row])
    marks = [kind.replace("_", " ") for kind, ids in issues.items() if name in ids]
    if evaluation.leaked is not None and evaluation.leaked[row] and "leak" not in marks:
        marks.insert(0, "leak")
    return {
        "id": short(name),
        "true": names[evaluation.labels[row]],
        "predicted": names[evaluation.predicted[row]],
        "probabilities": np.round(1000 * probabilities).astype(int).tolist(),
        "votes": [] if evaluation.votes is None else evaluation.votes[row].tolist(),
        "likely": ", ".join(f"{names[i]} {percent(probabilities[i], 0)}" for i in order),
        "voted": votes_as_text(evaluation, row),
        "marks": [short(mark, 40) for mark in marks],
        "place": sprites.place(row) if sprites else None,
    }
