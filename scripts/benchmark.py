#!/usr/bin/env python3
"""Measure speed as ratios, both sides of each pair in turn in one run.

    python scripts/benchmark.py --data fer2013.csv       # real data
    python scripts/benchmark.py                          # embedded data

- pipeline: training through the whole input pipeline (shuffling, augmentation, batches,
  metrics, progress) over the bare training step on one repeated batch in memory; the same with a
  quarter of the images under a condition (all but the scenes);
- acceleration: our step over the step of the stock model (for `mobilenet` that is
  `keras.applications.MobileNet` with the study's head), with the same kernels, and over a process
  that leaves TensorFlow as it comes (no oneDNN where the processor is not the newest), and in
  bfloat16 over float32;
- floating-point rate: the step's over a large matrix product's;
- augmentation: ours over Keras's `ImageDataGenerator`, images a second of processor time;
- reading: `fer2013.csv` by our reader over pandas with a split and convert of each row;
- cached start: seconds until the same data is there a second time;
- memory: the most that a process of its own takes to read the data, and to train some steps on it.

Nothing else heavy should run beside it. Ratios are medians over the rounds; the range is given.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
if __name__ == "__main__":
    import fer_analysis  # noqa: F401  before TensorFlow: it chooses TensorFlow's kernels

import keras
import numpy as np
import tensorflow as tf

from fer_analysis.conditions import CONDITIONS, kind_of
from fer_analysis.config import load_config
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.dataset import OFFICIAL_SPLITS, FaceDataset
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
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
        memory(path)
        dataset = load_data(path).dataset
    augmenting(dataset.part("train").images, options.rounds)
    for name in options.models:
        training(name, dataset, options.steps, options.rounds)


def training(name: str, dataset: FaceDataset, steps: int, rounds: int) -> None:
    """Print the ratios of one model's training."""
    config = load_config(name, ["training.image_sizes=[]"])
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
    images, targets = (part.numpy() for part in next(iter(batches.epoch(0))))
    fast = compiled(accelerate(model), recipe)
    tell = keras.callbacks.LambdaCallback(on_train_batch_end=lambda step, logs: float(logs["loss"]))
    epochs, count = itertools.count(), -(-len(train) // size)

    def whole(batches=batches):
        epoch_batches = batches.epoch(next(epochs))
        fast.fit(epoch_batches, shuffle=False, verbose=0, callbacks=[tell])
        return len(train)

    spoiling = Batches(make_recipe(spoilt(name), train, train))
    ours = repeated(accelerate(model), recipe, images, targets, count)
    rounded = repeated(accelerate(model, "bfloat16"), recipe, images, targets, count)
    stock = repeated(model, recipe, images, targets, count)
    with as_it_comes(name, train, images, targets, count) as plain:
        sides = alternate(
            {
                "whole": whole,
                "conditions": partial(whole, spoiling),
                "ours": ours,
                "bfloat16": rounded,
                "stock": stock,
                "as it comes": plain,
            },
            rounds,
        )
    report(f"{name}: whole pipeline over bare step", sides, "whole", "ours")
    report(f"{name}: the same with conditions over bare step", sides, "conditions", "ours")
    report(f"{name}: our step over the stock step, same kernels", sides, "ours", "stock")
    report(f"{name}: our step over TensorFlow as it comes", sides, "ours", "as it comes")
    report(f"{name}: our step in bfloat16 over float32", sides, "bfloat16", "ours")
    step = 3 * operations(model) * statistics.median(sides["ours"]) / 1e9
    product = matrix_product(rounds)
    print(
        f"{name}: floating-point rate of the step over a matrix product's: {step / product:.2f} "
        f"({step:.0f} of {product:.0f} GFLOP/s)",
        flush=True,
    )


def spoilt(name: str):
    """Return a model's config with a quarter of the images under a condition."""
    kinds = [condition for condition in CONDITIONS if kind_of(condition) != "scenes"]
    chosen = f"augmentation.conditions={json.dumps(kinds)}"
    return load_config(name, ["training.image_sizes=[]", chosen])


def compiled(model: keras.Model, recipe) -> keras.Model:
    """Return the model as `fit` trains it."""
    trained = logits_model(model)
    optimizer = recipe.optimizer(recipe.steps)
    trained.compile(optimizer, recipe.loss, metrics=["accuracy"], jit_compile=False)
    return trained


def repeated(model: keras.Model, recipe, images, targets, count: int):
    """Return a function that takes `count` bare training steps on one batch."""
    trained = logits_model(model)
    optimizer = recipe.optimizer(recipe.steps)
    optimizer.build(trained.trainable_variables)
    images, targets = tf.constant(images), tf.constant(targets)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = tf.reduce_mean(recipe.loss(targets, trained(images, training=True)))
        gradients = tape.gradient(value, trained.trainable_variables)
        optimizer.apply(gradients, trained.trainable_variables)
        return value

    def run():
        for _ in range(count):
            float(step())
        return len(images) * count

    return run


@contextlib.contextmanager
def as_it_comes(name: str, train: FaceDataset, images, targets, count: int):
    """Yield a function that takes stock steps in a process with TensorFlow's own settings."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(there, name, train, images, targets, count))
    kernels = os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    process.start()
    there.close()  # so that a child that dies ends the waiting
    if kernels is not None:
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = kernels
    here.recv()

    def run():
        here.send(True)
        return here.recv()

    yield run
    here.send(False)
    process.join()


def _serve(connection, name: str, train: FaceDataset, images, targets, count: int) -> None:
    config = load_config(name)
    recipe = make_recipe(config, train, train)
    model = build_model(
        config.model.name, images.shape[1:], targets.shape[1], **config.model.options()
    )
    run = repeated(model, recipe, images, targets, count)
    connection.send(True)
    while connection.recv():
        connection.send(run())


def operations(model: keras.Model) -> int:
    """Count the floating-point operations of one image's forward pass (products and sums)."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D | keras.layers.Conv2D):
            places = np.prod(layer.output.shape[1:3])
            total += 2 * int(places) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            total += 2 * int(np.prod(layer.kernel.shape))
    return total


def matrix_product(rounds: int, side: int = 2048) -> float:
    """Return the rate of a large matrix product, GFLOP/s."""
    a = tf.random.normal((side, side))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(a, a)))
    float(product())
    rates = []
    for _ in range(rounds):
        start = time.perf_counter()
        float(product())
        rates.append(2 * side**3 / (time.perf_counter() - start) / 1e9)
    return statistics.median(rates)


