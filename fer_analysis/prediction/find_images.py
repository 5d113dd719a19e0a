"""Which image files are meant by the files and folders that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fer_analysis.data.readers.image_files import SUFFIXES

OVERLAY = ".saliency.png"
"""How the names of our own pictures end; they lie beside the faces and are none."""


class Found(NamedTuple):
    """A file to look at, and where below an output folder its results belong."""

    path: Path
    place: Path


def find_images(paths: Iterable[Path]) -> tuple[list[Found], list[str]]:
    """Find the image files under paths.

    Args:
        paths: Files, taken whatever their names; folders, whose images are found at any depth
            by their endings, in the order of their names. Hidden ones are passed over, and
            links to folders not followed.

    Returns:
        The files, and a line for each path that is not there or a folder that has no image.
    """
    found, problems = [], []
    for path in paths:
        if path.is_dir():
            inside = [Found(file, _below(path, file)) for file in _walk(path, problems)]
            found += inside
            if not inside:
                problems.append(f"{path}: no image in this folder ({', '.join(SUFFIXES)})")
        elif path.exists():
            found.append(Found(path, Path(path.name)))
        else:
            problems.append(f"{path}: no such file or folder")
    return found, problems


def _walk(folder: Path, problems: list[str]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(f"{error.filename}: {error.strerror}")

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in sorted(files):
            lower = name.lower()
            if name[0] != "." and lower.endswith(SUFFIXES) and not lower.endswith(OVERLAY):
                yield Path(place, name)


def _below(folder: Path, file: Path) -> Path:
    """Return the file's place below the folder, the folder's own name first."""
    return Path(folder.resolve().name, file.relative_to(folder))
