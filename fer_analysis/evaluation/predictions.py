"""Predict a split once, and keep what was predicted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import write_json
from fer_analysis.run import Run

_NOTE = "made_from.json"


def saved_evaluation(run: Run, data: LoadedData, split: str) -> Evaluation | None:
    """Return the saved predictions of this very model on this very data, or None."""
    folder = run.evaluation_folder(split)
    note = folder / _NOTE
    if note.is_file() and json.loads(note.read_text()) == _made_from(run, data):
        return Evaluation.load(folder)
    return None


def evaluate_run(
    run: Run,
    data: LoadedData,
    split: str,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Predict a split with a run's model and save the predictions.

    Args:
        run: Where the model is and the predictions go (`Run.for_data` of other data).
        data: The data.
        split: Which part of it.
        progress: Called with (images done, images in all).

    Raises:
        FerError: If the model's labels are not the data's.
    """
    from fer_analysis.models.predict import predictor

    part = data.dataset.part(split)
    evaluation = Evaluation(
        labels=part.labels,
        probabilities=predictor(open_model(run, part.label_names))(part.images, progress),
        ids=part.ids,
        split=split,
        label_names=part.label_names,
        protocol=data.protocol,
        comparable=data.comparable,
        leaked=run.leaked(part.pixel_hashes()),
    )
    folder = run.evaluation_folder(split)
    evaluation.save(folder)
    write_json(folder / _NOTE, _made_from(run, data))
    return evaluation


def open_model(run: Run, label_names: tuple[str, ...]):
    """Load a run's model, checked to have been trained on these labels.

    Raises:
        FerError: If there is no model, or its labels are others.
    """
    from fer_analysis.models.storage import load_model

    model, names = load_model(run.trained_model_file())
    outputs = model.output_shape[-1]
    if (names or label_names) != label_names or outputs != len(label_names):
        told = ", ".join(names) if names else f"{outputs} labels without names"
        raise FerError(
            f"{run.model_file}: the model's labels are not the data's: "
            f"{told}; the data has: {', '.join(label_names)}"
        )
    return model


def _made_from(run: Run, data: LoadedData) -> dict:
    model = hashlib.blake2b(run.trained_model_file().read_bytes(), digest_size=8).hexdigest()
    return {"data": data.fingerprint, "model": model}
