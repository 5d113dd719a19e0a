"""Finding faces with YuNet, a small network that OpenCV runs.

Wu, Peng & Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research.
"""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.faces.face import Face, outside, overlaps
from fer_analysis.faces.opencv import import_opencv, weights

SCORE = 0.6
"""Least score of a face."""

OVERLAP = 0.3
"""Intersection over union from which two boxes are one face."""

MOST_PIXELS = 1_500_000
"""Larger pictures are searched reduced to this many pixels."""

SMALL = 320
"""Longest side of the second search: faces of more than some 400 pixels are found there alone."""

TINY, ENLARGED = 160, 224
"""Pictures whose longest side is below the first are searched enlarged to the second."""


class FaceDetector:
    """Finds faces in pictures; not for several threads at once.

    Raises:
        FerError: If OpenCV or the weights are missing.
    """

    def __init__(self):
        self._cv2 = import_opencv()
        try:
            self._network = self._cv2.FaceDetectorYN.create(
                str(weights()), "", (SMALL, SMALL), score_threshold=SCORE, nms_threshold=OVERLAP
            )
        except self._cv2.error as error:
            raise FerError(f"OpenCV cannot load the face detector: {error.err}") from None

    def __call__(self, image: np.ndarray) -> list[Face]:
        """Return the faces of a picture, from left to right; several at one place are one.

        Args:
            image: uint8 `(h, w, 3)`, RGB.
        """
        # OpenCV's own order of the channels is BGR.
        pixels = np.ascontiguousarray(image[..., ::-1])
        rows = np.concatenate([self._search(pixels, scale) for scale in scales(*image.shape[:2])])
        kept: list[np.ndarray] = []
        for row in rows[np.argsort(-rows[:, 14], kind="stable")]:
            if not kept or overlaps(row[:4], np.stack(kept)[:, :4]).max() < OVERLAP:
                kept.append(row)
        found = [_face(row) for row in sorted(kept, key=lambda row: row[0])]
        return [replace(face, outside=outside(face, *image.shape[:2])) for face in found]

    def _search(self, pixels: np.ndarray, scale: float) -> np.ndarray:
        cv2 = self._cv2
        if scale != 1:
            how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=how)
        self._network.setInputSize(pixels.shape[1::-1])
        _, rows = self._network.detect(pixels)
        if rows is None:
            return np.empty((0, 15))
        rows = rows[np.isfinite(rows).all(1) & (rows[:, 2:4] > 0).all(1)].astype(float)
        rows[:, :14] /= scale
        return rows


def scales(height: int, width: int) -> list[float]:
    """Return the factors by which a picture is resized for each search of it."""
    longest = max(height, width)
    if longest < TINY:
        return [ENLARGED / longest]
    whole = min(1.0, math.sqrt(MOST_PIXELS / (height * width)))
    return [whole, SMALL / longest] if whole * longest > 1.5 * SMALL else [whole]


def _face(row: np.ndarray) -> Face:
    box, eyes, score = row[:4].tolist(), row[4:8].tolist(), float(row[14])
    first, second = sorted([tuple(eyes[:2]), tuple(eyes[2:])])
    return Face(box=tuple(box), score=score, eyes=(first, second))


_of_thread = threading.local()


def detector() -> FaceDetector:
    """Return this thread's detector; loading one takes a tenth of a second."""
    if not hasattr(_of_thread, "detector"):
        _of_thread.detector = FaceDetector()
    return _of_thread.detector
