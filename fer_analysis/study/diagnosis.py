"""Why each label fails: the rule (rule.py) put to the evidence of a study."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from fer_analysis.statistics.intervals import wilson
from fer_analysis.study import caveats, effects
from fer_analysis.study.cell_roles import Roles, find_roles
from fer_analysis.study.effects import ELSEWHERE, SPLIT
from fer_analysis.study.resampling import CORRECTED, PLAIN, Evidence
from fer_analysis.study.thresholds import EFFECT, GAP, PART, SCARCE, SHARED, Estimate, estimate

CAUSES = ("recipe", "imbalance", "scarcity", "ambiguity", "label noise", "ambiguity or noise")
SHOWN, NOT_SHOWN, NOT_TESTED, WAITS = "shown", "not shown", "not tested", "waits"


@dataclass(frozen=True)
class Cause:
    """One cause, put to the test for one label.

    Args:
        name: One of `CAUSES`.
        verdict: `shown`, `not shown`, `not tested` (cells are missing) or `waits` (the recipe
            comes first).
        effect: In shares of recall; None where there is none to be had.
        part: Of the gap that it explains; None where there is no gap of that kind.
        because: A sentence.
    """

    name: str
    verdict: str
    effect: Estimate | None = None
    part: float | None = None
    because: str = ""


@dataclass(frozen=True)
class LabelDiagnosis:
    """What a study says of one label.

    Args:
        label: Its name.
        n: Images that it is judged on.
        training: Images that it was trained on, in the first seed.
        recall: Share that is right as predicted, with Wilson's interval (images, not seeds).
        corrected: The same with the frequencies divided out.
        gap: To the median of the other labels, as predicted.
        corrected_gap: The same with the frequencies divided out.
        fails: Whether it fails.
        causes: Of a label that fails, each that could be asked about.
        against: What speaks against the verdict, a sentence each.
    """

    label: str
    n: int
    training: int
    recall: tuple[float, float, float]
    corrected: tuple[float, float, float]
    gap: Estimate
    corrected_gap: Estimate
    fails: bool
    causes: tuple[Cause, ...] = ()
    against: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The causes that are shown."""
        return tuple(cause.name for cause in self.causes if cause.verdict == SHOWN)


