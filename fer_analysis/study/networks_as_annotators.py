"""Ambiguity and label noise without annotators' votes: what cross-fitted networks say instead."""

from __future__ import annotations

import numpy as np

from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.effects import median_of_others
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.verdict_rule import EFFECT, FEWEST_IMAGES, scarce

DOUBTFUL, CERTAIN = 0.75, 0.9
"""Likeness to another label's own images up to which nothing is label noise, and from which all
is; see `likeness`."""
MUTUAL = 2.0
"""Confusion of two labels is mutual up to this ratio of its two directions, of which the smaller
one first loses what would be no effect (`EFFECT`)."""
FEWEST = 2
"""Networks that can stand in for annotators: one cannot differ from itself."""
TOO_FEW = (
    "it takes annotators' votes (`--data` with votes), or two networks or more of a study "
    "(`fer study run why`, then `fer diagnose why`); here is one network"
)


def are_enough(evidence: StudyEvidence, roles: Roles) -> bool:
    """Tell whether there are networks enough, of several seeds or recipes, to replace annotators.

    Args:
        evidence: Of studies, a run or predictions.
        roles: Of its cells.
    """
    cells = (roles.subject, *roles.recipes)
    return sum(len(evidence.cells[cell]) for cell in cells) >= FEWEST


def lost_to_rivals(evidence: StudyEvidence, roles: Roles) -> tuple[np.ndarray, np.ndarray]:
    """Return what ambiguous and what wrongly labelled images cost each label, each `(draws, k)`.

    Both are shares of all images of the label, beyond the same of the median label. Counted are
    images of label i that networks which were not trained on them predict as j, prior-corrected.

    *Label noise*: a face of j that carries the label i looks to the networks like any face of j.
    All of them, trained with whatever recipe, predict j, and as confidently as they do for j's own
    images (whose confidence is the threshold of confident learning; Northcutt, Jiang & Chuang
    2021). Of what is predicted as j the share that counts rises from 0 where its mean likeness is
    `DOUBTFUL` to 1 where it is `CERTAIN`. Of scarce labels, as i or as j, networks know too
    little to tell.

    *Ambiguity*: the rest of what is predicted as j, as far as it is mutual. Where two labels
    overlap, images of both are confused, in comparable numbers; what a network has merely not
    learnt is predicted as other labels, whose own images are not predicted as it.

    Args:
        evidence: Of studies; see `are_enough`.
        roles: Of its cells.
    """
    taken, alike = _pairs(evidence, roles)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(taken[0] > 0, alike[0] / taken[0], 0)
    # Decided once, of all images: in resamples it would turn small differences into large ones.
    noise = taken * np.clip((mean - DOUBTFUL) / (CERTAIN - DOUBTFUL), 0, 1)
    few = scarce(evidence.training_counts(roles.subject))
    noise[:, few] = noise[:, :, few] = 0
    doubtful = taken - noise
    back = np.nan_to_num(np.maximum(doubtful.transpose(0, 2, 1) - EFFECT, 0))
    mutual = np.minimum(doubtful, MUTUAL * back)
    ambiguity, noise = (
        lost - median_of_others(lost) for lost in (mutual.sum(axis=2), noise.sum(axis=2))
    )
    return ambiguity, noise


def _pairs(evidence: StudyEvidence, roles: Roles) -> tuple[np.ndarray, np.ndarray]:
    """Return for each pair of labels the share of the first's images predicted as the second.

    Returns:
        That share, and the same with each image weighted by its likeness; both `(draws, k, k)`,
        0 on the diagonal; NaN where the first label has too few images to tell.
    """
    k = len(evidence.label_names)
    total, taken, alike = 0, 0, 0
    alike_of = likeness(evidence, roles)
    for seed, weights in evidence.weights(tuple(evidence.cells[roles.subject])):
        labels = evidence.images[seed].labels
        predicted = evidence.cells[roles.subject][seed].predictions.predicted[CORRECTED]
        pair = np.eye(k * k, dtype=np.float32)[labels * k + predicted]
        total = total + weights @ np.eye(k, dtype=np.float32)[labels]
        taken = taken + (weights @ pair).reshape(-1, k, k)
        alike = alike + (weights @ (pair * alike_of[seed][:, None])).reshape(-1, k, k)
    known = np.where((total > 0) & (total[0] >= FEWEST_IMAGES), total, np.nan)[:, :, None]
    taken, alike = taken / known, alike / known
    for count in (taken, alike):
        count[:, range(k), range(k)] = 0
    return taken, alike


def likeness(evidence: StudyEvidence, roles: Roles) -> dict[int, np.ndarray]:
    """Tell how much each image looks like the label that it is predicted as.

    It is twice the share of that label's correctly predicted images, of the same seed, which the
    subject predicts with less confidence: 0 to 2, on average 1 for images that do not differ from
    them. It is 0 where the networks of another recipe, or the plain prediction, disagree.

    Args:
        evidence: Of studies.
        roles: Of its cells.

    Returns:
        Seed -> float32 `(n,)`.
    """
    found = {}
    for seed, cell in evidence.cells[roles.subject].items():
        given, agreed = cell.predictions, _agreed(evidence, roles, seed)
        correct = (given.predicted == evidence.images[seed].labels).all(axis=0)
        found[seed] = np.zeros(len(correct), np.float32)
        for label in range(len(evidence.label_names)):
            here = agreed & (given.predicted[CORRECTED] == label)
            own = np.sort(given.confidence[correct & (given.predicted[CORRECTED] == label)])
            if len(own):
                below, up_to = (
                    np.searchsorted(own, given.confidence[here], side) for side in ("left", "right")
                )
                found[seed][here] = (below + up_to) / len(own)
    return found


def _agreed(evidence: StudyEvidence, roles: Roles, seed: int) -> np.ndarray:
    """Tell on which images of a seed all networks agree, as predicted and prior-corrected, `(n,)`.

    The networks are those that were trained on the same images with any recipe.
    """
    given = [
        evidence.cells[cell][seed].predictions.predicted
        for cell in (roles.subject, *roles.recipes)
        if seed in evidence.cells[cell]
    ]
    first = given[0][CORRECTED]
    return np.all([given[0][PLAIN] == first, *(each[CORRECTED] == first for each in given[1:])], 0)
