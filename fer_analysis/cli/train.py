"""`fer train`: train or resume a run."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import (
    SEED,
    data_option,
    exclude_option,
    figure_options,
    json_option,
    set_option,
)
from fer_analysis.errors import FerError
from fer_analysis.remedies import REMEDIES
from fer_analysis.shipped import shipped_configs, summary_of


class _Train(click.Command):
    """Lists the configs of the folder and the remedies of the table in its help."""

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Configs"):
            formatter.write_dl(
                [(name, summary_of(path)) for name, path in shipped_configs().items()]
            )
        with formatter.section("Remedies for rare, ambiguous or badly labelled images"):
            formatter.write_text(", ".join(REMEDIES))
            formatter.write_text("Switch one on with --set remedies.NAME=true, or set its options.")


@click.command(cls=_Train)
@click.argument("config", required=False)
@click.option(
    "--model",
    metavar="NAME",
    help="A config, or a model with the default recipe: the same as CONFIG.",
)
@data_option
@click.option("--seed", type=SEED, help="Seed of weights, order and augmentation.")
@click.option("--resume", metavar="RUN", help="Resume a run that was interrupted.")
@exclude_option
@click.option(
    "--relabel",
    metavar="FILE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Train with the labels of a list (columns id, label), e.g. one of `fer relabel`.",
)
@click.option("--run-dir", type=click.Path(path_type=Path), help="Default: runs/<time>-<model>.")
@set_option
@figure_options
@json_option
def train(
    config, model, source, seed, resume, exclude, issues, relabel, run_dir, overrides, as_json
):
    """Train a network and write a run directory.

    CONFIG is a YAML file, or the name of one that comes with the package (listed below).

    \b
    Examples:
      fer train self_built --data fer2013.csv
      fer train paper/mobilenet --data fer2013.csv --set training.stop_on_collapse=true
      fer train tiny --data synthetic --run-dir runs/first
      fer train fast --data fer2013.csv --set remedies.balanced_sampling=true
      fer train fast --data fer2013.csv --set data.folds=6 --set data.fold=2
      fer train fast --data fer2013.csv --exclude runs/audit-fer2013/audit.csv --issue no_face
      fer train fast --data fer2013.csv --relabel second-opinion.csv
      fer train --resume runs/first
      fer train runs/first/config.yaml          # repeat this run

    Ctrl-C loses at most the epoch in progress; --resume continues from there, with the
    result of an uninterrupted run.

    --exclude and --relabel change training images alone; the list and its SHA-256 are recorded in
    the run.
    """
    from fer_analysis.api import train as train_run
    from fer_analysis.cli.tables.console import ConsoleProgress

    if config and model:
        raise FerError(f"name either a config ({config}) or --model ({model}), not both")
    run = train_run(
        config or model,
        data=source,
        seed=seed,
        run_dir=run_dir,
        resume=resume,
        exclude=exclude,
        issues=issues,
        relabel=relabel,
        overrides=overrides,
        progress=ConsoleProgress(),
    )
    if as_json:
        import json

        click.echo(json.dumps({"run": str(run.path), **run.result()}, indent=2))
    else:
        _print_result(run, run.result())


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
    elif result.get("at_chance"):
        out.print(f"NO BETTER THAN CHANCE: {result['at_chance']}", soft_wrap=True)
    out.print(
        f"stopped: {result['stopped_because']}, after {result['seconds'] / 60:.1f} minutes of "
        f"training ({result['images_per_second']:.0f} images/s)",
        soft_wrap=True,
    )
    out.print(f"run: {run.path}  (curves.png, structure.png; next: fer evaluate)", soft_wrap=True)
