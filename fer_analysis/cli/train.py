"""`fer train`: train a run, or go on with one."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import data_option, json_option, open_data, set_option
from fer_analysis.errors import FerError
from fer_analysis.models import STUDY


@click.command()
@click.argument("config", required=False)
@click.option(
    "--model",
    type=click.Choice(STUDY),
    help="Short for the config of the same name: the study's network, its recipe repaired.",
)
@data_option
@click.option("--seed", type=int, help="Seed of weights, order and augmentation.")
@click.option("--resume", metavar="RUN", help="Go on with a run that was interrupted.")
@click.option("--run-dir", type=click.Path(path_type=Path), help="Default: runs/<time>-<model>.")
@set_option
@json_option
def train(config, model, source, seed, resume, run_dir, overrides, as_json):
    """Train a network and leave a run directory.

    CONFIG is a YAML file, or the name of one that comes with the package:
    mobilenet, self_built (repaired recipes), paper/mobilenet, paper/self_built
    (the study to the letter), best (our own network), quick (the same, small),
    fast (two minutes), tiny (a minute, embedded data).

    \b
    Examples:
      fer train --model self_built --data fer2013.csv
      fer train paper/mobilenet --data fer2013.csv --set training.stop_on_collapse=true
      fer train tiny --data synthetic --run-dir runs/first
      fer train fast --data fer2013.csv --set remedies.balanced_sampling=true
      fer train fast --data fer2013.csv --set data.folds=6 --set data.fold=2
      fer train --resume runs/first
      fer train runs/first/config.yaml          # the same run once more

    Remedies for rare, ambiguous or badly labelled images, one line each under remedies:
    (true, or options): soft_labels, balanced_sampling, expansion, focal_loss,
    label_smoothing, class_weights, logit_adjustment, mixup.

    Ctrl-C loses at most the epoch in progress; --resume goes on from there, and the
    result is the one that the uninterrupted run would have had.
    """
    run, config, loaded = (
        _resumed(resume, config, model, source, seed, run_dir, overrides)
        if resume
        else _started(config, model, source, seed, run_dir, overrides)
    )
    if run.is_complete:
        click.echo(f"{run.path} is complete already.", err=True)
        result = run.result()
    else:
        result = _train(config, loaded, run)
    if as_json:
        import json

        click.echo(json.dumps({"run": str(run.path), **result}, indent=2))
    else:
        _print_result(run, result)


def _started(config, model, source, seed, run_dir, overrides):
    from fer_analysis.config import load_config
    from fer_analysis.run import Run

    if bool(config) == bool(model):
        raise FerError(
            "name either a config or --model, e.g. `fer train --model self_built --data PATH`"
        )
    if seed is not None:
        overrides = (*overrides, f"seed={seed}")
    config = load_config(config or model, overrides, data=_absolute(source))
    loaded = open_data(config.data)
    return Run.create(config, run_dir), config, loaded


def _resumed(resume, config, model, source, seed, run_dir, overrides):
    from fer_analysis.config import load_config
    from fer_analysis.run import Run

    if config or model or run_dir or overrides or seed is not None:
        raise FerError(
            "--resume goes on with a run as it was begun: it takes no config, "
            "--model, --seed, --set or --run-dir (only --data, where the data has moved)"
        )
    run = Run.open(resume)
    if not run.is_directory:
        raise FerError(f"--resume {resume}: expected a run directory, received a model file")
    config = load_config(run.config_file, data=_absolute(source))
    loaded = None if run.is_complete else open_data(config.data)
    return run, config, loaded


def _absolute(source: str | None) -> str | None:
    """Make a path independent of the folder that the command was started in."""
    return source if source in (None, "synthetic") else str(Path(source).resolve())


def _train(config, loaded, run) -> dict:
    from fer_analysis.cli.tables.console import err, notice
    from fer_analysis.environment import multiplies_bfloat16
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    err.print(
        f"run {run.path}: {config.model.name} on {config.data.source} "
        f"({loaded.protocol} protocol, seed {config.seed})",
        soft_wrap=True,
    )
    import_tensorflow_quietly()
    import tensorflow as tf

    rounds = config.training.precision == "bfloat16" and not tf.config.list_physical_devices("GPU")
    if rounds and multiplies_bfloat16() is False:
        notice(
            "this processor has no instructions for bfloat16, in which training is several times "
            "slower here than in float32: start it with --set training.precision=float32"
        )
    from fer_analysis.cli.tables.training_progress import TrainingProgress
    from fer_analysis.training.train import train as train_run

    try:
        with TrainingProgress(config) as listener:
            return train_run(config, loaded, run, listener)
    except KeyboardInterrupt:
        err.print(
            f"Stopped. Finished epochs are safe; go on with: fer train --resume {run.path}",
            soft_wrap=True,
        )
        raise SystemExit(130) from None


def _print_result(run, result: dict) -> None:
    from fer_analysis.cli.tables.console import out, table
    from fer_analysis.cli.tables.paper import table_1_cell

    row = result["table_1"]
    shown = table(
        "train loss",
        "train acc.",
        "val. loss",
        "val. acc.",
        "test acc.",
        "epochs",
        numbers_from=0,
        title=f"{result['model']}, {result['protocol']} protocol, "
        f"best epoch {result['best_epoch']} of {result['epochs']}",
    )
    shown.add_row(*map(table_1_cell, row.values()))
    out.print(shown)
    if result["collapse"]:
        collapse = result["collapse"]
        out.print(
            f"COLLAPSED ({collapse['kind']}): {collapse['evidence']}; {collapse['likely_cause']}",
            soft_wrap=True,
        )
    out.print(
        f"stopped: {result['stopped_because']}, after {result['seconds'] / 60:.1f} minutes of "
        f"training ({result['images_per_second']:.0f} images/s)",
        soft_wrap=True,
    )
    out.print(f"run: {run.path}  (curves.png, structure.png; next: fer evaluate)", soft_wrap=True)
