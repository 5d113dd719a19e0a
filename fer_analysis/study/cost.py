"""What a study will cost, before it starts."""

from __future__ import annotations

import statistics
import time

from fer_analysis.study.cell import cell_data, limit_threads
from fer_analysis.study.design import Cell, work_of
from fer_analysis.study.executor import worker_pool
from fer_analysis.study.store import CellStore

STEPS, WARM_UP = 10, 3
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
    import keras

    from fer_analysis.models import build_model
    from fer_analysis.models.predict import logits_model
    from fer_analysis.training.batches import Batches
    from fer_analysis.training.preparation import make_recipe, manipulate
    from fer_analysis.training.train import trained_twin

    config, dataset = cell.config, cell_data(cell.config).dataset
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
