"""Severities 1 to 5: what they mean physically, and one random generator for each image."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Callable, Sequence

import numpy as np

from fer_analysis.errors import FerError

SEVERITIES = (1, 2, 3, 4, 5)
"""From hardly visible to hardly recognisable."""

SIDE = 48
"""Lengths are given in pixels of an image with this side, and scaled to other sizes."""


def severities(caption: str, *values: object) -> Callable[[Callable], Callable]:
    """Make a condition of a function of physical values.

    The decorated function is `(images, draws, *values) -> images`, where `draws` has one random
    generator for each image. What comes out is `(images, *, severity, seed=0) -> images`, with
    the attribute `captions`, one text for each severity.

    An image's generator depends on its pixels and the seed alone: neither on the batch nor on the
    severity, so that a mask has the same place and shade at all severities.

    Args:
        caption: The physical values as text, e.g. `sd {} grey levels`.
        *values: One for each severity; a tuple where there are several.
    """
    given = [value if isinstance(value, tuple) else (value,) for value in values]
    captions = tuple(caption.format(*value) for value in given)

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def condition(images: np.ndarray, *, severity: int, seed: int | Sequence[int] = 0):
            _check(images, severity)
            if not len(images):
                return images.copy()
            return function(images, generators(images, seed), *given[severity - 1])

        condition.captions = captions
        levels = "\n".join(f"    {level}. {text}" for level, text in enumerate(captions, start=1))
        condition.__doc__ = f"{(function.__doc__ or '').rstrip()}\n\n    Severities:\n\n{levels}\n"
        return condition

    return decorate


def generators(images: np.ndarray, seed: int | Sequence[int]) -> list[np.random.Generator]:
    """Return a random generator for each image, seeded by its pixels and `seed`.

    Args:
        images: uint8 `(n, h, w, 1)`.
        seed: One number or several (e.g. a run's seed and the epoch), 0 or more.
    """
    numbers = [int(number) for number in np.atleast_1d(seed)]
    return [
        np.random.Generator(np.random.SFC64([*numbers, zlib.crc32(image.tobytes())]))
        for image in images
    ]


def to_pixels(values: np.ndarray) -> np.ndarray:
    """Round float grey levels to uint8; what is below 0 or above 255 is clipped."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def with_margin(images: np.ndarray, margin: int) -> np.ndarray:
    """Return images `(n, h, w, 1)` without channel and with their edges repeated all around.

    `np.pad` does the same, but for small images nearly all of its time is its own Python.
    """
    rows, columns = (
        np.clip(np.arange(-margin, side + margin), 0, side - 1) for side in images.shape[1:3]
    )
    return images[:, rows[:, None], columns, 0]


def _check(images: np.ndarray, severity: int) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[-1] != 1:
        raise FerError(
            f"images: expected uint8 (n, height, width, 1), received {images.dtype} {images.shape}"
        )
    if severity not in SEVERITIES:
        raise FerError(f"severity: expected 1 to 5, received {severity!r}")
