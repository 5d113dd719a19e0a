"""Data sets as folders of images: Kaggle's FER-2013, and anyone's own labels."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.data.dataset import FER_LABELS, OFFICIAL_SPLITS
from fer_analysis.data.label_names import fer_label, label_names
from fer_analysis.data.readers.image_files import SUFFIXES, ImageFile, read_images
from fer_analysis.data.readers.source import Source

SPLIT_FOLDERS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}
"""Folder name, in lower case -> split."""


@dataclass(frozen=True)
class LabelFolder:
    """One label's images: `split` is empty where the data has none, `name` is relative."""

    split: str
    label: str
    name: str
    images: tuple[str, ...]


def find_kaggle(path: Path) -> Source | str:
    """Recognise Kaggle's folders: the prefix of a file tells the official split.

    The folders `train` and `test` themselves do not: `test` holds PublicTest and PrivateTest.
    """
    folders = label_folders(path)
    splits = {name: _official_split(name) for folder in folders for name in folder.images}
    if 2 * sum(split != "" for split in splits.values()) <= len(splits):
        return "train/<label>/Training_*.jpg and test/<label>/PublicTest_*.jpg"
    entries = []
    problems = _empty(path, [folder for folder in folders if fer_label(folder.label)])
    for folder in folders:
        label = fer_label(folder.label)
        if label is None:
            problems.append(
                f"{path / folder.name}: unknown label '{folder.label}', "
                f"expected {', '.join(FER_LABELS)}"
            )
            continue
        for image in folder.images:
            entry = ImageFile(f"{folder.name}/{image}", label, splits[image])
            if entry.split:
                entries.append(entry)
            else:
                problems.append(
                    f"{path / entry.name}: expected a name that begins with "
                    f"{'_, '.join(OFFICIAL_SPLITS)}_ (--layout folders splits by folder)"
                )
    read = functools.partial(
        read_images, path, entries, FER_LABELS, official=True, problems=problems
    )
    return Source(folder=path, files=tuple(entry.name for entry in entries), read=read)


def find_folders(path: Path) -> Source | str:
    """Recognise anyone's `<split>/<label>/*` or `<label>/*` folders of images."""
    folders = label_folders(path)
    if len({folder.label for folder in folders if folder.images}) < 2:
        return "<split>/<label>/* or <label>/* folders with images of at least two labels"
    labels = label_names(folder.label for folder in folders)
    entries = [
        ImageFile(
            f"{folder.name}/{image}",
            folder.label if folder.label in labels else fer_label(folder.label),
            folder.split,
        )
        for folder in folders
        for image in folder.images
    ]
    read = functools.partial(read_images, path, entries, labels, problems=_empty(path, folders))
    return Source(folder=path, files=tuple(entry.name for entry in entries), read=read)


def label_folders(path: Path) -> list[LabelFolder]:
    """Return the label folders under a data folder, those without any image included."""
    if not path.is_dir():
        return []
    children = _subfolders(path)
    splits = [name for name in children if name.lower() in SPLIT_FOLDERS]
    inside = {name: _subfolders(path / name) for name in splits}
    if any(inside.values()):
        places = [
            (SPLIT_FOLDERS[name.lower()], label, f"{name}/{label}")
            for name, labels in inside.items()
            for label in labels
        ]
    else:
        places = [("", label, label) for label in children]
    return [LabelFolder(*place, images=_images(path / place[-1])) for place in places]


def _subfolders(path: Path) -> list[str]:
    with os.scandir(path) as entries:
        return sorted(e.name for e in entries if e.is_dir() and e.name[0] not in "._")


def _images(path: Path) -> tuple[str, ...]:
    names = (name for name in os.listdir(path) if name[0] != ".")
    return tuple(sorted(name for name in names if name.lower().endswith(SUFFIXES)))


def _official_split(name: str) -> str:
    prefix, underscore, _ = name.partition("_")
    return OFFICIAL_SPLITS.get(prefix, "") if underscore else ""


def _empty(path: Path, folders: list[LabelFolder]) -> list[str]:
    return [
        f"{path / folder.name}: no image in this label folder"
        for folder in folders
        if not folder.images
    ]
