"""Running cells: in processes on this machine, or on a Ray cluster."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from types import ModuleType

from fer_analysis.errors import FerError, first_line
from fer_analysis.study.design import Cell

ATTEMPTS = 3
"""How often a cell is started whose worker dies."""
_LOOK = 5.0
"""Seconds after which the nodes of a cluster are looked at again."""

Outcome = tuple[Cell, dict | None, str]
"""A cell, its facts (None if it failed), and why it failed."""


def run_here(
    function: Callable[[Cell, Path], dict], cells: list[Cell], store: Path, *, jobs: int
) -> Iterator[Outcome]:
    """Run cells in worker processes.

    Workers live long: TensorFlow is loaded and data is read once in each. A worker that dies
    takes no other cell with it: those that were under way are started again.

    Args:
        function: `(cell, store) -> facts`.
        cells: The cells.
        store: Where cells are stored.
        jobs: Workers at a time.

    Yields:
        Outcomes, as they come.
    """
    waiting, attempts = list(cells), dict.fromkeys(cells, 0)
    while waiting:
        lost = []
        with worker_pool(jobs) as pool:
            futures = {pool.submit(function, cell, store): cell for cell in waiting}
            for future in as_completed(futures):
                cell = futures[future]
                try:
                    yield cell, future.result(), ""
                except BrokenProcessPool:
                    lost.append(cell)
                except Exception as error:  # a failing cell does not stop the others
                    yield cell, None, f"{type(error).__name__}: {error}"
        waiting = []
        for cell in lost:
            attempts[cell] += 1
            if attempts[cell] < ATTEMPTS:
                waiting.append(cell)
            else:
                yield cell, None, f"its worker died {ATTEMPTS} times (out of memory?)"


@contextmanager
def worker_pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool of worker processes that ends at once when the block is left by an exception.

    Every worker holds the reading end of a pipe whose writing end only this process has. It
    closes when the block is stopped (Ctrl-C, an error) and when this process is killed, and
    then the workers end, whatever they are doing.

    Args:
        jobs: Workers at a time.
    """
    context = get_context("spawn")
    reader, writer = context.Pipe(duplex=False)
    with ProcessPoolExecutor(jobs, context, initializer=_begin_worker, initargs=(reader,)) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            writer.close()
            raise
    writer.close()
    reader.close()


def run_on_ray(
    function: Callable[[Cell, Path], dict],
    cells: list[Cell],
    store: Path,
    *,
    address: str,
    notice: Callable[[str], None] = lambda text: None,
) -> Iterator[Outcome]:
    """Run cells on a Ray cluster; each takes as many CPUs as it has threads.

    Ray runs a lost worker's cell again elsewhere. The store must be a folder that all nodes
    share, as must the data.

    Args:
        function: `(cell, store) -> facts`.
        cells: The cells.
        store: Where cells are stored.
        address: Of the cluster; `auto` finds one that runs here, `local` starts one.
        notice: Receives what becomes of the cluster, a sentence each.

    Yields:
        Outcomes, as they come.

    Raises:
        FerError: If Ray is not installed, there is no such cluster, or none of its nodes has
            the cores that a cell takes.
    """
    ray = _connected(address)
    try:
        remote = ray.remote(max_retries=ATTEMPTS - 1, max_calls=0)(function)
        store, nodes = store.resolve(), _nodes(ray)
        threads = max(cell.threads for cell in cells)
        if threads > max(nodes.values(), default=0):
            raise FerError(f"--ray {address}: {_too_small(threads)}")
        notice(f"Ray: {len(nodes)} node(s), {sum(nodes.values()):.0f} cores")
        pending = {
            remote.options(num_cpus=cell.threads).remote(cell, store): cell for cell in cells
        }
        while pending:
            done, _ = ray.wait(list(pending), num_returns=1, timeout=_LOOK)
            nodes = _told(nodes, _nodes(ray), threads, notice)
            for task in done:
                cell = pending.pop(task)
                try:
                    yield cell, ray.get(task), ""
                except ray.exceptions.RayError as error:
                    cause = getattr(error, "cause", None) or error
                    yield cell, None, f"{type(cause).__name__}: {first_line(cause)}"
    finally:
        ray.shutdown()


def _connected(address: str) -> ModuleType:
    """Return Ray, connected to a cluster."""
    try:
        import ray
    except ImportError as error:
        raise FerError(
            "Ray is not installed: pip install 'fer-analysis[ray]', or run without --ray"
        ) from error
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        ray.init(address, ignore_reinit_error=True, **quiet)
    except (ConnectionError, ValueError) as error:
        raise FerError(f"--ray {address}: no such cluster ({first_line(error)})") from error
    return ray


def _nodes(ray: ModuleType) -> dict[str, float]:
    """Return the cores of each node that is alive."""
    return {
        node["NodeID"]: node["Resources"].get("CPU", 0.0) for node in ray.nodes() if node["Alive"]
    }


def _told(
    before: dict[str, float], now: dict[str, float], threads: int, notice: Callable[[str], None]
) -> dict[str, float]:
    """Tell of nodes that came and went; return those that are there now."""
    if lost := before.keys() - now.keys():
        notice(f"Ray lost {len(lost)} node(s), {len(now)} left to run its unfinished cells again")
    if come := now.keys() - before.keys():
        notice(f"Ray has {len(come)} more node(s), {len(now)} in all")
    if lost and threads > max(now.values(), default=0):
        notice(f"Ray: {_too_small(threads)}; waiting for one (Ctrl-C keeps all finished cells)")
    return now


def _too_small(threads: int) -> str:
    return f"a cell takes {threads} core(s), and no node has so many"


def _begin_worker(parent: Connection) -> None:
    """Start a worker; it ends with the process that started it, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to act on
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()


def _end_with_parent(parent: Connection) -> None:
    # A killed parent closes no queue: without this its workers would wait for ever, and finish
    # cells that the next `fer study run` has begun anew.
    wait([parent])
    os._exit(1)
