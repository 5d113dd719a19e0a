"""Caveats: what speaks for or against a verdict from another side, a sentence each."""

from __future__ import annotations

import numpy as np

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study import effects
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.effects import AGREED, ELSEWHERE, SPLIT
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.verdict_rule import estimate
from fer_analysis.text import percent, points

ALIKE = 1.25
"""Numbers of images within this factor are treated as the same."""
HARDLY = 0.05
"""Share of a label's images: where annotators agree on fewer, clear images are too few."""


def caveats(evidence: StudyEvidence, roles: Roles, label: int) -> tuple[str, ...]:
    """Return what else the evidence says about a label.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        label: Its position.
    """
    name = evidence.label_names[label]
    found = [
        _precision(evidence, roles, label),
        _fewest(evidence, roles, label, name),
        _others_as_few(evidence, roles, label),
        _at_equal_number(evidence, roles, label),
        _removal(evidence, roles, label, name),
        _votes(evidence, roles, label),
    ]
    return tuple(sentence for sentence in found if sentence)


def in_points(effect: Estimate) -> str:
    """Return an effect in points of recall, with its interval."""
    return f"{points(effect.value, effect.interval, 0)} points"


def _precision(evidence: StudyEvidence, roles: Roles, label: int) -> str:
    tallies = evidence.tallies(roles.subject)
    plain, corrected = (tallies.precision(kind)[0, label] for kind in (PLAIN, CORRECTED))
    if not np.isfinite(corrected):
        return ""
    before = percent(plain, 0) if np.isfinite(plain) else "nothing is predicted as it"
    return f"precision {percent(corrected, 0)} prior-corrected (as predicted: {before})"


def _fewest(evidence: StudyEvidence, roles: Roles, label: int, name: str) -> str:
    if name not in roles.doses:
        return ""
    cell = roles.doses[name][0]
    number, all_of_them = (_count(evidence, c, label) for c in (cell, roles.subject))
    seeds = evidence.common(cell, roles.subject)
    fewer, whole = (evidence.tallies(c, seeds) for c in (cell, roles.subject))
    recall = fewer.recall(CORRECTED) - whole.recall(CORRECTED)
    precision = fewer.precision(CORRECTED) - whole.precision(CORRECTED)
    change = estimate({"recall": recall[:, label], "precision": precision[:, label]})
    if "recall" not in change or number >= all_of_them:
        return ""
    text = " and ".join(f"{what} {in_points(effect)}" for what, effect in change.items())
    return f"trained on {number:,} of its {all_of_them:,} images: {text} (prior-corrected)"


def _others_as_few(evidence: StudyEvidence, roles: Roles, label: int) -> str:
    own = _count(evidence, roles.subject, label)
    kept = {}
    for other, cells in roles.doses.items():
        index = evidence.label_names.index(other)
        for cell in cells:
            if index != label and max(_count(evidence, cell, index), own) <= ALIKE * min(
                _count(evidence, cell, index), own
            ):
                kept[other] = evidence.recall(cell, CORRECTED)[index]
    if not kept:
        return ""
    mine = evidence.recall(roles.subject, CORRECTED)[label]
    text = ", ".join(f"{other} {percent(value, 0)}" for other, value in kept.items())
    return (
        f"reduced to the same number of images, other labels have a recall of: {text} "
        f"(this one: {percent(mine, 0)}; prior-corrected)"
    )


def _at_equal_number(evidence: StudyEvidence, roles: Roles, label: int) -> str:
    if not roles.equal:
        return ""
    cell = roles.equal[-1]
    recall = effects.known_recall(evidence.tallies(cell), CORRECTED)
    gap = estimate({label: (effects.median_of_others(recall) - recall)[:, label]})
    number = _count(evidence, cell, label)
    if label not in gap:
        return ""
    return (
        f"where every label has {number:,} images it is {in_points(gap[label])} below the median "
        "of the others"
    )


def _removal(evidence: StudyEvidence, roles: Roles, label: int, name: str) -> str:
    if name not in roles.disputed:
        return ""
    removed, control = roles.disputed[name]
    strata = AGREED if evidence.has_votes else None
    effect = estimate(
        {0: effects.difference(evidence, removed, control, CORRECTED, strata=strata)[:, label]}
    )
    if not effect:
        return ""
    where = " on images where annotators agree with the label" if strata else ""
    count = _count(evidence, roles.subject, label) - _count(evidence, removed, label)
    return (
        f"without its {count:,} disputed training images, against the same number at random: "
        f"{in_points(effect[0])}{where}"
    )


def _votes(evidence: StudyEvidence, roles: Roles, label: int) -> str:
    if not evidence.has_votes:
        return ""
    tallies = evidence.tallies(roles.subject)
    shares = [tallies.share(strata)[0, label] for strata in (AGREED, SPLIT, ELSEWHERE)]
    recalls = [tallies.recall(CORRECTED, s)[0, label] for s in (AGREED, SPLIT, ELSEWHERE)]
    agreed, split, elsewhere = (
        f"{percent(share, 0)} of its images" + (f" ({percent(recall, 0)} correct)" if share else "")
        for share, recall in zip(shares, recalls, strict=True)
    )
    text = (
        f"annotators agree with the label on {agreed}, are split on {split}, and agree on another "
        f"one on {elsewhere}"
    )
    if shares[0] < HARDLY:
        text += "; its clear images are few, interpret ambiguity and label noise with care"
    return text


def _count(evidence: StudyEvidence, cell: str, label: int) -> int:
    return int(np.mean([scored.counts[label] for scored in evidence.cells[cell].values()]))
