"""The paper's claims about its networks' predictions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.paired import Contender, align, compare_pair
from fer_analysis.paper import LABEL_CORRECT, NAMES, TEST_CORRECT, TEST_IMAGES
from fer_analysis.reproduction.claims import (
    DOES_NOT,
    HOLDS,
    NOT_DECIDED,
    ClaimResult,
    decide,
    joint,
)
from fer_analysis.reproduction.networks import Reproduced
from fer_analysis.reproduction.plan import Plan
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import difference_of_proportions, proportion
from fer_analysis.text import command, estimate, percent, points

GAP = (TEST_CORRECT["mobilenet"] - TEST_CORRECT["self_built"]) / TEST_IMAGES

Networks = Mapping[str, Reproduced]


def network_claims(plan: Plan, networks: Networks) -> list[ClaimResult]:
    """Return all claims about predictions, in the paper's order."""
    rows = [_accuracy(plan, each) for each in networks.values()]
    rows.append(_order(plan, networks))
    names = plan.data.dataset.label_names
    if "happy" in names:
        rows.append(_happy_best(plan, networks))
    if "disgust" in names:
        rows.append(_disgust_never(plan, networks))
        if {"angry", "surprise"} <= set(names):
            rows.append(_mistaken(plan, networks))
    return rows


def evaluating(plan: Plan, each: Reproduced) -> str:
    """Return the command that evaluates a network."""
    return command("fer evaluate", each.run.path, "--split", plan.split)


def _accuracy(plan: Plan, each: Reproduced) -> ClaimResult:
    evaluation, theirs = each.evaluation, TEST_CORRECT[each.network]
    correct, n = int(evaluation.correct.sum()), len(evaluation)
    ours = proportion(correct, n)
    difference = difference_of_proportions((correct, n), (theirs, TEST_IMAGES))
    within = difference.low <= 0 <= difference.high
    because = f"ours less the paper's: {points(difference.value, difference.interval)} points"
    verdict = HOLDS if within else DOES_NOT
    if each.collapse:
        verdict, because = DOES_NOT, f"the training collapsed: {each.collapse}"
    return _claim(
        plan,
        claim=f"{each.name}: test accuracy",
        paper=f"{percent(theirs / TEST_IMAGES)} of {TEST_IMAGES:,}",
        verdict=verdict,
        ours=f"{estimate(ours)} of {n:,}{_leak_free(evaluation)}",
        because=because,
        command=evaluating(plan, each),
        figures={each.name: ours, "difference": difference},
    )


def _leak_free(evaluation: Evaluation) -> str:
    clean = evaluation.leak_free
    if clean is None or not 0 < len(clean) < len(evaluation):
        return ""
    found = proportion(int(clean.correct.sum()), len(clean))
    return f"; leak-free {estimate(found)} of {len(clean):,}"


def _order(plan: Plan, networks: Networks) -> ClaimResult:
    first, second = networks["self_built"], networks["mobilenet"]
    pair = align([first.evaluation, second.evaluation])
    compared = compare_pair(*(Contender("", (evaluation,)) for evaluation in pair))
    gap = compared["accuracy"]
    inside = gap.interval is not None and gap.low <= GAP <= gap.high
    return _claim(
        plan,
        claim=f"{NAMES['mobilenet']} is above {NAMES['self_built']}",
        paper=f"by {points(GAP).lstrip('+')} points",
        verdict=decide(gap),
        ours=f"{points(gap.value, gap.interval)} points, paired, n = {compared['n']:,}",
        because=f"the paper's {points(GAP)} lies {'in' if inside else 'outside'} our interval; "
        "one seed of each",
        command=command("fer compare", first.run.path, second.run.path, "--split", plan.split),
        figures={"difference": gap},
    )


