"""`fer audit`: what is wrong with a data set."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import (
    SEED,
    data_option,
    figure_options,
    json_option,
    set_option,
)


@click.command()
@data_option
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    metavar="K",
    help="Train K small networks, each without one part of the training images, and compare the "
    "labels of that part with its predictions. On FER-2013 some 2 to 4 minutes a network.",
)
@click.option(
    "--probabilities",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Out-of-fold probabilities of an earlier audit. Default: OUT/out_of_fold.npz if present.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Default: runs/audit-<data>.")
@click.option("--seed", type=SEED, help="Of the networks of --folds and of the contact sheets.")
@set_option
@figure_options
@json_option
def audit(source, as_json, **asked):
    """Find problems of a data set before any network is trained.

    Copies (pixel for pixel; or mirrored, shifted, re-compressed), those that cross splits,
    identical images under different labels, blank images, suspected placeholders and
    drawings; with annotators' votes: no face, ties, low agreement, mismatched labels; with
    --folds: labels that networks contradict (confident learning), compared with the votes.

    \b
    Examples:
      fer audit --data fer2013.csv                 # under a minute, trains nothing
      fer audit --data fer2013.csv --folds 6       # half an hour; Ctrl-C, then resume at any time
      fer audit --data photos/ --folds 5 --set training.epochs=10

    Writes audit.json, audit.csv (one row an issue) and a contact sheet of each kind to OUT.
    Look at the sheets: pixel rules can be wrong, annotators are a reference and not the truth,
    and a network that contradicts a label can be wrong itself.
    """
    from fer_analysis.api import audit as audit_data
    from fer_analysis.cli.tables.audit import print_audit
    from fer_analysis.cli.tables.console import ConsoleProgress

    found = audit_data(source, progress=ConsoleProgress(notices=not as_json), **asked)
    print_audit(found, as_json=as_json)
