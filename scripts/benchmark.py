#!/usr/bin/env python3
"""Measure speed as ratios, both sides of each pair in turn in one run.

    python scripts/benchmark.py --data fer2013.csv       # real data
    python scripts/benchmark.py                          # embedded data

- pipeline: training through the whole input pipeline (shuffling, augmentation, batches,
  metrics, progress) over the bare training step on one repeated batch in memory;
- acceleration: the step with our faster twins of stock layers over the stock step;
- reading: `fer2013.csv` by our reader over pandas with a split and convert of each row;
- cached start: seconds until the same data is there a second time.

Nothing else heavy should run beside it. Ratios are medians over the rounds; the range is given.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.config import load_config
from fer_analysis.data.dataset import OFFICIAL_SPLITS, FaceDataset
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic import generate
from fer_analysis.models import build_model
from fer_analysis.models.predict import logits_model
from fer_analysis.training.acceleration import accelerate
from fer_analysis.training.batches import Batches
from fer_analysis.training.preparation import make_recipe


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="fer2013.csv; default: 6,000 embedded faces")
    parser.add_argument("--steps", type=int, default=40, help="training steps a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", nargs="+", default=["self_built", "mobilenet"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.data or write_csv(generate(n=6000, seed=0), Path(folder) / "fer2013.csv")
        os.environ["FER_CACHE_DIR"] = str(Path(folder) / "cache")
        reading(path, options.rounds)
        dataset = load_data(path).dataset
    for name in options.models:
        training(name, dataset, options.steps, options.rounds)


def training(name: str, dataset: FaceDataset, steps: int, rounds: int) -> None:
    """Print the ratios of one model's training."""
    config = load_config(name)
    size = config.training.batch_size
    # Whole batches only: a last, smaller one would not be comparable to the bare step.
    train = dataset.part("train").take(np.arange(min(steps * size, len(dataset.part("train")))))
    recipe = make_recipe(config, train, train)
    model = build_model(
        config.model.name,
        train.images.shape[1:],
        len(train.label_names),
        **config.model.options(),
    )
    batches = Batches(recipe)
    images, targets = next(iter(batches.epoch(0)))

    fast = compiled(accelerate(model), config)
    bare = bare_step(accelerate(model), images, targets)
    stock = bare_step(model, images, targets)
    tell = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: float(logs["loss"]))

    epochs = itertools.count()

    def whole():
        epoch_batches = batches.epoch(next(epochs))
        fast.fit(epoch_batches, shuffle=False, verbose=0, callbacks=[tell])
        return len(train)

    def repeated(step, count):
        for _ in range(count):
            float(step())
        return size * count

    count = -(-len(train) // size)
    sides = alternate(
        {
            "whole pipeline": whole,
            "bare step": lambda: repeated(bare, count),
            "stock step": lambda: repeated(stock, count),
        },
        rounds,
    )
    report(f"{name}: whole pipeline over bare step", sides, "whole pipeline", "bare step")
    report(f"{name}: our step over the stock step", sides, "bare step", "stock step")


def compiled(model: keras.Model, config) -> keras.Model:
    """Return the model as `fit` trains it."""
    trained = logits_model(model)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(config.training.learning_rate)
    trained.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    return trained


def bare_step(model: keras.Model, images, targets):
    """Return one training step on one batch, with nothing around it."""
    trained = logits_model(model)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.Adam(1e-3)
    optimizer.build(trained.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(targets, trained(images, training=True))
        gradients = tape.gradient(value, trained.trainable_variables)
        optimizer.apply(gradients, trained.trainable_variables)
        return value

    return step


def reading(path: Path, rounds: int) -> None:
    """Print the ratios of reading a CSV."""

    def ours():
        return len(load_data(path, cache=False).dataset)

    def usual():
        import pandas

        table = pandas.read_csv(path)
        pixels = [np.array(text.split(), dtype=np.uint8) for text in table["pixels"]]
        images = np.stack(pixels).reshape(-1, 48, 48, 1)
        table["Usage"].map(OFFICIAL_SPLITS)
        return len(images)

    sides = alternate({"ours": ours, "pandas and split": usual}, min(rounds, 3))
    report("reading the CSV: ours over pandas and split", sides, "ours", "pandas and split")
    load_data(path)
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        load_data(path)
        seconds.append(time.perf_counter() - start)
    print(f"cached start: {statistics.median(seconds):.2f} s (median of {rounds})", flush=True)


def alternate(sides: dict, rounds: int) -> dict[str, list[float]]:
    """Run each side in turn, once to warm up, and return their rates, images/s."""
    rates = {name: [] for name in sides}
    for round_number in range(rounds + 1):
        for name, run in sides.items():
            start = time.perf_counter()
            images = run()
            if round_number:
                rates[name].append(images / (time.perf_counter() - start))
    return rates


def report(title: str, rates: dict[str, list[float]], ours: str, theirs: str) -> None:
    """Print the ratio of two sides, round by round."""
    ratios = [a / b for a, b in zip(rates[ours], rates[theirs], strict=True)]
    print(
        f"{title}: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}); "
        f"{statistics.median(rates[ours]):.0f} against "
        f"{statistics.median(rates[theirs]):.0f} images/s",
        flush=True,
    )


def write_csv(dataset: FaceDataset, path: Path) -> Path:
    """Write a data set as `fer2013.csv`."""
    usages = {ours: theirs for theirs, ours in OFFICIAL_SPLITS.items()}
    with open(path, "w") as file:
        print("emotion,pixels,Usage", file=file)
        for image, label, split in zip(dataset.images, dataset.labels, dataset.split, strict=True):
            print(label, " ".join(map(str, image.ravel())), usages[split], sep=",", file=file)
    return path


if __name__ == "__main__":
    main()
