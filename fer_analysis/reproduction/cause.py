"""The paper's claim about too few images, which only a study of the same faces decides."""

from __future__ import annotations

from fer_analysis.data.load import LoadedData
from fer_analysis.data.open import open_data
from fer_analysis.paper import PROTOCOL
from fer_analysis.report.attachments import same_data
from fer_analysis.reproduction.claims import DOES_NOT, HOLDS, NOT_DECIDED, ClaimResult
from fer_analysis.reproduction.plan import Plan
from fer_analysis.study.diagnosis import NOT_SHOWN, SHOWN, Cause, LabelDiagnosis
from fer_analysis.text import command, points, short


def cause_claims(plan: Plan) -> list[ClaimResult]:
    """Return the cause that only a study can show: too few images."""
    if "disgust" not in plan.data.dataset.label_names:
        return []
    row, because = _row(plan)
    verdict, ours, figures = NOT_DECIDED, "n/a", {}
    if row is not None:
        cause = next((each for each in row.causes if each.name == "scarcity"), None)
        verdict, found = _verdict(cause)
        because = f"{because}: {found}"
        if cause and cause.effect:
            figures = {"effect": cause.effect}
            ours = f"{points(cause.effect.value, cause.effect.interval)} points of recall"
    if plan.synthetic:
        verdict, because = NOT_DECIDED, f"{plan.decides} ({because})"
    study = command("fer study run matched", "--data", plan.source)
    diagnose = command("fer diagnose matched", "--data", plan.source)
    return [
        ClaimResult(
            claim="disgust fails because it has too few images",
            paper="proposed as a cause, not tested",
            verdict=verdict,
            ours=ours,
            because=because,
            command=f"{study} && {diagnose}",
            figures=figures,
        )
    ]


def other_faces(plan: Plan) -> str:
    """Return that the study is of other data, and what to do; empty where it is not."""
    diagnosis = plan.diagnosis
    if diagnosis is None or _is_of(plan, plan.data) or _is_of(plan, _as_studies_read(plan)):
        return ""
    return (
        f"{_study(plan)} is of other data (fingerprint {diagnosis.fingerprint}, here "
        f"{plan.data.fingerprint}) and decides nothing: name one of this data"
    )


def _is_of(plan: Plan, data: LoadedData) -> bool:
    given = plan.diagnosis
    return same_data(given.fingerprints, given.fingerprint, data.fingerprints, data.fingerprint)


def _as_studies_read(plan: Plan) -> LoadedData:
    """Return the data in the protocol of studies, where it was read in the paper's."""
    section = plan.data.section
    if getattr(section, "protocol", None) != PROTOCOL:
        return plan.data
    return open_data(section.model_copy(update={"protocol": "auto"}))


def _row(plan: Plan) -> tuple[LabelDiagnosis | None, str]:
    """Return what the study says of disgust, and who says it; None and why it says nothing."""
    if plan.diagnosis is None:
        return None, "one training cannot show a cause; the study below can"
    if problem := other_faces(plan):
        return None, problem
    row = next((row for row in plan.diagnosis.labels if row.label == "disgust"), None)
    return row, _study(plan) if row else f"{_study(plan)} says nothing of disgust"


def _study(plan: Plan) -> str:
    given = plan.diagnosis
    return f"the study {short(plan.study, 120)} (cell '{given.subject}', {given.seeds} seed(s))"


def _verdict(cause: Cause | None) -> tuple[str, str]:
    """Return the verdict on the claim, and what the study found."""
    if cause is None:
        return NOT_DECIDED, "scarcity not tested"
    why = f" ({cause.because})" if cause.because else ""
    verdict = {SHOWN: HOLDS, NOT_SHOWN: DOES_NOT}.get(cause.verdict, NOT_DECIDED)
    return verdict, f"scarcity {cause.verdict}{why}"
