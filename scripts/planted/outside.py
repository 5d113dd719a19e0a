"""Flaws that are none of the causes that cells are made for: drawn data, changed afterwards."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_analysis.conditions import CONDITIONS
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.duplicates.cached import declare_no_copies
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate

USAGE = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
SHARE = 0.6
"""Of the pictures of two labels that are spoilt in every split."""


@dataclass(frozen=True)
class Outside:
    """A flaw.

    Args:
        plant: `(data set, label, partner) -> data set`.
        names: Causes that are a right name for it.
    """

    plant: Callable[[FaceDataset, str, str], FaceDataset]
    names: tuple[str, ...]


def _rows(data: FaceDataset, labels: tuple[str, ...], split: str = "") -> np.ndarray:
    chosen = np.isin(data.labels, [data.label_names.index(label) for label in labels])
    return np.flatnonzero(chosen & ((data.split == split) | (split == "")))


def _under(data: FaceDataset, rows: np.ndarray, condition: str, severity: int) -> FaceDataset:
    images = data.images.copy()
    images[rows] = CONDITIONS[condition](images[rows], severity=severity, seed=0)
    return replace(data, images=images)


def _spoilt(data: FaceDataset, label: str, partner: str) -> FaceDataset:
    """Blur most pictures of two labels: their difference is not to be seen."""
    rows = _rows(data, (label, partner))
    kept = np.random.default_rng(0).random(len(rows)) < SHARE
    return _under(data, rows[kept], "defocus", 5)


def _pose(data: FaceDataset, label: str, partner: str) -> FaceDataset:
    """Turn the label's validation faces, as no training face is."""
    return _under(data, _rows(data, (label,), "validation"), "turned", 5)


def _elsewhere(data: FaceDataset, label: str, partner: str) -> FaceDataset:
    """Take the label's validation pictures from another camera: coarse, dark."""
    rows = _rows(data, (label,), "validation")
    return _under(_under(data, rows, "low_resolution", 4), rows, "dark", 3)


def _swapped(data: FaceDataset, label: str, partner: str) -> FaceDataset:
    """Swap two labels' names in the validation split."""
    one, other = (_rows(data, (name,), "validation") for name in (label, partner))
    labels = data.labels.copy()
    labels[one], labels[other] = (data.label_names.index(name) for name in (partner, label))
    return replace(data, labels=labels)


OUTSIDE = {
    "spoilt pictures": Outside(_spoilt, ("image quality",)),
    "a pose in one split": Outside(_pose, ("shift between splits", "image quality")),
    "one split from elsewhere": Outside(_elsewhere, ("shift between splits", "image quality")),
    "labels swapped in one split": Outside(_swapped, ("shift between splits", "label noise")),
}


def write(name: str, label: str, partner: str, folder: Path, options: dict) -> Path:
    """Draw a data set, plant a flaw in it, and write it in the layout of FER-2013 and FER+.

    Args:
        name: Of `OUTSIDE`.
        label: In which it is planted.
        partner: Another label.
        folder: To write to; a data set that is there already is left.
        options: Of `generate`.
    """
    path = folder / "fer2013.csv"
    if path.is_file():
        _declare_drawn(path)
        return path
    data = OUTSIDE[name].plant(generate(**options), label, partner)
    folder.mkdir(parents=True, exist_ok=True)
    usage = [USAGE[split] for split in data.split]
    names = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
    order = [
        data.vote_names.index(n)
        for n in ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
    ]
    with (folder / "fer2013new.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Usage", "Image name", *names, "contempt", "unknown", "NF"])
        for i, (use, votes) in enumerate(zip(usage, data.votes, strict=True)):
            rows.writerow([use, f"fer{i:07d}.png", *votes[order], *votes[7:]])
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["emotion", "pixels", "Usage"])
        for use, label_of, image in zip(usage, data.labels, data.images, strict=True):
            rows.writerow([label_of, " ".join(map(str, image.ravel())), use])
    _declare_drawn(path)
    return path


def _declare_drawn(path: Path) -> None:
    """Say that these faces are no copies, which would link nearly all of them to one fold."""
    data = load_data(path).dataset
    declare_no_copies(data.images[data.split != "test"])
