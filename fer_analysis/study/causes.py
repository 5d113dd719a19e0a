"""Testing causes: the rule (`verdict_rule`) applied to each label that fails."""

from __future__ import annotations

import numpy as np

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study import effects, networks_as_annotators
from fer_analysis.study.case import Case, part_of
from fer_analysis.study.caveats import in_points
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.diagnosis import CAUSES, NOT_SHOWN, NOT_TESTED, SHOWN, WAITS, Cause
from fer_analysis.study.effects import ELSEWHERE, SPLIT
from fer_analysis.study.part_of_images import cause_in, outside, parts_of
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.steps import in_steps
from fer_analysis.study.verdict_rule import (
    EFFECT,
    GAP,
    PART,
    SHARED,
    estimate,
    reaches,
    scarce,
)


def causes_of(
    evidence: StudyEvidence, roles: Roles, cases: dict[int, Case]
) -> dict[int, tuple[Cause, ...]]:
    """Test the causes of all failing labels together, step by step as the rule says.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        cases: Position of a label that fails -> its case.

    Returns:
        The same keys -> the label's causes, in the order of `CAUSES`.
    """
    recipe = _recipe(evidence, roles, cases)
    waiting = {i for i, cause in recipe.items() if cause.verdict == SHOWN}
    open_cases = {i: case for i, case in cases.items() if i not in waiting}
    rest, in_parts = dict(open_cases), {}
    for name, kept in parts_of(evidence).items():
        asked = {i: rest[i] for i in open_cases if not _shown(in_parts.get(i, ()))}
        found = cause_in(name, kept, roles, asked)
        shown = [i for i, cause in found.items() if cause.verdict == SHOWN]
        rest = {i: case for i, case in rest.items() if i not in shown}
        rest |= outside(evidence, kept, roles, shown)
        for i, cause in found.items():
            in_parts[i] = (*in_parts.get(i, ()), cause)
    tested: dict[tuple[str, int], np.ndarray] = {}
    for i, case in rest.items():
        tested |= {(cause, i): values for cause, values in _effects(case).items()}
    found = estimate(tested)
    first = tuple(Cause(name, WAITS, because="the recipe comes first") for name in CAUSES[1:3])
    causes = {i: (recipe[i], *first) for i in waiting}
    for i in open_cases:
        own = {cause: found[cause, j] for cause, j in found if j == i}
        judged = _judged(rest[i], own) if i in rest else ()
        causes[i] = (recipe[i], *judged, *in_parts.get(i, ()))
    return {i: causes[i] for i in cases}


def _shown(causes: tuple[Cause, ...]) -> bool:
    return any(cause.verdict == SHOWN for cause in causes)


def _recipe(evidence: StudyEvidence, roles: Roles, cases: dict[int, Case]) -> dict[int, Cause]:
    other = effects.best_recipe(evidence, roles)
    if other is None:
        return {i: Cause("recipe", NOT_TESTED, because="no other recipe was tried") for i in cases}
    gained = {
        kind: effects.difference(evidence, other, roles.subject, kind)
        for kind in (PLAIN, CORRECTED)
    }
    tested = {(kind, i): values[:, i] for kind, values in gained.items() for i in cases}
    found = estimate(tested | {("mean", None): np.nanmean(gained[CORRECTED], axis=1)})
    causes = {}
    for i, case in cases.items():
        gaps = {PLAIN: case.gap, CORRECTED: case.corrected_gap}
        failing = [kind for kind, gap in gaps.items() if reaches(gap, GAP)]
        closed = [
            kind
            for kind in failing
            if reaches(found[kind, i], max(EFFECT, PART * gaps[kind].value))
            and (reaches(found[CORRECTED, i], EFFECT) or reaches(found["mean", None], EFFECT))
        ]
        kind = (closed or failing)[0]
        effect, gap = found[kind, i], gaps[kind]
        steps = in_steps(evidence, other, roles.subject)
        because = f"'{other}' changes it by {in_points(effect)} {steps}"
        if kind == CORRECTED:
            because += ", prior-corrected"
        verdict = SHOWN if closed else NOT_SHOWN
        part = part_of(effect, gap)
        causes[i] = Cause("recipe", verdict, effect, part=part, because=because)
    return causes


