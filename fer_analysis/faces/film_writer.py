"""Writing frames as a film that keeps their time."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.faces.opencv import import_opencv


class FilmWriter:
    """Writes frames of one size as a film (MPEG-4); a context manager that completes the file.

    Args:
        path: The file, `.mp4`.
        fps: Frames a second.
    """

    def __init__(self, path: Path, fps: float):
        self._cv2, self._path, self._fps = import_opencv(), path, fps
        self._writer = None
        self._size: tuple[int, int] | None = None
        self._last, self._written = None, 0

    def write(self, pixels: np.ndarray, time: float) -> None:
        """Add a frame; the one before is shown until then, so that the film keeps the time.

        Args:
            pixels: uint8 `(h, w, 3)`, RGB; of another size than the first it is resized.
            time: When it is shown, in seconds; a frame that comes too soon is left out.

        Raises:
            FerError: If this OpenCV writes no films.
        """
        cv2 = self._cv2
        if self._writer is None:
            self._size = pixels.shape[1::-1]
            codec = cv2.VideoWriter_fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), codec, self._fps, self._size)
            if not self._writer.isOpened():
                raise FerError(f"{self._path}: this OpenCV cannot write films of {self._size}")
        if pixels.shape[1::-1] != self._size:
            pixels = cv2.resize(pixels, self._size)
        before, self._last = self._last, np.ascontiguousarray(pixels[..., ::-1])
        due = round(time * self._fps)
        while self._written <= due:
            last = self._written == due or before is None
            self._writer.write(self._last if last else before)
            self._written += 1

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(self, *error: object) -> None:
        if self._writer is not None:
            self._writer.release()
