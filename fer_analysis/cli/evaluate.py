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
from fer_analysis.errors import FerError


@click.command()
@run_argument
@data_option
@split_option
@click.option(
    "--tta",
    is_flag=True,
    help="Test-time augmentation: average over ten mirrored and shifted views. Results go to "
    "RUN/evaluation/<split>-tta/, with a temperature of their own.",
)
@click.option(
    "--logit-adjustment",
    "tau",
    type=click.FloatRange(min=0, min_open=True, max=10),
    metavar="TAU",
    help="Predict as if all labels were equally frequent (1), or half-way (0.5): the labels' "
    "frequencies in training are divided out. Results go to RUN/evaluation/<split>-adjusted/.",
)
@click.option(
    "--predictions",
    "file",
    metavar="FILE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Instead of a RUN, anyone's predictions: columns id, label (the true one) and one of "
    "probabilities for each label. With --data, ids are joined to the data for leaks and votes.",
)
@click.option(
    "--exclude",
    metavar="AUDIT.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Score again without the images that `fer audit` names, and give the difference.",
)
@click.option(
    "--issue",
    "issues",
    multiple=True,
    metavar="KIND",
    help="With --exclude: only images with this issue (repeatable), e.g. leak.",
)
@set_option
@json_option
def evaluate(run, source, split, tta, tau, file, exclude, issues, overrides, as_json):
    """Predict a split once, and show where the run fails.

    RUN is a run directory, a .keras file, or 'bundled' (the network that comes with the
    package); the newest run where none is named. The run's
    own data is used unless --data names other data with the same labels.

    \b
    Examples:
      fer evaluate
      fer evaluate runs/first --split validation
      fer evaluate model.keras --data fer2013.csv --tta
      fer evaluate --logit-adjustment 1               # what if disgust were not rare?
      fer evaluate --exclude runs/audit-fer2013/audit.csv --issue leak
      fer evaluate --predictions theirs.csv --data fer2013.csv

    Figures come with 95 % intervals and twice: for all images, and for those that do not
    stand in the training images pixel for pixel (leak-free). Where annotators' votes lie
    beside the data, they are the reference. Writes metrics.json (every figure),
    predictions.npz, confusion.csv, top_losses.csv and pictures to RUN/evaluation/<split>/.
    """
    from fer_analysis.evaluation.evaluate_run import folder_of

    if issues and not exclude:
        raise FerError("--issue says which images --exclude leaves out: name an audit.csv")
    if file:
        if run or tta or tau:
            raise FerError("--predictions takes no RUN, --tta or --logit-adjustment: it is one")
        run, evaluation, images = open_predictions(file, source, split, overrides)
        name = evaluation.split
    else:
        run, loaded, split = open_run(run, source, split, overrides)
        prior = None if tau is None else run.prior()
        evaluation = predict(run, loaded, split, tta=tta)
        images, name = loaded.dataset.part(split).images, folder_of(split, tta=tta)
        if prior is not None:
            from fer_analysis.evaluation.logit_adjustment import adjust

            evaluation, name = adjust(evaluation, prior, tau), f"{name}-adjusted"
    rows = None
    if exclude:
        evaluation, images, rows = _without(evaluation, images, exclude, issues)
        name = f"{name}-excluded"
    folder = run.evaluation_folder(name)
    if file or tau or exclude:  # plain predictions are saved where they are made
        evaluation.save(folder)
    written = _write(folder, evaluation, images, rows)
    if as_json:
        import json

        told = {"run": str(run.path), **evaluation.metrics()}
        click.echo(json.dumps(told | ({"exclusions": rows} if exclude else {}), indent=2))
    else:
        from fer_analysis.cli.tables.evaluation import print_evaluation, print_exclusions

        print_evaluation(str(run.path), evaluation)
        if exclude:
            print_exclusions(rows)
    from fer_analysis.cli.tables.console import err

    err.print(f"wrote {folder}/ ({', '.join(written)}, …)", soft_wrap=True)


