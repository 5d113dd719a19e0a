"""Published numbers of labels, and folders that are named by them."""

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

NO_EXPRESSION = {8: "none of the expressions", 9: "uncertain", 10: "no face"}
"""AffectNet's other numbers: such images are left out."""


def in_order(names: set[str]) -> tuple[str, ...]:
    """Return labels in FER-2013's order, contempt last: that of the FER+ benchmark too."""
    return tuple(name for name in (*FER_LABELS, "contempt") if name in names)


def told(what: str, table: Mapping[int, str]) -> str:
    """Return a notice of how numbers were read."""
    pairs = ", ".join(f"{number} {name}" for number, name in table.items())
    return f"labels: {what}'s numbers, read as {pairs}"


def find_rafdb_numbers(path: Path) -> Source | str:
    """Read folders called 1 to 7 as RAF-DB's numbers; only on request."""
    return numbered_folders(path, RAF_DB, "RAF-DB")


def find_affectnet_numbers(path: Path) -> Source | str:
    """Read folders called 0 to 7 (or to 6) as AffectNet's numbers; only on request."""
    return numbered_folders(path, AFFECTNET, "AffectNet")


def numbered_folders(path: Path, table: Mapping[int, str], what: str) -> Source | str:
    """Recognise `<split>/<number>/*` or `<number>/*` folders, with numbers of a table.

    Args:
        path: The data folder.
        table: Number -> label.
        what: Whose numbers they are.
    """
    looked_for = f"<split>/<number>/* folders with {what}'s numbers {min(table)} to {max(table)}"
    if not may_be_numbered(path, table):
        return looked_for
    tree = read_tree(path)
    if not isinstance(tree, Tree):
        return tree or looked_for
    numbers = {folder.label for folder in tree.folders if folder.images}
    if len(numbers) < 2 or not all(is_number(name, table) for name in numbers):
        return looked_for
    return source_of(path, tree, table, what)


def may_be_numbered(path: Path, table: Mapping[int, str]) -> bool:
    """Return whether some folders are named by numbers of a table, without looking into them."""
    if not path.is_dir():
        return False
    names = subfolders(path)
    inner = [label for name in names if split_of(name) for label in subfolders(path / name)]
    return any(is_number(name, table) for name in (*names, *inner))


def is_number(name: str, table: Mapping[int, str]) -> bool:
    """Return whether a folder's name is a number of a table, also with zeros before it."""
    return name.isascii() and name.isdecimal() and int(name) in table


def source_of(path: Path, tree: Tree, table: Mapping[int, str], what: str) -> Source:
    """Return label folders that are named by numbers of a table as a source."""
    entries = [
        ImageFile(f"{folder.name}/{image}", table[int(folder.label)], folder.split)
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
        notices=(*tree.notices, told(what, {n: table[n] for n in sorted(table)})),
        depends=(what, *names, *problems),
    )
