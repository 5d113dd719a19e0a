"""What speaks against a verdict, or for it from another side: a sentence each."""

from __future__ import annotations

import numpy as np

from fer_analysis.study import effects
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.effects import AGREED, ELSEWHERE, SPLIT
from fer_analysis.study.resampling import CORRECTED, PLAIN, Evidence
from fer_analysis.study.thresholds import Estimate, estimate

ALIKE = 1.25
"""Numbers of images within this factor count as the same."""
HARDLY = 5
"""Percent of a label's images: where annotators agree on fewer, little is known of clear faces."""


def sentences(evidence: Evidence, roles: Roles, label: int) -> tuple[str, ...]:
    """Return what else the evidence says of a label.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        label: Its position.
    """
    name = evidence.label_names[label]
    told = [
        _called_so(evidence, roles, label),
        _fewest(evidence, roles, label, name),
        _others_as_few(evidence, roles, label),
        _at_equal_number(evidence, roles, label),
        _removal(evidence, roles, label, name),
        _votes(evidence, roles, label),
    ]
    return tuple(sentence for sentence in told if sentence)


def points(effect: Estimate) -> str:
    """Return an effect in points of recall, with its interval."""
    return f"{100 * effect.value:+.0f} points [{100 * effect.low:+.0f}, {100 * effect.high:+.0f}]"


def _called_so(evidence: Evidence, roles: Roles, label: int) -> str:
    tallies = evidence.tallies(roles.subject)
    plain, corrected = (tallies.precision(kind)[0, label] for kind in (PLAIN, CORRECTED))
    if not np.isfinite(corrected):
        return ""
    before = f"{100 * plain:.0f} %" if np.isfinite(plain) else "nothing is called so"
    return (
        f"of what is called so, {100 * corrected:.0f} % is right with the frequencies divided out "
        f"(as predicted: {before})"
    )


def _fewest(evidence: Evidence, roles: Roles, label: int, name: str) -> str:
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
    told = " and ".join(f"{what} {points(effect)}" for what, effect in change.items())
    return f"taught {number:,} of its {all_of_them:,} images: {told} (frequencies divided out)"


def _others_as_few(evidence: Evidence, roles: Roles, label: int) -> str:
    own = _count(evidence, roles.subject, label)
    kept = {}
    for other, cells in roles.doses.items():
        index = evidence.label_names.index(other)
        for cell in cells:
            if index != label and max(_count(evidence, cell, index), own) <= ALIKE * min(
                _count(evidence, cell, index), own
            ):
                kept[other] = evidence.tallies(cell).recall(CORRECTED)[0, index]
    if not kept:
        return ""
    mine = evidence.tallies(roles.subject).recall(CORRECTED)[0, label]
    told = ", ".join(f"{other} {100 * value:.0f} %" for other, value in kept.items())
    return (
        f"cut down to as many images, other labels are still right on: {told} (this one: "
        f"{100 * mine:.0f} %; frequencies divided out)"
    )


def _at_equal_number(evidence: Evidence, roles: Roles, label: int) -> str:
    if not roles.equal:
        return ""
    cell = roles.equal[-1]
    recall = evidence.tallies(cell).recall(CORRECTED)
    gap = estimate({label: (effects.median_of_others(recall) - recall)[:, label]})
    number = _count(evidence, cell, label)
    if label not in gap:
        return ""
    return (
        f"where every label has {number:,} images it is {points(gap[label])} below the median "
        "of the others"
    )


def _removal(evidence: Evidence, roles: Roles, label: int, name: str) -> str:
    if name not in roles.disputed:
        return ""
    removed, control = roles.disputed[name]
    strata = AGREED if evidence.has_votes else None
    effect = estimate(
        {0: effects.difference(evidence, removed, control, CORRECTED, strata)[:, label]}
    )
    if not effect:
        return ""
    where = " on images where annotators agree with the label" if strata else ""
    count = _count(evidence, roles.subject, label) - _count(evidence, removed, label)
    return (
        f"without its {count:,} disputed training images, against as many removed at random: "
        f"{points(effect[0])}{where}"
    )


def _votes(evidence: Evidence, roles: Roles, label: int) -> str:
    if not evidence.has_votes:
        return ""
    tallies = evidence.tallies(roles.subject)
    shares = [100 * tallies.share(strata)[0, label] for strata in (AGREED, SPLIT, ELSEWHERE)]
    recalls = [100 * tallies.recall(CORRECTED, s)[0, label] for s in (AGREED, SPLIT, ELSEWHERE)]
    agreed, split, elsewhere = (
        f"{share:.0f} % of its images" + (f" ({recall:.0f} % right)" if share else "")
        for share, recall in zip(shares, recalls, strict=True)
    )
    told = (
        f"annotators agree with the label on {agreed}, are split on {split}, and agree on another "
        f"one on {elsewhere}"
    )
    if shares[0] < HARDLY:
        told += "; what its clear faces do rests on few, take ambiguity and label noise with care"
    return told


def _count(evidence: Evidence, cell: str, label: int) -> int:
    return int(np.mean([scored.counts[label] for scored in evidence.cells[cell].values()]))
