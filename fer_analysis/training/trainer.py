"""The training loop: epoch by epoch, each one saved before the next begins."""

from __future__ import annotations

import time

import keras
import numpy as np
from scipy.special import log_softmax

from fer_analysis.models.predict import logits_model, predictor
from fer_analysis.models.storage import save_model
from fer_analysis.progress import Listener
from fer_analysis.remedies.recipe import Recipe
from fer_analysis.run import Run
from fer_analysis.training.averaging import WeightAverage
from fer_analysis.training.batches import Batches
from fer_analysis.training.best_epoch import best_epoch
from fer_analysis.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from fer_analysis.training.collapse import Collapse, find_collapse


def fit(
    recipe: Recipe, model: keras.Model, run: Run, listener: Listener, *, twin: keras.Model
) -> tuple[Progress, str, Collapse | None]:
    """Train until the epochs are used up, patience ends, or the run collapses.

    A run directory with a checkpoint is continued from it. At the end
    `model` and the run's model file hold the best epoch's weights.

    Args:
        recipe: What to train on, and how.
        model: The model to save.
        run: Where history, model and checkpoint go.
        listener: Receives every step and epoch.
        twin: The model that is trained: `model` itself, or an accelerated clone of it.

    Returns:
        Progress (history and best epoch), the reason for stopping, and the collapse if the
        last epochs are collapsed.
    """
    trained = logits_model(twin)
    average = WeightAverage(trained, recipe.weight_averaging) if recipe.weight_averaging else None
    judged = keras.models.clone_model(logits_model(model))
    optimizer = recipe.optimizer(recipe.steps)
    metrics = ["accuracy", cross_entropy]
    trained.compile(optimizer, recipe.loss, metrics=metrics, jit_compile=False)
    optimizer.build(trained.trainable_variables)
    progress = Progress()
    if run.checkpoint_file.is_file():
        progress = load_checkpoint(run.checkpoint_file, trained, optimizer, average)
        run.write_history(progress.history)
    batches, predict = Batches(recipe), predictor(judged)
    collapse = _judge(progress, recipe)
    while not (reason := _reason_to_stop(progress, recipe, collapse)):
        row = _train_epoch(trained, batches, progress.epoch, listener, average)
        if progress.history and "cross_entropy" not in progress.history[0]:
            del row["cross_entropy"]  # of a run that was begun by a version without it
        judged.set_weights(average.variables if average else trained.get_weights())
        row |= _validate(predict(recipe.validation.images), recipe.validation.labels)
        progress.history.append(row)
        progress.best_epoch = best_epoch(progress.history, monitor=recipe.monitor, keep=recipe.keep)
        if is_best := progress.best_epoch == progress.epoch:
            progress.best_weights = judged.get_weights()
            _save(model, progress, recipe, run)
        run.write_history(progress.history)
        save_checkpoint(run.checkpoint_file, trained, optimizer, progress, average)
        listener.epoch(row, is_best)
        before, collapse = collapse, _judge(progress, recipe)
        if collapse and not before:
            listener.collapse(collapse)
    if progress.best_weights:
        _save(model, progress, recipe, run)
    return progress, reason, collapse


def cross_entropy(targets, logits):
    """Return the plain cross-entropy of the labels, whatever a remedy makes of target and loss.

    It can be held beside the validation loss, which is one too; a loss with label smoothing, soft
    labels or teachers cannot.

    Args:
        targets: float32 `(n, k)`, shares of the labels; the largest is the label.
        logits: float `(n, k)`.

    Returns:
        float32 `(n,)`, nats.
    """
    logits = keras.ops.cast(logits, "float32")
    labels = keras.ops.argmax(targets, axis=-1)
    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def _train_epoch(
    trained: keras.Model,
    batches: Batches,
    epoch: int,
    listener: Listener,
    average: WeightAverage | None,
) -> dict[str, float]:
    dataset = batches.epoch(epoch)
    steps = int(dataset.cardinality())

    def after_step(step, logs):
        if average:
            average.update(epoch * steps + step + 1)
        listener.batch(epoch + 1, step + 1, steps, logs)

    start = time.perf_counter()
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=after_step)
    logs = trained.fit(dataset, shuffle=False, verbose=0, callbacks=[callback]).history
    seconds = time.perf_counter() - start
    return {
        "epoch": epoch + 1,
        "loss": logs["loss"][0],
        "accuracy": logs["accuracy"][0],
        "cross_entropy": logs["cross_entropy"][0],
        "learning_rate": float(trained.optimizer.learning_rate.numpy()),
        "seconds": round(seconds, 3),
    }


def _validate(logits: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    predicted = logits.argmax(axis=1)
    log_likelihood = log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(labels)), labels]
    return {
        "validation_loss": float(-log_likelihood.mean()),
        "validation_accuracy": float((predicted == labels).mean()),
        "labels_predicted": len(np.unique(predicted)),
    }


def _save(model: keras.Model, progress: Progress, recipe: Recipe, run: Run) -> None:
    model.set_weights(progress.best_weights)
    save_model(model, run.model_file, recipe.train.label_names)


def _judge(progress: Progress, recipe: Recipe) -> Collapse | None:
    if not progress.history:
        return None
    return find_collapse(
        progress.history,
        train_majority=_majority(recipe.showings),
        validation_majority=_majority(np.bincount(recipe.validation.labels)),
    )


def _majority(counts: np.ndarray) -> float:
    return float(counts.max() / counts.sum())


def _stale(progress: Progress, recipe: Recipe) -> int:
    """Return how many epochs ago the monitor was best, whichever epoch's weights are kept."""
    return progress.epoch - best_epoch(progress.history, monitor=recipe.monitor)


def _reason_to_stop(progress: Progress, recipe: Recipe, collapse: Collapse | None) -> str:
    if collapse and collapse.kind == "diverged":
        return "diverged"
    if collapse and recipe.stop_on_collapse:
        return "collapse"
    if recipe.patience is not None and _stale(progress, recipe) >= recipe.patience:
        return "early stopping"
    if progress.epoch >= recipe.epochs:
        return "all epochs done"
    return ""
