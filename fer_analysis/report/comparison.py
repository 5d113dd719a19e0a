"""Several runs on one page: how they differ, and the faces on which only one is correct."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.paired import Contender, align, compare_pair, shows_difference
from fer_analysis.report.faces import face, most_confident
from fer_analysis.report.facts import Facts
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.report.sprites import Sprites
from fer_analysis.text import percent

PER_SIDE = 60
"""Faces shown on which only one of two runs is correct."""


def comparisons(
    runs: list[SavedRun],
    sprites: Sprites | None,
    issues: dict[str, set[str]],
    facts: Facts,
    *,
    per_side: int | None = None,
) -> list[dict]:
    """Compare every further run with the first.

    Args:
        runs: The runs, of the same images.
        sprites: Where faces are placed; None without faces.
        issues: The images' issues of an audit.
        facts: What else is known of the faces.
        per_side: No more faces than this of a side, and no more than `PER_SIDE`.

    Returns:
        For each further run its `name`, `sets` (name of the images -> comparison), `differs`,
        and `sides`: the faces on which only one is correct.

    Raises:
        FerError: If the runs are not of the same images.
    """
    first = runs[0].evaluation
    made = []
    for name, other in zip(distinct([s.name for s in runs])[1:], runs[1:], strict=True):
        pair = align([first, other.evaluation])
        sets = {"all images": pair}
        if all(e.leaked is not None for e in pair):
            clean = ~(pair[0].leaked | pair[1].leaked)
            if 0 < clean.sum() < len(clean):
                sets["leak-free images"] = [e.take(clean) for e in pair]
        compared = {
            images: compare_pair(Contender(runs[0].name, (a,)), Contender(name, (b,)))
            for images, (a, b) in sets.items()
        }
        if sprites:
            sprites.new_sprite()
        made.append(
            {
                "name": name,
                "sets": compared,
                "over": list(compared)[-1],
                "p": list(compared.values())[-1]["mcnemar"]["p"],
                "differs": shows_difference(list(compared.values())[-1]),
                "sides": _sides(
                    (first, other.evaluation),
                    most=min(per_side or PER_SIDE, PER_SIDE),
                    show=partial(face, sprites=sprites, issues=issues, facts=facts),
                ),
            }
        )
    return made


def distinct(names: list[str]) -> list[str]:
    """Return names that differ from each other."""
    return [f"{n} ({i + 1})" if names.count(n) > 1 else n for i, n in enumerate(names)]


def _sides(
    pair: tuple[Evaluation, Evaluation], *, most: int, show: Callable[..., dict]
) -> list[dict]:
    first, other = pair
    other = other.take(rows_of(first.ids, other.ids))
    one, two = (e.predicted == e.labels for e in (first, other))
    made = []
    for who, rows, errs in (("first", one & ~two, other), ("second", two & ~one, first)):
        chosen = np.flatnonzero(rows)
        # The most confident errors of the run that is wrong come first.
        shown = most_confident(errs, chosen)[:most].tolist()
        faces = []
        for row in shown:
            shown_face = show(first, row)
            shown_face["other"] = (
                f"{other.label_names[other.predicted[row]]} "
                f"{percent(other.probabilities[row].max(), 0)}"
            )
            faces.append(shown_face)
        made.append(
            {
                "who": who,
                "count": len(chosen),
                "hidden": len(chosen) - len(shown),
                "faces": faces,
            }
        )
    return made
