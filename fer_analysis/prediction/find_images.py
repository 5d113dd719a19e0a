"""Which image files are meant by the files and folders that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fer_analysis.data.readers.decode import SUFFIXES
from fer_analysis.prediction.predictions import Unreadable

OVERLAY = ".saliency.png"
DRAWING = ".faces.jpg"
OWN = (OVERLAY, DRAWING)
"""How the names of our own pictures end; they are in the faces' folders and are not faces."""


class Found(NamedTuple):
    """A file to look at, and where below an output folder its results belong."""

    path: Path
    place: Path


def find_images(paths: Iterable[str | Path]) -> tuple[list[Found], list[Unreadable]]:
    """Find the image files under paths.

    Args:
        paths: Files, taken whatever their names; folders, whose images are found at any depth
            by their endings, in the order of their names. Hidden ones are passed over, and
            links to folders not followed.

    Returns:
        The files, and each path that is not there or a folder without images.
    """
    found, problems = [], []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [Found(file, _below(path, file)) for file in _walk(path, problems)]
            found += inside
            if not inside:
                reason = f"no image in this folder ({', '.join(SUFFIXES)})"
                problems.append(Unreadable(path, reason))
        elif path.exists():
            found.append(Found(path, Path(path.name)))
        else:
            problems.append(Unreadable(path, "no such file or folder"))
    return found, problems


def _walk(folder: Path, problems: list[Unreadable]) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(Unreadable(Path(error.filename), error.strerror))

    for place, folders, files in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in sorted(files):
            lower = name.lower()
            if name[0] != "." and lower.endswith(SUFFIXES) and not lower.endswith(OWN):
                yield Path(place, name)


def _below(folder: Path, file: Path) -> Path:
    """Return the file's place below the folder, the folder's own name first."""
    return Path(folder.resolve().name, file.relative_to(folder))
