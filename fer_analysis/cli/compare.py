"""`fer compare`: runs beside each other and beside the study."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fer_analysis.cli.evaluate import open_predictions, predict
from fer_analysis.cli.options import data_option, json_option, open_run, set_option, split_option
from fer_analysis.errors import FerError

if TYPE_CHECKING:
    from fer_analysis.evaluation.evaluation import Evaluation


@dataclass(frozen=True)
class _Entry:
    """One run: its name, what training left, its config without the seed, its predictions.

    A bare model or a table of predictions has neither result nor config.
    """

    path: Path
    result: dict | None
    config: str | None
    evaluation: Evaluation


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@data_option
@split_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/comparison"),
    show_default=True,
    metavar="FOLDER",
    help="Where comparison.json and the picture go.",
)
@set_option
@json_option
def compare(runs, source, split, out, overrides, as_json):
    """Set runs beside each other, and say whether they really differ.

    RUN is a run directory, a .keras file, or a table of predictions (FILE.csv, see `fer
    evaluate --predictions`); the newest run where none is named. The first one is what the
    others are held against.

    \b
    Examples:
      fer compare runs/mobilenet runs/self_built
      fer compare runs/plain-* runs/balanced-* --split validation
      fer compare runs/mobilenet theirs.csv --data fer2013.csv

    First the study's Table 1 with a row for each run, then accuracy, macro-F1 and the recall of
    the rarest label. Runs are then compared on the same images: McNemar's exact test, over all
    images and by label (Holm), and a paired bootstrap of the differences. Runs that differ in
    nothing but their seed are taken together, as mean and standard deviation.
    """
    entries = [_entry(run, source, split, overrides) for run in dict.fromkeys(runs or (None,))]
    if len(splits := sorted({e.evaluation.split for e in entries})) > 1:
        raise FerError(
            f"these runs have no split in common by default ({', '.join(splits)}): "
            f"choose one, e.g. --split {splits[-1]}"
        )
    contenders, comparisons = _compare(entries)
    _write(out, splits[0], contenders, comparisons)
    if as_json:
        import json

        from fer_analysis.evaluation.published import STUDY

        told = [
            {"run": str(e.path), "result": e.result, "evaluation": e.evaluation.metrics()}
            for e in entries
        ]
        click.echo(json.dumps({"study": STUDY, "runs": told, "comparisons": comparisons}, indent=2))
        return
    from fer_analysis.cli.comparison_tables import print_comparison, print_runs, print_spreads
    from fer_analysis.cli.console import err
    from fer_analysis.cli.tables import print_table_1
    from fer_analysis.evaluation.comparison import spread

    print_table_1([(e.path.name, e.result) for e in entries])
    print_runs([(e.path.name, e.evaluation.metrics()) for e in entries])
    for name, group in contenders.items():
        if any(len(contender.seeds) > 1 for contender in group):
            print_spreads(name, [spread(contender) for contender in group])
    for pair in comparisons:
        for name, comparison in pair.items():
            print_comparison(f"{splits[0]} split, {name}", comparison)
    if comparisons:
        err.print(f"wrote {out}/ (comparison.json, comparison.png)", soft_wrap=True)


def _entry(name: str | None, source, split, overrides) -> _Entry:
    from fer_analysis.run import Run

    if name and name.endswith(".csv"):
        run, evaluation, _ = open_predictions(name, source, split, overrides)
        return _Entry(run.path, None, None, evaluation)
    trained = Run.open(name)
    result, config = None, None
    if trained.is_directory:
        result = trained.result() if trained.is_complete else None
        config = trained.config().model_copy(update={"seed": 0}).to_yaml()
    run, loaded, split = open_run(name, source, split, overrides, quiet=True)
    return _Entry(
        trained.path if run.is_directory else run.path, result, config, predict(run, loaded, split)
    )


def _compare(entries: list[_Entry]) -> tuple[dict, list[dict]]:
    """Return the contenders by the images that they are scored on, and all pairs of the first."""
    from fer_analysis.evaluation.comparison import Contender, compare, line_up

    groups: dict[str, list[int]] = {}
    for index, entry in enumerate(entries):
        groups.setdefault(entry.config or str(entry.path), []).append(index)
    whole = line_up([entry.evaluation for entry in entries])
    sets = {"all images": whole}
    if all(e.leaked is not None for e in whole):
        import numpy as np

        clean = ~np.any([e.leaked for e in whole], axis=0)
        if 0 < clean.sum() < len(clean):
            sets["leak-free images"] = [e.take(clean) for e in whole]
    contenders = {
        name: [
            Contender(_name([entries[i].path.name for i in group]), tuple(parts[i] for i in group))
            for group in groups.values()
        ]
        for name, parts in sets.items()
    }
    pairs = [
        {name: compare(group[0], group[other]) for name, group in contenders.items()}
        for other in range(1, len(groups))
    ]
    return contenders, pairs


def _name(names: list[str]) -> str:
    """Return one name for the seeds of a config: what their names begin with."""
    import os

    if len(names) == 1:
        return names[0]
    return os.path.commonprefix(names).rstrip("-_. ") or names[0]


def _write(out: Path, split: str, contenders: dict, comparisons: list[dict]) -> None:
    from fer_analysis.evaluation.comparison import spread
    from fer_analysis.files import write_json

    if not comparisons:
        return
    from fer_analysis.figures import save
    from fer_analysis.figures.comparison import comparison_figure

    spreads = {name: [spread(c) for c in group] for name, group in contenders.items()}
    write_json(
        out / "comparison.json", {"split": split, "runs": spreads, "comparisons": comparisons}
    )
    save(comparison_figure(comparisons, f"{split} split"), out / "comparison.png")