def _happy_best(plan: Plan, networks: Networks) -> ClaimResult:
    verdicts, texts, figures, reasons = [], [], {}, []
    for each in networks.values():
        names, evaluation = plan.data.dataset.label_names, each.evaluation
        happy = names.index("happy")
        counts = [
            (int(c), int(n)) for c, n in zip(evaluation.correct, evaluation.support, strict=True)
        ]
        others = [i for i in range(len(names)) if i != happy and counts[i][1]]
        rival = max(others, key=lambda i: counts[i][0] / counts[i][1])
        ahead = difference_of_proportions(counts[happy], counts[rival])
        ours = proportion(*counts[happy])
        verdicts.append(decide(ahead))
        texts.append(f"{each.name} {counts[happy][0]:,} of {counts[happy][1]:,}, {estimate(ours)}")
        reasons.append(
            f"{each.name}: happy less {names[rival]} {points(ahead.value, ahead.interval)} points"
        )
        figures[f"{each.name}: happy"] = ours
        figures[f"{each.name}: happy less {names[rival]}"] = ahead
    paper = LABEL_CORRECT["happy"]
    return _claim(
        plan,
        claim="happy is recognised best, by both",
        paper=f"{paper['mobilenet']:,} and {paper['self_built']:,} of {paper['n']:,}",
        verdict=joint(verdicts),
        ours="; ".join(texts),
        because="; ".join(reasons),
        command=evaluating(plan, networks["mobilenet"]),
        figures=figures,
    )


def _disgust_never(plan: Plan, networks: Networks) -> ClaimResult:
    figures, texts, any_correct = {}, [], False
    label = plan.data.dataset.label_names.index("disgust")
    for each in networks.values():
        correct, n = int(each.evaluation.correct[label]), int(each.evaluation.support[label])
        figures[each.name] = proportion(correct, n)
        any_correct |= correct > 0
        text = f"{each.name} {correct} of {n} [{_ends(figures[each.name])}]"
        clean = each.evaluation.leak_free
        if clean is not None and clean.support[label] < n:
            text += f", leak-free {clean.correct[label]} of {clean.support[label]}"
        texts.append(text)
    paper = LABEL_CORRECT["disgust"]
    return _claim(
        plan,
        claim="disgust is never predicted correctly, by either",
        paper=f"{paper['mobilenet']} and {paper['self_built']} of {paper['n']}",
        verdict=DOES_NOT if any_correct else HOLDS,
        ours="; ".join(texts),
        because="at least one is predicted correctly"
        if any_correct
        else "none is predicted correctly",
        command=evaluating(plan, networks["mobilenet"]),
        figures=figures,
    )


def _ends(figure: Estimate) -> str:
    return f"{percent(figure.low, unit='')}-{percent(figure.high)}"


def _mistaken(plan: Plan, networks: Networks) -> ClaimResult:
    """Whether errors about disgust go to angry or surprise more often than answers do at large."""
    names = plan.data.dataset.label_names
    label, others = names.index("disgust"), [names.index("angry"), names.index("surprise")]
    verdicts, texts, figures, reasons = [], [], {}, []
    for each in networks.values():
        confusion = each.evaluation.confusion
        errors = int(confusion[label].sum() - confusion[label, label])
        there = int(confusion[label, others].sum())
        elsewhere = np.delete(confusion, label, axis=0)
        usual = int(elsewhere[:, others].sum()), int(elsewhere.sum())
        more = difference_of_proportions((there, errors), usual)
        figures[each.name], figures[f"{each.name}: beyond its use"] = (
            proportion(there, errors),
            more,
        )
        verdicts.append(decide(more))
        texts.append(f"{each.name} {there} of {errors} errors, {estimate(figures[each.name])}")
        reasons.append(
            f"{each.name} answers so for {percent(usual[0] / max(usual[1], 1))} of other faces"
        )
    return _claim(
        plan,
        claim="disgust's features are vague: taken for angry or surprise",
        paper="proposed as a cause, not tested",
        verdict=joint(verdicts),
        ours="; ".join(texts),
        because="; ".join(reasons) + ". Where errors go is no proof of why",
        command=command("fer diagnose", networks["mobilenet"].run.path),
        figures=figures,
    )


def _claim(plan: Plan, *, verdict: str, because: str, **fields) -> ClaimResult:
    """Return a claim, which stays undecided where the networks decide nothing."""
    if plan.decides:
        verdict, because = NOT_DECIDED, f"{plan.decides} ({because})"
    return ClaimResult(verdict=verdict, because=because, **fields)
