"""Running a study: what it will cost, its cells, which of them are finished, and keeping them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.progress import Progress
from fer_analysis.study.cell import cell_data, run_in_worker
from fer_analysis.study.collect import changed_cells, check_inputs, finished_cells
from fer_analysis.study.cost import seconds_each
from fer_analysis.study.design import Cell, Study
from fer_analysis.study.executor import Outcome, run_here, run_on_ray
from fer_analysis.study.inputs import networks_of
from fer_analysis.study.kept import save_kept
from fer_analysis.study.seen import seen_by_networks, warnings_of
from fer_analysis.study.store import CellStore
from fer_analysis.text import duration, percent


@dataclass(frozen=True)
class CellStatus:
    """How far the cells of one name are.

    Args:
        name: Of the cells, one for each seed.
        finished: How many are finished.
        under_way: How many were begun.
        waiting: How many were not begun.
    """

    name: str
    finished: int
    under_way: int
    waiting: int


@dataclass(frozen=True)
class StudyStatus:
    """How far a study is.

    Args:
        study: Its name.
        cells: One row a name.
    """

    study: str
    cells: tuple[CellStatus, ...]

    @property
    def n(self) -> int:
        """The number of cells."""
        return sum(row.finished + row.under_way + row.waiting for row in self.cells)

    @property
    def finished(self) -> int:
        """The number of finished cells."""
        return sum(row.finished for row in self.cells)


def study_status(study: Study, store: CellStore) -> StudyStatus:
    """Return how many cells of a study are finished, under way and waiting.

    Args:
        study: The study.
        store: Where cells are stored.

    Raises:
        FerError: If a cell was trained on other data.
    """
    done = finished_cells(study.cells, store)
    rows = []
    by_name: dict[str, list[Cell]] = {}
    for cell in study.cells:
        by_name.setdefault(cell.name, []).append(cell)
    for name, cells in by_name.items():
        finished = sum(cell in done for cell in cells)
        begun = sum(store.is_under_way(cell) for cell in cells)
        rows.append(CellStatus(name, finished, begun, len(cells) - finished - begun))
    return StudyStatus(study.name, tuple(rows))


def run_study(
    study: Study,
    store: CellStore,
    *,
    jobs: int | None = None,
    ray: str | None = None,
    progress: Progress | None = None,
) -> StudyStatus:
    """Run the cells of a study that are not finished.

    Args:
        study: The study.
        store: Where cells are stored.
        jobs: Cells at a time; as many as the machine has cores for if None.
        ray: Address of a Ray cluster to run on; None to run here.
        progress: Receives the expected cost, and how far it is.

    Raises:
        FerError: If cells failed, naming each (all others are kept), or a finished one was
            trained on other data.
    """
    progress = progress or Progress()
    done = finished_cells(study.cells, store)
    waiting = [cell for cell in study.cells if cell not in done]
    if not waiting:
        return study_status(study, store)
    for line in changed_cells(waiting, store):
        progress.notice(f"trained again, as what it learnt from has changed: {line}")
    for text in _warnings(waiting):
        progress.notice(f"warning: {text}")
    threads = study.config.threads
    jobs = jobs or max(1, (os.cpu_count() or 1) // threads)
    each = seconds_each(study.cells, store)
    progress.notice(
        _cost(len(waiting), len(done), each, jobs=None if ray else jobs, threads=threads)
    )
    outcomes = (
        run_on_ray(run_in_worker, waiting, store.folder, address=ray, notice=progress.notice)
        if ray
        else run_here(run_in_worker, waiting, store.folder, jobs=jobs)
    )
    try:
        with closing(outcomes):  # an interruption ends the workers before anything else is done
            failed = _watched(outcomes, len(waiting), progress)
    except KeyboardInterrupt:
        progress.notice("all finished cells are kept; the same command goes on with the others")
        raise
    if failed:
        raise FerError(f"study {study.name}: cells that failed (all others are kept)", failed)
    return study_status(study, store)


def _warnings(cells: Iterable[Cell]) -> Iterator[str]:
    """Say which cells are to be scored on images that their other networks know."""
    by_name: dict[str, list[Cell]] = {}
    for cell in cells:
        if networks_of(cell.config):
            by_name.setdefault(cell.name, []).append(cell)
    for name, own in by_name.items():
        seen = [seen_by_networks(cell.config, cell_data(cell.config)) for cell in own]
        yield from warnings_of(name, own[0].config, seen)


def _watched(outcomes: Iterable[Outcome], n: int, progress: Progress) -> list[str]:
    """Report outcomes as they come; return those that failed, a line each."""
    failed = []
    with progress.task("cells") as update:
        update(0, n)
        for count, (cell, facts, problem) in enumerate(outcomes, 1):
            update(count, n)
            if facts is None:
                failed.append(f"{_name(cell)}: {problem}")
                progress.notice(f"FAILED {failed[-1]}")
                continue
            accuracy = facts["figures"]["fold"]["accuracy"]
            progress.detail(
                f"{_name(cell)}: fold accuracy {percent(accuracy)}, {facts['seconds']:.0f} s"
            )
    return failed


def _name(cell: Cell) -> str:
    return f"{cell.name}, seed {cell.seed}"


def _cost(cells: int, done: int, each: float, *, jobs: int | None, threads: int) -> str:
    finished = f" ({done} are finished)" if done else ""
    each = max(each, 1)
    if jobs is None:
        total = f"{duration(each * cells)} of {threads} core(s)"
    else:
        total = f"about {duration(each * -(-cells // jobs))} on this machine ({jobs} at a time)"
    return f"{cells} cells to run{finished}, {each:.0f} s each: {total}"


def keep_study(study: Study, store: CellStore, folder: Path) -> int:
    """Keep the predictions of a study's finished cells in two small files (`kept`).

    Args:
        study: The study.
        store: Where its cells are stored.
        folder: A store for cells that are passed on; several studies may share it.

    Returns:
        How many cells were kept.

    Raises:
        FerError: If no cell is finished, or one was trained on other data.
    """
    done = finished_cells(study.cells, store)
    check_inputs(study.cells, store, study.name)
    if not done:
        raise FerError(
            f"study {study.name}: no cell is finished {store.none_fits()}: "
            f"fer study run {study.name}"
        )
    save_kept(folder, {cell.portable_key: result for cell, result in done.items()})
    return len(done)
