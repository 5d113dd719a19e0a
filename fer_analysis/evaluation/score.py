"""Score the predictions of a run or of a table, adjusted or without some images on request."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_map import Given
from fer_analysis.data.load import LoadedData
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.errors import FerError
from fer_analysis.evaluation.confusions import top_losses
from fer_analysis.evaluation.evaluate_run import predict_split
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.join_predictions import join_data, with_warnings
from fer_analysis.evaluation.kept_temperature import folder_of, kept_temperature
from fer_analysis.evaluation.listed_faces import relabelled, without_faces
from fer_analysis.evaluation.logit_adjustment import adjust, check_tau
from fer_analysis.evaluation.metrics import save_metrics
from fer_analysis.evaluation.open_run import READ_BEFORE, data_section, name_of, open_run, read_data
from fer_analysis.evaluation.predictions_csv import read_predictions
from fer_analysis.files import (
    content_hash,
    read_json,
    replacing_folder,
    write_csv,
    write_json,
)
from fer_analysis.progress import Progress
from fer_analysis.result_folders import results_folder
from fer_analysis.run import Run
from fer_analysis.run_paths import MADE_FROM
from fer_analysis.statistics.estimate import to_json

LOSSES = 24
"""Images with the highest loss that are listed and drawn."""

REPLACES_A_RUN = (
    "a table of predictions takes no RUN, tta, logit adjustment or label map: it replaces a run"
)


def score(
    run: str | Path | Run | None,
    *,
    data: str | Path | LoadedData | None,
    split: str | None,
    predictions: str | Path | None,
    tta: bool,
    logit_adjustment: float | None,
    exclude: str | Path | None,
    issues: Sequence[str],
    relabel: str | Path | None,
    label_map: Given | None,
    overrides: tuple[str, ...],
    progress: Progress | None,
) -> tuple[Evaluation, np.ndarray | None]:
    """Return predictions and their images, without those that are excluded, or relabelled.

    The arguments are those of `fer_analysis.api.evaluate`.

    Raises:
        FerError: If arguments exclude each other, or the predictions cannot be made or read.
    """
    check_arguments(exclude, issues, logit_adjustment)
    common = {"data": data, "split": split, "overrides": overrides, "progress": progress}
    if predictions is None:
        evaluation, loaded = _score_run(
            run, tta=tta, logit_adjustment=logit_adjustment, label_map=label_map, **common
        )
    elif run not in (None, "bundled") or tta or logit_adjustment is not None or label_map:
        raise FerError(REPLACES_A_RUN)
    else:
        _check_overrides(data, overrides)
        evaluation, loaded = _score_table(predictions, **common)
    images = _images_of(evaluation, loaded)
    if relabel is not None:
        evaluation = relabelled(evaluation, relabel, loaded, progress)
    if exclude is not None:
        evaluation, keep = without_faces(evaluation, exclude, issues, loaded, progress)
        images = None if images is None else images[keep]
    return evaluation, images


def check_arguments(
    exclude: str | Path | None, issues: Sequence[str], logit_adjustment: float | None
) -> None:
    """Refuse arguments of `score` that are wrong whatever the run and the data.

    Raises:
        FerError: If there are issues of no list, or the adjustment is none.
    """
    if issues and exclude is None:
        raise FerError("issues say which images to exclude: name an audit.csv")
    if logit_adjustment is not None:
        check_tau(logit_adjustment)


def _check_overrides(data: str | Path | LoadedData | None, overrides: tuple[str, ...]) -> None:
    """Refuse overrides of data that is not read with a table of predictions."""
    if overrides and data is None:
        raise FerError(f"{overrides[0]}: a table of predictions reads no data unless --data does")
    if overrides and isinstance(data, LoadedData):
        raise FerError(f"{overrides[0]}: {READ_BEFORE}")


def _images_of(evaluation: Evaluation, data: LoadedData | None) -> np.ndarray | None:
    if data is None:
        return None
    part = data.dataset.part(evaluation.split)
    return part.images[rows_of(evaluation.ids, part.ids)]


def _score_run(
    run: str | Path | Run | None,
    *,
    data: str | Path | LoadedData | None,
    split: str | None,
    tta: bool,
    logit_adjustment: float | None,
    label_map: Given | None,
    overrides: tuple[str, ...],
    progress: Progress | None,
) -> tuple[Evaluation, LoadedData]:
    """Return a run's predictions of a split, adjusted if asked for, and the data."""
    opened, loaded, split = open_run(
        run, data, split, overrides, label_map=label_map, progress=progress
    )
    prior = None if logit_adjustment is None else opened.prior()
    evaluation = predict_split(opened, loaded, split, tta=tta, progress=progress)
    name = folder_of(split, tta=tta)
    if evaluation.temperature is not None:
        evaluation = dataclasses.replace(evaluation, fitted=kept_temperature(opened, tta=tta))
    if prior is not None:
        evaluation, name = adjust(evaluation, prior, logit_adjustment), f"{name}-adjusted"
    if (folder := opened.evaluation_folder(name)) != evaluation.folder:
        evaluation = dataclasses.replace(evaluation, folder=folder)
    return evaluation, loaded


