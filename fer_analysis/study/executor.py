"""Running cells: in processes on this machine, or on a Ray cluster."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path

from fer_analysis.errors import FerError, first_line
from fer_analysis.study.design import Cell
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

ATTEMPTS = 3
"""Times that a cell is begun whose worker dies."""

Outcome = tuple[Cell, dict | None, str]
"""A cell, its facts (None if it failed), and why it failed."""


def run_here(
    function: Callable[[Cell, Path], dict], cells: list[Cell], store: Path, *, jobs: int
) -> Iterator[Outcome]:
    """Run cells in worker processes, each with a cell's own number of threads.

    Workers live long: TensorFlow is loaded and data is read once in each. A worker that dies
    takes no other cell with it: those that were under way are begun again.

    Args:
        function: `(cell, store) -> facts`.
        cells: All with the same number of threads.
        store: Where cells lie.
        jobs: Workers at a time.

    Yields:
        Outcomes, as they come.
    """
    waiting, attempts = list(cells), dict.fromkeys(cells, 0)
    while waiting:
        left = []
        with ProcessPoolExecutor(
            jobs, get_context("spawn"), initializer=_begin_worker, initargs=(cells[0].threads,)
        ) as pool:
            futures = {pool.submit(function, cell, store): cell for cell in waiting}
            try:
                for future in as_completed(futures):
                    cell = futures[future]
                    try:
                        yield cell, future.result(), ""
                    except BrokenProcessPool:
                        left.append(cell)
                    except Exception as error:  # a failing cell sinks nothing
                        yield cell, None, f"{type(error).__name__}: {error}"
            except BaseException:  # stopped: what has not begun never begins
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        waiting = []
        for cell in left:
            attempts[cell] += 1
            if attempts[cell] < ATTEMPTS:
                waiting.append(cell)
            else:
                yield cell, None, f"its worker died {ATTEMPTS} times (out of memory?)"


def run_on_ray(
    function: Callable[[Cell, Path], dict], cells: list[Cell], store: Path, *, address: str
) -> Iterator[Outcome]:
    """Run cells on a Ray cluster; each takes as many CPUs as it has threads.

    Ray runs a lost worker's cell again elsewhere. The store must be a folder that all nodes
    share, as must the data.

    Args:
        function: `(cell, store) -> facts`.
        cells: The cells.
        store: Where cells lie.
        address: Of the cluster; `auto` finds one that runs here, `local` starts one.

    Yields:
        Outcomes, as they come.

    Raises:
        FerError: If Ray is not installed, or there is no such cluster.
    """
    try:
        import ray
    except ImportError as error:
        raise FerError(
            "Ray is not installed: pip install 'fer-analysis[ray]', or run without --ray"
        ) from error
    try:
        ray.init(address, ignore_reinit_error=True, log_to_driver=False)
    except (ConnectionError, ValueError) as error:
        raise FerError(f"--ray {address}: no such cluster ({error})") from error
    remote = ray.remote(max_retries=ATTEMPTS - 1, max_calls=0)(_on_worker)
    store = store.resolve()
    pending = {
        remote.options(num_cpus=cell.threads).remote(function, cell, store): cell for cell in cells
    }
    try:
        while pending:
            done, _ = ray.wait(list(pending), num_returns=1)
            cell = pending.pop(done[0])
            try:
                yield cell, ray.get(done[0]), ""
            except ray.exceptions.RayError as error:
                cause = getattr(error, "cause", None) or error
                yield cell, None, f"{type(cause).__name__}: {first_line(cause)}"
    finally:
        ray.shutdown()


def _begin_worker(threads: int) -> None:
    """Start a worker; it ends with the process that started it, however that ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    limit_threads(threads)


def _end_with_parent() -> None:
    # A killed parent closes no queue: without this its workers would wait for ever, and finish
    # cells that the next `fer study run` has begun anew.
    wait([parent_process().sentinel])
    os._exit(1)


def limit_threads(threads: int) -> None:
    """Give TensorFlow in this process a fixed number of threads, before anything runs in it."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import_tensorflow_quietly()
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # a worker builds many networks, and is told off for it
    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def _on_worker(function: Callable[[Cell, Path], dict], cell: Cell, store: Path) -> dict:
    limit_threads(cell.threads)
    return function(cell, store)
