"""Where the pictures of `fer predict` go: one name for each image, none taken twice."""

from __future__ import annotations

from pathlib import Path

from fer_analysis.prediction.find_images import Found


class Places:
    """Gives each image the path of its picture.

    Args:
        suffix: Follows the image's name.
        folder: Where the pictures go, in the same tree as the images; None puts each next to
            its image. Required for images that are not files.
    """

    def __init__(self, suffix: str, folder: Path | None = None):
        self._suffix, self._folder = suffix, folder
        self._taken: dict[Path, Path] = {}

    def place(self, file: Found | int, part: str = "") -> Path:
        """Return the path for an image, or for a part of it."""
        suffix = f"{part}{self._suffix}"
        if isinstance(file, int):
            return self._folder / f"{file}{suffix}"
        if self._folder is None:
            return file.path.with_name(file.path.name + suffix)
        path = self._folder / file.place.parent / (file.place.name + suffix)
        number = 2
        # Images of one name from several folders; the same file twice is one picture.
        while self._taken.setdefault(path, file.path) != file.path:
            path = path.with_name(f"{file.place.name}-{number}{suffix}")
            number += 1
        return path
