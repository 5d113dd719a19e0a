"""`fer compare`: runs beside each other and beside the study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from fer_analysis.cli.evaluate import predict
from fer_analysis.cli.options import data_option, json_option, open_run, set_option, split_option
from fer_analysis.errors import FerError


@dataclass(frozen=True)
class _Entry:
    """One run: its directory, what training left (None for a bare model), its metrics.

    Where other data is scored than it was trained on, `scored` is the directory of that.
    """

    path: Path
    result: dict | None
    scored: Path
    metrics: dict


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@data_option
@split_option
@set_option
@json_option
def compare(runs, source, split, overrides, as_json):
    """Set runs beside each other, and beside the study's Table 1.

    RUN is a run directory or a .keras file; the newest run where none is named.

    \b
    Examples:
      fer compare runs/mobilenet runs/self_built
      fer compare runs/plain-* runs/balanced-* --split validation

    The first table is the study's Table 1 with a row for each run; the second holds what
    the study does not give: accuracy, macro-F1 and the recall of the rarest label, for all
    images and for those that do not stand in the training images pixel for pixel.
    """
    entries = [_entry(run, source, split, overrides) for run in dict.fromkeys(runs or (None,))]
    if len(splits := sorted({e.metrics["split"] for e in entries})) > 1:
        raise FerError(
            f"these runs have no split in common by default ({', '.join(splits)}): "
            f"choose one, e.g. --split {splits[-1]}"
        )
    if as_json:
        import json

        from fer_analysis.evaluation.published import STUDY

        told = [
            {"run": str(e.scored), "result": e.result, "evaluation": e.metrics} for e in entries
        ]
        click.echo(json.dumps({"study": STUDY, "runs": told}, indent=2))
    else:
        from fer_analysis.cli.tables import print_comparison, print_table_1

        print_table_1([(e.path.name, e.result) for e in entries])
        print_comparison([(e.scored.name, e.metrics) for e in entries])


def _entry(name: str | None, source, split, overrides) -> _Entry:
    from fer_analysis.run import Run

    trained = Run.open(name)
    result = trained.result() if trained.is_directory and trained.is_complete else None
    run, loaded, split = open_run(name, source, split, overrides, quiet=True)
    evaluation = predict(run, loaded, split)
    return _Entry(trained.path, result, run.path, evaluation.metrics())
