"""A data set's number of images of each split and label, readable with any number of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
GAP = 2
"""Characters between two columns."""


def counts_tables(dataset: FaceDataset, width: int) -> Iterator[Table]:
    """Return tables of the images of each split (rows) and label (columns), none too wide.

    Args:
        dataset: The data set.
        width: Characters of a line. What does not fit in one table goes on in the next.
    """
    counts = dataset.counts()
    total = np.sum(list(counts.values()), axis=0)
    columns = list(range(len(total)))
    title = None
    if len(columns) > MOST_LABELS and verbosity.level() != verbosity.ALL:
        order = np.argsort(total, kind="stable")
        columns = [*order[:SHOWN], *order[-SHOWN:]]
        title = f"{len(total):,} labels: the {SHOWN} rarest and the {SHOWN} most frequent (-v: all)"
    for number, block in enumerate(_blocks(columns, dataset.label_names, counts, width)):
        names = [short(dataset.label_names[label], WIDEST) for label in block]
        last = ["n"] if number == 0 else []
        rows = table("split", *last, *names, title=title)
        for split, count in counts.items():
            sums = [str(count.sum())] if number == 0 else []
            rows.add_row(split, *sums, *(str(count[label]) for label in block))
        title = None
        yield rows


def left_out_table(facts: VoteLabels, splits: Sequence[str]) -> Table:
    """Return a table of the images that labelling by votes left out, by reason and split."""
    rows = table("left out", *splits)
    for reason, counts in facts.left_out.items():
        rows.add_row(reason, *(f"{counts.get(split, 0):,}" for split in splits))
    return rows


def _blocks(columns, names, counts, width: int) -> Iterator[list[int]]:
    """Divide columns into blocks that fit next to the split's name and the sum."""
    digits = max((len(str(count.sum())) for count in counts.values()), default=1)
    start = max(map(len, counts), default=5) + digits + 2 * GAP
    block, used = [], start
    for label in columns:
        needed = max(len(short(names[label], WIDEST)), digits) + GAP
        if block and used + needed > width:
            yield block
            block, used = [], start
        block.append(label)
        used += needed
    if block:
        yield block
