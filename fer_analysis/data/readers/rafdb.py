"""RAF-DB, in its own folders (a list of labels) and in Kaggle's (`train/1` to `test/7`)."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from fer_analysis.data.label_names import RAF_DB
from fer_analysis.data.readers.image_files import ImageFile, read_images
from fer_analysis.data.readers.listed import each_once
from fer_analysis.data.readers.numbered import (
    in_order,
    is_number,
    may_be_numbered,
    source_of,
    told,
)
from fer_analysis.data.readers.source import Refusal, Source
from fer_analysis.data.readers.tree import Tree, read_tree
from fer_analysis.data.readers.walk import TooLarge, Walk

LIST = "list_patition_label.txt"
"""RAF-DB's own spelling."""

_PLACES = ("", "EmoLabel", "basic", "basic/EmoLabel")
_ALIGNED = ("Image/aligned", "aligned")
_NAME = re.compile(r"(train|test)_\d+(_aligned)?\.\w+$")
LOOKED_FOR = f"RAF-DB's {LIST} with Image/aligned/, or train/1 … test/7 with its file names"


def find_rafdb(path: Path) -> Source | str:
    """Recognise RAF-DB by its list of labels, or by its file names in folders called 1 to 7."""
    if not path.is_dir():
        return LOOKED_FOR
    for place in _PLACES:
        if (path / place / LIST).is_file():
            return _from_list(path, place)
    return _from_folders(path) if may_be_numbered(path, RAF_DB) else LOOKED_FOR


def _from_folders(path: Path) -> Source | str:
    tree = read_tree(path)
    if not isinstance(tree, Tree):
        return LOOKED_FOR
    images = [image for folder in tree.folders for image in folder.images]
    named = sum(bool(_NAME.match(image.rpartition("/")[2])) for image in images)
    if 2 * named <= len(images):
        return LOOKED_FOR
    used = {folder.label for folder in tree.folders if folder.images}
    if not all(is_number(name, RAF_DB) for name in used):
        return LOOKED_FOR  # names, which are read as such, or somebody's own numbers
    return source_of(path, tree, RAF_DB, "RAF-DB")


def _from_list(path: Path, place: str) -> Source | str:
    """Return the images of RAF-DB's own list: faces that were aligned, 100x100 pixels."""
    table = path / place / LIST
    found = _aligned(path, place)
    if found is None:
        return Refusal(
            f"{table}: no folder Image/aligned with the faces beside it; the photographs of "
            "Image/original are not read: their faces are not cut out"
        )
    root, relative = found
    try:
        walk = Walk()
        known = set(walk.images_below(root / relative))
    except TooLarge:
        return Refusal(f"{root / relative}: too many files for a data set")
    listed, problems = [], []
    text = table.read_text("utf-8-sig", "replace")
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        entry = _entry(line, known, relative)
        if isinstance(entry, str):
            problems.append(f"{table}, line {number}: {entry}")
        else:
            listed.append((number, entry))
    left_out = walk.left_out
    if unlisted := len(known) - len({entry.name for _, entry in listed}):
        left_out[f"not in {LIST}"] += unlisted
    entries, contradictions, repeated = each_once(table, listed)
    problems += contradictions
    names = in_order({entry.label for entry in entries})
    return Source(
        folder=root,
        files=tuple(entry.name for entry in entries),
        read=functools.partial(
            read_images, root, entries, names, problems=problems, unusable=len(problems)
        ),
        left_out=left_out,
        notices=(told("RAF-DB", RAF_DB), *repeated),
        depends=("RAF-DB", text),
    )


def _aligned(path: Path, place: str) -> tuple[Path, str] | None:
    """Return a folder with the folder of the faces below it, which may be a link; None without.

    The first is the data's, or the one around it where the data is the folder of the list alone.
    """
    bases = ("basic/Image/aligned", *_ALIGNED, *(f"{place}/{name}" for name in _ALIGNED))
    places = [(path, base.lstrip("/")) for base in bases]
    places.append((path / place / "..", _ALIGNED[0]))
    return next((found for found in places if Path(*found).is_dir()), None)


def _entry(line: str, known: set[str], folder: str) -> ImageFile | str:
    """Return the image of a line (`train_00001.jpg 5`), or what is wrong with it."""
    words = line.split()
    match = _NAME.match(words[0])
    if len(words) != 2 or not match or not words[1].isdecimal():
        return f"expected a name and a number (train_00001.jpg 5), got {ascii(line.strip()[:60])}"
    if int(words[1]) not in RAF_DB:
        hint = ": are these the compound expressions?" if int(words[1]) <= 11 else ""
        return f"unknown number {words[1]}, expected 1 to 7{hint}"
    stem, dot, ending = words[0].rpartition(".")
    names = (f"{stem}_aligned{dot}{ending}", words[0])
    found = next((name for name in names if name in known), None)
    if found is None:
        return f"no image {names[0]} in {folder}/"
    return ImageFile(f"{folder}/{found}", RAF_DB[int(words[1])], match[1])
