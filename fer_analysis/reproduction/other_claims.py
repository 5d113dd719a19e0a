"""The paper's claims about regions, data and remedies."""

from __future__ import annotations

from collections.abc import Mapping

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.paired import Contender, align, compare_pair
from fer_analysis.paper import CLAIMS, TRAINING_IMAGES, Claim
from fer_analysis.reproduction.claims import DOES_NOT, HOLDS, NOT_DECIDED, ClaimResult, decide
from fer_analysis.reproduction.networks import Reproduced
from fer_analysis.reproduction.plan import Plan
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.findings import RegionFinding, RegionShare
from fer_analysis.saliency.literature import claim_survives
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.text import command, number_estimate, points

RATIO = TRAINING_IMAGES["happy"] // TRAINING_IMAGES["disgust"]
"""16.5, which the paper calls 16 times."""

Networks = Mapping[str, Reproduced]


def region_claims(
    plan: Plan, explained: Reproduced, analysis: SaliencyAnalysis | None, missing: str
) -> list[ClaimResult]:
    """Return the claim about each label's region.

    Args:
        plan: The plan.
        explained: The network whose maps these are.
        analysis: The maps and controls; None where there are none.
        missing: Why there are none.
    """
    rows = []
    for label in plan.data.dataset.label_names:
        if label not in CLAIMS:
            continue
        finding = analysis and analysis.finding(label)
        verdict, because = NOT_DECIDED, missing or "no control was computed"
        if finding:
            verdict, because = _of_finding(finding, CLAIMS[label])
        if plan.decides:
            verdict, because = NOT_DECIDED, f"{plan.decides} ({because})"
        top = analysis and analysis.summary(label).top
        rows.append(_region(plan, explained, label, top, verdict=verdict, because=because))
    return rows


def _of_finding(finding: RegionFinding, claim: Claim) -> tuple[str, str]:
    """Return the verdict on a label's region, and why."""
    dominant = finding.by_maps.region
    if claim_survives(finding.evidence, claim.regions)[0]:
        return HOLDS, "what is claimed clears all controls and has the most enriched region"
    if dominant is None:
        return NOT_DECIDED, finding.by_maps.reason
    if dominant not in claim.regions:
        return DOES_NOT, finding.by_maps.reason
    return NOT_DECIDED, f"of the regions claimed, only {dominant}"


def _region(
    plan: Plan,
    explained: Reproduced,
    label: str,
    top: RegionShare | None,
    *,
    verdict: str,
    because: str,
) -> ClaimResult:
    ours, figures = "n/a", {}
    if top:
        figures = {top.region: top.enrichment}
        ours = f"{top.region}: {number_estimate(top.enrichment, 2)} times its area, "
        ours += f"n = {top.enrichment.n}"
    words = ("fer saliency", explained.run.path, "--split", plan.split, "--label", label)
    return ClaimResult(
        claim=f"{label}: the self-built network looks here: {CLAIMS[label].where}",
        paper="one map, read by eye",
        verdict=verdict,
        ours=ours,
        because=because,
        command=command(*words),
        figures=figures,
    )


def data_claims(plan: Plan) -> list[ClaimResult]:
    """Return the claim that happy has 16 times as many training images as disgust."""
    names = plan.data.dataset.label_names
    if not {"happy", "disgust"} <= set(names):
        return []
    train = plan.data.dataset.part("train").labels
    happy, disgust = (int((train == names.index(name)).sum()) for name in ("happy", "disgust"))
    ratio = happy / max(disgust, 1)
    verdict, because = HOLDS if int(ratio) == RATIO else DOES_NOT, f"{ratio:.1f} times as many"
    if plan.synthetic:
        verdict, because = NOT_DECIDED, f"drawn faces have the numbers they are given ({because})"
    elif plan.reads_otherwise:
        verdict, because = NOT_DECIDED, f"the data is read otherwise: {plan.changed} ({because})"
    return [
        ClaimResult(
            claim="happy has 16 times as many training images as disgust",
            paper=f"{TRAINING_IMAGES['happy']:,} and {TRAINING_IMAGES['disgust']}",
            verdict=verdict,
            ours=f"{happy:,} and {disgust:,}",
            because=because,
            command=command("fer data", "--data", plan.source),
            figures={"ratio": Estimate(ratio, n=happy + disgust)},
        )
    ]


def proposal_claims(plan: Plan, networks: Networks, other: Evaluation | None) -> list[ClaimResult]:
    """Return the paper's proposals: more images of disgust, and other architectures.

    Args:
        plan: The plan.
        networks: The paper's.
        other: Predictions of the network that comes with the package, which has another
            architecture; None where it says nothing of this data.
    """
    remedies = f"{command('fer study run remedies', '--data', plan.source)} && "
    remedies += command("fer study show remedies", "--data", plan.source)
    proposals = [
        ClaimResult(
            claim="proposal: expand disgust to happy's number of images",
            paper="proposed, not tested",
            verdict=NOT_DECIDED,
            ours="n/a",
            because="not part of this command; the study below trains with and without it",
            command=remedies,
            figures={},
        )
    ]
    return [*proposals, _architecture(plan, networks["mobilenet"], other)]


def _architecture(plan: Plan, mobilenet: Reproduced, other: Evaluation | None) -> ClaimResult:
    words = ["fer compare", mobilenet.run.path, "bundled", "--data", plan.source]
    fields = {
        "claim": "proposal: another architecture",
        "paper": "proposed, not tested",
        "command": command(*words, "--split", plan.split),
    }
    if other is None:
        why = plan.decides if plan.synthetic else "the bundled network does not fit this data"
        return ClaimResult(verdict=NOT_DECIDED, ours="n/a", because=why, figures={}, **fields)
    compared = compare_pair(
        *(Contender("", (each,)) for each in align([mobilenet.evaluation, other]))
    )
    gap, verdict = compared["accuracy"], decide(compared["accuracy"])
    because = "the network of the package less our MobileNet; it differs in its recipe too"
    if plan.decides:
        verdict, because = NOT_DECIDED, f"{plan.decides} ({because})"
    text = f"{points(gap.value, gap.interval)} points of accuracy, n = {compared['n']:,}"
    figures = {"accuracy": gap}
    disgust = next((row for row in compared["labels"] if row["label"] == "disgust"), None)
    if disgust:
        figures["recall of disgust"] = disgust["difference"]
        both = (disgust["difference"].value, disgust["difference"].interval)
        text += f"; {points(*both)} points of disgust's recall, n = {disgust['n']}"
    return ClaimResult(verdict=verdict, ours=text, because=because, figures=figures, **fields)
