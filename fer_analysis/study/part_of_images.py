"""Causes that lie in a part of a label's images: poor pictures, or another split than the folds."""

from __future__ import annotations

import numpy as np

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study import effects
from fer_analysis.study.case import Case, part_of
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.diagnosis import NOT_SHOWN, NOT_TESTED, SHOWN, Cause
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.verdict_rule import EFFECT, GAP, PART, estimate, reaches

FEWEST = 20
"""Other images of a label below which nothing is known of them."""

_BECAUSE = {
    "shift between splits": "what it loses, more than others, in the validation split: recall on "
    "the folds of the training split, less all",
    "image quality": "what it loses, more than others, by poor pictures: recall on usual ones, "
    "less all",
}
_FEW = {
    "shift between splits": "images in the folds",
    "image quality": "usual pictures",
}


def parts_of(evidence: StudyEvidence) -> dict[str, dict[int, np.ndarray]]:
    """Return cause -> seed -> the images outside the part where it lies, bool `(n,)`.

    Causes for which there is no such part are left out.
    """
    parts = {}
    shared = {seed: images.shared for seed, images in evidence.images.items()}
    if any(each.any() and not each.all() for each in shared.values()):
        parts["shift between splits"] = {seed: ~each for seed, each in shared.items()}
    if evidence.has_poor_pictures:
        parts["image quality"] = {seed: ~im.poor for seed, im in evidence.images.items()}
    return parts


def cause_in(
    name: str, kept: dict[int, np.ndarray], roles: Roles, cases: dict[int, Case]
) -> dict[int, Cause]:
    """Test whether labels fail because of a part of their images; after prior correction.

    It is a step of its own, so that intervals of the other causes do not depend on it.

    Args:
        name: Of the cause.
        kept: Seed -> the images outside the part, bool `(n,)`.
        roles: Of the cells.
        cases: Labels that fail.
    """
    failing = [i for i, case in cases.items() if reaches(case.corrected_gap, GAP)]
    if not failing:
        return {}
    lost = lost_to_part(cases[failing[0]].evidence, roles, kept)
    found = estimate({i: lost[:, i] for i in failing})
    few = f"it has fewer than {FEWEST} {_FEW[name]}, or the other labels have"
    causes = {}
    for i in failing:
        if i not in found:
            causes[i] = Cause(name, NOT_TESTED, because=few)
            continue
        gap = cases[i].corrected_gap
        verdict = SHOWN if reaches(found[i], max(EFFECT, PART * gap.value)) else NOT_SHOWN
        causes[i] = Cause(
            name, verdict, found[i], part=part_of(found[i], gap), because=_BECAUSE[name]
        )
    return causes


def outside(
    evidence: StudyEvidence, kept: dict[int, np.ndarray], roles: Roles, labels: list[int]
) -> dict[int, Case]:
    """Return the cases of labels that fail outside a part too, with the gaps there."""
    if not labels:
        return {}
    rest = evidence.only(kept)
    gaps = {kind: effects.gaps(rest, roles, kind) for kind in (PLAIN, CORRECTED)}
    found = estimate({(kind, i): gap[:, i] for kind, gap in gaps.items() for i in labels})
    cases = {}
    for i in labels:
        own = [found.get((kind, i), Estimate(None)) for kind in (PLAIN, CORRECTED)]
        if any(reaches(gap, GAP) for gap in own):
            name = evidence.label_names[i]
            cases[i] = Case(rest, roles, i, name, gap=own[0], corrected_gap=own[1])
    return cases


def lost_to_part(evidence: StudyEvidence, roles: Roles, kept: dict[int, np.ndarray]) -> np.ndarray:
    """Return what a part of the images costs each label more than other labels, `(draws, k)`.

    The recall on a label's other images minus that on all of its images, and minus the median of
    the same of the other labels: what is worse for all labels alike is no cause of one label's
    failure. Predictions are prior-corrected.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        kept: Seed -> the images outside the part, bool `(n,)`.
    """
    k = len(evidence.label_names)
    cells = evidence.cells[roles.subject]
    total, correct, usual, correct_usual, most = 0, 0, 0, 0, np.zeros(k)
    for seed, weights in evidence.weights(tuple(cells)):
        images = evidence.images[seed]
        own = np.eye(k, dtype=np.float32)[images.labels]
        hit = (cells[seed].predictions.predicted[CORRECTED] == images.labels)[:, None]
        good = kept[seed][:, None]
        total = total + weights @ own
        correct = correct + weights @ (own * hit)
        usual = usual + weights @ (own * good)
        correct_usual = correct_usual + weights @ (own * (hit & good))
        most = np.maximum(most, (own * good).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = correct_usual / usual - correct / total
    lost[:, most < FEWEST] = np.nan
    return lost - effects.median_of_others(lost)
