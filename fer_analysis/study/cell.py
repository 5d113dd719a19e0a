"""One cell of a study: train it, keep its predictions, delete the rest."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from pathlib import Path

import numpy as np

from fer_analysis.config.schema import DataConfig, RunConfig
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import read_json, write_json
from fer_analysis.progress import Listener
from fer_analysis.run import Run
from fer_analysis.study.cell_key import VERSION
from fer_analysis.study.cell_result import CellResult
from fer_analysis.study.design import Cell, work_of
from fer_analysis.study.inputs import changes, inputs_of
from fer_analysis.study.kept import SPLITS
from fer_analysis.study.seen import seen_by_networks
from fer_analysis.study.store import CellStore
from fer_analysis.tensorflow_setup import import_tensorflow_quietly
from fer_analysis.training.whole_paths import with_whole_paths


def run_in_worker(cell: Cell, folder: Path) -> dict:
    """Run a cell as `run_cell` does, in a process of its own with the cell's threads."""
    limit_threads(cell.threads)
    return run_cell(cell, folder)


def limit_threads(threads: int) -> None:
    """Give TensorFlow in this process a fixed number of threads, before anything runs in it."""
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import_tensorflow_quietly()
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # it warns of many networks in one process
    if tf.config.threading.get_intra_op_parallelism_threads() != threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def run_cell(cell: Cell, folder: Path) -> dict:
    """Run a cell, or go on with it.

    Args:
        cell: The cell.
        folder: Of the store.

    Returns:
        The cell's facts: see `CellResult`.

    Raises:
        FerError: If the data or the config does not suit.
    """
    store = CellStore(folder)
    done = store.find(cell)
    if done and not changed_inputs(cell, done):
        return done.facts
    data = cell_data(cell.config)
    inputs = inputs_of(cell.config, data)
    run = _train(cell, data, store, inputs)
    probabilities = _predict(run, data)
    facts = {
        "name": cell.name,
        "seed": cell.seed,
        "threads": cell.threads,
        "work": work_of(cell),
        "key": cell.portable_key,
        "study": cell.base_key,
        "contract": VERSION,
        "fingerprints": fingerprints(data),
        "inputs": inputs,
        "seen": seen_by_networks(cell.config, data),
        "label_names": list(data.dataset.label_names),
        "seconds": run.result()["seconds"],
        "prior": run.prior(),
        "training_counts": run.environment()["training_counts"],
        "figures": {name: _figures(data, name, values) for name, values in probabilities.items()},
    }
    store.write(cell, probabilities, facts)
    if not cell.keeps_model:  # last: without the result, the training is all that there is
        shutil.rmtree(run.path)
        store.begun_file(cell).unlink(missing_ok=True)
    return facts


def changed_inputs(cell: Cell, result: CellResult) -> list[str]:
    """Return which votes and other networks a finished cell was trained with that are others now.

    None for a cell that uses neither, and for one of a version that did not record them.
    """
    then = result.facts.get("inputs")
    return changes(then, inputs_of(cell.config, cell_data(cell.config))) if then else []


def fingerprints(data: LoadedData) -> dict[str, str]:
    """Return the fingerprint of each split that a cell uses: to train on, or to be scored on.

    Other splits have no influence: a cell is equally valid for data that has a test split too.
    """
    used = ("train", *SPLITS)
    return {split: data.fingerprints[split] for split in used if split in data.fingerprints}


def cell_data(config: RunConfig) -> LoadedData:
    """Read a cell's data; a worker that runs many cells reads each data set once."""
    return _divided(config.data.model_dump_json(), type(config.data))


def whole_data(config: RunConfig) -> LoadedData:
    """Read the data of a cell before a fold was set aside: that of all seeds."""
    return _whole(_undivided(config.data).model_dump_json(), type(config.data))


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


def _train(cell: Cell, data: LoadedData, store: CellStore, inputs: dict) -> Run:
    """Train a cell, or go on with a training that began with the same votes and networks."""
    import keras

    from fer_analysis.training.train import train

    keras.backend.clear_session()
    run, begun = Run(store.training_of(cell)), store.begun_file(cell)
    if run.path.is_dir() and changes(read_json(begun) or {}, inputs):
        shutil.rmtree(run.path)
    if not run.config_file.is_file():
        if inputs:
            write_json(begun, inputs)
        run = Run.create(with_whole_paths(cell.config), run.path)
    if not run.is_complete:
        train(run.config(), data, run, Listener())
    return run


def _predict(run: Run, data: LoadedData) -> dict[str, np.ndarray]:
    from fer_analysis.evaluation.evaluate_run import open_model
    from fer_analysis.models.predict import predictor

    if not data.dataset.has("fold"):
        raise FerError("a cell needs a fold of its own (data.folds, data.fold)")
    predict = predictor(open_model(run, data.dataset.label_names))
    splits = [name for name in SPLITS if data.dataset.has(name)]
    return {name: predict(data.dataset.part(name).images) for name in splits}


def _figures(data: LoadedData, split: str, probabilities: np.ndarray) -> dict:
    part = data.dataset.part(split)
    scored = Evaluation(part.labels, probabilities, part.ids, split, label_names=part.label_names)
    return {
        "n": len(scored),
        "accuracy": scored.accuracy,
        "macro_f1": scored.macro_f1,
        "support": scored.support.tolist(),
        "correct": scored.correct.tolist(),
    }
