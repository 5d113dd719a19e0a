"""From a picture of any kind to its faces with their crops."""

from __future__ import annotations

import dataclasses
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.readers.decode import MAX_SIDE
from fer_analysis.errors import FerError, quoted
from fer_analysis.faces.detector import detector
from fer_analysis.faces.face import Face
from fer_analysis.faces.framing import crop
from fer_analysis.faces.photo import read_photo

if TYPE_CHECKING:
    from PIL.Image import Image


CHANNELS = (1, 3, 4)
"""Of arrays that are pictures: grey, RGB, RGBA."""


def find_faces(image: str | Path | np.ndarray | Image, *, size: int = 48) -> tuple[Face, ...]:
    """Find faces; see `fer_analysis.api.find_faces`.

    Raises:
        FerError: If the file cannot be read, the array is not a picture, or the size is none.
    """
    if not isinstance(size, Integral) or not 1 <= size <= MAX_SIDE:
        raise FerError(f"size: expected 1 to {MAX_SIDE:,} pixels, received {quoted(size)}")
    pixels = as_rgb(image)
    return tuple(dataclasses.replace(f, crop=crop(pixels, f, size)) for f in detector()(pixels))


def as_rgb(image: str | Path | np.ndarray | Image) -> np.ndarray:
    """Return a picture as uint8 `(h, w, 3)`, RGB.

    Args:
        image: A file, a PIL image, or an array uint8 `(h, w)`, `(h, w, 1)` (grey),
            `(h, w, 3)` (RGB) or `(h, w, 4)` (RGBA: transparent parts become black).

    Raises:
        FerError: If it is none of them, or the file cannot be read.
    """
    if isinstance(image, str | Path):
        pixels = read_photo(Path(image))
        if isinstance(pixels, str):
            raise FerError(f"{image}: {pixels}")
        return pixels
    if not isinstance(image, np.ndarray):
        return _pil(image)
    if image.ndim == 2:
        image = image[..., None]
    good = image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] in CHANNELS
    if not good or not image.size:
        raise FerError(
            "image: expected uint8 of shape (height, width), with 1, 3 (RGB) or 4 channels (RGBA) "
            f"last or none; received {image.dtype} {image.shape}"
        )
    if image.shape[2] == 4:
        from PIL import Image

        return _pil(Image.fromarray(np.ascontiguousarray(image)))
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image


def _pil(image: object) -> np.ndarray:
    from PIL import Image

    from fer_analysis.data.readers.decode import upright
    from fer_analysis.faces.photo import to_rgb

    if not isinstance(image, Image.Image):
        name = type(image).__name__
        raise FerError(f"image: expected a file, an array or a PIL image, received {name}")
    try:
        return to_rgb(upright(image))
    except (OSError, ValueError) as error:
        raise FerError(f"image: cannot be read ({error})") from error
