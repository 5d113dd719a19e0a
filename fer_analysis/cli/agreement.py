"""`fer agreement`: do two people give the same faces the same labels?"""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import data_option, json_option, set_option

LIST = click.Path(exists=True, dir_okay=False)


@click.command()
@click.argument("first", type=LIST, metavar="A.csv")
@click.argument("second", type=LIST, metavar="B.csv")
@data_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/agreement"),
    show_default=True,
    metavar="FOLDER",
    help="Where agreement.json and the lists differing.csv and agreed.csv go.",
)
@set_option
@json_option
def agreement(first, second, source, out, overrides, as_json):
    """Measure how far two people agree on the labels of the same faces.

    A.csv and B.csv have the columns id and label, as the page of `fer relabel` saves them.

    \b
    Examples:
      fer agreement mine.csv yours.csv
      fer agreement mine.csv yours.csv --data fer2013.csv     # and with the present labels

    Prints Cohen's kappa (0 is chance, 1 complete) with a 95 % interval over faces, and the
    agreement on each label. differing.csv is a list for another look, agreed.csv one for
    `fer train --relabel`.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.agreement import print_agreement
    from fer_analysis.cli.tables.console import ConsoleProgress

    found = api.agreement(
        first,
        second,
        data=source,
        out=out,
        overrides=overrides,
        progress=ConsoleProgress(notices=not as_json),
    )
    print_agreement(found, as_json=as_json)
