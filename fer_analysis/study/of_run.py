"""The evidence of a lone run: what can be said of it without training anything."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.load import LoadedData
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.run import Run
from fer_analysis.study.cell_predictions import Answers
from fer_analysis.study.design import BASE
from fer_analysis.study.resampling import Evidence, Faces, Scored


def evidence_of_run(
    run: Run, data: LoadedData, evaluation: Evaluation, *, votes: bool = True
) -> Evidence:
    """Return what a run's predictions say: a study of one cell and one seed.

    Args:
        run: A finished run.
        data: That it was evaluated on.
        evaluation: Its predictions; leak-free images count where that is known.
        votes: False to do as if there were no annotators' votes.

    Raises:
        FerError: If the run does not say how frequent the labels were in its training.
    """
    scored = evaluation if evaluation.leak_free is None else evaluation.leak_free
    k = len(scored.label_names)
    config = run.origin.config()
    given = scored.votes if votes else None
    faces = Faces.of(scored.labels, given, np.zeros(len(scored), bool), k)
    answers = Scored(config, _counts(run, data), Answers.of(scored.probabilities, run.prior()))
    return Evidence(
        scored.label_names, {config.seed: faces}, {BASE: {config.seed: answers}}, data.fingerprint
    )


def _counts(run: Run, data: LoadedData) -> np.ndarray:
    """Return the run's training counts; those of the data's where they are not on record."""
    if counts := run.training_counts():
        return np.array(counts)
    k = len(data.dataset.label_names)
    if not data.dataset.has("train"):
        return np.zeros(k, np.int64)
    return np.bincount(data.dataset.part("train").labels, minlength=k)