def _effects(case: Case) -> dict[str, np.ndarray]:
    """Return the effect of each cause that can be tested, with its resamples."""
    evidence, roles, i = case.evidence, case.roles, case.label
    tested = {"imbalance": effects.correction(evidence, roles)[:, i]}
    if not reaches(case.corrected_gap, GAP):
        return tested
    if _is_scarce(case) and (cell := _quarter(case)):
        tested["scarcity"] = effects.difference(evidence, roles.subject, cell, CORRECTED)[:, i]
    if not _has_annotators(case):
        return tested
    if evidence.has_votes:
        lost = [effects.lost_to_rivals(evidence, roles, votes) for votes in (SPLIT, ELSEWHERE)]
    else:
        lost = networks_as_annotators.lost_to_rivals(evidence, roles)
    tested["ambiguity"], tested["label noise"] = (values[:, i] for values in lost)
    if _is_unknown(case):
        del tested["label noise"]
    return tested


def _has_annotators(case: Case) -> bool:
    """Tell whether there are votes, or networks enough to stand in for annotators."""
    evidence = case.evidence
    return evidence.has_votes or networks_as_annotators.are_enough(evidence, case.roles)


def _is_unknown(case: Case) -> bool:
    """Tell whether networks saw too few images of a label to tell which of them are wrong."""
    return not case.evidence.has_votes and _is_scarce(case)


def _judged(case: Case, found: dict[str, Estimate]) -> tuple[Cause, ...]:
    """Apply the rule to the effects of a label's causes, in the order of `CAUSES`."""
    gaps = {name: case.gap if name == "imbalance" else case.corrected_gap for name in found}
    parts = {name: part_of(effect, gaps[name]) for name, effect in found.items()}

    def explains(name: str, least: float) -> bool:
        return reaches(found[name], max(EFFECT, least * (gaps[name].value or 0)))

    sharing = {name for name in found if name != "imbalance" and explains(name, SHARED)}
    because = _BECAUSE | (_BY_VOTES if case.evidence.has_votes else _BY_NETWORKS)
    if sharing >= _DISJOINT:
        smaller, larger = sorted(_DISJOINT, key=parts.get)
        if 1 - parts[larger] < SHARED:
            sharing.remove(smaller)
            because[smaller] += f"; {larger} explains three quarters of the gap or more"
    shown = sharing if sum(parts[name] or 0 for name in sharing) >= PART else set()
    shown |= {name for name in found if name == "imbalance" and explains(name, PART)}
    judged = [
        Cause(
            name,
            SHOWN if name in shown else NOT_SHOWN,
            effect,
            part=parts[name],
            because=because[name],
        )
        for name, effect in found.items()
    ]
    return tuple(judged) + _not_tested(case, found)


_DISJOINT = {"ambiguity", "label noise"}
"""Measured on different images of a label: neither explains what the other does."""

_BECAUSE = {
    "imbalance": "what prior correction gives it, less what it adds to its false alarms",
    "scarcity": "what it loses when three quarters of its images are removed",
}
_BY_VOTES = {
    "ambiguity": "what it loses, more than others, where annotators are split between labels",
    "label noise": "what it loses, more than others, where annotators agree on another label",
}
_BY_NETWORKS = {
    "ambiguity": "what it loses, more than others, to labels that are mistaken for it as well; "
    "without annotators' votes, interpret with care",
    "label noise": "what it loses, more than others, to a label whose own images look the same to "
    "all networks; without annotators' votes, interpret with care",
}


def _not_tested(case: Case, found: dict[str, Estimate]) -> tuple[Cause, ...]:
    """Say why a cause has no effect that could be tested."""
    if not reaches(case.corrected_gap, GAP):
        return ()
    causes = []
    if "scarcity" not in found:
        few = _is_scarce(case)
        why = "no cell removes three quarters of its images"
        why = why if few else "it has more than half as many images as the median label"
        causes.append(Cause("scarcity", NOT_TESTED if few else NOT_SHOWN, because=why))
    if not _has_annotators(case):
        why = networks_as_annotators.TOO_FEW
        causes += [Cause(name, NOT_TESTED, because=why) for name in ("ambiguity", "label noise")]
    elif _is_unknown(case):
        why = "without annotators' votes, networks saw too few of its images to tell"
        causes.append(Cause("label noise", NOT_TESTED, because=why))
    return tuple(causes)


def _is_scarce(case: Case) -> bool:
    return bool(scarce(case.evidence.training_counts(case.roles.subject))[case.label])


def _quarter(case: Case) -> str | None:
    """Return the cell in which the label has closest to a quarter of its images."""
    evidence, i = case.evidence, case.label

    def count(cell: str) -> int:
        return evidence.training_counts(cell)[i]

    full = count(case.roles.subject)
    cells = [c for c in case.roles.doses.get(case.name, ()) if full / 8 <= count(c) <= full / 2]
    return min(cells, key=lambda cell: abs(np.log(4 * count(cell) / full)), default=None)
