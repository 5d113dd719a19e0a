"""What a study will cost, before it starts."""

from __future__ import annotations

import json
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from fer_analysis.study.cell import RESULT, data_of, finished
from fer_analysis.study.design import Cell, work_of
from fer_analysis.study.executor import limit_threads

STEPS, WARM_UP = 10, 3
OVERHEAD = 1.15
"""Validation, predictions and starting, as a factor of the training itself."""


def seconds_each(cells: tuple[Cell, ...], store: Path) -> float:
    """Return how long a cell takes, in seconds.

    Finished cells of the same settings but for data and manipulations tell it; without any, a
    few training steps of the first cell are timed in a process of their own.

    Args:
        cells: The study's.
        store: Where cells lie.
    """
    known = [done.facts["seconds"] for cell in cells if (done := finished(cell, store))]
    known = known or _alike(cells[0], store)
    if known:
        return OVERHEAD * statistics.median(known)
    with ProcessPoolExecutor(
        1, get_context("spawn"), initializer=limit_threads, initargs=(cells[0].threads,)
    ) as pool:
        return OVERHEAD * pool.submit(_timed, cells[0]).result()


def _alike(cell: Cell, store: Path) -> list[float]:
    """Return the seconds of other studies' cells that train the same network as long."""
    found = []
    for file in store.glob(f"*/{RESULT}"):
        facts = json.loads(file.read_text())
        if facts.get("work") == work_of(cell):
            found.append(facts["seconds"])
    return found


def _timed(cell: Cell) -> float:
    """Time a few steps; return the seconds that all of the cell's steps would take."""
    import keras

    from fer_analysis.models import build_model
    from fer_analysis.models.predict import logits_model
    from fer_analysis.training.batches import Batches
    from fer_analysis.training.preparation import make_recipe, manipulate
    from fer_analysis.training.train import trained_twin

    config, dataset = cell.config, data_of(cell.config).dataset
    model = build_model(
        config.model.name,
        dataset.images.shape[1:],
        len(dataset.label_names),
        **config.model.options(),
    )
    train = manipulate(config, dataset.part("train"))
    recipe = make_recipe(config, train, dataset.part("validation"))
    trained = logits_model(trained_twin(model, config))
    trained.compile(recipe.optimizer(recipe.steps), recipe.loss, jit_compile=False)
    batches = Batches(recipe).epoch(0)
    trained.fit(batches.take(WARM_UP), shuffle=False, verbose=0)
    start = time.perf_counter()
    trained.fit(batches.take(STEPS), shuffle=False, verbose=0)
    seconds = (time.perf_counter() - start) / STEPS
    keras.backend.clear_session()
    return seconds * recipe.steps * recipe.epochs
