"""Predict a split once, and save the predictions with their notes and warnings."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer_analysis.data.label_map import needed_pairs
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation import pitfalls
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.fit_promises import fit_promises
from fer_analysis.evaluation.kept_temperature import folder_of, kept_temperature
from fer_analysis.evaluation.metrics import load_metrics, save_metrics
from fer_analysis.files import content_hash, read_json, replacing_folder, write_json
from fer_analysis.models.exported import exported_predictor, read_exported
from fer_analysis.models.model_file import read_model_file
from fer_analysis.progress import Progress, Update
from fer_analysis.run import Run
from fer_analysis.run_paths import MADE_FROM
from fer_analysis.statistics.estimate import to_json
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

VERSION = 2
"""Of saved predictions: raised when a new version saves more."""


def fingerprint_of_saved(folder: Path) -> str | None:
    """Return the fingerprint of the data whose predictions are in a folder; None if unknown."""
    return (read_json(folder / MADE_FROM) or {}).get("data")


def is_saved(run: Run, data: LoadedData, split: str, *, tta: bool = False) -> bool:
    """Return whether all that `evaluate_run` needs is saved, so that no model is loaded."""
    evaluation = _saved(run, data, split, tta)
    if evaluation is None or evaluation.temperature is not None or not _has_validation(run, data):
        return evaluation is not None
    return _saved(run, data, "validation", tta) is not None


def evaluate_run(
    run: Run, data: LoadedData, split: str, *, tta: bool = False, progress: Update | None = None
) -> Evaluation:
    """Return a run's predictions of a split, saved ones if they are of this model and data.

    The model's temperature is fitted on the leak-free validation images of the data that it
    was trained on, kept in the run, and used for the predictions of every other split.
    Predictions and figures are saved in the run's folder.

    Args:
        run: The run with the model; its directory receives the results (for other data that of
            `Run.for_data`).
        data: The data.
        split: Which part of it.
        tta: Average over mirrored and shifted views; saved separately, with its own temperature.
        progress: Called with (images done, images in all).

    Raises:
        FerError: If the model's labels are not the data's.
    """
    folder = run.evaluation_folder(folder_of(split, tta=tta))
    evaluation = _saved(run, data, split, tta)
    if evaluation is None:
        evaluation = _predict(run, data, split, tta, progress)
        _save(run, data, evaluation, folder, tta)
    if split == "validation" and run.is_own(data.fingerprint):
        _keep_temperature(run, evaluation, tta)
    elif evaluation.temperature is None:  # otherwise the saved predictions have all of this
        evaluation = _with_validation(run, data, evaluation, tta, progress)
        if evaluation.temperature is not None:
            _save(run, data, evaluation, folder, tta)
    if load_metrics(folder) is None:
        save_metrics(evaluation, folder)
    return evaluation


def predict_split(
    run: Run, data: LoadedData, split: str, *, tta: bool = False, progress: Progress | None = None
) -> Evaluation:
    """Return a run's predictions of a split as `evaluate_run` does, reporting to `progress`.

    Raises:
        FerError: If there is no such split, or the model's labels are not the data's.
    """
    data.dataset.part(split)  # a missing split is reported before anything is loaded
    if not is_saved(run, data, split, tta=tta) and not run.is_exported:
        import_tensorflow_quietly()
    with (progress or Progress()).task("predicting") as update:
        return evaluate_run(run, data, split, tta=tta, progress=update)


def open_model(run: Run, label_names: tuple[str, ...], *, square: bool = True):
    """Load a run's model, and check that it was trained on these labels.

    Args:
        run: The run.
        label_names: The labels that it must have been trained on.
        square: Whether its images must be as high as wide.

    Raises:
        FerError: If there is no model, or its labels differ.
    """
    from fer_analysis.models.storage import load_model

    model, names = load_model(run.trained_model_file(), square=square)
    _check_labels(run, names, model.output_shape[-1], label_names)
    return model


def open_predictor(run: Run, label_names: tuple[str, ...]) -> Callable[..., np.ndarray]:
    """Load a run's network, a Keras model or an exported one, as a function of images.

    Args:
        run: The run.
        label_names: The labels that it must have been trained on.

    Returns:
        See `models.predict.predictor`.

    Raises:
        FerError: If there is none, or its labels differ.
    """
    if run.is_exported:
        file = run.trained_model_file()
        names = read_exported(file).label_names
        _check_labels(run, names, len(names), label_names)
        return exported_predictor(file)
    from fer_analysis.models.predict import predictor

    return predictor(open_model(run, label_names))


def _check_labels(run: Run, names, outputs: int, label_names: tuple[str, ...]) -> None:
    if (names or label_names) != label_names or outputs != len(label_names):
        own = ", ".join(names) if names else f"{outputs} labels without names"
        same = " (the same labels in another order)" if set(names or ()) == set(label_names) else ""
        pairs = needed_pairs(label_names, names) if names else None
        if names and not pairs:  # no label has a known counterpart: numbers, another language
            pairs = f"--map {label_names[0]}=LABEL for each label, LABEL one of the model's"
        hint = f"; to score it all the same: {pairs}" if pairs else ""
        raise FerError(
            f"{run.model_file}: the model's labels are not the data's{same}: "
            f"{own}; the data has: {', '.join(label_names)}{hint}"
        )


def _predict(run: Run, data: LoadedData, split: str, tta: bool, progress) -> Evaluation:
    from fer_analysis.models.views import over_views

    part = data.dataset.part(split)
    predict = open_predictor(run, part.label_names)
    hashes = part.pixel_hashes()
    notes, warnings = pitfalls.selected_on(_selected(run, data, split, hashes), split)
    evaluation = Evaluation(
        labels=part.labels,
        probabilities=(over_views(predict) if tta else predict)(part.images, progress),
        ids=part.ids,
        split=split,
        label_names=part.label_names,
        protocol=data.protocol,
        comparable=data.comparable,
        leaked=run.leaked(hashes),
        notes=(
            *(["test-time augmentation"] if tta else []),
            *run.face_list_notes(),
            *_unnamed(run, part.label_names),
            *data.label_notes(split),
            *notes,
        ),
        votes=part.votes,
        vote_names=part.vote_names,
    )
    warnings += pitfalls.batch_dependence(predict, part.images)
    if not _named(run):
        warnings += pitfalls.pixel_range(predict, part.images, part.labels)
    warnings += pitfalls.oversampled_before_split(data.dataset, split)
    warnings += pitfalls.label_order(evaluation)
    folder = run.evaluation_folder(folder_of(split, tta=tta))
    return dataclasses.replace(evaluation, warnings=tuple(warnings), folder=folder)


def _unnamed(run: Run, label_names: tuple[str, ...]) -> list[str]:
    """Say in which order the outputs of a model without label names were taken."""
    if _named(run):
        return []
    return [f"the model does not name its labels: taken in this order: {', '.join(label_names)}"]


def _named(run: Run) -> bool:
    """Tell whether a model names its labels; one from elsewhere, saved by Keras alone, does not."""
    return run.is_exported or bool(read_model_file(run.trained_model_file()).label_names)


def _with_validation(run, data, evaluation: Evaluation, tta: bool, progress) -> Evaluation:
    """Return predictions with the warning and the temperature of the validation images."""
    warnings = list(evaluation.warnings)
    if _has_validation(run, data):
        validation = evaluate_run(run, data, "validation", tta=tta, progress=progress)
        if evaluation.split == "test":
            warnings += pitfalls.better_than_validation(evaluation, validation)
    kept = kept_temperature(run, tta=tta) or {"temperature": None, "from": ""}
    return dataclasses.replace(
        evaluation,
        warnings=tuple(warnings),
        temperature=kept["temperature"],
        temperature_from=kept["from"],
    )


def _save(run, data, evaluation: Evaluation, folder: Path, tta: bool) -> None:
    """Write predictions and what they were made from; the folder's contents are replaced."""
    with replacing_folder(folder) as new:
        evaluation.save(new)
        write_json(new / MADE_FROM, _made_from(run, data, tta))