@dataclass(frozen=True)
class Diagnosis:
    """The verdict for every label.

    Args:
        subject: The cell whose failures are asked about.
        seeds: That it was trained with.
        votes: Whether annotators' votes were at hand.
        fingerprint: Of the data.
        labels: A verdict each.
    """

    subject: str
    seeds: int
    votes: bool
    fingerprint: str
    labels: tuple[LabelDiagnosis, ...] = ()

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON: None where there is nothing to be said."""
        return _finite(asdict(self))


def _finite(value):
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


@dataclass(frozen=True)
class _Case:
    """One failing label, while it is being judged."""

    evidence: Evidence
    roles: Roles
    label: int
    name: str
    gap: Estimate
    corrected_gap: Estimate


def diagnose(evidence: Evidence, subject: str) -> Diagnosis:
    """Say which labels a network fails, and why, as far as the evidence shows it.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are asked about.

    Raises:
        KeyError: If there is no such cell.
    """
    roles = find_roles(evidence, subject)
    names = evidence.label_names
    gap = {kind: effects.gaps(evidence, roles, kind) for kind in (PLAIN, CORRECTED)}
    asked = {(kind, i): gap[kind][:, i] for kind in gap for i in range(len(names))}
    gaps = estimate(asked)
    failing = [
        i
        for i in range(len(names))
        if any((kind, i) in gaps and gaps[kind, i].reaches(GAP) for kind in gap)
    ]
    cases = {
        i: _Case(evidence, roles, i, names[i], gaps[PLAIN, i], gaps[CORRECTED, i]) for i in failing
    }
    causes = _causes(evidence, roles, cases)
    tallies = evidence.tallies(subject)
    counts = evidence.training_counts(subject)
    undefined = Estimate(float("nan"), float("nan"), float("nan"))
    return Diagnosis(
        subject,
        len(evidence.cells[subject]),
        evidence.has_votes,
        evidence.fingerprint,
        tuple(
            LabelDiagnosis(
                names[i],
                int(tallies.n[i]),
                int(counts[i]),
                _share(tallies.recall(PLAIN)[0, i], tallies.n[i]),
                _share(tallies.recall(CORRECTED)[0, i], tallies.n[i]),
                gaps.get((PLAIN, i), undefined),
                gaps.get((CORRECTED, i), undefined),
                i in cases,
                causes.get(i, ()),
                caveats.sentences(evidence, roles, i) if i in cases else (),
            )
            for i in range(len(names))
        ),
    )


def _share(value: float, n: int) -> tuple[float, float, float]:
    return (float(value), *wilson(round(value * n), int(n))) if n else (float("nan"),) * 3


def _causes(evidence: Evidence, roles: Roles, cases: dict[int, _Case]) -> dict:
    """Ask about the causes of all failing labels together: step by step, as the rule says."""
    recipe = _recipe(evidence, roles, cases)
    waiting = {i for i, cause in recipe.items() if cause.verdict == SHOWN}
    asked: dict[tuple[str, int], np.ndarray] = {}
    for i, case in cases.items():
        if i not in waiting:
            asked |= {(cause, i): values for cause, values in _effects(case).items()}
    found = estimate(asked)
    return {
        i: (recipe[i],)
        + (
            tuple(Cause(name, WAITS, because="the recipe comes first") for name in CAUSES[1:3])
            if i in waiting
            else _judged(case, {cause: found[cause, j] for cause, j in found if j == i})
        )
        for i, case in cases.items()
    }


def _recipe(evidence: Evidence, roles: Roles, cases: dict[int, _Case]) -> dict[int, Cause]:
    other = effects.best_recipe(evidence, roles)
    if other is None:
        return {i: Cause("recipe", NOT_TESTED, because="no other recipe was tried") for i in cases}
    gained = {
        kind: effects.difference(evidence, other, roles.subject, kind)
        for kind in (PLAIN, CORRECTED)
    }
    asked = {(kind, i): values[:, i] for kind, values in gained.items() for i in cases}
    found = estimate(asked | {("mean", None): np.nanmean(gained[CORRECTED], axis=1)})
    told = {}
    for i, case in cases.items():
        gaps = {PLAIN: case.gap, CORRECTED: case.corrected_gap}
        failing = [kind for kind, gap in gaps.items() if gap.reaches(GAP)]
        closed = [
            kind
            for kind in failing
            if found[kind, i].reaches(max(EFFECT, PART * gaps[kind].value))
            and (found[CORRECTED, i].reaches(EFFECT) or found["mean", None].reaches(EFFECT))
        ]
        kind = (closed or failing)[0]
        effect, gap = found[kind, i], gaps[kind]
        because = f"'{other}' gives it {caveats.points(effect)} at the same number of steps"
        if kind == CORRECTED:
            because += " with the frequencies divided out"
        verdict = SHOWN if closed else NOT_SHOWN
        told[i] = Cause("recipe", verdict, effect, _part(effect, gap), because)
    return told


def _effects(case: _Case) -> dict[str, np.ndarray]:
    """Return the effect that each cause would have to show, of those that can be asked about."""
    evidence, roles, i = case.evidence, case.roles, case.label
    told = {"imbalance": effects.correction(evidence, roles)[:, i]}
    if not case.corrected_gap.reaches(GAP):
        return told
    if _is_scarce(case) and (cell := _quarter(case)):
        told["scarcity"] = effects.difference(evidence, roles.subject, cell, CORRECTED)[:, i]
    if evidence.has_votes:
        told["ambiguity"] = effects.lost_to_rivals(evidence, roles, SPLIT)[:, i]
        told["label noise"] = effects.lost_to_rivals(evidence, roles, ELSEWHERE)[:, i]
    else:
        told["ambiguity or noise"] = effects.to_one_label(evidence, roles.subject)[:, i]
    return told


def _judged(case: _Case, found: dict[str, Estimate]) -> tuple[Cause, ...]:
    """Hold the effects of a label's causes against the rule, in the order of `CAUSES`."""
    gaps = {name: case.gap if name == "imbalance" else case.corrected_gap for name in found}
    parts = {name: _part(effect, gaps[name]) for name, effect in found.items()}

    def explains(name: str, least: float) -> bool:
        return found[name].reaches(max(EFFECT, least * gaps[name].value))

    sharing = {name for name in found if name != "imbalance" and explains(name, SHARED)}
    because = dict(_BECAUSE)
    if sharing >= _DISJOINT:
        smaller, larger = sorted(_DISJOINT, key=parts.get)
        if 1 - parts[larger] < SHARED:
            sharing.remove(smaller)
            because[smaller] += f"; {larger} explains three quarters of the gap or more"
    shown = sharing if sum(parts[name] or 0 for name in sharing) >= PART else set()
    shown |= {name for name in found if name == "imbalance" and explains(name, PART)}
    judged = [
        Cause(name, SHOWN if name in shown else NOT_SHOWN, effect, parts[name], because[name])
        for name, effect in found.items()
    ]
    return tuple(judged) + _not_asked(case, found)


def _part(effect: Estimate, gap: Estimate) -> float | None:
    """Return which share of a gap an effect explains, 0 or more; None where there is no gap."""
    return max(effect.value, 0) / gap.value if gap.value > 0 else None


_DISJOINT = {"ambiguity", "label noise"}
"""Counted over different faces of a label: one does not explain what the other does."""

_BECAUSE = {
    "imbalance": "what dividing out the labels' frequencies gives it",
    "scarcity": "what it loses when three quarters of its images are taken away",
    "ambiguity": "what it loses, more than others, to labels that annotators waver between",
    "label noise": "what it loses, more than others, to labels that annotators agree on instead",
    "ambiguity or noise": "how much more of it is taken for one label than for any other, for "
    "whatever reason: shown too easily, take it with care",
}


def _not_asked(case: _Case, found: dict[str, Estimate]) -> tuple[Cause, ...]:
    """Say why a cause has no effect to be judged."""
    if not case.corrected_gap.reaches(GAP):
        return ()
    if "scarcity" in found:
        return ()
    if _is_scarce(case):
        why = "no cell takes three quarters of its images away"
        return (Cause("scarcity", NOT_TESTED, because=why),)
    why = "it has more than half as many images as the median label"
    return (Cause("scarcity", NOT_SHOWN, because=why),)


def _is_scarce(case: _Case) -> bool:
    counts = case.evidence.training_counts(case.roles.subject)
    return counts[case.label] <= SCARCE * np.median(np.delete(counts, case.label))


def _quarter(case: _Case) -> str | None:
    """Return the cell in which the label has nearest to a quarter of its images."""
    evidence, i = case.evidence, case.label

    def count(cell: str) -> int:
        return evidence.training_counts(cell)[i]

    full = count(case.roles.subject)
    cells = [c for c in case.roles.doses.get(case.name, ()) if full / 8 <= count(c) <= full / 2]
    return min(cells, key=lambda cell: abs(np.log(4 * count(cell) / full)), default=None)
