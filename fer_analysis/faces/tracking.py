"""Following faces from frame to frame: each box of a frame joins the track that it overlaps most.

Assignment by the Hungarian method (Kuhn 1955), as in SORT (Bewley et al. 2016) without its motion
model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import linear_sum_assignment

from fer_analysis.faces.face import Face, overlaps

OVERLAP = 0.2
"""Least intersection over union of two boxes of one track."""

PATIENCE = 1.0
"""Seconds for which a face that is not found is waited for, where frames are not farther apart."""


class Tracker:
    """Gives faces the numbers of their tracks, frame by frame; only the last boxes are kept.

    Args:
        patience: Seconds for which a face that is not found is waited for.
    """

    def __init__(self, patience: float = PATIENCE):
        self._patience = patience
        self._boxes: dict[int, tuple[float, ...]] = {}
        self._seen: dict[int, float] = {}
        self._next = 1

    def update(self, time: float, faces: Sequence[Face]) -> list[int]:
        """Return the number of each face's track.

        Args:
            time: Of the frame, in seconds; not before the last one.
            faces: Those of the frame.
        """
        for track in [t for t, last in self._seen.items() if time - last > self._patience]:
            del self._boxes[track], self._seen[track]
        open_tracks = list(self._boxes)
        found = np.array([face.box for face in faces]).reshape(-1, 4)
        shared = overlaps(np.array([*self._boxes.values()]), found)
        numbers: list[int | None] = [None] * len(faces)
        for row, column in zip(*linear_sum_assignment(shared, maximize=True), strict=True):
            if shared[row, column] >= OVERLAP:
                numbers[column] = open_tracks[row]
        for index, face in enumerate(faces):
            if numbers[index] is None:
                numbers[index] = self._next
                self._next += 1
            self._boxes[numbers[index]], self._seen[numbers[index]] = face.box, time
        return numbers

    @property
    def open(self) -> frozenset[int]:
        """The numbers of the tracks that may still go on."""
        return frozenset(self._boxes)