def _selected(run: Run, data: LoadedData, split: str, hashes: np.ndarray) -> np.ndarray | None:
    """Return by which images the epoch was chosen, bool `(n,)`."""
    selected = run.selected(hashes)
    if selected is None and split == "validation" and run.is_own(data.fingerprint):
        # An older run that did not save these images: the best epoch was chosen by them.
        return np.ones(len(hashes), dtype=bool)
    return selected


def _saved(run: Run, data: LoadedData, split: str, tta: bool) -> Evaluation | None:
    folder = run.evaluation_folder(folder_of(split, tta=tta))
    if read_json(folder / MADE_FROM) != _made_from(run, data, tta):
        return None
    # Missing or damaged predictions are made again.
    with contextlib.suppress(FerError):
        return Evaluation.load(folder)
    return None


def _made_from(run: Run, data: LoadedData, tta: bool) -> dict:
    votes = data.dataset.votes
    return {
        "version": VERSION,
        "data": data.fingerprint,
        "ids": _hash("\n".join(data.dataset.ids.tolist()).encode()),
        "votes": None if votes is None else _hash(np.ascontiguousarray(votes).tobytes()),
        "model": content_hash(run.trained_model_file()),
        "tta": tta,
    }


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def _has_validation(run: Run, data: LoadedData) -> bool:
    """Return whether the run's own validation images are in the data."""
    return run.is_own(data.fingerprint) and data.dataset.has("validation")


def _keep_temperature(run: Run, validation: Evaluation, tta: bool) -> None:
    clean = validation.leak_free if validation.leaked is not None else validation
    if not len(clean) or "sets" in (kept_temperature(run, tta=tta) or {}):
        return
    leak_free = "leak-free " if len(clean) < len(validation) else ""
    fitted = fit_promises(clean.labels, clean.probabilities, clean.label_names)
    run.write_temperatures(
        run.temperatures()
        | {
            folder_of("plain", tta=tta): to_json(fitted)
            | {
                "from": f"{len(clean):,} {leak_free}validation images",
                "model": content_hash(run.trained_model_file()),
            }
        }
    )
