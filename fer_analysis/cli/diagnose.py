"""`fer diagnose`: why a label fails."""

from __future__ import annotations

import click

from fer_analysis.cli.options import data_option, figure_options, json_option, table_option
from fer_analysis.cli.study import base_option, label_option, store_option


@click.command()
@click.argument("names", nargs=-1, metavar="[STUDY… | RUN]")
@data_option
@click.option(
    "--of",
    "subject",
    metavar="CELL",
    default="base",
    show_default=True,
    help="The cell whose failures are examined.",
)
@click.option("--without-votes", is_flag=True, help="Ignore annotators' votes.")
@label_option
@base_option
@store_option
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Default: runs/diagnosis-<name>.")
@figure_options
@table_option
@json_option
def diagnose(names, source, subject, without_votes, labels, base, store, out, table_file, as_json):
    """Find which labels a network fails on, and why, as far as the evidence shows.

    From studies (their finished cells are read together), by the rule in
    fer_analysis/study/verdict_rule.py: a label fails because of its recipe, of imbalance (it is
    rarely predicted), scarcity (too few images to learn from), ambiguity (annotators are
    split), label noise (they agree on another label), poor pictures, a shift between splits,
    several of these, or nothing that is shown. Without votes, networks stand in for annotators.
    From a single RUN (the newest if none is named): what requires no training, and the commands
    that would answer the rest.

    \b
    Examples:
      fer diagnose runs/first
      fer study run why --data fer2013.csv --label disgust
      fer diagnose why --data fer2013.csv --label disgust
      fer diagnose matched dose equal recipe disputed --data fer2013.csv
      fer diagnose recipe --of "the paper's recipe" --data fer2013.csv

    For a single RUN also: how well each label's probability ranks its images, its recall over the
    strength of logit adjustment, and whether its images' nearest neighbours in feature space
    have its label.

    Beside the verdicts: what each remedy that was tried changes for the label, and what more
    images of it would bring, by a curve fitted to the numbers tried, to twice the largest.

    Writes diagnosis.json (everything), diagnosis.csv, recalls.csv, gains.csv and pictures to
    FOLDER; `fer report --study FOLDER` shows them.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.diagnosis import print_diagnosis
    from fer_analysis.cli.tables.files import write_printed

    result = api.diagnose(
        names,
        data=source,
        subject=subject,
        votes=not without_votes,
        labels=labels,
        base=base,
        store=store,
        out=out,
        progress=ConsoleProgress(),
    )
    if table_file:
        write_printed(table_file, lambda: print_diagnosis(result))
    if as_json:
        import json

        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        print_diagnosis(result)
