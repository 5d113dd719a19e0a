"""`fer evaluate`: where a run fails."""

from __future__ import annotations

import click

from fer_analysis.cli.options import (
    data_option,
    json_option,
    open_run,
    run_argument,
    set_option,
    split_option,
)


@click.command()
@run_argument
@data_option
@split_option
@click.option(
    "--logit-adjustment",
    "tau",
    type=click.FloatRange(min=0, min_open=True, max=10),
    metavar="TAU",
    help="Predict as if all labels were equally frequent (1), or half-way (0.5): the labels' "
    "frequencies in training are divided out. Results go to RUN/evaluation/<split>-adjusted/.",
)
@set_option
@json_option
def evaluate(run, source, split, tau, overrides, as_json):
    """Predict a split once, and show where the run fails.

    RUN is a run directory or a .keras file; the newest run where none is named. The run's
    own data is used unless --data names other data with the same labels.

    \b
    Examples:
      fer evaluate
      fer evaluate runs/first --split validation
      fer evaluate model.keras --data fer2013.csv
      fer evaluate --logit-adjustment 1               # what if disgust were not rare?

    Writes metrics.json, predictions.npz, confusion.csv and pictures to
    RUN/evaluation/<split>/. Figures are given twice: for all images, and for those
    that do not stand in the training images pixel for pixel (leak-free).
    """
    from fer_analysis.cli.console import err
    from fer_analysis.figures import save
    from fer_analysis.figures.evaluation import confusion_figure, recall_figure

    run, loaded, split = open_run(run, source, split, overrides)
    prior = None if tau is None else run.prior()
    evaluation = predict(run, loaded, split)
    folder = run.evaluation_folder(split)
    if prior is not None:
        from fer_analysis.evaluation.adjustment import adjust

        evaluation = adjust(evaluation, prior, tau)
        folder = run.evaluation_folder(f"{split}-adjusted")
        evaluation.save(folder)
    save(confusion_figure(evaluation), folder / "confusion.png")
    save(recall_figure(evaluation), folder / "recall.png")
    if as_json:
        import json

        click.echo(json.dumps({"run": str(run.path), **evaluation.metrics()}, indent=2))
    else:
        from fer_analysis.cli.tables import print_evaluation

        print_evaluation(run, evaluation)
    err.print(f"wrote {folder}/ (confusion.png, recall.png, metrics.json, …)", soft_wrap=True)


def predict(run, loaded, split: str):
    """Return the run's evaluation of a split, with a progress bar where it takes time."""
    from fer_analysis.cli.console import task_progress
    from fer_analysis.cli.quiet import import_tensorflow_quietly
    from fer_analysis.evaluation.predictions import evaluate_run, saved_evaluation

    saved = saved_evaluation(run, loaded, split)
    if saved is not None:
        return saved
    import_tensorflow_quietly()
    with task_progress("predicting") as progress:
        return evaluate_run(run, loaded, split, progress=progress)
