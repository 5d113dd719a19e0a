"""Which layout a path is of: the first of `LAYOUTS` that recognises it."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from pathlib import Path

from fer_analysis.data import LAYOUTS
from fer_analysis.data.label_names import fer_label
from fer_analysis.data.readers.source import Refusal, Source, few
from fer_analysis.data.readers.split_names import looks_like_split
from fer_analysis.data.readers.walk import Walk, subfolders
from fer_analysis.errors import FerError

WRAPPERS = 3
"""How many folders may contain a data set, one inside the other."""

_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz")


def recognise(path: Path, layout: str) -> tuple[str, Source, tuple[str, ...]]:
    """Return the layout of a path, what it would read, and notices.

    Args:
        path: A file, or a folder with a data set or with only the folder of one.
        layout: One of `LAYOUTS`, or `auto`.

    Raises:
        FerError: If no layout fits, or one refuses the data.
        OSError: If a folder cannot be read.
    """
    names = list(LAYOUTS) if layout == "auto" else [LAYOUTS.check(layout)]
    if not path.exists():
        raise FerError(f"{path}: no such file or folder")
    if not (path.is_file() or path.is_dir()):
        raise FerError(f"{path}: neither a file nor a folder (a pipe, a socket or a device)")
    place, tried, around = path, [], Walk()
    for _ in range(WRAPPERS + 1):
        found = {name: LAYOUTS[name](place) for name in names}
        sources = {name: one for name, one in found.items() if isinstance(one, Source)}
        if sources:
            name, source, notices = _chosen(path, place, sources, around)
            if source.doubt and layout == "auto":
                raise FerError(source.doubt)
            return name, source, notices
        tried.append(found)
        inner = _only_folder(place)
        if inner is None:
            break
        around.leave_loose(place)
        place = inner
    refusals = [one for found in reversed(tried) for one in found.values()]
    refusals = [one for one in refusals if isinstance(one, Refusal)]
    raise FerError(refusals[0] if refusals else _unrecognised(path, layout, tried[0]))


def _chosen(path, place, sources, around) -> tuple[str, Source, tuple[str, ...]]:
    (name, source), *others = sources.items()
    notices = (f"read from {place}",) if place != path else ()
    if source.unit == "files":
        left_out = Counter(source.left_out) + around.left_out
        source = dataclasses.replace(source, left_out=left_out)
    # Kaggle's folders are folders too: only a layout of other files is a different data set.
    others = [other for other, rest in others if set(rest.files).isdisjoint(source.files)]
    if others:
        notices += (
            f"{place} has several layouts: '{name}' is read; "
            f"--layout {' or '.join(others)} reads the rest",
        )
    return name, source, notices


def _only_folder(path: Path) -> Path | None:
    """Return the only folder in a folder, if it can contain a data set."""
    inside = subfolders(path) if path.is_dir() else []
    if len(inside) != 1 or looks_like_split(inside[0]) or fer_label(inside[0]):
        return None
    return path / inside[0]


def _unrecognised(path: Path, layout: str, answers: dict[str, str]) -> str:
    looked = "; ".join(f"{name}: {answer}" for name, answer in answers.items())
    names = sorted(os.listdir(path)) if path.is_dir() else [path.name]
    found = (few(names) or "an empty folder") if path.is_dir() else _beginning(path)
    what = "no data set recognised" if layout == "auto" else "not in this layout"
    archives = [name for name in names if name.lower().endswith(_ARCHIVES)]
    hint = f"; archives are not read: unpack {few(archives)}" if archives else ""
    return f"{path}: {what}; looked for {looked}; found {found}{hint}"


def _beginning(path: Path) -> str:
    with open(path, "rb") as file:
        first = file.readline(40).decode("utf-8", "replace").strip()
    return f"one file that begins with {ascii(first)}"
