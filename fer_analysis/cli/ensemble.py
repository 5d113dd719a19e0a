"""`fer ensemble`: several runs as one."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN [RUN]...")
@click.option(
    "--run-dir",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="The new run's directory.  [default: runs/<time>-ensemble]",
)
def ensemble(runs, run_dir):
    """Make one run of several: its probabilities are the mean of theirs.

    RUN is a run directory or 'bundled'. All must tell the same labels in the same order, and
    take images of the same size.

    \b
    Examples:
      fer ensemble runs/seed-0 runs/seed-1 runs/seed-2 --run-dir runs/three
      fer evaluate runs/three
      fer compare runs/seed-0 runs/three               # what the mean gives

    The result is a RUN for every other command, and for `remedies.distillation.teachers`. It
    costs as much as its members together. Images that any member was trained on count as
    trained on.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress

    run = api.ensemble(*runs, run_dir=run_dir, progress=ConsoleProgress())
    click.echo(f"wrote {run.path}: {len(runs)} networks; next: fer evaluate {run.path}")
