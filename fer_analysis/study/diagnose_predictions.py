"""A diagnosis of predictions alone: anyone's own network, without training anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_analysis.config import load_config
from fer_analysis.data.load import LoadedData
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.open_run import data_section, read_data
from fer_analysis.evaluation.score import score_predictions
from fer_analysis.evaluation.separability import separability
from fer_analysis.files import content_hash
from fer_analysis.progress import Progress
from fer_analysis.quality.poor import poor_pictures
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.design import BASE
from fer_analysis.study.diagnose import diagnose, few_images, without_reference
from fer_analysis.study.diagnosis import NOT_TESTED, Cause, Diagnosis, LabelDiagnosis
from fer_analysis.study.resampling import ScoredCell, ScoredImages, StudyEvidence
from fer_analysis.study.training_prior import counts_of, prior_of

_NEEDS_TRAINING = {
    "recipe": "only training it again decides: with another recipe, for the same number of steps",
    "scarcity": "only training it again decides: with a quarter of the label's images",
    "shift between splits": "only training it again decides: with a fold of the training images "
    "left out, and scored",
}
"""Causes that predictions cannot show."""
_NEEDS_PRIOR = "how frequent the labels were in training is not known: --data with a training "
_NEEDS_PRIOR += "split, --counts or --prior"


@dataclass(frozen=True)
class Table:
    """Predictions of any network.

    Args:
        file: Columns id, label and a probability for each label; None for no table.
        split: The split whose predictions are examined, where the table has several.
        counts: Label -> images that the network was trained on; those of the data's training
            split if None.
        prior: How frequent the labels were for the loss: `uniform`, or label -> share; the shares
            of the counts if None. Class weights, sampling or a teacher make it another.
    """

    file: str | Path | None = None
    split: str | None = None
    counts: Mapping[str, int] | None = None
    prior: str | Mapping[str, float] | None = None


def diagnose_predictions(
    table: Table,
    data: str | Path | LoadedData | None,
    *,
    votes: bool = True,
    progress: Progress | None = None,
) -> Diagnosis:
    """Say which causes a table of predictions speaks for, and which it cannot decide.

    Args:
        table: The predictions.
        data: The data set that its ids are of, for leaks, votes, pictures and training counts.
        votes: False to ignore annotators' votes.
        progress: Receives how far reading is.

    Raises:
        FerError: If the table is not one of predictions, or does not fit the data.
    """
    if data is not None and not isinstance(data, LoadedData):
        data = read_data(data_section(data, ()), progress)
    whole, pictures = score_predictions(table.file, data=data, split=table.split, progress=progress)
    scored = whole if whole.leak_free is None else whole.leak_free
    if pictures is not None and whole.leaked is not None:
        pictures = pictures[~whole.leaked]
    names = scored.label_names
    counts, counts_from = counts_of(names, data, table.counts)
    prior, prior_from = prior_of(names, counts, table.prior)
    known = prior is not None
    shares = (prior if known else np.full(len(names), 1 / len(names))).tolist()
    evidence = _evidence(scored, counts, shares, pictures, votes=votes, where=(table.file, data))
    found = diagnose(evidence, BASE)
    rows = found.labels if counts is not None else [replace(r, training=None) for r in found.labels]
    labels = tuple(_decidable(row, known=known) for row in rows)
    sources = f"training counts: {counts_from}; prior: {prior_from}"
    return replace(
        found,
        labels=labels,
        gains=found.gains if known else (),
        confusions={k: v if known else v[:1] for k, v in (found.confusions or {}).items()},
        agreement=found.agreement if known else (),
        separability=tuple(separability(scored, shares)) if known else (),
        notes=(
            *without_reference(labels),
            *few_images(labels),
            *_notes(scored, whole, sources, evidence),
            *_undecided(labels),
        ),
    )


def _evidence(
    scored: Evaluation,
    trained_on: np.ndarray | None,
    prior: list[float],
    pictures: np.ndarray | None,
    *,
    votes: bool,
    where: tuple[str | Path, LoadedData | None],
) -> StudyEvidence:
    k, (file, data) = len(scored.label_names), where
    given = scored.votes if votes else None
    poor = None if pictures is None else poor_pictures(pictures, scored.labels)
    images = ScoredImages.of(scored.labels, given, np.zeros(len(scored), bool), k, poor)
    counts = np.zeros(k, np.int64) if trained_on is None else trained_on
    config = load_config(
        "fast"
    )  # stands for the unknown one: only differences to other cells matter
    cell = ScoredCell(config, counts, CellPredictions.of(scored.probabilities, prior))
    own = content_hash(file)
    return StudyEvidence(
        scored.label_names,
        {0: images},
        {BASE: {0: cell}},
        fingerprint=own if data is None else f"{data.fingerprint}-{own}",
        fingerprints={} if data is None else {scored.split: data.fingerprints[scored.split]},
    )


def _decidable(row: LabelDiagnosis, *, known: bool) -> LabelDiagnosis:
    """Return a verdict without what predictions alone do not show."""
    if not row.fails:
        return (
            row if known else replace(row, corrected=Estimate(None), corrected_gap=Estimate(None))
        )
    causes = {cause.name: cause for cause in row.causes}
    for name, why in _NEEDS_TRAINING.items():
        if name not in causes or causes[name].verdict == NOT_TESTED:
            causes[name] = Cause(name, NOT_TESTED, because=why)
    if known:
        return replace(row, causes=tuple(causes.values()))
    causes["imbalance"] = Cause("imbalance", NOT_TESTED, because=_NEEDS_PRIOR)
    return replace(
        row,
        corrected=Estimate(None),
        corrected_gap=Estimate(None),
        causes=tuple(causes.values()),
        caveats=tuple(each for each in row.caveats if "prior-corrected" not in each),
    )


def _notes(
    scored: Evaluation, whole: Evaluation, sources: str, evidence: StudyEvidence
) -> tuple[str, ...]:
    notes = [f"one table of predictions, split '{scored.split}'; {sources}"]
    if whole.leaked is not None and whole.leaked.any():
        notes.append(f"{int(whole.leaked.sum()):,} images that are in training too are left out")
    if evidence.has_votes:
        voted = scored.votes.sum(axis=1) > 0
        notes.append(f"annotators' votes of {int(voted.sum()):,} of {len(scored):,} images")
    return tuple(notes)


def _undecided(labels: Sequence[LabelDiagnosis]) -> tuple[str, ...]:
    """Say which causes remain open, and what would decide them."""
    open_causes: dict[str, str] = {}
    for row in labels:
        for cause in row.causes:
            if cause.verdict == NOT_TESTED:
                open_causes.setdefault(cause.name, cause.because)
    if not open_causes:
        if without_reference(labels):
            return ()
        rest = "" if few_images(labels) else ": nothing is left to decide"
        return (f"no label is shown to fail{rest}",)
    by_reason: dict[str, list[str]] = {}
    for name, why in open_causes.items():
        by_reason.setdefault(why, []).append(name)
    text = "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())
    return (f"not decided by predictions: {text}",)