def augmenting(images: np.ndarray, rounds: int, n: int = 3200, size: int = 64) -> None:
    """Print the ratio of augmentation: the study's ranges, seconds of one core."""
    faces = images[:n].astype(np.float32)
    augmentation = Augmentation()
    usual_generator = tf.keras.preprocessing.image.ImageDataGenerator(
        width_shift_range=0.2,
        height_shift_range=0.2,
        rotation_range=5,
        zoom_range=0.2,
        horizontal_flip=True,
        vertical_flip=True,
    )
    apply = tf.function(augmentation.apply)

    def ours():
        transforms = augmentation.transforms(len(faces), *faces.shape[1:3], seed=0, epoch=0)
        for start in range(0, len(faces), size):
            apply(faces[start : start + size], transforms[start : start + size]).numpy()
        return len(faces)

    def usual():
        flow = usual_generator.flow(faces, batch_size=size)
        return sum(len(next(flow)) for _ in range(len(flow)))

    sides = alternate({"ours": ours, "usual": usual}, rounds, clock=time.process_time)
    report("augmentation, one core: ours over ImageDataGenerator", sides, "ours", "usual")


def memory(path: Path) -> None:
    """Print the most memory that reading the data and some training steps take."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        reading, training = pool.apply(_peaks, (path,))
    print(f"memory: {reading:.2f} GB to read, {training:.2f} GB to train self_built", flush=True)


def _peaks(path: Path) -> tuple[float, float]:
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9

    dataset = load_data(path, cache=False).dataset
    train = dataset.part("train")
    reading = peak()
    config = load_config("self_built")
    recipe = make_recipe(config, train, train)
    model = build_model(
        "self_built", train.images.shape[1:], len(train.label_names), **config.model.options()
    )
    batches = Batches(recipe).epoch(0).take(20)
    compiled(accelerate(model), recipe).fit(batches, shuffle=False, verbose=0)
    return reading, peak()


def reading(path: Path, rounds: int) -> None:
    """Print the ratios of reading a CSV."""
    try:
        import pandas
    except ImportError:
        print("reading the CSV: left out, it compares with pandas (pip install pandas)")
        return

    def ours():
        return len(load_data(path, cache=False).dataset)

    def usual():
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


def alternate(sides: dict, rounds: int, clock=time.perf_counter) -> dict[str, list[float]]:
    """Run each side in turn, once to warm up, and return their rates, images/s."""
    rates = {name: [] for name in sides}
    for round_number in range(rounds + 1):
        for name, run in sides.items():
            start = clock()
            images = run()
            if round_number:
                rates[name].append(images / (clock() - start))
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
