"""`fer study`: many runs with one thing changed in each."""

from __future__ import annotations

import click

from fer_analysis.cli.options import data_option, figure_options, json_option

store_option = click.option(
    "--store",
    type=click.Path(file_okay=False),
    show_default="runs/cells",
    metavar="FOLDER",
    help="Where finished cells are stored; studies that share a cell run it once.",
)
base_option = click.option(
    "--base", metavar="CONFIG", help="Another base than the file's: a config, or RUN/config.yaml."
)
label_option = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="LABEL",
    help="These labels (repeatable): the value of {label} in the file's cells.",
)


@click.group()
def study():
    """Train with one thing changed at a time, and compare.

    A study file names a base config, cells that change one thing each, and seeds; every
    combination is one ordinary run. Seed s leaves out fold s of Training and is scored on
    that fold and on validation. All cells take the same number of steps and keep their last
    weights, so that fewer images never mean less training.

    \b
    Examples:
      fer study run matched --data fer2013.csv          # prints the cost, then runs
      fer study run matched --data fer2013.csv --only base
      fer study run why --data fer2013.csv --label disgust --label fear
      fer study run remedies --data fer2013.csv --jobs 4
      fer study run remedies --data fer2013.csv --ray auto
      fer study status matched --data fer2013.csv
      fer study show matched --data fer2013.csv
      fer study join machine1/cells machine2/cells --out joined

    Ctrl-C, a crash or a full machine lose at most an epoch of the running cells; the same
    command continues.
    """


@study.command()
@click.argument("file")
@data_option
@click.option("--jobs", type=click.IntRange(1, 1024), help="Cells at a time. Default: all cores.")
@click.option("--ray", metavar="ADDRESS", help="Run on a Ray cluster (auto, local, …).")
@click.option("--only", metavar="CELL", help="Only the cells of this name.")
@label_option
@base_option
@store_option
def run(file, source, jobs, ray, only, labels, base, store):
    """Run the cells of a study that are not finished.

    FILE is a YAML file or the name of a study that comes with the package.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.study import print_finished

    status = api.run_study(
        file,
        data=source,
        jobs=jobs,
        ray=ray,
        only=only,
        labels=labels,
        base=base,
        store=store,
        progress=ConsoleProgress(),
    )
    print_finished(status, file)


@study.command()
@click.argument("file")
@data_option
@label_option
@base_option
@store_option
def status(file, source, labels, base, store):
    """Show which cells of a study are finished."""
    from fer_analysis import api
    from fer_analysis.cli.tables.study import print_status

    print_status(api.study_status(file, data=source, labels=labels, base=base, store=store))


@study.command()
@click.argument("file")
@data_option
@click.option(
    "--against",
    "reference",
    default="base",
    show_default=True,
    metavar="CELL",
    help="The cell that the others are compared with.",
)
@label_option
@base_option
@store_option
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Default: runs/study-<name>.")
@figure_options
@json_option
def show(file, source, reference, labels, base, store, out, as_json):
    """Show what each finished cell of a study changes.

    Accuracy, macro-F1, calibration error and recalls on the folds that were left out and on
    leak-free validation images, and by how much they differ from the base's: paired, intervals
    by bootstrap over seeds and images, simultaneous over the cells.

    Writes differences.json, differences.csv and differences.png to FOLDER;
    `fer report --study FOLDER` shows them.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.study import print_differences

    result = api.show_study(
        file,
        data=source,
        reference=reference,
        labels=labels,
        base=base,
        store=store,
        out=out,
        progress=ConsoleProgress(),
    )
    if as_json:
        import json

        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        print_differences(result)


@study.command()
@click.argument("file")
@data_option
@label_option
@base_option
@store_option
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    required=True,
    metavar="FOLDER",
    help="A store for cells to be shared; several studies may use it.",
)
def keep(file, source, labels, base, store, out):
    """Keep the predictions of finished cells in two small files that can be shared.

    Two bytes an image instead of all probabilities; no image, no weights, no path. With the
    same data, verdicts and tables can be repeated from them without training:

    \b
      fer study keep matched --data fer2013.csv --out kept
      fer diagnose matched --data fer2013.csv --store kept
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress

    api.keep_study(
        file,
        out,
        data=source,
        labels=labels,
        base=base,
        store=store,
        progress=ConsoleProgress(),
    )


@study.command()
@click.argument("stores", nargs=-1, required=True, metavar="STORE…")
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    required=True,
    metavar="FOLDER",
    help="The joined store; if it has cells, they are joined too.",
)
def join(stores, out):
    """Join the cells of one study that several machines ran.

    STOREs are folders of `fer study run` or `fer study keep`. Refused, with the names of the
    cells: studies with another base, other data, another contract of cells, and cells that
    are there twice with different predictions. The joined store has two small files, as those
    of `fer study keep`:

    \b
      fer study join machine1/cells machine2/cells --out joined
      fer diagnose matched --data fer2013.csv --store joined
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress

    api.join_studies(stores, out, progress=ConsoleProgress())
