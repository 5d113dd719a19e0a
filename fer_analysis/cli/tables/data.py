"""A data set's number of images of each split and label, readable with any number of labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.table import Table

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import table
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_labels import VoteLabels
from fer_analysis.text import short

WIDEST = 20
"""Characters of a label's name in a table."""

MOST_LABELS = 32
"""Labels above which only the rarest and the most frequent are shown, unless all is asked for."""

SHOWN = 5


def counts_table(dataset: FaceDataset) -> Table:
    """Return a table of the images of each split (rows) and label (columns).

    Args:
        dataset: The data set.
    """
    counts = dataset.counts()
    total = np.sum(list(counts.values()), axis=0)
    columns = list(range(len(total)))
    title = None
    if len(columns) > MOST_LABELS and verbosity.level() != verbosity.ALL:
        order = np.argsort(total, kind="stable")
        columns = [*order[:SHOWN], *order[-SHOWN:]]
        title = f"{len(total):,} labels: the {SHOWN} rarest and the {SHOWN} most frequent (-v: all)"
    names = [short(dataset.label_names[label], WIDEST) for label in columns]
    rows = table("split", "n", *names, title=title, goes_on=True)
    for split, count in counts.items():
        rows.add_row(split, str(count.sum()), *(str(count[label]) for label in columns))
    return rows


def left_out_table(facts: VoteLabels, splits: Sequence[str]) -> Table:
    """Return a table of the images that labelling by votes left out, by reason and split."""
    rows = table("left out", *splits)
    for reason, counts in facts.left_out.items():
        rows.add_row(reason, *(f"{counts.get(split, 0):,}" for split in splits))
    return rows