def score_predictions(
    file: str | Path,
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> tuple[Evaluation, np.ndarray | None]:
    """Read a table of predictions, and join it with the data if there is any.

    Returns:
        The predictions, and their images; None without data.

    Raises:
        FerError: If the table is not one of predictions, or does not fit the data.
    """
    evaluation, loaded = _score_table(
        file, data=data, split=split, overrides=overrides, progress=progress
    )
    return evaluation, _images_of(evaluation, loaded)


def _score_table(
    file: str | Path,
    *,
    data: str | Path | LoadedData | None,
    split: str | None,
    overrides: tuple[str, ...],
    progress: Progress | None,
) -> tuple[Evaluation, LoadedData | None]:
    """Read a table of predictions, and join it with the data if there is any; return both."""
    evaluation = read_predictions(file, split=split or "given")
    name, origins, loaded = f"predictions-{Path(file).stem}", [content_hash(file)], data
    if data is not None:
        if not isinstance(data, LoadedData):
            loaded = read_data(data_section(data, overrides), progress)
        evaluation = join_data(evaluation, loaded, split)
        name, origins = f"{name}-{name_of(loaded)}", [*origins, loaded.fingerprint]
    run = Run(results_folder(name, *origins))
    folder = run.evaluation_folder(evaluation.split)
    return dataclasses.replace(with_warnings(evaluation), folder=folder), loaded


@contextmanager
def saving(evaluation: Evaluation, images: np.ndarray | None) -> Iterator[Path]:
    """Write an evaluation and its tables into its folder.

    A run's own predictions are in it already (`evaluate_run`); others replace its contents, with
    the record of what they were made from where they are a run's, adjusted or by a list.

    Args:
        evaluation: The predictions.
        images: Their images, which the list of the highest losses has marks of; None without data.

    Yields:
        The folder for the pictures.
    """
    source = _predicted_in(evaluation)
    made_from = read_json(source / MADE_FROM)
    if made_from and evaluation.folder == source:
        _write_tables(evaluation, images, evaluation.folder)
        yield evaluation.folder
        return
    with replacing_folder(evaluation.folder) as new:
        evaluation.save(new)
        save_metrics(evaluation, new)
        if made_from:
            write_json(new / MADE_FROM, made_from)
        _write_tables(evaluation, images, new)
        yield new


def _predicted_in(evaluation: Evaluation) -> Path:
    """Return the folder of a run's own predictions, which these are or were derived from."""
    folder = evaluation.folder
    tta = folder.name.startswith(folder_of(evaluation.split, tta=True))
    return folder.with_name(folder_of(evaluation.split, tta=tta))


def _write_tables(evaluation: Evaluation, images: np.ndarray | None, folder: Path) -> None:
    rows = []
    for each in top_losses(evaluation, LOSSES):
        row = each.pop("row")
        rows.append(each if images is None else each | {"pixels": pixel_mark(images[row])})
    write_csv(folder / "top_losses.csv", rows)
    if evaluation.exclusions:
        write_csv(folder / "exclusions.csv", [_flat(row) for row in evaluation.exclusions])


def _flat(row: dict) -> dict:
    """Return a row whose estimates are columns: the value, `_low` and `_high`."""
    flat = {}
    for name, value in to_json(row).items():
        if isinstance(value, dict):
            flat |= {
                name: value["value"],
                f"{name}_low": value["low"],
                f"{name}_high": value["high"],
            }
        else:
            flat[name] = value
    return flat
