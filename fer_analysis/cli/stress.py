"""`fer stress`: under which conditions a network still works."""

from __future__ import annotations

import math
from pathlib import Path

import click

from fer_analysis.cli.options import (
    COUNT,
    SEED,
    NameOf,
    data_option,
    figure_options,
    json_option,
    map_option,
    set_option,
    split_option,
    table_option,
)
from fer_analysis.conditions import CONDITIONS
from fer_analysis.errors import FerError

MOST_SIDE = 1024
"""Largest height or width of images for --input, in pixels."""


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@data_option
@split_option
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    type=NameOf(CONDITIONS),
    help="Only this condition (repeatable). Default: all of them.",
)
@click.option(
    "--severity",
    "severities",
    multiple=True,
    type=click.IntRange(1, 5),
    help="Only this severity (repeatable). Default: 1 to 5.",
)
@click.option(
    "--n",
    default=1000,
    show_default=True,
    type=COUNT,
    help="Images, drawn at random with each label's share; all if there are no more.",
)
@click.option(
    "--seed", default=0, type=SEED, show_default=True, help="Of the draw and of the conditions."
)
@click.option(
    "--predictor",
    metavar="MODULE:FUNCTION",
    help="Anyone's network, as a function of images (uint8, n x 48 x 48 x 1) that returns "
    "probabilities of the data's labels in their order (n x labels). With RUNs, one more of them.",
)
@click.option(
    "--input",
    "input_size",
    metavar="HEIGHTxWIDTH",
    help="The RUNs' models take images of this size, e.g. 64x64.",
)
@click.option(
    "--scale",
    metavar="BLACK:WHITE",
    help="The RUNs' models take these values for black and white, e.g. -1:1. Default: 0:255.",
)
@click.option(
    "--reference",
    metavar="RUN",
    help="The others are compared with this run. Default: the first one.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/stress"),
    show_default=True,
    metavar="FOLDER",
    help="Where the comparison of several runs goes.",
)
@map_option
@set_option
@figure_options
@table_option
@json_option
def stress(
    runs, source, predictor, input_size, scale, reference, out, table_file, as_json, **asked
):
    """Test a network under conditions: noise, blur, light, turned heads, masks.

    RUN is a run directory, a .keras file or 'bundled'; the newest run if none is named. Each
    condition has five severities, from hardly visible to hardly recognisable; `fer data
    --conditions` draws them. Images that the network was trained on are left out.

    \b
    Examples:
      fer stress                                      # the newest run, 1,000 images
      fer stress bundled --condition surgical_mask --n 4000
      fer stress runs/first runs/second --split validation
      fer stress bundled --predictor theirs:predict --data fer2013.csv
      fer stress theirs.keras --input 64x64 --scale -1:1 --data fer2013.csv

    Prints accuracy, clean and by kind of condition, how far the network works (the severities at
    which it is shown to lose less than 5 points), the label that falls first, whether the
    "unsure" rule keeps its promise, and how often predictions flip under changes that nobody
    sees. Predictions are saved one by one: after Ctrl-C the same command goes on. Writes
    stress.json, stress.csv, heat_map.png, curves.png and faces.png to RUN/stress/<split>/.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.files import write_printed
    from fer_analysis.cli.tables.stress import print_stress
    from fer_analysis.robustness.comparison import named_apart

    asked |= {
        "data": source,
        "progress": ConsoleProgress(),
    }
    takes = {
        "input_size": parse_pair(input_size, "x", int, "--input", "64x64"),
        "scale": parse_pair(scale, ":", float, "--scale", "-1:1"),
    }
    named = [run for run in dict.fromkeys((reference, *runs)) if run is not None]
    theirs = []
    if predictor:  # first of all: a function that does not exist is told at once
        given = {} if named else takes
        theirs = [api.stress(None, predictor=predictor, **given, **asked)]
    tests = [api.stress(run, **takes, **asked) for run in named or ([] if predictor else [None])]
    tests = named_apart(tests + theirs)
    comparison = None
    if len(tests) > 1:
        comparison = api.compare_stress(tests, out=out, progress=asked["progress"])
    if table_file:
        write_printed(table_file, lambda: print_stress(tests, comparison))
    print_stress(tests, comparison, as_json=as_json)


def parse_pair(text: str | None, separator: str, number: type, option: str, example: str):
    """Read two numbers with a separator between them; None of None.

    Raises:
        FerError: If the text is no such pair.
    """
    if text is None:
        return None
    try:
        first, second = (number(part) for part in text.split(separator))
    except ValueError as error:
        raise FerError(f"{option}: expected e.g. {example}, received '{text}'") from error
    sizes = number is int
    good = 1 <= min(first, second) <= max(first, second) <= MOST_SIDE if sizes else first != second
    if not good or not math.isfinite(first) or not math.isfinite(second):
        raise FerError(f"{option}: expected e.g. {example}, received '{text}'")
    return first, second
