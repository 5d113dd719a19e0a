"""`fer study`: many runs with one thing changed in each."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fer_analysis.cli.options import data_option, json_option
from fer_analysis.errors import FerError

STORE = Path("runs/cells")
store_option = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    default=STORE,
    show_default=True,
    metavar="FOLDER",
    help="Where finished cells lie; studies that share a cell run it once.",
)
base_option = click.option(
    "--base", metavar="CONFIG", help="Another base than the file's: a config, or RUN/config.yaml."
)
label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="Ask about these labels (repeatable): what {label} stands for in the file's cells.",
)


@click.group()
def study():
    """Change one thing at a time, train again, and see what it does.

    A study file names a base config, cells that change one thing each, and seeds; every
    combination is one ordinary run. Seed s leaves out fold s of Training and is scored on
    that fold and on validation. All cells take the same number of steps and keep their last
    weights, so that fewer images never mean less training.

    \b
    Examples:
      fer study run matched --data fer2013.csv          # tells the cost, then runs
      fer study run matched --data fer2013.csv --only base
      fer study run why --data fer2013.csv --label disgust --label fear
      fer study run remedies --data fer2013.csv --jobs 4
      fer study run remedies --data fer2013.csv --ray auto
      fer study status matched --data fer2013.csv
      fer study show matched --data fer2013.csv

    Ctrl-C, a crash or a full machine lose at most an epoch of the cells under way; the same
    command goes on.
    """


@study.command()
@click.argument("file")
@data_option
@click.option("--jobs", type=click.IntRange(min=1), help="Cells at a time. Default: all cores.")
@click.option("--ray", "address", metavar="ADDRESS", help="Run on a Ray cluster (auto, local, …).")
@click.option("--only", metavar="CELL", help="Only the cells of this name.")
@label_option
@base_option
@store_option
def run(file, source, jobs, address, only, labels, base, store):
    """Run the cells of a study that are not finished.

    FILE is a YAML file or the name of a study that comes with the package.
    """
    from fer_analysis.cli.tables.console import err, progress_bar
    from fer_analysis.study.cell import finished, run_cell
    from fer_analysis.study.executor import run_here, run_on_ray

    whole = load(file, source, base, labels).only(only)
    waiting = [cell for cell in whole.cells if finished(cell, store) is None]
    err.print(f"study {whole.name}: {whole.config.question}", soft_wrap=True)
    if not waiting:
        err.print(f"all {len(whole.cells)} cells are finished: fer study show {file}")
        return
    threads = whole.config.threads
    jobs = jobs or max(1, (os.cpu_count() or 1) // threads)
    _tell_cost(whole, waiting, store, jobs, threads, address)
    outcomes = (
        run_on_ray(run_cell, waiting, store, address=address)
        if address
        else run_here(run_cell, waiting, store, jobs=jobs)
    )
    failed = []
    with progress_bar() as bar:
        task = bar.add_task("cells", total=len(waiting))
        for cell, facts, problem in outcomes:
            bar.advance(task)
            name = f"{cell.name}, seed {cell.seed}"
            if facts is None:
                failed.append(f"{name}: {problem}")
                bar.console.print(f"FAILED {name}: {problem}", style="red", soft_wrap=True)
            else:
                figures = facts["figures"]["fold"]
                bar.console.print(
                    f"{name}: fold accuracy {100 * figures['accuracy']:.1f} %, "
                    f"{facts['seconds']:.0f} s"
                )
    if failed:
        raise FerError(f"study {whole.name}: cells that failed (all others are kept)", failed)
    err.print(f"finished: fer study show {file}")


@study.command()
@click.argument("file")
@data_option
@label_option
@base_option
@store_option
def status(file, source, labels, base, store):
    """Tell which cells of a study are finished."""
    from fer_analysis.cli.tables.console import out, table
    from fer_analysis.study.cell import TRAINING, finished

    whole = load(file, source, base, labels)
    rows = table("cell", "finished", "under way", "waiting")
    for name in dict.fromkeys(cell.name for cell in whole.cells):
        cells = [cell for cell in whole.cells if cell.name == name]
        done = sum(finished(cell, store) is not None for cell in cells)
        begun = sum(
            finished(cell, store) is None and (store / cell.key / TRAINING).is_dir()
            for cell in cells
        )
        rows.add_row(name, str(done), str(begun), str(len(cells) - done - begun))
    out.print(rows)


@study.command()
@click.argument("file")
@data_option
@click.option(
    "--against",
    default="base",
    show_default=True,
    metavar="CELL",
    help="The cell that the others are held against.",
)
@label_option
@base_option
@store_option
@click.option("--out", type=click.Path(path_type=Path), help="Default: runs/study-<name>.")
@json_option
def show(file, source, against, labels, base, store, out, as_json):
    """Show what each finished cell of a study changes.

    Accuracy, macro-F1, calibration error and recalls on the folds that were left out and on
    leak-free validation images, and by how much they differ from the base's: paired, intervals
    by bootstrap over seeds and images, simultaneous over the cells.

    Writes changes.json, changes.csv and changes.png to OUT; `fer report --study OUT` shows them.
    """
    from fer_analysis.cli.tables.console import err
    from fer_analysis.figures import save
    from fer_analysis.figures.changes import changes_figure
    from fer_analysis.files import write_csv, write_json
    from fer_analysis.study.differences import changes, flat, lowest
    from fer_analysis.study.resampling import collect

    whole = load(file, source, base, labels)
    evidence = collect([whole], store)
    evidence.require(against)
    rows = changes(evidence, against)
    told = {
        "study": whole.name,
        "question": whole.config.question,
        "against": against,
        "fingerprint": evidence.fingerprint,
        "watched": list(labels) or lowest(rows, against),
        "cells": rows,
    }
    out = out or Path("runs") / f"study-{whole.name}"
    write_json(out / "changes.json", told)
    write_csv(out / "changes.csv", flat(rows))
    save(changes_figure(told), out / "changes.png")
    if as_json:
        import json

        click.echo(json.dumps(told, indent=2))
    else:
        from fer_analysis.cli.tables.study import print_changes

        print_changes(told)
    err.print(f"wrote {out}/ (changes.json, changes.csv, changes.png)", soft_wrap=True)


@study.command()
@click.argument("file")
@data_option
@label_option
@base_option
@store_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    metavar="FOLDER",
    help="A store for cells that are passed on; several studies may share it.",
)
def keep(file, source, labels, base, store, out):
    """Keep what finished cells answer in small files that can be passed on.

    Two bytes an image instead of all probabilities; no image, no weights, no path. Whoever has
    the same data repeats the verdicts and tables from them without training:

    \b
      fer study keep matched --data fer2013.csv --out answers
      fer diagnose matched --data fer2013.csv --store answers
    """
    from fer_analysis.cli.tables.console import err
    from fer_analysis.study.cell import finished, pass_on

    whole = load(file, source, base, labels)
    done = [(cell, result) for cell in whole.cells if (result := finished(cell, store))]
    if not done:
        raise FerError(f"study {whole.name}: no cell is finished: fer study run {file}")
    for cell, result in done:
        pass_on(cell, result, out)
    err.print(f"kept {len(done)} of {len(whole.cells)} cells in {out}/", soft_wrap=True)


def load(file: str, source: str | None, base: str | None = None, labels: tuple[str, ...] = ()):
    """Read a study and find out how many images an epoch of every cell shows."""
    from fer_analysis.study.fair import load_fair_study

    if source is not None and source != "synthetic":
        source = str(Path(source).resolve())
    source = source or os.environ.get("FER2013_DIR")
    return load_fair_study(file, source, base=base, labels=labels)


def _tell_cost(whole, waiting, store, jobs, threads, address) -> None:
    from fer_analysis.cli.tables.console import err
    from fer_analysis.study.cost import seconds_each

    each = seconds_each(whole.cells, store)
    done = len(whole.cells) - len(waiting)
    left = f" ({done} are finished)" if done else ""
    if address:
        told = f"{each * len(waiting) / 3600:.1f} hours of {threads} core(s)"
    else:
        minutes = each * -(-len(waiting) // jobs) / 60
        told = f"about {minutes:.0f} min on this machine ({jobs} at a time)"
    err.print(f"{len(waiting)} cells to run{left}, {each:.0f} s each: {told}", soft_wrap=True)
