"""One cell of a study: train it, keep its predictions, forget the rest."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from fer_analysis.config.schema import DataConfig, RunConfig
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import replacing, write_json
from fer_analysis.run import Run
from fer_analysis.study.cell_predictions import Answers, load_answers, save_answers
from fer_analysis.study.design import Cell, work_of

RESULT, PREDICTIONS, TRAINING = "cell.json", "predictions.npz", "run"
ANSWERS = "answers.npz"
"""In place of the predictions, where a cell was passed on."""
SCORED = ("fold", "validation")
"""Splits whose predictions a cell keeps."""


@dataclass(frozen=True)
class CellResult:
    """What is left of a finished cell.

    Args:
        folder: Where it lies.
        facts: Its name, seed, seconds, prior and figures.
    """

    folder: Path
    facts: dict

    def probabilities(self) -> dict[str, np.ndarray]:
        """Return split -> probabilities, float32 `(n, k)`, rows scaled to sum to 1."""
        with np.load(self.folder / PREDICTIONS, allow_pickle=False) as file:
            raw = {name: file[name].astype(np.float32) for name in file.files}
        return {name: values / values.sum(axis=1, keepdims=True) for name, values in raw.items()}

    def answers(self) -> dict[str, Answers]:
        """Return split -> answers."""
        if (self.folder / ANSWERS).is_file():
            return load_answers(self.folder / ANSWERS)
        prior = self.facts["prior"]
        return {name: Answers.of(values, prior) for name, values in self.probabilities().items()}


def finished(cell: Cell, store: Path) -> CellResult | None:
    """Return the result of a cell if it is finished, here or where it was passed on from."""
    for key in (cell.key, cell.portable_key):
        file = store / key / RESULT
        if file.is_file():
            return CellResult(file.parent, json.loads(file.read_text()))
    return None


def pass_on(cell: Cell, result: CellResult, folder: Path) -> None:
    """Copy what is left of a cell to where it is found wherever the data lie, in small files.

    Args:
        cell: The cell.
        result: What is left of it.
        folder: A store for cells that are passed on.
    """
    place = folder / cell.portable_key
    save_answers(place / ANSWERS, result.answers())
    write_json(place / RESULT, result.facts)


def run_cell(cell: Cell, store: Path) -> dict:
    """Run a cell, or go on with it; its folder is `store/<key>`.

    Args:
        cell: The cell.
        store: Where cells lie.

    Returns:
        What its `cell.json` holds.

    Raises:
        FerError: If the data or the config does not suit.
    """
    if done := finished(cell, store):
        return done.facts
    folder = store / cell.key
    data = data_of(cell.config)
    run = _train(cell, data, folder / TRAINING)
    probabilities = _predict(run, data)
    with replacing(folder / PREDICTIONS) as temporary:
        halves = {name: values.astype(np.float16) for name, values in probabilities.items()}
        np.savez_compressed(temporary, **halves)
    facts = {
        "name": cell.name,
        "seed": cell.seed,
        "threads": cell.threads,
        "work": work_of(cell),
        "data": data.fingerprint,
        "label_names": list(data.dataset.label_names),
        "seconds": run.result()["seconds"],
        "prior": run.prior(),
        "training_counts": run.environment()["training_counts"],
        "figures": {name: _figures(data, name, values) for name, values in probabilities.items()},
    }
    write_json(folder / RESULT, facts)
    if not cell.keeps_model:  # last: until the result stands, the training is what there is
        shutil.rmtree(run.path)
    return facts


def data_of(config: RunConfig) -> LoadedData:
    """Read a cell's data; a worker that runs many cells reads each data set once."""
    return _divided(config.data.model_dump_json(), type(config.data))


def fingerprint_of(config: RunConfig) -> str:
    """Return the fingerprint of a cell's data before a fold was set aside: that of all seeds."""
    return _whole(_undivided(config.data).model_dump_json(), type(config.data)).fingerprint


def _undivided(section: DataConfig) -> DataConfig:
    return section.model_copy(update={"folds": None, "fold": None})


@lru_cache(maxsize=16)  # folds of one data set share its images
def _divided(section: str, kind: type) -> LoadedData:
    from fer_analysis.data.open import leave_out

    parsed = kind.model_validate_json(section)
    return leave_out(_whole(_undivided(parsed).model_dump_json(), kind), parsed)


@lru_cache(maxsize=2)
def _whole(section: str, kind: type) -> LoadedData:
    from fer_analysis.data.open import open_whole

    return open_whole(kind.model_validate_json(section))


def _train(cell: Cell, data: LoadedData, path: Path) -> Run:
    import keras

    from fer_analysis.training.train import train

    keras.backend.clear_session()
    run = Run(path)
    if not run.config_file.is_file():
        run = Run.create(cell.config, path)
    if not run.is_complete:
        train(cell.config, data, run, _Silence())
    return run


class _Silence:
    """Listens to a training and says nothing."""

    def batch(self, *_):
        """Say nothing."""

    epoch = collapse = batch


def _predict(run: Run, data: LoadedData) -> dict[str, np.ndarray]:
    from fer_analysis.evaluation.evaluate_run import open_model
    from fer_analysis.models.predict import predictor

    predict = predictor(open_model(run, data.dataset.label_names))
    splits = [name for name in SCORED if data.dataset.has(name)]
    if "fold" not in splits:
        raise FerError("a cell wants a fold of its own (data.folds, data.fold)")
    return {name: predict(data.dataset.part(name).images) for name in splits}


def _figures(data: LoadedData, split: str, probabilities: np.ndarray) -> dict:
    part = data.dataset.part(split)
    scored = Evaluation(part.labels, probabilities, part.ids, split, part.label_names)
    return {
        "n": len(scored),
        "accuracy": scored.accuracy,
        "macro_f1": scored.macro_f1,
        "support": scored.support.tolist(),
        "correct": scored.correct.tolist(),
    }
