"""Making a run's guard from its validation images, clean and under conditions."""

from __future__ import annotations

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
from fer_analysis.quality.fit_guard import fit_guard
from fer_analysis.quality.guard import Guard
from fer_analysis.run import Run

LEAST = 200
"""Fewest clean images: of these 6 are refused."""

EACH = 50
"""Images under each condition and severity: 6,500 in all."""


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
    answered = _answered(run, evaluation.probabilities[clean])
    harmful, harmless = _answered_under_conditions(run, part, seed, progress)
    made = {
        "model": content_hash(run.trained_model_file()),
        "from": _origin(evaluation, len(part)),
        "harmful": len(harmful),
        "harmless": len(harmless),
        "seed": seed,
    }
    guard = fit_guard(part.images, answered, harmful, harmless=harmless, made=made)
    run.write_guard(guard.as_dict())
    return guard


def _origin(evaluation: Evaluation, n: int) -> str:
    return f"{n:,} {'leak-free ' if n < len(evaluation) else ''}validation images"


def _answered(run: Run, probabilities: np.ndarray) -> np.ndarray:
    """Return which predictions are not unsure, bool `(n,)`; all where no rule is known."""
    kept = kept_temperature(run)
    rule = kept and kept["answers"]
    if not rule:
        return np.ones(len(probabilities), bool)
    return at_temperature(probabilities, kept["temperature"]).max(axis=1) >= rule["least"]


def _answered_under_conditions(
    run: Run, part: FaceDataset, seed: int, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return changed images that are answered wrongly, and correctly, uint8 `(m, h, w, 1)`."""
    from fer_analysis.models.predict import predictor

    predict = predictor(open_model(run, part.label_names))
    rng = np.random.default_rng(seed)
    cells = [(name, severity) for name in CONDITIONS for severity in SEVERITIES]
    wrong, right = [], []
    with progress.task("images under conditions") as update:
        for done, (name, severity) in enumerate(cells, start=1):
            rows = rng.permutation(len(part))[:EACH]
            changed = CONDITIONS[name](part.images[rows], severity=severity, seed=seed)
            probabilities = predict(changed)
            correct = probabilities.argmax(axis=1) == part.labels[rows]
            answered = _answered(run, probabilities)
            wrong.append(changed[answered & ~correct])
            right.append(changed[answered & correct])
            update(done, len(cells))
    return np.concatenate(wrong), np.concatenate(right)
