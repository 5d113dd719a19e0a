"""Making a run's guard from its validation images, clean and under conditions."""

from __future__ import annotations

import dataclasses

import numpy as np

from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import open_model, predict_split
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.temperature import at_temperature
from fer_analysis.files import content_hash
from fer_analysis.progress import Progress
from fer_analysis.quality.fit_guard import Answers, fit_guard
from fer_analysis.quality.guard import Guard
from fer_analysis.run import Run

LEAST = 200
"""Fewest clean images: of these 6 are refused."""

EACH = 200
"""Images under each condition and severity: 26,000 in all."""


def make_guard(
    run: Run, data: LoadedData, *, seed: int = 0, progress: Progress | None = None
) -> Guard | None:
    """Make a guard of a run's leak-free validation images, and keep it in the run.

    Args:
        run: The run with the model.
        data: The data that it was trained on.
        seed: Of the conditions and of the images that each is put on.
        progress: Receives tasks and notices.

    Returns:
        The guard; None, with a notice, where there are too few images.

    Raises:
        FerError: If this is not the run's own data, or it has no validation images.
    """
    progress = progress or Progress()
    if not run.is_own(data.fingerprint):
        raise FerError(
            f"{run.name}: a guard is made of the validation images of the data that the run was "
            "trained on, and this is other data"
        )
    evaluation = predict_split(run, data, "validation", progress=progress)
    clean = np.ones(len(evaluation), bool) if evaluation.leaked is None else ~evaluation.leaked
    if clean.sum() < LEAST:
        progress.notice(f"no guard: {clean.sum():,} clean validation images, {LEAST} are needed")
        return None
    part = data.dataset.part("validation").take(clean)
    kept = kept_temperature(run)
    rule = kept and kept["answers"]
    changed = _under_conditions(run, part, kept, seed, progress)
    made = {
        "model": content_hash(run.trained_model_file()),
        "from": _origin(evaluation, len(part)),
        "changed": sum(map(len, changed)),
        "seed": seed,
    }
    usual = _answers(part, evaluation.probabilities[clean], kept)
    guard = fit_guard(usual, changed, least=rule["least"] if rule else 0.0, made=made)
    run.write_guard(guard.as_dict())
    return guard


def _origin(evaluation: Evaluation, n: int) -> str:
    return f"{n:,} {'leak-free ' if n < len(evaluation) else ''}validation images"


def _answers(part: FaceDataset, probabilities: np.ndarray, kept: dict | None) -> Answers:
    scaled = at_temperature(probabilities, kept["temperature"]) if kept else probabilities
    return Answers(part.images, scaled.max(axis=1), scaled.argmax(axis=1) == part.labels)


def _under_conditions(
    run: Run, part: FaceDataset, kept: dict | None, seed: int, progress: Progress
) -> list[Answers]:
    """Return what the network answers under each condition and severity."""
    from fer_analysis.models.predict import predictor

    predict = predictor(open_model(run, part.label_names))
    rng = np.random.default_rng(seed)
    cells = [(name, severity) for name in CONDITIONS for severity in SEVERITIES]
    found = []
    with progress.task("images under conditions") as update:
        for name, severity in cells:
            some = part.take(rng.permutation(len(part))[:EACH])
            images = CONDITIONS[name](some.images, severity=severity, seed=seed)
            probabilities = predict(images)
            found.append(_answers(dataclasses.replace(some, images=images), probabilities, kept))
            update(len(found), len(cells))
    return found
