"""`fer compare`: runs beside each other and beside the study."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
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
    """One run: its name, what training left, its config and seed, its predictions.

    A bare model or a table of predictions has neither result nor config: its file stands for it.
    """

    name: str
    path: Path
    result: dict | None
    config: str
    seed: int | None
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

    RUN is a run directory, a .keras file, 'bundled', or a table of predictions (FILE.csv, see
    `fer evaluate --predictions`); the newest run where none is named. The first one is what the
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
    entries = _entries(_distinct(runs), source, split, overrides)
    if len(splits := sorted({e.evaluation.split for e in entries})) > 1:
        raise FerError(
            f"these runs have no split in common by default ({', '.join(splits)}): "
            f"choose one, e.g. --split {splits[-1]}"
        )
    contenders, comparisons = _compare(entries)
    remarks = {e.name: [*e.evaluation.notes, *e.evaluation.warnings] for e in entries}
    _write(out, splits[0], contenders, comparisons, remarks)
    if as_json:
        import json

        from fer_analysis.paper import STUDY

        told = [
            {"run": str(e.path), "result": e.result, "evaluation": e.evaluation.metrics()}
            for e in entries
        ]
        click.echo(json.dumps({"study": STUDY, "runs": told, "comparisons": comparisons}, indent=2))
        return
    from fer_analysis.cli.tables.comparison import (
        print_comparison,
        print_remarks,
        print_runs,
        print_spreads,
    )
    from fer_analysis.cli.tables.console import err
    from fer_analysis.cli.tables.paper import print_table_1
    from fer_analysis.evaluation.comparison import spread

    print_table_1([(e.name, e.result) for e in entries])
    print_runs([(e.name, e.evaluation.metrics()) for e in entries])
    print_remarks([(e.name, e.evaluation) for e in entries])
    for name, group in contenders.items():
        if any(len(contender.seeds) > 1 for contender in group):
            print_spreads(name, [spread(contender) for contender in group])
    for pair in comparisons:
        for name, comparison in pair.items():
            print_comparison(f"{splits[0]} split, {name}", comparison)
    if comparisons:
        err.print(f"wrote {out}/ (comparison.json, comparison.png)", soft_wrap=True)


def _distinct(runs: tuple[str, ...]) -> list[str | None]:
    """Return the RUNs without those that name one place twice."""
    if not runs:
        return [None]
    return list({Path(name).resolve(): name for name in reversed(runs)}.values())[::-1]


def _entries(names: list[str | None], source, split, overrides) -> list[_Entry]:
    """Open all runs; those of one name go by what the command called them."""
    entries = [_entry(name, source, split, overrides) for name in names]
    known = [entry.name for entry in entries]
    return [
        replace(entry, name=str(name)) if known.count(entry.name) > 1 else entry
        for entry, name in zip(entries, names, strict=True)
    ]


def _entry(name: str | None, source, split, overrides) -> _Entry:
    from fer_analysis.run import Run

    if name and name.endswith(".csv"):
        run, evaluation, _ = open_predictions(name, source, split, overrides)
        return _Entry(Path(name).stem, run.path, None, str(Path(name).resolve()), None, evaluation)
    trained = Run.open(name)
    result, config, seed = None, str(trained.model_file.resolve()), None
    origin = trained.origin
    if origin.is_directory:
        result = origin.result() if origin.is_complete else None
        seed = origin.config().seed
        config = origin.config().model_copy(update={"seed": 0}).to_yaml()
    run, loaded, split = open_run(name, source, split, overrides, quiet=True)
    path = trained.path if trained.is_directory else run.path
    return _Entry(path.name, path, result, config, seed, predict(run, loaded, split))


def _compare(entries: list[_Entry]) -> tuple[dict, list[dict]]:
    """Return the contenders by the images that they are scored on, and all pairs of the first."""
    from fer_analysis.evaluation.comparison import Contender, compare, line_up

    groups = _groups(entries)
    whole = line_up([entry.evaluation for entry in entries])
    sets = {"all images": whole}
    if all(e.leaked is not None for e in whole):
        import numpy as np

        clean = ~np.any([e.leaked for e in whole], axis=0)
        if 0 < clean.sum() < len(clean):
            sets["leak-free images"] = [e.take(clean) for e in whole]
    contenders = {
        images: [Contender(name, tuple(parts[i] for i in group)) for name, group in groups.items()]
        for images, parts in sets.items()
    }
    pairs = [
        {name: compare(group[0], group[other]) for name, group in contenders.items()}
        for other in range(1, len(groups))
    ]
    return contenders, pairs


def _groups(entries: list[_Entry]) -> dict[str, list[int]]:
    """Return name -> places of the runs that differ in nothing but their seed."""
    alike: dict[tuple, list[int]] = {}
    for index, entry in enumerate(entries):
        # A run and its copy, with one config and one seed, are not two seeds.
        same = [e.seed for e in entries if e.config == entry.config].count(entry.seed) > 1
        alike.setdefault((entry.config, index if same else None), []).append(index)
    names: dict[str, list[int]] = {}
    for group in alike.values():
        name = os.path.commonprefix([entries[i].name for i in group])
        name = name if len(group) == 1 else name.rstrip("-_. ") or entries[group[0]].name
        names[name if name not in names else entries[group[0]].name] = group
    return names


def _write(out: Path, split: str, contenders: dict, comparisons: list[dict], remarks: dict) -> None:
    from fer_analysis.evaluation.comparison import spread
    from fer_analysis.files import write_json

    if not comparisons:
        return
    from fer_analysis.figures import save
    from fer_analysis.figures.comparison import comparison_figure

    spreads = {name: [spread(c) for c in group] for name, group in contenders.items()}
    write_json(
        out / "comparison.json",
        {"split": split, "runs": spreads, "remarks": remarks, "comparisons": comparisons},
    )
    save(comparison_figure(comparisons, f"{split} split"), out / "comparison.png")
