"""Published numbers of labels, and folders that are named by them (`1`, `class001`)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.label_names import AFFECTNET, RAF_DB
from fer_analysis.data.readers.image_files import ImageFile, read_images
from fer_analysis.data.readers.source import Source
from fer_analysis.data.readers.split_names import split_of
from fer_analysis.data.readers.tree import Tree, read_tree
from fer_analysis.data.readers.walk import subfolders

CLASS = "class"
CLASSES = {number + 1: label for number, label in AFFECTNET.items()}
"""Folders `class001` to `class008`: AffectNet's numbers in their order, counted from one."""

NO_EXPRESSION = {8: "none of the expressions", 9: "uncertain", 10: "no face"}
"""AffectNet's other numbers: such images are left out."""


def in_order(names: set[str]) -> tuple[str, ...]:
    """Return labels in FER-2013's order, contempt last: that of the FER+ benchmark too."""
    return tuple(name for name in (*FER_LABELS, "contempt") if name in names)


def told(what: str, table: Mapping[int, str], prefix: str = "") -> str:
    """Return a notice of how numbers were read."""
    pairs = ", ".join(f"{_folder(number, prefix)} {name}" for number, name in table.items())
    order = " in their order, counted from one" if prefix else ""
    return f"labels: {what}'s numbers{order}, read as {pairs}"


def _folder(number: int, prefix: str) -> str:
    return f"{prefix}{number:03}" if prefix else str(number)


def find_rafdb_numbers(path: Path) -> Source | str:
    """Read folders called 1 to 7 as RAF-DB's numbers; only on request."""
    return numbered_folders(path, RAF_DB, "RAF-DB")


def find_affectnet_numbers(path: Path) -> Source | str:
    """Read folders called 0 to 7 (or to 6), or class001 to class008, as AffectNet's numbers.

    Only on request: who passes such folders on does not say which class is which label, and other
    copies of the same images are numbered alphabetically.
    """
    found = numbered_folders(path, AFFECTNET, "AffectNet")
    if isinstance(found, Source):
        return found
    classes = numbered_folders(path, CLASSES, "AffectNet", prefix=CLASS)
    return classes if isinstance(classes, Source) else found


def numbered_folders(
    path: Path, table: Mapping[int, str], what: str, *, prefix: str = ""
) -> Source | str:
    """Recognise `<split>/<number>/*` or `<number>/*` folders, with numbers of a table.

    Args:
        path: The data folder.
        table: Number -> label.
        what: Whose numbers they are.
        prefix: What a folder's name begins with, before the number.
    """
    looked_for = f"<split>/<number>/* folders with {what}'s numbers {min(table)} to {max(table)}"
    if not may_be_numbered(path, table, prefix):
        return looked_for
    tree = read_tree(path)
    if not isinstance(tree, Tree):
        return tree or looked_for
    numbers = {folder.label for folder in tree.folders if folder.images}
    if len(numbers) < 2 or not all(is_number(name, table, prefix) for name in numbers):
        return looked_for
    return source_of(path, tree, table, what, prefix)


def may_be_numbered(path: Path, table: Mapping[int, str], prefix: str = "") -> bool:
    """Return whether some folders are named by numbers of a table, without looking into them."""
    if not path.is_dir():
        return False
    names = subfolders(path)
    inner = [label for name in names if split_of(name) for label in subfolders(path / name)]
    return any(is_number(name, table, prefix) for name in (*names, *inner))


def is_number(name: str, table: Mapping[int, str], prefix: str = "") -> bool:
    """Return whether a folder's name is a number of a table, also with zeros before it."""
    number = name.removeprefix(prefix)
    return (
        name.startswith(prefix) and number.isascii() and number.isdecimal() and int(number) in table
    )


def source_of(
    path: Path, tree: Tree, table: Mapping[int, str], what: str, prefix: str = ""
) -> Source:
    """Return label folders that are named by numbers of a table as a source."""
    entries = [
        ImageFile(
            f"{folder.name}/{image}", table[int(folder.label.removeprefix(prefix))], folder.split
        )
        for folder in tree.folders
        for image in folder.images
    ]
    names = in_order({entry.label for entry in entries})
    problems = list(tree.problems)
    return Source(
        folder=path,
        files=tuple(entry.name for entry in entries),
        read=functools.partial(read_images, path, entries, names, problems=problems),
        left_out=tree.walk.left_out,
        notices=(*tree.notices, told(what, {n: table[n] for n in sorted(table)}, prefix)),
        depends=(what, *names, *problems),
    )
