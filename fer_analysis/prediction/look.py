"""From a picture to the crops that a network is shown: the whole picture, or each face in it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.readers.decode import (
    Decoded,
    is_first_of_several,
    part_of_16_bits,
    read_image,
    to_grey,
    upright,
)
from fer_analysis.faces.find import as_rgb, find_faces
from fer_analysis.faces.opencv import is_installed
from fer_analysis.faces.photo import to_rgb
from fer_analysis.prediction.predictions import NO_FACE

if TYPE_CHECKING:
    from fer_analysis.faces.face import Face

MODES = ("auto", "always", "never")
"""Which pictures are searched for faces."""

SMALLEST = 8
"""Pixels of a side below which nothing can be a face."""

OBLONG = 1.5
"""Ratio of the sides from which a picture is no face crop."""

CROP = 100
"""Pixels of the shorter side up to which `auto` takes a picture for a crop without a search."""

TIGHT = 2 / 3
"""Share of the shorter side that a picture's one face covers, from which it is a crop."""


@dataclass(frozen=True)
class Seen:
    """What a network is shown.

    Args:
        image: uint8 `(size, size)`.
        oblong: Whether a whole picture was so far from square that the face is out of shape.
        face: Where the face is in the picture; None where the picture is taken whole.
        number: Of the face in its picture, from 1; 0 for a whole picture.
        unsearched: Whether it is larger than a crop and was not searched, without a detector.
        bits: By how many bits a picture of 16 was scaled; 0 where by all, or where it has 8.
        animated: Whether its file has further pictures, which are not looked at.
    """

    image: np.ndarray
    oblong: bool = False
    face: Face | None = None
    number: int = 0
    unsearched: bool = False
    bits: int = 0
    animated: bool = False


def look(source: Path | object, size: int, faces: str = "auto") -> list[Seen] | str:
    """Return what of a picture is shown to the network, or a text why there is nothing.

    Args:
        source: A file, or what `faces.find.as_rgb` takes.
        size: Height and width that the network takes, in pixels.
        faces: `never` takes every picture whole; `always` crops the faces that are found; `auto`
            takes small pictures and those of one tight face whole, and searches the others.

    Raises:
        FerError: If the detector is missing for `always`.
    """
    if isinstance(source, Path):
        return read_image(source, lambda image: _of_image(image, size, faces))
    from PIL import Image

    # A PIL image is looked at as its file would be; an array has no more than its pixels.
    image = source if isinstance(source, Image.Image) else Image.fromarray(as_rgb(source))
    try:
        return _of_image(image, size, faces)
    except (OSError, ValueError) as error:
        return f"cannot be read ({error})"


def _of_image(image, size: int, faces: str) -> list[Seen] | str:
    seen = _crops(image, size, faces)
    if isinstance(seen, str):
        return seen
    found = {"bits": part_of_16_bits(image), "animated": is_first_of_several(image)}
    return [dataclasses.replace(each, **found) for each in seen]


def _crops(image, size: int, faces: str) -> list[Seen] | str:
    shorter = min(image.size)
    if faces == "never" or (faces == "auto" and (shorter <= CROP or not is_installed())):
        return _whole(to_grey(image, size), unsearched=faces == "auto" and shorter > CROP)
    image = upright(image)
    pixels = to_rgb(image)
    found = find_faces(pixels, size=size)
    if faces == "auto" and len(found) == 1 and found[0].size >= TIGHT * shorter:
        whole = to_grey(image, size)
        if not is_oblong(whole.shape):
            return _whole(whole)
    if not found:
        return f"{NO_FACE} (--faces never takes the picture for one face)"
    return [Seen(face.crop, face=face, number=i) for i, face in enumerate(found, start=1)]


def _whole(face: Decoded, *, unsearched: bool = False) -> list[Seen] | str:
    """Return a picture as one face; refuse what can be read but shows nothing."""
    height, width = face.shape
    if min(height, width) < SMALLEST:
        return f"{width}x{height} pixels, too small for a face (expected {SMALLEST} at least)"
    if face.image.min() == face.image.max():
        return "one grey all over, shows nothing"
    return [Seen(face.image, is_oblong(face.shape), unsearched=unsearched)]


def is_oblong(shape: tuple[int, int]) -> bool:
    """Return whether a picture's sides (h, w) are too unequal for a face crop."""
    return max(shape) >= OBLONG * min(shape)
