"""Write any FaceDataset to disk in each layout in which people have FER-2013."""

import csv
import functools
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fer_analysis.data.dataset import DIVISION, FER_LABELS, OFFICIAL_SPLITS, FaceDataset
from fer_analysis.data.label_names import AFFECTNET, RAF_DB
from fer_analysis.data.load import load_data
from fer_analysis.data.votes import VOTE_NAMES

USAGE = {split: usage for usage, split in OFFICIAL_SPLITS.items()}
FERPLUS = {
    "neutral": "neutral",
    "happiness": "happy",
    "surprise": "surprise",
    "sadness": "sad",
    "anger": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "contempt": "contempt",
    "unknown": "unknown",
    "NF": "NF",
}
"""FER+'s columns, in its order -> our vote names."""

NUMBER_OF = {
    "rafdb": {name: str(number) for number, name in RAF_DB.items()},
    "affectnet": {name: str(number) for number, name in AFFECTNET.items()},
}
"""Layout -> label -> the number that it is published with."""


def faces(n=70, *, seed=0, labels=FER_LABELS, splits=DIVISION, votes=False):
    """Return `n` images of noise, every label in every split if `n` is large enough."""
    random = np.random.default_rng(seed)
    index = np.arange(n)
    names = (*labels, "contempt", "unknown", "NF")
    return FaceDataset(
        images=random.integers(0, 256, (n, 48, 48, 1), dtype=np.uint8),
        labels=index % len(labels),
        label_names=labels,
        ids=index.astype(str),
        split=np.array(splits)[index // len(labels) % len(splits)],
        votes=random.multinomial(10, [1 / len(names)] * len(names), n) if votes else None,
        vote_names=names if votes else (),
    )


@functools.cache
def real_data():
    """Return FER-2013, with FER+ votes where they are in its folder, or skip the test.

    `FER2013_DIR` may name data in any layout, with PrivateTest or without, or the folder of the
    packed arrays.
    """
    given = os.environ.get("FER2013_DIR")
    folder = Path(given or Path(__file__).parents[2] / "shared" / "fer2013")
    arrays = folder / "fer2013_train_public.npz"
    if not arrays.is_file():
        if not given:
            pytest.skip("no FER-2013: FER2013_DIR is not set")
        return load_data(given, skip_bad=True).dataset
    order = [list(FERPLUS.values()).index(name) for name in VOTE_NAMES]
    with np.load(arrays) as file:
        return FaceDataset(
            images=file["images"][..., None],
            labels=file["labels"].astype(np.int64),
            label_names=FER_LABELS,
            ids=np.arange(len(file["labels"])).astype(str),
            split=np.array(DIVISION)[file["usage"]],
            votes=file["ferplus_votes"].astype(np.int64)[:, order],
            vote_names=VOTE_NAMES,
        )


def real_faces(per_label):
    """Return some images of each label and split of the real FER-2013, or skip the test."""
    dataset = real_data()
    keep = [
        np.flatnonzero((dataset.split == split) & (dataset.labels == label))[:per_label]
        for split in dataset.splits
        for label in range(len(FER_LABELS))
    ]
    return dataset.take(np.sort(np.concatenate(keep)))


def training_and_public(*, votes=False):
    """Return FER-2013's Training and PublicTest, pixel for pixel, or skip the test."""
    dataset = real_data()
    if not dataset.ids[0].isdigit():
        pytest.skip("Kaggle's folders have other pixels and another order")
    if votes and dataset.votes is None:
        pytest.skip("no FER+ votes (fer2013new.csv) beside FER-2013")
    dataset = dataset.take(np.flatnonzero(dataset.split != "test"))
    assert {name: int(n.sum()) for name, n in dataset.counts().items()} == {
        "train": 28_709,
        "validation": 3_589,
    }
    return dataset


def write_layout(dataset, out, layout, *, suffix="png", votes=False):
    """Write a data set as a user would have it, and return its folder.

    Args:
        dataset: The faces; with FER-2013's labels for `csv`, `icml` and `kaggle`.
        out: Folder to write in.
        layout: `csv`, `icml`, `kaggle`, `folders` (`<split>/<label>/*`), `labels` (`<label>/*`,
            no splits), `rafdb` (its list), `affectnet` (its arrays), or `rafdb_numbers` and
            `affectnet_numbers` (`<split>/<number>/*`).
        suffix: Of the images in folders; png is lossless.
        votes: Also write `fer2013new.csv` from the data set's votes.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if layout in ("csv", "icml"):
        _write_csv(dataset, out, layout)
    elif layout in ("rafdb", "affectnet"):
        _write_beside(dataset, out, layout)
    else:
        _write_folders(dataset, out, layout, suffix)
    if votes:
        _write_votes(dataset, out)
    return out


def _write_csv(dataset, out, layout):
    name, header = {
        "csv": ("fer2013.csv", "emotion,pixels,Usage"),
        "icml": ("icml_face_data.csv", "emotion, Usage, pixels"),
    }[layout]
    lines = [header]
    for image, label, split in zip(dataset.images, dataset.labels, dataset.split, strict=True):
        pixels = " ".join(map(str, image.ravel()))
        cells = (label, pixels, USAGE[split]) if layout == "csv" else (label, USAGE[split], pixels)
        lines.append(",".join(map(str, cells)))
    (out / name).write_text("\n".join(lines) + "\n")


def _write_folders(dataset, out, layout, suffix):
    for row, (image, label, split) in enumerate(
        zip(dataset.images, dataset.labels, dataset.split, strict=True)
    ):
        place = {
            "kaggle": "train" if split == "train" else "test",
            "folders": split,
            "labels": ".",
        }.get(layout, split)
        name = dataset.label_names[label]
        folder = out / place / NUMBER_OF.get(layout.removesuffix("_numbers"), {}).get(name, name)
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{USAGE[split]}_{10_000_000 + row}" if layout == "kaggle" else f"face{row:06}"
        Image.fromarray(image[..., 0]).save(folder / f"{stem}.{suffix}")


def _write_beside(dataset, out, layout):
    """Write images whose labels are in a list (RAF-DB), or each in an array (AffectNet)."""
    lines = []
    for row, (image, label, split) in enumerate(
        zip(dataset.images, dataset.labels, dataset.split, strict=True)
    ):
        number = NUMBER_OF[layout][dataset.label_names[label]]
        if layout == "rafdb":
            name = f"{'train' if split == 'train' else 'test'}_{row:05}"
            place, lines = out / "Image/aligned", [*lines, f"{name}.jpg {number}"]
            file = place / f"{name}_aligned.jpg"
        else:
            place = out / f"{'val' if split == 'validation' else split}_set"
            (place / "annotations").mkdir(parents=True, exist_ok=True)
            np.save(place / "annotations" / f"{row}_exp.npy", np.array(number))
            file = place / "images" / f"{row}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0]).save(file)
    if lines:
        (out / "EmoLabel").mkdir()
        (out / "EmoLabel/list_patition_label.txt").write_text("\n".join(lines) + "\n")


def _write_votes(dataset, out):
    order = [dataset.vote_names.index(name) for name in FERPLUS.values()]
    with open(out / "fer2013new.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["Usage", "Image name", *FERPLUS])
        for row, (split, counts) in enumerate(
            zip(dataset.split, dataset.votes[:, order], strict=True)
        ):
            table.writerow([USAGE[split], f"fer{row:07}.png", *counts])
