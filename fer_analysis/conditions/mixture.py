"""Conditions put on a share of the training images, drawn anew for each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fer_analysis.conditions import CONDITIONS, kind_of
from fer_analysis.conditions.severity import to_pixels

ON_THE_FACE = "occlusion"
"""The kind that belongs to the scene: what covers a face moves with it."""


@dataclass(frozen=True)
class Mixture:
    """Which conditions, how often and how strong.

    Args:
        weights: Condition -> how often it is drawn relative to the others.
        share: Share of the images that one condition is put on.
        severities: Those that are drawn, equally often.
    """

    weights: Mapping[str, float]
    share: float
    severities: Sequence[int]

    def draw(self, n: int, *, seed: Sequence[int]) -> np.ndarray:
        """Draw a condition and a severity for each image.

        Args:
            n: Number of images.
            seed: Of the draws, e.g. a run's seed and the epoch.

        Returns:
            int32 `(n, 2)`: the condition's place in `weights`, or -1 for none, and the severity.
            An image's row does not depend on how many come after it.
        """
        draws = np.random.default_rng(seed).random((n, 3))
        weights = np.array(list(self.weights.values()), dtype=float)
        limits = np.cumsum(weights) / weights.sum() if len(weights) else np.ones(1)
        # Rounding may leave the last limit a little below 1.
        chosen = np.minimum(np.searchsorted(limits, draws[:, 1], side="right"), len(limits) - 1)
        affected = (draws[:, 0] < self.share) & bool(len(weights))
        severities = np.asarray(self.severities)[(draws[:, 2] * len(self.severities)).astype(int)]
        return np.stack([np.where(affected, chosen, -1), severities], axis=1).astype(np.int32)

    def on_faces(self, images: np.ndarray, drawn: np.ndarray, *, seed: Sequence[int]) -> np.ndarray:
        """Put on what covers a face; call it before the picture is shifted, turned or mirrored.

        Args:
            images: uint8 or float `(n, h, w, 1)`, pixels 0-255. Those that a condition is put on
                are rounded.
            drawn: int `(n, 2)`, see `draw`.
            seed: Of what the conditions draw, e.g. a run's seed and the epoch.

        Returns:
            An array of the same shape and type.
        """
        return self._put_on(images, drawn, self._covers, seed)

    def on_pictures(
        self, images: np.ndarray, drawn: np.ndarray, *, seed: Sequence[int]
    ) -> np.ndarray:
        """Put on all other conditions; call it when the picture is in its frame.

        A camera works on what it sees: noise that is resampled afterwards is no noise any more.
        Arguments and result are those of `on_faces`.
        """
        return self._put_on(images, drawn, ~self._covers, seed)

    @cached_property
    def _covers(self) -> np.ndarray:
        """Which of the conditions cover a face, bool `(k,)`."""
        return np.array([kind_of(name) == ON_THE_FACE for name in self.weights])

    def _put_on(self, images, drawn, among: np.ndarray, seed: Sequence[int]) -> np.ndarray:
        number = int(np.random.SeedSequence(seed).generate_state(1)[0])
        names, result = list(self.weights), np.array(images)
        rows = np.flatnonzero((drawn[:, 0] >= 0) & among[drawn[:, 0]])
        for place, severity in np.unique(drawn[rows], axis=0).tolist():
            group = rows[(drawn[rows] == (place, severity)).all(axis=1)]
            pixels = to_pixels(result[group])
            result[group] = CONDITIONS[names[place]](pixels, severity=severity, seed=number)
        return result
