"""Searching images below a folder: at any depth, in bounded time, counting every file."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fer_analysis.data.readers.decode import SUFFIXES, begins_as_image
from fer_analysis.data.readers.drawn import is_drawn

MOST_FILES = 2_000_000
MOST_WITHOUT_IMAGE = 100_000
"""Limits of files in a folder: in all, and without having found an image."""

MOST_LEVELS = 20

HIDDEN = "hidden, or of the system"
OTHER = "not images"
DRAWN = "pictures that `fer predict` drew"
_SYSTEM = {"thumbs.db", "desktop.ini", "__macosx", "@eadir", "$recycle.bin"}
_ENDINGS = {
    "archives, not unpacked": ".zip .tar .gz .tgz .7z .rar .bz2 .xz",
    "arrays, not pictures": ".npy .npz .pkl .h5 .mat",
    "pictures of a format that is not read": ".heic .heif .raw .cr2 .cr3 .nef .dng .arw .orf .rw2 "
    ".pef .srw .raf .psd .svg .eps",
    "backups or partial copies": ".bak .tmp .part .crdownload",
    "films": ".mp4 .avi .mov .mkv .webm",
}
_REASONS = {ending: reason for reason, text in _ENDINGS.items() for ending in text.split()}


class TooLarge(Exception):
    """There are more files than in a data set."""


@dataclass
class Walk:
    """Files below a data folder.

    Args:
        left_out: Reason -> how many files were seen that are no images to read.
        files: How many files were seen.
        images: How many of them are images.
    """

    left_out: Counter = field(default_factory=Counter)
    files: int = 0
    images: int = 0

    def images_below(self, folder: Path) -> tuple[str, ...]:
        """Return the images in a folder and in its sub-folders, relative to it, in order.

        Links to folders are followed, each folder is entered once.

        Raises:
            OSError: If a folder cannot be read.
            TooLarge: If there are more files than a data set has.
        """
        found, stack, met = [], [""], set()
        while stack:
            inner = stack.pop()
            place = folder / inner if inner else folder
            facts = os.stat(place)
            if (facts.st_dev, facts.st_ino) in met or inner.count("/") > MOST_LEVELS:
                self._leave("folders seen before (links), or too deep")
                continue
            met.add((facts.st_dev, facts.st_ino))
            with os.scandir(place) as entries:
                entries = sorted(entries, key=lambda entry: entry.name)
            folders = []
            for entry in entries:
                reason = self._reason(entry, folders)
                if reason:
                    self._leave(reason)
                elif reason is None:
                    self._count()
                    self.images += 1
                    found.append(inner + entry.name)
            stack += [f"{inner}{name}/" for name in reversed(folders)]
        return tuple(found)

    def leave_loose(self, folder: Path) -> list[str]:
        """Count the files directly in a folder as left out; return the images' names."""
        loose = []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                reason = self._reason(entry, [])
                if reason is None:
                    loose.append(entry.name)
                    reason = "images outside of label folders"
                if reason:
                    self._leave(reason)
        return loose

    def leave_all(self, folder: Path, reason: str) -> int:
        """Count all images below a folder as left out for one reason; return how many."""
        count = len(self.images_below(folder))
        self.images -= count
        if count:
            self.left_out[reason] += count
        return count

    def _reason(self, entry: os.DirEntry, folders: list[str]) -> str | None:
        """Return why an entry is left out; None for an image, "" for a folder (added)."""
        name = entry.name
        try:
            if _is_hidden(entry):
                return HIDDEN
            if entry.is_dir():
                folders.append(name)
                return ""
            if not entry.is_file():
                link = entry.is_symlink() and not os.path.exists(entry.path)
                return "links to nothing" if link else "pipes, sockets or devices"
        except OSError:
            return "links in a circle"
        return why_no_image(entry.path)

    def _leave(self, reason: str) -> None:
        self._count()
        self.left_out[reason] += 1

    def _count(self) -> None:
        self.files += 1
        if self.files > MOST_FILES or (not self.images and self.files > MOST_WITHOUT_IMAGE):
            raise TooLarge


def why_no_image(path: str | os.PathLike) -> str | None:
    """Return why a file is no image to read, by its name and its first bytes; None for one."""
    if is_drawn(path):
        return DRAWN
    lower = os.path.basename(path).lower()
    if lower.endswith(SUFFIXES):
        return None
    if reason := _REASONS.get(os.path.splitext(lower.replace("~", ".bak"))[1]):
        return reason
    return None if begins_as_image(path) else OTHER


def is_hidden_name(name: str) -> bool:
    """Return whether a file or folder is hidden or of the system, by its name."""
    return name[0] == "." or name.lower() in _SYSTEM


def subfolders(path: Path) -> list[str]:
    """Return the names of the folders in a folder, in order, except hidden ones."""
    with os.scandir(path) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not _is_hidden(e))


def _is_hidden(entry: os.DirEntry) -> bool:
    """Return whether a file or folder is hidden or of the system."""
    return is_hidden_name(entry.name) or (entry.name[0] == "_" and entry.is_dir())
