#!/usr/bin/env python3
"""Measure the speed of saliency as ratios, all sides of each in turn in one run.

    python scripts/benchmark_saliency.py --data fer2013.csv RUN/model.keras

- gradient: ours over the same input gradient computed bare (a compiled function, the same
  batches), and over the usual loop over single images, uncompiled;
- smoothgrad, 25 samples: ours over the bare gradient of as many copies, and over the usual loop
  over samples and images.

Nothing else heavy should run beside it. Ratios are medians over the rounds; the range is given.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import fer_analysis  # noqa: F401  before TensorFlow: it chooses TensorFlow's kernels

# isort: split
import numpy as np
import tensorflow as tf
from benchmark import alternate, report

from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.models.predict import logits_model
from fer_analysis.models.storage import load_model
from fer_analysis.saliency.methods.gradient import gradient
from fer_analysis.saliency.methods.smoothgrad import smoothgrad

BATCH, SAMPLES = 128, 25


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path, nargs="+")
    parser.add_argument("--data", type=Path, help="fer2013.csv; default: 3,000 embedded faces")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--single", type=int, default=64, help="images of the usual loop")
    parser.add_argument("--images", type=int, help="default: the whole split")
    options = parser.parse_args()
    data = load_data(options.data).dataset if options.data else generate(n=3000)
    part = data.part("validation" if options.data else "train")
    part = part.take(np.arange(min(options.images or len(part), len(part))))
    for path in options.model:
        model, _ = load_model(path)
        gradients(path, model, part.images, part.labels, options)
        smoothed(path, model, part.images, part.labels, options)


def gradients(name: Path, model, images, labels, options) -> None:
    """Print the ratios of the plain gradient."""
    bare, single = bare_gradient(model), usual_gradient(model)

    def ours():
        return len(gradient(model, images, labels, batch_size=BATCH))

    def plain():
        for start in range(0, len(images), BATCH):
            rows = slice(start, start + BATCH)
            bare(images[rows].astype(np.float32), labels[rows]).numpy()
        return len(images)

    def loop():
        for image, label in zip(images[: options.single], labels, strict=False):
            single(image, label)
        return options.single

    sides = alternate({"ours": ours, "bare": plain, "loop": loop}, options.rounds)
    report(f"{name}: gradient over bare", sides, "ours", "bare")
    report(f"{name}: gradient over the usual loop", sides, "ours", "loop")


def smoothed(name: Path, model, images, labels, options) -> None:
    """Print the ratios of SmoothGrad."""
    bare, single = bare_gradient(model), usual_gradient(model)
    images, labels = images[: 2 * options.single], labels[: 2 * options.single]
    group = BATCH // SAMPLES

    def ours():
        return len(smoothgrad(model, images, labels, samples=SAMPLES, batch_size=BATCH))

    def plain():
        for start in range(0, len(images), group):
            rows = slice(start, start + group)
            copies = np.repeat(images[rows].astype(np.float32), SAMPLES, axis=0)
            bare(copies, np.repeat(labels[rows], SAMPLES)).numpy()
        return len(images)

    def loop():
        few = max(1, options.single // 8)
        for image, label in zip(images[:few], labels, strict=False):
            noise = np.random.normal(0, 20, (SAMPLES, *image.shape)).astype(np.float32)
            np.mean([single(image + grain, label) for grain in noise], axis=0)
        return few

    sides = alternate({"ours": ours, "bare": plain, "loop": loop}, options.rounds)
    report(f"{name}: smoothgrad, {SAMPLES} samples, over bare", sides, "ours", "bare")
    report(f"{name}: smoothgrad, {SAMPLES} samples, over the usual loop", sides, "ours", "loop")


def bare_gradient(model):
    """Return the gradient of the labels' logits, compiled, and nothing around it."""
    logits_of = logits_model(model)

    @tf.function(reduce_retracing=True)
    def function(images, labels):
        with tf.GradientTape() as tape:
            tape.watch(images)
            chosen = tf.gather(logits_of(images, training=False), labels, axis=1, batch_dims=1)
        return tape.gradient(chosen, images)

    return lambda images, labels: function(tf.constant(images), tf.constant(labels))


def usual_gradient(model):
    """Return the gradient of one image as tutorials compute it."""
    logits_of = logits_model(model)

    def function(image, label):
        inputs = tf.convert_to_tensor(image[None].astype(np.float32))
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            chosen = logits_of(inputs, training=False)[0, int(label)]
        return tape.gradient(chosen, inputs).numpy()[0, ..., 0]

    return function


if __name__ == "__main__":
    main()
