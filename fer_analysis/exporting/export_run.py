"""Exporting a run: the network in another format, with everything that belongs to it beside it."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.evaluation.evaluate_run import predict_split
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.open_run import open_run, taken_size
from fer_analysis.exporting.convert import FORMATS, QUANTIZED, convert
from fer_analysis.exporting.parity import loses, parity
from fer_analysis.files import content_hash, replacing_folder
from fer_analysis.models.exported import (
    BESIDE,
    DESCRIPTION,
    FILES,
    ExportedModel,
    exported_predictor,
    is_export,
)
from fer_analysis.progress import Progress
from fer_analysis.result_folders import refuse_others
from fer_analysis.run import Run
from fer_analysis.run_paths import RunPaths
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

LEFT = ("checkpoint.npz", DESCRIPTION)
"""Records of a run that an exported network has no use for."""

KEPT = (".json", ".yaml", ".npy", ".npz")
"""Endings of a run's records, which go along with an exported network."""


class CheckedOn(NamedTuple):
    """A Keras model's predictions, and the images uint8 `(n, h, w, 1)` that they are of."""

    evaluation: Evaluation
    images: np.ndarray


@dataclass(frozen=True)
class Export:
    """An exported network.

    Args:
        folder: Where it is.
        file: The network in it.
        model: What `export.json` says.
        bytes: The file's size, with its variables where it is a SavedModel.
        keras_bytes: That of the Keras model.
        tolerance: Points of accuracy that it may lose.
    """

    folder: Path
    file: Path
    model: ExportedModel
    bytes: int
    keras_bytes: int
    tolerance: float

    @property
    def within_tolerance(self) -> bool | None:
        """Whether it loses no more than it may; None where that was not measured."""
        return None if self.model.parity is None else not loses(self.model.parity, self.tolerance)

    def as_dict(self) -> dict:
        """Return everything, ready for JSON."""
        described = dataclasses.asdict(self.model) | {"label_names": [*self.model.label_names]}
        return described | {
            "folder": str(self.folder),
            "bytes": self.bytes,
            "keras_bytes": self.keras_bytes,
            "tolerance": self.tolerance,
            "within_tolerance": self.within_tolerance,
        }


def export_run(
    run: Run,
    *,
    to: str,
    quantize: str | None = None,
    out: Path | None = None,
    data: str | Path | LoadedData | None = None,
    tolerance: float = 0.5,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Export:
    """Export a run's network; see `fer_analysis.api.export`."""
    progress = progress or Progress()
    quantize = checked(to, quantize)
    if run.is_exported:
        raise FerError(f"{run.model_file}: exported already; name the run that it was made of")
    out = Path(out or run.path / "export" / f"{to}-{quantize}")
    run.trained_model_file()
    _check_folder(out, run)
    checked_on = _checked_on(run, data, overrides, progress, required=quantize == "full")
    import_tensorflow_quietly()
    with replacing_folder(out) as new:
        for file in _records(run):
            shutil.copyfile(file, new / file.name)
        model = write_export(run, new, to=to, quantize=quantize, checked_on=checked_on)
    network = [out / FILES[to], *(out / "variables").glob("*")]
    size = sum(file.stat().st_size for file in network)
    return Export(out, network[0], model, size, run.model_file.stat().st_size, tolerance)


def write_export(
    run: Run, folder: Path, *, to: str, quantize: str, checked_on: CheckedOn | None
) -> ExportedModel:
    """Write a run's network and `export.json` to a folder.

    Args:
        run: The run.
        folder: It exists.
        to: Of `FORMATS`.
        quantize: Of `QUANTIZED[to]`.
        checked_on: Images, and the Keras model's predictions of them; None: not measured.

    Raises:
        FerError: If the network cannot be loaded, converted, or loaded again.
    """
    from fer_analysis.models.predict import predictor
    from fer_analysis.models.storage import load_model

    source = run.trained_model_file()
    keras, names = load_model(source)
    samples = checked_on and checked_on.images
    file = convert(keras, to, folder, quantize, samples)
    kept = kept_temperature(run) or {}
    model = ExportedModel(
        to=to,
        quantize=quantize,
        name=run.name if run.origin.is_directory else source.stem,
        made_from=content_hash(source),
        content=content_hash(file),
        label_names=names or tuple(f"label {i}" for i in range(keras.output_shape[-1])),
        size=taken_size(run),
        temperature=kept.get("temperature"),
        rule=kept.get("answers"),
    )
    model.save(folder)
    predict = exported_predictor(file)
    if checked_on:
        found = parity(checked_on.evaluation, checked_on.images, predictor(keras), predict)
        model = dataclasses.replace(model, parity=found)
        model.save(folder)
    return model


def checked(to: str, quantize: str | None) -> str:
    """Return how weights are kept.

    Raises:
        FerError: If there is no such format, or it has no such weights.
    """
    FORMATS.check(to)
    quantize = quantize or QUANTIZED[to][0]
    if quantize not in QUANTIZED[to]:
        raise FerError(
            f"--quantize {quantize}: not for {to}{did_you_mean(quantize, QUANTIZED[to])}"
        )
    return quantize


def _checked_on(run, data, overrides, progress: Progress, *, required: bool) -> CheckedOn | None:
    """Return validation images with the Keras model's predictions; None without data."""
    try:
        run, loaded, split = open_run(run, data, "validation", overrides, progress=progress)
        evaluation = predict_split(run, loaded, split, progress=progress)
    except FerError as error:
        if required or data is not None:
            raise
        progress.notice(f"not compared with the Keras model: {error}")
        return None
    return CheckedOn(evaluation, loaded.dataset.part(split).images)


def _records(run: Run) -> list[Path]:
    """Return what is known of a run, whatever it is called: labels, images, ranges, its card."""
    found = {}
    for place in (run.origin.path, run.path):
        if not place.is_dir() or (place != run.path and not run.origin.is_directory):
            continue
        for file in sorted(place.iterdir()):
            if file.suffix in KEPT and file.name not in LEFT and file.is_file():
                found[file.name] = file
    return [*found.values()]


def _check_folder(folder: Path, run: Run) -> None:
    """Raise a FerError if a folder has files of something else: it is replaced as a whole."""
    if folder.is_dir() and any(folder.iterdir()) and not is_export(folder):
        raise FerError(f"{folder}: holds something other than an exported network; choose another")
    records = {file.name for file in (*_records(run), *_usual_records(folder))}
    own = records | {DESCRIPTION, *FILES.values(), *BESIDE}
    refuse_others(folder, own, "an exported network's")


def _usual_records(folder: Path) -> tuple[Path, ...]:
    """Return the records that an earlier export, of another run, may have brought to a folder."""
    run = RunPaths(folder)
    return (
        *(run.config_file, run.environment_file, run.result_file, run.card_file),
        *(run.temperature_file, run.guard_file),
        *(run.training_hashes_file, run.selection_hashes_file),
    )
