"""`fer compare`: do runs differ?"""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import (
    data_option,
    figure_options,
    json_option,
    map_option,
    set_option,
    split_option,
    table_option,
)


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
@map_option
@set_option
@figure_options
@table_option
@json_option
def compare(runs, source, split, out, label_map, overrides, table_file, as_json):
    """Compare runs on the same images, and test whether they differ.

    RUN is a run directory, a .keras file, 'bundled', or a table of predictions (FILE.csv, see
    `fer evaluate --predictions`); the newest run if none is named. The others are compared
    with the first one.

    \b
    Examples:
      fer compare runs/mobilenet runs/self_built
      fer compare runs/plain-* runs/balanced-* --split validation
      fer compare runs/mobilenet theirs.csv --data fer2013.csv

    Prints accuracy and macro-F1 of each run and whether they differ: McNemar's exact test, over
    all images and by label (Holm), and a paired bootstrap of the differences. Runs that differ
    only in their seed are taken together, as mean and standard deviation. -v adds the paper's
    Table 1 with a row for each run, and the tables by label.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.files import write_printed

    comparison = api.compare(
        *runs,
        data=source,
        split=split,
        out=out,
        label_map=label_map,
        overrides=overrides,
        progress=ConsoleProgress(),
    )
    if table_file:
        from fer_analysis.cli.tables.comparison import print_comparison

        write_printed(table_file, lambda: print_comparison(comparison))
    if as_json:
        import json

        from fer_analysis.paper import TABLE_1

        click.echo(json.dumps({"paper": TABLE_1, **comparison.as_dict()}, indent=2))
    else:
        from fer_analysis.cli.tables.comparison import print_comparison

        print_comparison(comparison)
