"""`fer reproduce`: the paper in one command."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import SEED, data_option, figure_options, json_option, set_option

RECIPES = ("repaired", "paper", "best")


@click.command()
@data_option
@click.option(
    "--recipe",
    type=click.Choice(RECIPES),
    default="repaired",
    show_default=True,
    help="repaired: mended so that it trains. paper: to the letter; it collapses. best: the same "
    "networks with remedies, which find disgust.",
)
@click.option("--quick", is_flag=True, help="Smaller, shorter trainings for a look: minutes.")
@click.option(
    "--mobilenet", metavar="RUN", help="A finished run of this recipe and data, used as it is."
)
@click.option("--self-built", metavar="RUN", help="The same for the self-built network.")
@click.option(
    "--study",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="What `fer diagnose` wrote of a study: it decides the claim about too few images.",
)
@click.option("--faces", is_flag=True, help="Show photographs of people on the page too.")
@click.option("--seed", type=SEED, help="Seed of weights, order and augmentation.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Default: runs/reproduction-<data>-<recipe>.",
)
@set_option
@figure_options
@json_option
def reproduce(source, as_json, **options):
    """Reproduce the paper (Tao 2023): every figure and table of it beside ours.

    Trains its two networks, evaluates them, computes where the self-built one looks, and writes
    figures (PNG and PDF), Table 1 (Markdown, CSV, LaTeX), every claim with its verdict, a page
    and a summary to FOLDER/results. The expected time is told first. Started again, it goes on
    where it was interrupted; finished networks are used as they are.

    \b
    Examples:
      fer reproduce --data synthetic --quick          # drawn faces: three minutes
      fer reproduce --data fer2013.csv                # two hours on two cores
      fer reproduce --data fer2013.csv --recipe paper
      fer reproduce --data fer2013.csv --mobilenet runs/mobilenet --self-built runs/self_built

    The whole of Kaggle's test folder is the test where it is there, as in the paper; else
    PublicTest takes its place, which every figure says.
    """
    import fer_analysis
    from fer_analysis.cli.tables.console import ConsoleProgress

    found = fer_analysis.reproduce(source, progress=ConsoleProgress(), **options)
    if as_json:
        import json

        click.echo(json.dumps(found.as_dict(), indent=2))
    else:
        from fer_analysis.cli.tables.reproduction import print_reproduction

        print_reproduction(found)
