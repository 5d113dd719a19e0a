"""From a config and its data to a finished run directory."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.config import RunConfig
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.environment import describe_environment
from fer_analysis.errors import FerError
from fer_analysis.evaluation.trained_conditions import START
from fer_analysis.files import write_text
from fer_analysis.models import build_model
from fer_analysis.models.predict import predictor
from fer_analysis.models.structure import summary_text
from fer_analysis.progress import Listener
from fer_analysis.remedies.recipe import Recipe
from fer_analysis.run import Run
from fer_analysis.training.acceleration import accelerate
from fer_analysis.training.checkpoint import Progress
from fer_analysis.training.collapse import at_chance, cause_of
from fer_analysis.training.devices import strategy_for
from fer_analysis.training.face_lists import effects
from fer_analysis.training.logs import Logged
from fer_analysis.training.preparation import (
    length_doubts,
    make_recipe,
    manipulate,
    schedule_doubts,
)
from fer_analysis.training.same_config import (
    MAY_CHANGE,
    check_unchanged,
    differences,
    record_of,
)
from fer_analysis.training.sources import Source, load_initial_weights
from fer_analysis.training.teachers import cost_told, doubts_told
from fer_analysis.training.trainer import fit


def train(config: RunConfig, data: LoadedData, run: Run, listener: Listener) -> dict:
    """Train a run, or continue one that has a checkpoint.

    Args:
        config: The run's config.
        data: Its data.
        run: Its directory, with the config in it.
        listener: Receives every step and epoch.

    Returns:
        The result, as written to the run's `result.json`.

    Raises:
        FerError: If the data does not fit, data or config is not what the run was started with, or
            another process is training the run.
    """
    for split in ("train", "validation"):
        if not data.dataset.has(split):
            raise FerError(
                f"{config.data.source}: training needs a '{split}' split; the data has none"
            )
    with run.held(listener.notice), strategy_for(config.training.devices).scope():
        return _train(config, data, run, listener)


def _train(config: RunConfig, data: LoadedData, run: Run, listener: Listener) -> dict:
    check_unchanged(run, config, allowed=MAY_CHANGE)
    run.remove_leftovers()
    keras.utils.set_random_seed(config.seed)
    if config.training.deterministic:
        tf.config.experimental.enable_op_determinism()
    dataset = data.dataset
    model, others = _build(config, dataset, run, listener)
    recipe = make_recipe(
        config, manipulate(config, dataset.part("train")), dataset.part("validation")
    )
    if recipe.keep == "last" and _began_earlier(run):
        recipe = replace(recipe, patience=None)  # it did not count then
    others |= _teachers(recipe)
    _check_same_sources(run, others)
    for text in (*schedule_doubts(config.training), *length_doubts(config.training, recipe)):
        listener.notice(text)
    if recipe.distillation:
        for text in (cost_told(recipe), *doubts_told(recipe)):
            listener.notice(text)
    if config.training.initial_weights or recipe.distillation:
        # Loading networks drew random numbers; a resumed run is to draw those of a whole one.
        keras.utils.set_random_seed(config.seed)
    twin = trained_twin(model, config)
    facts = _facts(data, recipe) | {"face_lists": effects(config, data)}
    _check_same_data(run, facts)
    if not run.environment_file.is_file():
        _write_start(run, config, recipe, facts, model=model, others=others)
    elif differences(run, config):  # when to stop
        write_text(run.config_file, config.to_yaml())
        run.write_environment({**run.environment(), "config": record_of(config)})
    if recipe.distillation:
        _check_prior(run, recipe, config)
    with Logged(listener, config.training.log_to, run, config) as logged:
        progress, reason, collapse = fit(recipe, model, run, logged, twin=twin)
    majority = np.bincount(recipe.validation.labels)
    seconds = sum(row["seconds"] for row in progress.history)
    result = {
        "model": config.model.name,
        "seed": config.seed,
        "stopped_because": reason,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "seconds": round(seconds, 1),
        "images_per_second": round(recipe.showings.sum() * progress.epoch / seconds, 1),
        "parameters": model.count_params(),
        "remedies": dict(config.remedies.chosen()),
        "collapse": collapse and {**asdict(collapse), "likely_cause": cause_of(collapse, config)},
        "at_chance": at_chance(
            progress.history[progress.best_epoch - 1],
            validation_majority=float(majority.max() / majority.sum()),
        ),
        "protocol": data.protocol,
        "comparable": data.comparable,
        "table_1": _table_1(progress, _test_accuracy(model, data)),
    }
    run.write_result(result)
    run.checkpoint_file.unlink(missing_ok=True)
    return result


def _began_earlier(run: Run) -> bool:
    """Tell whether a run was begun by a version that did not record when it started."""
    return run.environment_file.is_file() and "started" not in run.environment()


def _build(
    config: RunConfig, dataset: FaceDataset, run: Run, listener: Listener
) -> tuple[keras.Model, dict[str, Source]]:
    """Build the network, with the weights of another run if the config asks for them."""
    model = build_model(
        config.model.name,
        dataset.images.shape[1:],
        len(dataset.label_names),
        **config.model.options(),
    )
    name = config.training.initial_weights
    if name is None:
        return model, {}
    if run.checkpoint_file.is_file():  # it has later weights
        return model, {}
    listener.notice(load_initial_weights(name, model, dataset.label_names))
    return model, {START: Source.of(name)}


def _teachers(recipe: Recipe) -> dict[str, Source]:
    """Return the networks that the run learns from, by their role."""
    names = recipe.distillation.teachers if recipe.distillation else ()
    return {f"teacher {place}": Source.of(name) for place, name in enumerate(names, 1)}


def _check_same_sources(run: Run, others: dict[str, Source]) -> None:
    before = run.environment().get("sources", {})
    for role, source in others.items():
        was = before.get(role, source.record())
        if was["fingerprint"] != source.fingerprint:
            raise FerError(
                f"{run.path}: was started with another network as {role} ({source.name}: "
                f"fingerprint {was['fingerprint']}, now {source.fingerprint})"
            )


def _table_1(progress: Progress, test_accuracy: float | None) -> dict:
    """Return the run's row of the paper's Table 1, at its best epoch."""
    best = progress.history[progress.best_epoch - 1]
    return {
        "training_loss": _finite(best["loss"]),
        "training_accuracy": best["accuracy"],
        "validation_loss": _finite(best["validation_loss"]),
        "validation_accuracy": best["validation_accuracy"],
        "test_accuracy": test_accuracy,
        "epochs": progress.epoch,
    }


def trained_twin(model: keras.Model, config: RunConfig) -> keras.Model:
    """Return the clone that is trained: it takes every image size, and is faster."""
    twin = model
    if config.training.image_sizes:
        sizes = (None, None, model.input_shape[-1])
        classes = model.output_shape[-1]
        try:
            twin = build_model(config.model.name, sizes, classes, **config.model.options())
        except FerError as error:
            raise FerError(
                f"training.image_sizes: {config.model.name} takes images of one size only; "
                "leave it out, or train a residual network"
            ) from error
        twin.set_weights(model.get_weights())
    return accelerate(twin, config.training.precision) if config.training.accelerate else twin


def _facts(data: LoadedData, recipe: Recipe) -> dict:
    """Return what identifies the data, and the part of it that was trained on."""
    targets = hashlib.blake2b(recipe.targets.tobytes(), digest_size=8).hexdigest()
    return {
        "fingerprint": data.fingerprint,
        "fingerprints": data.fingerprints,
        "targets": targets,
        "layout": data.layout,
        "protocol": data.protocol,
        "counts": {split: counts.tolist() for split, counts in data.dataset.counts().items()},
        "label_names": list(data.dataset.label_names),
    }


def _check_same_data(run: Run, facts: dict) -> None:
    before = run.environment().get("data", {})
    for key, what in (("fingerprint", "data"), ("targets", "votes")):
        if before.get(key, facts[key]) != facts[key]:
            raise FerError(
                f"{run.path}: was started with other {what} ({key} {before[key]}, now {facts[key]})"
            )


def _check_prior(run: Run, recipe: Recipe, config: RunConfig) -> None:
    """Bring up to date the record of a run of an earlier version, which left out its teachers.

    Raises:
        FerError: If its loss depends on the labels' frequencies: it would be another one now.
    """
    environment = run.environment()
    if np.allclose(environment.get("prior", recipe.prior), recipe.prior, atol=1e-3):
        return
    if {"class_weights", "logit_adjustment"} & {name for name, _ in config.remedies.chosen()}:
        raise FerError(
            f"{run.path}: was started without its teachers' answers in the labels' frequencies, by "
            "which its loss is weighted; train it anew"
        )
    run.write_environment({**environment, "prior": recipe.prior.tolist()})


def _write_start(
    run: Run,
    config: RunConfig,
    recipe: Recipe,
    facts: dict,
    *,
    model: keras.Model,
    others: dict[str, Source],
) -> None:
    # If the last weights are kept and training ended by itself, validation chose nothing.
    chose = recipe.keep == "best" or recipe.patience is not None
    validation = recipe.validation.pixel_hashes()
    run.write_hashes(
        recipe.train.pixel_hashes(),
        validation if chose else validation[:0],
        earlier=[source.run for source in others.values()],
    )
    # The lock is held: another process may have written its own config here before.
    write_text(run.config_file, config.to_yaml())
    write_text(run.summary_file, summary_text(model))
    run.write_environment(
        {
            **describe_environment(),
            "seed": config.seed,
            "training_counts": recipe.counts.tolist(),
            # How frequent the labels are for the loss: a correction for that
            # after training needs it.
            "prior": recipe.prior.tolist(),
            "data": facts,
            "sources": {role: source.record() for role, source in others.items()},
            "config": record_of(config),
        }
    )


def _test_accuracy(model: keras.Model, data: LoadedData) -> float | None:
    if not data.dataset.has("test"):
        return None
    test = data.dataset.part("test")
    return float((predictor(model)(test.images).argmax(axis=1) == test.labels).mean())


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
