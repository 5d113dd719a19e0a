"""How long a training will take: a few of its steps, timed."""

from __future__ import annotations

import time

from fer_analysis.config import RunConfig
from fer_analysis.data.dataset import FaceDataset

STEPS, WARM_UP = 10, 3


def training_seconds(config: RunConfig, dataset: FaceDataset, *, steps: int = STEPS) -> float:
    """Time a few steps; return the seconds that all steps of the training would take.

    Args:
        config: What would be trained.
        dataset: On what.
        steps: How many are timed, after a few that are not.
    """
    import keras

    from fer_analysis.models import build_model
    from fer_analysis.models.predict import logits_model
    from fer_analysis.training.batches import Batches
    from fer_analysis.training.preparation import make_recipe, manipulate
    from fer_analysis.training.train import trained_twin

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
    trained.fit(batches.take(steps), shuffle=False, verbose=0)
    seconds = (time.perf_counter() - start) / steps
    keras.backend.clear_session()
    return seconds * recipe.steps * recipe.epochs
