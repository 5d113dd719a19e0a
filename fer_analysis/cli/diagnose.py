"""`fer diagnose`: why a label fails."""

from __future__ import annotations

from typing import TypeVar

import click

from fer_analysis.cli.options import (
    SPLITS,
    data_option,
    figure_options,
    json_option,
    table_option,
)
from fer_analysis.cli.study import base_option, label_option, store_option

Number = TypeVar("Number", int, float)


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
@click.option(
    "--predictions",
    type=click.Path(dir_okay=False),
    metavar="FILE.csv",
    help="Instead of a STUDY or RUN, predictions of any network: columns id, label (the true "
    "one) and one of probabilities for each label. With --data, ids are joined to the data for "
    "leaks, votes and the number of training images.",
)
@click.option(
    "--split",
    type=click.Choice(SPLITS),
    help="With --predictions: which part of the data, where the table has several.",
)
@click.option(
    "--counts",
    metavar="LABEL=N,…",
    help="With --predictions: how many images of each label the network was trained on. Default: "
    "those of the data's training split.",
)
@click.option(
    "--prior",
    metavar="uniform|LABEL=SHARE,…",
    help="With --predictions: how frequent each label was for the loss; shares add up to 1. "
    "Balanced sampling and class weights by frequency make it uniform, a teacher the mean of its "
    "answers. Default: the shares of the counts.",
)
@click.option("--out", type=click.Path(), metavar="FOLDER", help="Default: runs/diagnosis-<name>.")
@figure_options
@table_option
@json_option
def diagnose(
    names,
    source,
    subject,
    without_votes,
    labels,
    base,
    store,
    predictions,
    split,
    counts,
    prior,
    out,
    table_file,
    as_json,
):
    """Find which labels a network fails on, and why, as far as the evidence shows.

    From studies (their finished cells are read together), by the rule in
    fer_analysis/study/verdict_rule.py: a label fails because of its recipe, of imbalance (it is
    rarely predicted), scarcity (too few images to learn from), ambiguity (annotators are
    split), label noise (they agree on another label), poor pictures, a shift between splits,
    several of these, or nothing that is shown. Without votes, the networks of a study stand in
    for annotators, two at least. From a single RUN (the newest if none is named): what requires
    no training, and the commands that would answer the rest.

    \b
    Examples:
      fer diagnose runs/first
      fer study run why --data fer2013.csv --label disgust
      fer diagnose why --data fer2013.csv --label disgust
      fer diagnose matched dose equal recipe disputed --data fer2013.csv
      fer diagnose recipe --of "the paper's recipe" --data fer2013.csv
      fer diagnose --predictions theirs.csv --data fer2013.csv
      fer diagnose --predictions theirs.csv --counts "cat=900,cow=60,dog=900"
      fer diagnose --predictions theirs.csv --data fer2013.csv --prior uniform

    For a single RUN also: how well each label's probability ranks its images, its recall over the
    strength of logit adjustment, and whether its images' nearest neighbours in feature space
    have its label.

    Predictions of any network show imbalance, ambiguity, label noise and image quality, as far
    as votes, training counts and pictures are known; recipe, scarcity and a shift between
    splits take another training, and it is said so. Imbalance depends on how frequent the labels
    were for the network: name the --prior of one that was not trained on plain counts.

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
        predictions=predictions,
        split=split,
        counts=None if counts is None else _by_label("--counts", counts, "N", int),
        prior=prior if prior in (None, "uniform") else _by_label("--prior", prior, "SHARE", float),
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


def _by_label(option: str, text: str, what: str, read: type[Number]) -> dict[str, Number]:
    """Read `happy=7215,disgust=436` or `happy=0.25,disgust=0.015`."""
    from fer_analysis.errors import FerError

    found: dict[str, Number] = {}
    for pair in filter(str.strip, text.split(",")):
        name, _, value = (word.strip() for word in pair.rpartition("="))
        try:
            given = read(value)
        except ValueError:
            given = None
        if not name or given is None:
            raise FerError(
                f"{option}: expected LABEL={what}, separated by commas; received {pair.strip()!r}"
            )
        if name in found:
            raise FerError(f"{option}: '{name}' is given twice")
        found[name] = given
    return found