def predict(run, loaded, split: str, *, tta: bool = False):
    """Return the run's evaluation of a split, with a progress bar where it takes time."""
    from fer_analysis.cli.tables.console import task_progress
    from fer_analysis.evaluation.evaluate_run import evaluate_run, is_saved
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    loaded.dataset.part(split)  # a split that is not there is told before anything is loaded
    if not is_saved(run, loaded, split, tta=tta):
        import_tensorflow_quietly()
    with task_progress("predicting") as progress:
        return evaluate_run(run, loaded, split, tta=tta, progress=progress)


def open_predictions(file: str, source: str | None, split: str | None, overrides=()):
    """Read a table of predictions, and join the data if there is any.

    Returns:
        The run whose directory takes the results, the predictions, the images (None without
        data).
    """
    from pathlib import Path

    from fer_analysis.cli.options import data_section, open_data
    from fer_analysis.data.ids import rows_of
    from fer_analysis.evaluation.predictions_csv import join_data, read_predictions, with_warnings
    from fer_analysis.run import RUNS, Run

    evaluation = read_predictions(file, split=split or "given")
    # A name of its own: nothing that a run has saved may be taken for these, or lost to them.
    name, images = f"predictions-{Path(file).stem}", None
    if source is not None:
        section = data_section(source, overrides)
        loaded = open_data(section, quiet=True)
        evaluation = join_data(evaluation, loaded, split)
        name = f"{name}-{Path(section.source).stem}"
        part = loaded.dataset.part(evaluation.split)
        images = part.images[rows_of(evaluation.ids, part.ids)]
    if (run := Run(RUNS / name)).config_file.exists():
        raise FerError(f"{run.path} is a run: rename {file}, whose results would go there")
    return run, with_warnings(evaluation), images


def _without(evaluation, images, exclude, issues):
    """Return predictions and images without those of an audit, and what that does to accuracy."""
    import dataclasses

    from fer_analysis.evaluation.exclusions import exclusions, kept, read_issues

    found = read_issues(exclude, issues, evaluation=evaluation)
    rows, keep = exclusions(evaluation, found), kept(evaluation, found)
    if not rows or not keep.any():
        what = "leaves no image; choose issues with --issue" if rows else "names no image of it"
        raise FerError(f"{exclude}, split '{evaluation.split}': {what}")
    note = f"without {int((~keep).sum()):,} images of the audit ({', '.join(found)})"
    evaluation = dataclasses.replace(
        evaluation.take(keep), notes=(*evaluation.notes, note), comparable=False
    )
    return evaluation, None if images is None else images[keep], rows


def _write(folder, evaluation, images, rows) -> list[str]:
    """Write figures and pictures; return the names of the pictures."""
    from fer_analysis.evaluation.confusions import top_losses
    from fer_analysis.figures import save
    from fer_analysis.figures.annotators import annotators_figure
    from fer_analysis.figures.calibration import calibration_figure
    from fer_analysis.figures.evaluation import confusion_figure, recall_figure
    from fer_analysis.figures.losses import top_losses_figure
    from fer_analysis.files import write_csv

    for name in ("annotators.png", "top_losses.png", "exclusions.csv"):
        (folder / name).unlink(missing_ok=True)  # of an evaluation that had votes or faces
    metrics, leak_free = evaluation.metrics(), evaluation.leak_free
    clean, block, images_of = evaluation, metrics["all"], "all images"
    if leak_free is not None and 0 < len(leak_free) < len(evaluation):
        clean, block, images_of = leak_free, metrics["leak_free"], "leak-free images"
    title = f"{evaluation.split} split, {images_of}"
    losses = top_losses(evaluation, 24)
    write_csv(
        folder / "top_losses.csv",
        [{key: row[key] for key in row if key != "row"} for row in losses],
    )
    if rows is not None:
        write_csv(folder / "exclusions.csv", rows)
    pictures = {
        "confusion": confusion_figure(evaluation),
        "recall": recall_figure(evaluation),
        "calibration": calibration_figure(block["calibration"], title),
    }
    if block["annotators"]:
        pictures["annotators"] = annotators_figure(clean, block["annotators"], title)
    if images is not None:
        faces = images[[row["row"] for row in losses]]
        worst = f"{evaluation.split} split: the {len(losses)} images with the highest loss"
        pictures["top_losses"] = top_losses_figure(losses, faces, worst)
    for name, figure in pictures.items():
        save(figure, folder / f"{name}.png")
    return ["metrics.json", *(f"{name}.png" for name in pictures)]
