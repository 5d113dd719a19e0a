"""AffectNet as it is handed out and passed on: annotations beside images, a table, or YOLO's.

Its images are cut out already. Its pictures with eight, nine or ten as their number have no
expression and are left out.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer_analysis.data.label_names import AFFECTNET
from fer_analysis.data.readers.affectnet_table import has_table, label_of, read_table
from fer_analysis.data.readers.image_files import ImageFile, read_images
from fer_analysis.data.readers.numbered import NO_EXPRESSION, in_order, told
from fer_analysis.data.readers.source import Progress, RawFaces, Refusal, Source
from fer_analysis.data.readers.split_names import split_of
from fer_analysis.data.readers.walk import TooLarge, Walk, subfolders

NAMES = "data.yaml"
LOOKED_FOR = (
    "AffectNet's <split>/images with <split>/annotations/*_exp.npy, a labels.csv with the columns "
    "pth and label, or YOLO's <split>/images with <split>/labels and data.yaml"
)


def find_affectnet(path: Path) -> Source | str:
    """Recognise AffectNet by what says the labels of its images."""
    if not path.is_dir():
        return LOOKED_FOR
    try:
        if has_table(path):
            return read_table(path)
        splits = {name: split for name in subfolders(path) if (split := split_of(name))}
        inner = {name: set(subfolders(path / name)) for name in splits}
        if any({"images", "annotations"} <= names for names in inner.values()):
            return _from_pairs(path, splits, "annotations", "_exp.npy", _number_of_array)
        if any({"images", "labels"} <= names for names in inner.values()):
            return _yolo(path, splits)
    except TooLarge:
        return Refusal(f"{path}: too many files for a data set")
    return LOOKED_FOR


def _yolo(path: Path, splits: dict[str, str]) -> Source | str:
    """Return YOLO's folders; `data.yaml` names their numbers, which are not AffectNet's own."""
    import yaml

    if not (path / NAMES).is_file():
        return Refusal(
            f"{path}: labels are numbers, and no {NAMES} says which: AffectNet's own numbers and "
            "YOLO's alphabetical ones cannot be told apart"
        )
    try:
        given = yaml.safe_load((path / NAMES).read_text("utf-8"))["names"]
        given = dict(enumerate(given)) if isinstance(given, list) else dict(given)
        table = {int(number): label_of(str(name)) for number, name in given.items()}
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as error:
        return Refusal(f"{path / NAMES}: no list of names ({type(error).__name__})")
    if unknown := [str(name) for number, name in given.items() if table[int(number)] is None]:
        return Refusal(f"{path / NAMES}: no expressions: {', '.join(unknown)[:200]}")
    read = functools.partial(_number_of_text, table)
    shown = ", ".join(f"{number} {name}" for number, name in sorted(table.items()))
    return _from_pairs(path, splits, "labels", ".txt", read, table=shown)


def _from_pairs(
    path: Path,
    splits: dict[str, str],
    folder: str,
    ending: str,
    read_label: Callable[[Path], str],
    *,
    table: str = "",
) -> Source:
    """Return images, each with a file of its own for its label, of the same stem."""
    walk, pairs = Walk(), []
    for name, split in splits.items():
        for image in walk.images_below(path / name / "images"):
            stem = image.rpartition(".")[0]
            pairs.append((f"{name}/images/{image}", f"{name}/{folder}/{stem}{ending}", split))
    what = f"labels: the numbers of {NAMES}, {table}" if table else told("AffectNet", AFFECTNET)
    return Source(
        folder=path,
        files=tuple(name for pair in pairs for name in pair[:2] if (path / name).exists()),
        read=functools.partial(_read_pairs, path, pairs, read_label),
        left_out=walk.left_out,
        notices=(what,),
        depends=("AffectNet", folder, table),
    )


def _read_pairs(
    path: Path,
    pairs: list[tuple[str, str, str]],
    read_label: Callable[[Path], str],
    *,
    skip_bad: bool = False,
    size: int = 48,
    progress: Progress | None = None,
) -> RawFaces:
    entries, problems, without = [], [], Counter()
    for image, file, split in pairs:
        try:
            label = read_label(path / file)
        except (OSError, ValueError, IndexError, EOFError) as error:
            problems.append(f"{path / file}: no label in it ({str(error)[:100]})")
            continue
        if label in NO_EXPRESSION.values():
            without[label] += 1
        else:
            entries.append(ImageFile(image, label, split))
    faces = read_images(
        path,
        entries,
        in_order({entry.label for entry in entries}),
        problems=problems,
        unusable=len(problems) + without.total(),
        skip_bad=skip_bad,
        size=size,
        progress=progress,
    )
    if not without:
        return faces
    counts = ", ".join(f"{count:,} {reason}" for reason, count in without.items())
    return RawFaces(**{**vars(faces), "notices": (*faces.notices, f"left out: {counts}")})


def _number_of_array(file: Path) -> str:
    """Return the label of an `_exp.npy`, which holds a number, often as text."""
    number = int(np.load(file, allow_pickle=False).item())
    if number not in AFFECTNET | NO_EXPRESSION:
        raise ValueError(f"number {number}, expected 0 to 10")
    return (AFFECTNET | NO_EXPRESSION)[number]


def _number_of_text(table: dict[int, str], file: Path) -> str:
    """Return the label of YOLO's text file: `number x y width height`, one line."""
    lines = [
        line.split() for line in file.read_text("ascii", "replace").split("\n") if line.strip()
    ]
    if len(lines) != 1 or int(lines[0][0]) not in table:
        raise ValueError(f"expected one line with a number of {NAMES}, got {len(lines)} lines")
    return table[int(lines[0][0])]
