"""One face through a film: its probabilities averaged over time, and how much that is worth."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

SMOOTH = 1.0
"""Seconds over which probabilities are averaged."""

STILL = 1e-12
"""Variance below which frames do not differ: they count as one."""


@dataclass(frozen=True)
class Smoothed:
    """The average of a track's last frames.

    Args:
        probabilities: float64 `(k,)`.
        frames: How many were averaged.
        independent: As how many independent ones they count, 1 to `frames`.
    """

    probabilities: np.ndarray
    frames: int
    independent: float


class Track:
    """A face that is followed; its memory is that of the averaged seconds alone.

    Neighbouring frames resemble each other, so n of them say less than n independent ones. With
    the correlation r of each frame's probabilities with the next one's, over the track until now,
    they count as n (1 - r) / (1 + r) (an autoregressive process of the first order; Bayley &
    Hammersley 1946). What is wrong for this face in all frames alike, no average removes.

    Args:
        number: The track's number.
        seconds: Over which probabilities are averaged.
    """

    def __init__(self, number: int, seconds: float = SMOOTH):
        self.number, self._seconds = number, seconds
        self._recent: deque[tuple[float, np.ndarray]] = deque()
        self._last: np.ndarray | None = None
        self.frames = self.unsure = 0
        self.start = self.end = 0.0
        self._sum = self._squares = self._products = 0.0

    def add(self, time: float, probabilities: np.ndarray) -> Smoothed:
        """Add a frame, and return the average of the last seconds.

        Args:
            time: Of the frame, in seconds.
            probabilities: float64 `(k,)`.
        """
        if not self.frames:
            self.start = time
        self.end = time
        self.frames += 1
        self._sum = self._sum + probabilities
        self._squares = self._squares + probabilities**2
        if self._last is not None:
            self._products = self._products + probabilities * self._last
        self._last = probabilities
        self._recent.append((time, probabilities))
        while self._recent[0][0] <= time - self._seconds:
            self._recent.popleft()
        mean = np.mean([each for _, each in self._recent], axis=0)
        return Smoothed(mean, len(self._recent), self._worth(len(self._recent)))

    @property
    def mean(self) -> np.ndarray:
        """The average of all frames, float64 `(k,)`."""
        return self._sum / self.frames

    @property
    def independent(self) -> float:
        """As how many independent frames all frames count."""
        return self._worth(self.frames)

    def _worth(self, n: int) -> float:
        if self.frames < 2:
            return 1.0
        variance = (self._squares / self.frames - self.mean**2).sum()
        if variance < STILL:
            return 1.0
        shared = (self._products / (self.frames - 1) - self.mean**2).sum()
        r = np.clip(shared / variance, 0, 1)
        return float(np.clip(n * (1 - r) / (1 + r), 1, n))
