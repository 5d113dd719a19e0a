"""The guard: pictures outside the range that a network's promise was made for, and why.

A picture's measures are compared with those of the validation images. What a measure exceeds its
usual range by costs points, in each direction its own. The surer the network is, the more points a
picture may have; one with more is refused, and of the measures that cost, the one that is farthest
outside says why. 97 % of the answers to clean faces pass. Where the network is unsure by itself,
the measure that is farthest outside says why, if nearly all clean faces lie nearer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np

from fer_analysis.quality.measures import measure
from fer_analysis.quality.template import WIDTH, FaceTemplate

BLURRED = "too blurred"

WORDS = {
    "brightness": ("too dark", "too bright"),
    "contrast": ("too little contrast", "too much contrast"),
    "noise": (None, "too noisy"),
    "specks": (None, "too noisy"),
    "sharpness": (BLURRED, "too noisy"),
    "grain": (BLURRED, "too noisy"),
    "resolution": (BLURRED, "too noisy"),
    "blocks": ("too compressed", "too compressed"),
    "flat": (None, "parts without detail"),
    "uneven_light": (None, "lit from one side"),
    "asymmetry": (None, "seen from the side"),
    "eye_light": ("eyes covered", "eyes covered"),
    "eye_detail": ("eyes covered", "mouth covered"),
    "mouth_light": ("mouth covered", "mouth covered"),
    "mouth_detail": ("mouth covered", "eyes covered"),
    "likeness": ("no face in the middle", None),
    "tilt": (None, "turned"),
    "off_centre": (None, "off the centre"),
    "size": ("too far away", "too near"),
    "misfit": (None, "turned or off the centre"),
    "upper_face": ("eyes covered", "mouth covered"),
    "lower_face": ("mouth covered", "eyes covered"),
}
"""Measure -> what a picture is below and above its usual range; None where that is no fault."""

SPREAD_FREE = 1.0
"""Spreads from the middle that cost nothing."""

_LOGARITHMS = {
    "brightness": 0.1,
    "contrast": 0.1,
    "noise": 0.1,
    "sharpness": 0.01,
    "grain": 0.01,
    "resolution": 0.1,
    "specks": 0.01,
    "flat": 0.01,
}
"""Measures that are compared by ratio, with what is added before the logarithm."""

_FARTHEST = 8.0
"""Spreads from the middle that count at most: beyond them a picture is no worse."""

_OWN = ("middle", "spread", "costs", "trust", "least", "limit", "far", "made")

_CONFIDENCE_FREE = {"trust": 0.0, "least": 0.0, "far": 0.0}
"""Of guards that were saved before confidence counted."""


@dataclass(frozen=True, eq=False)
class Guard:
    """What is usual for a network's validation images, and what deviations cost.

    Args:
        template: The mean face.
        middle: Measure -> its median.
        spread: Measure -> about a standard deviation.
        costs: Measure -> points a spread below and above the usual range, 0 or more.
        trust: Points more that are allowed for each unit of log-odds of the network's confidence,
            0 or more.
        least: Lowest confidence with which the network answers.
        limit: Points that are allowed at even odds; a picture with more than what its confidence
            allows is refused.
        far: Spreads outside the usual range beyond which an unsure answer has its reason there.
        made: How it was made, ready for JSON: `model` (a hash), `from` (images), `refused` (their
            share) and more; see `evaluation.make_guard`.
    """

    template: FaceTemplate
    middle: dict[str, float]
    spread: dict[str, float]
    costs: dict[str, tuple[float, float]]
    trust: float
    least: float
    limit: float
    far: float
    made: dict

    def reasons(self, images: np.ndarray, confidence: np.ndarray) -> list[str | None]:
        """Tell why pictures are outside the range: `too dark`, `too noisy` …

        Args:
            images: uint8 `(n, h, w, 1)`, as the network sees them.
            confidence: float `(n,)`, its highest probability for each, at its temperature.

        Returns:
            A reason for each picture; None where it is inside the range. Pictures with one are not
            to be answered: the guard refuses them, or the confidence is below `least`.
        """
        outside = self._outside(images)
        words = [word for word, _, _ in outside]
        spreads = np.stack([values for _, _, values in outside])
        counts = np.array([cost > 0 for _, cost, _ in outside])
        answered = np.asarray(confidence) >= self.least
        refused = answered & (self._points(outside) > self.allowed(confidence))
        unsure = ~answered & (spreads.max(axis=0) > self.far)
        costly = (spreads * counts[:, None]).argmax(axis=0)
        place = np.where(refused, costly, spreads.argmax(axis=0))
        given = refused | unsure
        return [words[at] if there else None for at, there in zip(place, given, strict=True)]

    def refuses(self, images: np.ndarray, confidence: np.ndarray) -> np.ndarray:
        """Return which answers are not given for their pictures' sake, bool `(n,)`.

        Args:
            images: See `reasons`.
            confidence: See `reasons`.
        """
        answered = np.asarray(confidence) >= self.least
        return answered & (self.points(images) > self.allowed(confidence))

    def points(self, images: np.ndarray) -> np.ndarray:
        """Return what the deviations of pictures cost in all, float64 `(n,)`, 0 or more."""
        return self._points(self._outside(images))

    @staticmethod
    def _points(outside: list[tuple[str, float, np.ndarray]]) -> np.ndarray:
        return np.sum([cost * values for _, cost, values in outside], axis=0)

    def allowed(self, confidence: np.ndarray) -> np.ndarray:
        """Return how many points a picture may have, float64 `(n,)`, 0 or more.

        Args:
            confidence: See `reasons`.
        """
        return np.maximum(self.limit + self.trust * log_odds(confidence), 0.0)

    def _outside(self, images: np.ndarray) -> list[tuple[str, float, np.ndarray]]:
        """Return (reason, cost, spreads outside the range) of each side that is a fault."""
        found = deviations(images, self.template, self.middle, self.spread)
        return [
            (word, cost, values)
            for name, sides in excess(found).items()
            for word, cost, values in zip(WORDS[name], self.costs[name], sides, strict=True)
            if word is not None
        ]

    @property
    def identity(self) -> str:
        """A short hash of the guard."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()

    def as_dict(self) -> dict:
        """Return it ready for JSON."""
        mean = np.round(self.template.mean.astype(float), 5)
        own = {key: getattr(self, key) for key in _OWN}
        return own | {"template": mean.ravel().tolist()}

    @classmethod
    def from_dict(cls, given: dict) -> Guard:
        """Return what `as_dict` wrote."""
        mean = np.array(given["template"], np.float32).reshape(WIDTH, WIDTH)
        costs = {name: tuple(pair) for name, pair in given["costs"].items()}
        own = _CONFIDENCE_FREE | {key: given[key] for key in _OWN if key in given}
        return cls(template=FaceTemplate(mean), **own | {"costs": costs})


def comparable(images: np.ndarray, template: FaceTemplate) -> dict[str, np.ndarray]:
    """Return all measures on the scale on which they are compared, name -> float64 `(n,)`."""
    found = measure(images) | template.measure(images)
    return {
        name: np.log(values + _LOGARITHMS[name]) if name in _LOGARITHMS else values
        for name, values in found.items()
    }


def deviations(
    images: np.ndarray, template: FaceTemplate, middle: dict, spread: dict
) -> dict[str, np.ndarray]:
    """Return how many spreads each measure is from its middle, name -> float64 `(n,)`."""
    found = comparable(images, template)
    return {
        name: np.clip((found[name] - middle[name]) / spread[name], -_FARTHEST, _FARTHEST)
        for name in middle
    }


def excess(found: dict[str, np.ndarray]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return by how many spreads measures are below and above their usual range."""
    return {
        name: (np.maximum(-z - SPREAD_FREE, 0), np.maximum(z - SPREAD_FREE, 0))
        for name, z in found.items()
    }


def log_odds(shares: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)), finite at 0 and 1."""
    shares = np.clip(np.asarray(shares, np.float64), 1e-6, 1 - 1e-6)
    return np.log(shares) - np.log1p(-shares)
