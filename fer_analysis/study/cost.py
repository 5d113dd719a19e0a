"""What a study will cost, before it starts."""

from __future__ import annotations

import statistics

from fer_analysis.study.cell import cell_data, limit_threads
from fer_analysis.study.design import Cell, work_of
from fer_analysis.study.executor import worker_pool
from fer_analysis.study.store import CellStore

OVERHEAD = 1.15
"""What validation, predictions and the start add to the training itself, as a factor."""


def seconds_each(cells: tuple[Cell, ...], store: CellStore) -> float:
    """Return how long a cell takes, in seconds.

    Estimated from the study's finished cells; without any, from other cells that train the same
    network for as many steps; without those, a few training steps of the first cell are timed in
    a process of their own.

    Args:
        cells: The study's.
        store: Where cells are stored.
    """
    known = [done.facts["seconds"] for cell in cells if (done := store.find(cell))]
    if not known:
        work = work_of(cells[0])
        known = [facts["seconds"] for facts in store.all_facts() if facts.get("work") == work]
    if known:
        return OVERHEAD * statistics.median(known)
    with worker_pool(1) as pool:
        return OVERHEAD * pool.submit(_timed, cells[0]).result()


def _timed(cell: Cell) -> float:
    """Time a few steps; return the seconds that all of the cell's steps would take."""
    limit_threads(cell.threads)
    from fer_analysis.training.timing import training_seconds

    return training_seconds(cell.config, cell_data(cell.config).dataset)
