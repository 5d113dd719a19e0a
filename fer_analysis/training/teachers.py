"""Networks that a run learns from: what they answer on the pictures that it is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.pitfalls import label_order
from fer_analysis.models.exported import exported_predictor, read_exported
from fer_analysis.models.predict import logits_model
from fer_analysis.models.storage import load_model
from fer_analysis.remedies.recipe import Recipe
from fer_analysis.run import Run
from fer_analysis.statistics.temperature_scaling import as_logits
from fer_analysis.text import duration, percent
from fer_analysis.training.acceleration import accelerate

FEW = 300
"""Training images of a label, at most, by which the teachers' answers to it are known."""

CHECKED = 350
"""Validation images, at most, by which a teacher's labels are checked."""


@dataclass(frozen=True)
class Teacher:
    """A network that a run learns from.

    Args:
        size: Height and width of the pictures that it takes; None in a place: any.
        k: How many labels it tells.
        label_names: Which; None where its file does not say.
        logits: From raw pixels, float32 `(n, *size, 1)`, to float32 `(n, k)`.
    """

    size: tuple[int | None, int | None]
    k: int
    label_names: tuple[str, ...] | None
    logits: Callable[[tf.Tensor], tf.Tensor]


def open_teachers(
    names: Sequence[str], label_names: tuple[str, ...], *, precision: str
) -> list[Teacher]:
    """Load the networks that a run learns from.

    Args:
        names: A RUN each: a run directory, a `.keras` file, an exported file or `bundled`, which
            answers by the LiteRT file that lies beside it.
        label_names: The run's labels; a teacher's must be the same, in the same order.
        precision: `float32` or `bfloat16`, of their products; exported networks have their own.

    Raises:
        FerError: If one does not exist, or tells other labels.
    """
    teachers = []
    for name in names:
        run = Run.open(name).light()
        file = run.trained_model_file()
        teacher = _exported(file) if run.is_exported else _of_keras(file, precision)
        if teacher.label_names is not None and teacher.label_names != label_names:
            raise FerError(
                f"remedies.distillation.teachers: {name} tells {', '.join(teacher.label_names)}; "
                f"the data has {', '.join(label_names)}"
            )
        if teacher.k != len(label_names):
            raise FerError(
                f"remedies.distillation.teachers: {name} tells {teacher.k} labels, "
                f"the data has {len(label_names)}"
            )
        teachers.append(teacher)
    return teachers


def _of_keras(file: Path, precision: str) -> Teacher:
    model, names = load_model(file)
    model = logits_model(model)
    if precision != "float32":
        model = accelerate(model, precision)
    model.trainable = False

    def logits(images: tf.Tensor) -> tf.Tensor:
        return tf.cast(model(images, training=False), tf.float32)

    return Teacher(model.input_shape[1:3], model.output_shape[-1], names, logits)


def _exported(file: Path) -> Teacher:
    model, predict = read_exported(file), exported_predictor(file)
    k = len(model.label_names)

    def in_numpy(images: np.ndarray) -> np.ndarray:
        return as_logits(predict(images)).astype(np.float32)

    def logits(images: tf.Tensor) -> tf.Tensor:
        return tf.ensure_shape(tf.numpy_function(in_numpy, [images], tf.float32), (None, k))

    return Teacher((model.size, model.size), k, model.label_names, logits)


def answers_of(
    teachers: Sequence[Teacher], *, temperature: float
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the mean of the teachers' probabilities as a function of a batch.

    Args:
        teachers: One or more.
        temperature: What their logits are divided by.

    Returns:
        A function of pixels, float32 `(n, h, w, 1)`, that returns shares of the labels, float32
        `(n, k)`. Pictures of another size than a teacher takes are resized for it.
    """

    def answers(images: tf.Tensor) -> tf.Tensor:
        shares = []
        for teacher in teachers:
            fits = None in teacher.size or teacher.size == tuple(images.shape[1:3])
            seen = images if fits else tf.image.resize(images, teacher.size)
            shares.append(tf.nn.softmax(teacher.logits(seen) / temperature))
        return tf.add_n(shares) / len(shares)

    return answers


def answers_by_label(answers: Callable[[tf.Tensor], tf.Tensor], train: FaceDataset) -> np.ndarray:
    """Return what teachers answer on average for images of each label, as these are on disk.

    Args:
        answers: As `answers_of` returns.
        train: The training images, of which `FEW` a label are looked at.

    Returns:
        float64 `(k, k)`, a row a label; 0 for a label without images.
    """
    k, step = len(train.label_names), tf.function(answers)
    means = np.zeros((k, k))
    for label in range(k):
        rows = np.flatnonzero(train.labels == label)
        if not len(rows):
            continue
        few = rows[np.linspace(0, len(rows) - 1, min(len(rows), FEW)).astype(int)]
        means[label] = step(tf.constant(train.images[few], tf.float32)).numpy().mean(axis=0)
    return means


def cost_told(recipe: Recipe) -> str:
    """Say what the teachers of a recipe cost, after timing them on a batch."""
    answers = tf.function(recipe.distillation.answers)
    batch = tf.constant(recipe.train.images[: recipe.batch_size], tf.float32)
    answers(batch)  # builds the function
    start = time.perf_counter()
    answers(batch)
    each = (time.perf_counter() - start) / len(batch)
    return (
        f"learns from {', '.join(recipe.distillation.teachers)}: {1 / each:,.0f} images a second, "
        f"about {duration(each * recipe.showings.sum())} of work in an epoch"
    )


def doubts_told(recipe: Recipe) -> list[str]:
    """Say which teachers' labels may not be the data's, by what they answer on validation images.

    A file that names no labels is taken to have the data's, in their order: that is told, with
    how far it agrees. So is every teacher that fits the labels much better in another order.
    """
    validation, lines = recipe.validation, []
    rows = np.linspace(0, len(validation) - 1, min(len(validation), CHECKED)).astype(int)
    few = validation.take(rows)
    for name, teacher in zip(
        recipe.distillation.teachers, recipe.distillation.networks, strict=True
    ):
        answers = answers_of([teacher], temperature=1.0)
        probabilities = [
            answers(tf.constant(few.images[start : start + recipe.batch_size], tf.float32)).numpy()
            for start in range(0, len(few), recipe.batch_size)
        ]
        scored = Evaluation(
            few.labels, np.concatenate(probabilities), few.ids, "validation", few.label_names
        )
        if teacher.label_names is None:
            lines.append(
                f"{name} names no labels, which are taken to be {', '.join(few.label_names)}, in "
                f"this order: it agrees with {percent(scored.accuracy)} of {len(few)} validation "
                "labels"
            )
        lines += [f"{name}: {text}" for text in label_order(scored)]
    return lines
