"""The faces of each cell of the confusion matrix, and what is shown of each."""

from __future__ import annotations

import json

import numpy as np

from fer_analysis.evaluation.confusions import votes_as_text
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.report.facts import Facts
from fer_analysis.report.sprites import Sprites
from fer_analysis.text import percent, short

IN_ALL = 7500
"""Faces on a page, unless the user asks for more: the whole test folder of Kaggle's FER-2013."""

SHOWN = 3
"""Labels whose probability is shown in words."""


def cap(counts: np.ndarray, per_cell: int | None = None, in_all: int = IN_ALL) -> int:
    """Return how many faces of each cell are on the page.

    Args:
        counts: Images of each cell.
        per_cell: No more than this of any cell; None for as many as the page takes.
        in_all: Without `per_cell`, no more than this of all cells (but one of each).
    """
    most = int(counts.max())
    if per_cell is not None:
        return min(per_cell, most)
    while most > 1 and np.minimum(counts, most).sum() > in_all:
        most -= 1
    return most


def most_confident(evaluation: Evaluation, rows: np.ndarray) -> np.ndarray:
    """Return rows by the probability of the predicted label, the highest first."""
    confidence = evaluation.probabilities[rows].max(axis=1)
    return rows[np.argsort(-confidence, kind="stable")]


def cells(
    evaluation: Evaluation,
    sprites: Sprites | None,
    issues: dict[str, set[str]],
    facts: Facts,
    *,
    per_cell: int | None = None,
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
                    "faces": [face(evaluation, row, sprites, issues, facts=facts) for row in shown],
                }
            )
    return made


def face(
    evaluation: Evaluation,
    row: int,
    sprites: Sprites | None,
    issues: dict[str, set[str]],
    *,
    facts: Facts,
) -> dict:
    """Return what is shown of one image.

    Returns:
        `id`, and `exact`, the id as JSON where it cannot be shown as it is; `pixels`, the mark
        of its image, empty without faces; `probabilities` (in thousandths) and `votes`, in the
        labels' order, for the bars; `likely` and `voted`, the same in words; `marks`, what an
        audit and the run's training images say of it; `agreement`, `falls`, `slices` and
        `partner`, see `Facts`; `place`, see `Sprites.place`, None without faces.
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
        "exact": "" if short(name) == name else json.dumps(name),
        "pixels": sprites.mark(row) if sprites else "",
        "true": names[evaluation.labels[row]],
        "predicted": names[evaluation.predicted[row]],
        "probabilities": np.round(1000 * probabilities).astype(int).tolist(),
        "votes": [] if evaluation.votes is None else evaluation.votes[row].tolist(),
        "likely": ", ".join(f"{names[i]} {percent(probabilities[i], 0)}" for i in order),
        "voted": votes_as_text(evaluation, row),
        "marks": [short(mark, 40) for mark in marks],
        "agreement": facts.agreement.get(row, ""),
        "falls": facts.falls.get(row, ""),
        "slices": facts.inside.get(row, []),
        "partner": _partner(evaluation, facts.partners.get(row), sprites),
        "place": sprites.place(row) if sprites else None,
    }


def _partner(evaluation: Evaluation, partner: dict | None, sprites: Sprites | None) -> dict | None:
    """Return the image that a face is a copy of, with its `place` if its picture is at hand."""
    if partner is None:
        return None
    row = partner.get("row")
    place = None if sprites is None or row is None else sprites.place(len(evaluation) + row)
    return partner | {"id": short(partner["id"]), "place": place}
