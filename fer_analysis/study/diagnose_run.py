"""A diagnosis of a lone run: what can be found without training anything."""

from __future__ import annotations

from dataclasses import replace

from fer_analysis.data.load import LoadedData
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.separability import separability
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.study.collect import collect_run
from fer_analysis.study.diagnose import diagnose
from fer_analysis.study.diagnosis import NOT_TESTED, SHOWN, Diagnosis
from fer_analysis.text import command


def diagnose_run(
    run: Run,
    data: LoadedData,
    split: str,
    *,
    subject: str,
    source: str | None = None,
    votes: bool = True,
    progress: Progress | None = None,
) -> Diagnosis:
    """Diagnose a run from its predictions and features.

    Args:
        run: A finished run.
        data: The data to evaluate it on.
        split: The split.
        subject: Name of the cell whose failures are examined: `base`, the run itself.
        source: The data as a user names it, for the commands that would answer the rest.
        votes: False to ignore annotators' votes.
        progress: Receives how far predictions and features are.

    Returns:
        The diagnosis, with the separability of its labels and the commands of a study that
        would answer what remains open.

    Raises:
        FerError: If the run has no record of how frequent the labels were in its training.
    """
    from fer_analysis.evaluation.evaluate_run import evaluate_run
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    progress = progress or Progress()
    run.prior()  # a missing record is reported before anything is predicted
    import_tensorflow_quietly()
    with progress.task("predicting") as update:
        evaluation = evaluate_run(run, data, split, progress=update)
    found = diagnose(collect_run(run, data, evaluation, votes=votes), subject)
    return replace(
        found,
        separability=tuple(_separability(run, data, evaluation, progress)),
        follow_up=follow_up(found, run, source),
    )


def _separability(
    run: Run, data: LoadedData, evaluation: Evaluation, progress: Progress
) -> list[dict]:
    from fer_analysis.evaluation.evaluate_run import open_model
    from fer_analysis.models.predict import features_model, predictor

    part = data.dataset.part(evaluation.split)
    model = features_model(open_model(run, part.label_names))
    with progress.task("features") as update:
        features = predictor(model)(part.images, update)
    if evaluation.leaked is None:
        return separability(evaluation, run.prior(), features)
    return separability(evaluation.leak_free, run.prior(), features[~evaluation.leaked])


def follow_up(found: Diagnosis, run: Run, source: str | None = None) -> tuple[str, ...]:
    """Return the commands of a study that would answer what a lone run leaves open, if anything.

    Args:
        found: The run's diagnosis.
        run: The run.
        source: The data as a user names it; the run's own if None.
    """
    causes = [cause for row in found.failing for cause in row.causes]
    untested = any(cause.verdict == NOT_TESTED for cause in causes)
    if not found.failing or (not untested and any(cause.verdict == SHOWN for cause in causes)):
        return ()
    labels = [word for row in found.failing for word in ("--label", row.label)]
    source = source or run.origin.config().data.source or "PATH"
    words = ("why", "--base", run.origin.config_file, *labels, "--data", source)
    return command("fer study run", *words), command("fer diagnose", *words)
