"""Why each label fails: the rule (`verdict_rule`) applied to the evidence of a study."""

from __future__ import annotations

from collections.abc import Sequence

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import wilson
from fer_analysis.study import effects, recalls
from fer_analysis.study.case import Case
from fer_analysis.study.causes import causes_of
from fer_analysis.study.caveats import caveats
from fer_analysis.study.cell_roles import Roles, find_roles
from fer_analysis.study.diagnosis import Diagnosis, LabelDiagnosis
from fer_analysis.study.gains import gains
from fer_analysis.study.growth import growth
from fer_analysis.study.networks_as_annotators import TOO_FEW
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.verdict_rule import FEWEST_IMAGES, GAP, estimate, reaches
from fer_analysis.text import percent


def diagnose(evidence: StudyEvidence, subject: str) -> Diagnosis:
    """Find which labels a network fails on, and why, as far as the evidence shows it.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are examined.

    Raises:
        FerError: If there is no such cell.
    """
    evidence.require(subject)
    every, evidence = evidence, evidence.on_unseen(subject)
    labels = _labels(evidence, find_roles(evidence, subject))
    return Diagnosis(
        subject=subject,
        seeds=len(evidence.cells[subject]),
        votes=evidence.has_votes,
        fingerprint=evidence.fingerprint,
        fingerprints=evidence.fingerprints,
        labels=labels,
        doses=recalls.doses(evidence, subject),
        equal=recalls.equal(evidence, subject),
        agreement=recalls.by_agreement(evidence, subject),
        gains=gains(evidence, subject),
        growth=growth(evidence, subject),
        confusions={
            row.label: recalls.predicted_as(evidence, subject, row.label)
            for row in labels
            if row.fails
        },
        notes=(
            *without_reference(labels),
            *few_images(labels),
            *_warned(every, evidence),
            *_notes(labels),
        ),
    )


def without_reference(labels: Sequence[LabelDiagnosis]) -> tuple[str, ...]:
    """Say that most labels are worse off than by guessing, if they are.

    A label is compared with the median of the others. Where the median knows nothing either (a
    collapsed network, one that is hardly trained), no label lies below it, and none "fails".
    """
    tested = [row for row in labels if row.n]
    chance = 1 / max(len(tested), 1)
    lost = [row.label for row in tested if row.recall.interval and row.recall.interval[1] < chance]
    if not lost or 2 * len(lost) < len(tested):
        return ()
    return (
        f"{', '.join(lost)}: correct less often than by guessing one label of {len(tested)} "
        f"({percent(chance)}); the network has collapsed or is hardly trained. A label is compared "
        "with the median of the others, which is no better here: that a label is not shown to fail "
        "means nothing",
    )


def few_images(labels: Sequence[LabelDiagnosis]) -> tuple[str, ...]:
    """Name the labels with too few images to tell, if there are any."""
    few = [f"{row.label} (n = {row.n})" for row in labels if 0 < row.n < FEWEST_IMAGES]
    if not few:
        return ()
    return (f"too few images to tell: {', '.join(few)}; a label takes {FEWEST_IMAGES} images",)


def _warned(every: StudyEvidence, used: StudyEvidence) -> list[str]:
    """Say which cells are not scored on unseen images, and were left out if they could be."""
    return [
        text if cell in used.cells else f"left out: {text}"
        for cell in every.cells
        for text in every.warnings(cell)
    ]


def _notes(labels: tuple[LabelDiagnosis, ...]) -> tuple[str, ...]:
    """Say what is missing where neither votes nor networks can show ambiguity and label noise."""
    too_few = any(cause.because == TOO_FEW for row in labels for cause in row.causes)
    return (f"ambiguity and label noise are not tested: {TOO_FEW}",) if too_few else ()


def _labels(evidence: StudyEvidence, roles: Roles) -> tuple[LabelDiagnosis, ...]:
    names, kinds = evidence.label_names, (PLAIN, CORRECTED)
    gap = {kind: effects.gaps(evidence, roles, kind) for kind in kinds}
    found = estimate({(kind, i): gap[kind][:, i] for kind in kinds for i in range(len(names))})
    gaps = {i: [found.get((kind, i), Estimate(None)) for kind in kinds] for i in range(len(names))}
    cases = {
        i: Case(evidence, roles, i, name, gap=gaps[i][PLAIN], corrected_gap=gaps[i][CORRECTED])
        for i, name in enumerate(names)
        if any(reaches(each, GAP) for each in gaps[i])
    }
    causes = causes_of(evidence, roles, cases)
    tallies = evidence.tallies(roles.subject)
    counts = evidence.training_counts(roles.subject)
    recall, corrected = (tallies.recall(kind)[0] for kind in kinds)
    return tuple(
        LabelDiagnosis(
            label=name,
            n=int(tallies.n[i]),
            training=int(counts[i]),
            recall=_share(recall[i], int(tallies.n[i])),
            corrected=_share(corrected[i], int(tallies.n[i])),
            gap=gaps[i][PLAIN],
            corrected_gap=gaps[i][CORRECTED],
            fails=i in cases,
            causes=causes.get(i, ()),
            caveats=caveats(evidence, roles, i) if i in cases else (),
        )
        for i, name in enumerate(names)
    )


def _share(value: float, n: int) -> Estimate:
    return Estimate(value, *wilson(round(value * n), n), n) if n else Estimate(None, n=0)
