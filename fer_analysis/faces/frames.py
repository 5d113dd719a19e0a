"""Frames of a film, of a folder of pictures, or of a camera, one at a time."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_analysis.data.readers.decode import SUFFIXES, part_of_16_bits, read_image, upright
from fer_analysis.data.readers.drawn import is_drawn
from fer_analysis.errors import FerError
from fer_analysis.faces.opencv import import_opencv
from fer_analysis.faces.photo import scaled_by, to_rgb

FILMS = (
    *(".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".flv"),
    *(".3gp", ".mts", ".m2ts", ".ogv"),
)
"""Endings of films."""

MOST_DIGITS = 3
"""Of a camera's number."""

FPS = 25.0
"""Frames a second of a folder of pictures, and of a film that does not say."""

MOST_FPS = 1000.0

BELIEVED = 999.0
"""Frames a second up to which a file's rate is believed; browsers record 1000, which is none."""

A_SECOND = 5
"""Frames a second that are looked at by default; of a camera, all that it gives."""


class Frame(NamedTuple):
    """A picture of a film: its number from 0, its time in seconds, uint8 `(h, w, 3)` RGB."""

    index: int
    time: float
    pixels: np.ndarray


def is_film(source: str | Path | int) -> bool:
    """Return whether a path is a film by its ending, or a camera's number."""
    return str(source).lower().endswith(FILMS) or _camera(source) is not None


def _camera(source: str | Path | int) -> int | None:
    """Return the camera's number that a source is; None where it is something else."""
    text = str(source)
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number and not Path(text).exists() else None


def in_counting_order(path: Path) -> tuple:
    """Return a key that sorts by name, with digits as numbers: `frame2` before `frame10`."""
    parts = re.split("([0-9]+)", path.name)
    # Text and digits alternate, so that numbers only meet numbers.
    parts[1::2] = map(int, parts[1::2])
    return parts, path.name


def open_film(source: str | Path | int, *, fps: float = FPS) -> Film:
    """Open a film, a folder of pictures in the order of `in_counting_order`, or a camera.

    Args:
        source: The file, the folder, or the camera's number.
        fps: Frames a second of a folder.

    Raises:
        FerError: If it is not there or cannot be opened.
    """
    path = Path(str(source))
    if path.is_dir():
        return FolderFilm(path, fps)
    camera = _camera(source)
    return CapturedFilm(source if camera is None else camera)


