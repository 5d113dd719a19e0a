"""Which image files are meant by the files and folders that a user names."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fer_analysis.data.readers.decode import SUFFIXES
from fer_analysis.data.readers.walk import DRAWN, is_hidden_name, why_no_image
from fer_analysis.prediction.predictions import Unreadable

SIDECARS = (".aae", ".xmp", ".thm", ".json")
"""Endings of files that cameras, phones and programs lay beside pictures."""

NAMED = 5
"""Endings that are told of files passed over."""

LONGEST_ENDING = 8
"""Characters of an ending with its dot; a longer one is no ending but a part of the name."""


class Found(NamedTuple):
    """A file to look at, and where below an output folder its results belong."""

    path: Path
    place: Path


def find_images(
    paths: Iterable[str | Path], others: Counter | None = None
) -> tuple[list[Found], list[Unreadable]]:
    """Find the image files under paths.

    Args:
        paths: Files, taken whatever their names; folders, whose images are found at any depth,
            by their endings or else their first bytes, in the order of their names. Hidden ones
            are passed over; links to folders are followed, each folder is entered once.
        others: Receives how many files of each ending (`.mp4`, or an empty text) the folders hold
            that are passed over; hidden ones, those of the system, those that only accompany
            pictures and those that were drawn here are not counted.

    Returns:
        The files, and each path that is not there or a folder without images.
    """
    others = Counter() if others is None else others
    found, problems = [], []
    for path in map(Path, paths):
        if path.is_dir():
            inside = [Found(file, _below(path, file)) for file in _walk(path, problems, others)]
            found += inside
            if not inside:
                reason = f"no image in this folder ({', '.join(SUFFIXES)})"
                problems.append(Unreadable(path, reason))
        elif path.exists():
            found.append(Found(path, Path(path.name)))
        else:
            problems.append(Unreadable(path, "no such file or folder"))
    return found, problems


def passed_over(others: Counter) -> str:
    """Return what was passed over: `5 other files passed over (3 .HEIC, 1 .mp4, …)`."""
    count = others.total()
    kinds = [f"{n:,} {ending or 'without ending'}" for ending, n in others.most_common(NAMED)]
    more = ", …" if len(others) > NAMED else ""
    return f"{count:,} other file{'s'[: count > 1]} passed over ({', '.join(kinds)}{more})"


def _walk(folder: Path, problems: list[Unreadable], others: Counter) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(Unreadable(Path(error.filename), error.strerror))

    met = set()
    for place, folders, files in os.walk(folder, onerror=unreadable, followlinks=True):
        facts = os.stat(place)
        if (facts.st_dev, facts.st_ino) in met:
            folders.clear()
            continue
        met.add((facts.st_dev, facts.st_ino))
        folders[:] = sorted(name for name in folders if name[0] != ".")
        for name in sorted(files):
            if is_hidden_name(name):
                continue
            reason = why_no_image(os.path.join(place, name))
            if reason is None:
                yield Path(place, name)
            elif reason != DRAWN and not name.lower().endswith(SIDECARS):
                others[_ending(name)] += 1


def _ending(name: str) -> str:
    """Return a file's ending as it is written; an empty text where it has none."""
    ending = os.path.splitext(name)[1]
    return ending if ending[1:].isalnum() and len(ending) <= LONGEST_ENDING else ""


def _below(folder: Path, file: Path) -> Path:
    """Return the file's place below the folder, the folder's own name first."""
    return Path(folder.resolve().name, file.relative_to(folder))
