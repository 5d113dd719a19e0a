"""Networks that a run learns from: what they answer on the pictures that it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from fer_analysis.errors import FerError
from fer_analysis.models.predict import logits_model
from fer_analysis.models.storage import load_model
from fer_analysis.run import Run
from fer_analysis.training.acceleration import accelerate


def open_teachers(
    names: Sequence[str], label_names: tuple[str, ...], *, precision: str
) -> list[keras.Model]:
    """Load the networks that a run learns from.

    Args:
        names: A RUN each: a run directory, a `.keras` file or `bundled`.
        label_names: The run's labels; a teacher's must be the same, in the same order.
        precision: `float32` or `bfloat16`, of their products.

    Returns:
        Models from raw pixels to logits.

    Raises:
        FerError: If one does not exist, or tells other labels.
    """
    teachers = []
    for name in names:
        model, theirs = load_model(Run.open(name).trained_model_file())
        if theirs is not None and theirs != label_names:
            raise FerError(
                f"remedies.distillation.teachers: {name} tells {', '.join(theirs)}; "
                f"the data has {', '.join(label_names)}"
            )
        if model.output_shape[-1] != len(label_names):
            raise FerError(
                f"remedies.distillation.teachers: {name} tells {model.output_shape[-1]} labels, "
                f"the data has {len(label_names)}"
            )
        model = logits_model(model)
        if precision != "float32":
            model = accelerate(model, precision)
        model.trainable = False
        teachers.append(model)
    return teachers


def answers_of(
    teachers: Sequence[keras.Model], *, temperature: float
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Return the mean of the teachers' probabilities as a function of a batch.

    Args:
        teachers: One or more models from raw pixels to logits.
        temperature: What their logits are divided by.

    Returns:
        A function of pixels, float32 `(n, h, w, 1)`, that returns shares of the labels, float32
        `(n, k)`. Pictures of another size than a teacher takes are resized for it.
    """

    def answers(images: tf.Tensor) -> tf.Tensor:
        shares = []
        for teacher in teachers:
            size = teacher.input_shape[1:3]
            fits = None in size or size == tuple(images.shape[1:3])
            seen = images if fits else tf.image.resize(images, size)
            logits = tf.cast(teacher(seen, training=False), tf.float32)
            shares.append(tf.nn.softmax(logits / temperature))
        return tf.add_n(shares) / len(shares)

    return answers