class Film:
    """A source of frames; a context manager that releases it.

    Attributes:
        name: The file, the folder, or `camera 0`.
        fps: Frames a second; where they are not steady, of an annotated film.
        steady: Whether the frames follow each other at `fps`; else each has a time of its own.
        count: Frames in all, as the file says; None where that is unknown.
        damage: After reading: what was wrong with the file, one line; None if nothing was.
        remarks: What else a user should know of it, one line each; complete after reading.
    """

    name: str
    fps: float
    steady: bool = True
    count: int | None = None
    damage: str | None = None
    remarks: tuple[str, ...] = ()
    is_camera = False

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that follow from where the film is."""
        place = self.name if self.is_camera else str(Path(self.name).resolve())
        return hashlib.blake2b(place.encode(errors="replace"), digest_size=8).hexdigest()

    def usual_every(self) -> int | None:
        """Return which frames are looked at by default, as `frames` takes it."""
        if self.is_camera:
            return 1
        return max(1, round(self.fps / A_SECOND)) if self.steady else None

    def frames(self, every: int | None = 1) -> Iterator[Frame]:
        """Yield every `every`-th frame; the others are not decoded where that saves time.

        None, for a film that is not steady: `A_SECOND` frames of each second.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Release the file or the camera."""

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class FolderFilm(Film):
    """The pictures of a folder as frames; one that cannot be read is left out."""

    def __init__(self, folder: Path, fps: float):
        files = (file for file in folder.iterdir() if file.name[0] != ".")
        pictures = [file for file in files if file.suffix.lower() in SUFFIXES]
        self._files = sorted((p for p in pictures if not is_drawn(p)), key=in_counting_order)
        if drawn := len(pictures) - len(self._files):
            self.remarks = (f"{drawn:,} pictures that `fer predict` drew are no frames",)
        if not self._files:
            raise FerError(f"{folder}: no image in this folder ({', '.join(SUFFIXES)})")
        self.name, self.fps, self.count = str(folder), fps, len(self._files)

    def frames(self, every: int = 1) -> Iterator[Frame]:
        bad, deep, remarks = [], [], self.remarks
        for index in range(0, len(self._files), every):
            read = read_image(self._files[index], _with_bits)
            if isinstance(read, str):
                bad.append(f"{self._files[index]}: {read}")
                more = f"; and {len(bad) - 1} more" if len(bad) > 1 else ""
                self.damage = f"{len(bad)} frames left out: {bad[0]}{more}"
                continue
            pixels, bits = read
            if bits:
                deep.append(bits)
                self.remarks = (*remarks, scaled_by(deep, "frames"))
            yield Frame(index, index / self.fps, pixels)


def _with_bits(image) -> tuple[np.ndarray, int]:
    """Return a PIL image as RGB, and by how many bits it was scaled if it has 16."""
    return to_rgb(upright(image)), part_of_16_bits(image)


class CapturedFilm(Film):
    """A file that OpenCV reads, or a camera."""

    def __init__(self, source: str | Path | int):
        self._cv2 = import_opencv()
        self.is_camera = isinstance(source, int)
        self.name = f"camera {source}" if self.is_camera else str(source)
        if not self.is_camera and not Path(source).is_file():
            raise FerError(f"{source}: no such film")
        self._capture = self._cv2.VideoCapture(source if self.is_camera else str(source))
        if not self._capture.isOpened():
            raise FerError(
                f"{self.name}: no camera of this number can be opened"
                if self.is_camera
                else f"{self.name}: cannot be opened as a film (damaged, cut off, or a format "
                "that this OpenCV does not read)"
            )
        fps = self._capture.get(self._cv2.CAP_PROP_FPS)
        self.fps = fps if 0 < fps <= BELIEVED else FPS
        count = int(self._capture.get(self._cv2.CAP_PROP_FRAME_COUNT))
        believed = self.fps == fps
        self.count = count if believed and count > 0 and not self.is_camera else None
        self.steady = self.is_camera or self.count is not None
        if not self.steady:
            self.remarks = (
                "the file tells no steady rate, or no number, of its frames: the time of each is "
                "its own",
            )

    def frames(self, every: int | None = 1) -> Iterator[Frame]:
        index, due, passed = 0, 0, -1 / self.fps
        clock = self._clock()
        while self._capture.grab():
            passed = clock(index, passed)
            if index % every == 0 if every else passed * A_SECOND >= due:
                good, pixels = self._capture.retrieve()
                if not good:
                    break
                due = int(passed * A_SECOND) + 1
                yield Frame(index, passed, np.ascontiguousarray(pixels[..., ::-1]))
            index += 1
        if self.is_camera:
            self.damage = f"{self.name} gives no more frames"
        # Containers count inexactly: a few frames are no damage.
        elif self.count and index < self.count - max(2, self.count // 50):
            self.damage = f"{self.name}: ends after frame {index:,} of {self.count:,}: cut off"

    def _clock(self) -> Callable[[int, float], float]:
        """Return a function of a grabbed frame's number and the time before to its time."""
        if self.is_camera:
            start = time.monotonic()
            return lambda index, before: time.monotonic() - start
        if self.steady:
            return lambda index, before: index / self.fps
        return self._own_time

    def _own_time(self, index: int, before: float) -> float:
        """Return the time that the file gives a frame, or the next by `fps` where it stands."""
        own = self._capture.get(self._cv2.CAP_PROP_POS_MSEC) / 1000
        return own if own > before else before + 1 / self.fps

    def close(self) -> None:
        self._capture.release()
