"""A photo with boxes around its faces and a line of text beside each box, on no face.

Nothing is told by colour alone: unsure boxes are dashed, and their text says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SURE, UNSURE, INK = (255, 209, 71), (225, 225, 225), (0, 0, 0)
"""Yellow and light grey on black: far apart in brightness for every kind of colour vision."""

TEXT_OF_FACE = 0.13
"""Height of the text as a share of the face's box, within the limits below."""

LEAST_TEXT, MOST_TEXT = 12, 26
"""Height of the text in pixels; the upper limit also grows with the picture."""

Rectangle = tuple[float, float, float, float]


class BoxedFace(NamedTuple):
    """A face to draw: its box (left, top, width, height), its text, whether it is unsure."""

    box: tuple[float, float, float, float]
    text: str
    unsure: bool = False


def draw_faces(image: np.ndarray, faces: Sequence[BoxedFace]) -> np.ndarray:
    """Return a picture with its faces marked, uint8 `(h, w, 3)`.

    Args:
        image: uint8 `(h, w, 3)`, RGB; it is not changed.
        faces: What to draw.
    """
    picture = Image.fromarray(np.ascontiguousarray(image))
    draw = ImageDraw.Draw(picture)
    width = max(2, round(max(picture.size) / 500))
    taken = [_corners(face.box) for face in faces]
    for face in faces:
        _box(draw, _corners(face.box), face.unsure, width)
    for face in faces:
        font = _font(_text_height(face.box, picture.size))
        text = " ".join(face.text.split())
        left, top, right, bottom = draw.textbbox((0, 0), text, font)
        size = (right - left + 2 * width + 6, bottom - top + 2 * width + 4)
        place = _place(size, _corners(face.box), taken, picture.size, gap=2 * width)
        taken.append(place)
        draw.rectangle(place, fill=INK)
        offset = (place[0] + width + 3 - left, place[1] + width + 2 - top)
        draw.text(offset, text, UNSURE if face.unsure else SURE, font)
    return np.asarray(picture)


def _place(size, own: Rectangle, taken: Sequence[Rectangle], picture, *, gap: int) -> Rectangle:
    """Return where a text covers the least of the faces and texts: above, below or beside."""
    left, top, right, bottom = own
    width, height = size
    choices = [
        (left, top - gap - height),
        (left, bottom + gap),
        (right + gap, top),
        (left - gap - width, top),
    ]
    inside = [(_within(x, picture[0] - width), _within(y, picture[1] - height)) for x, y in choices]
    rectangles = [(x, y, x + width, y + height) for x, y in inside]
    return min(rectangles, key=lambda rectangle: _covered(rectangle, taken))


def _within(value: float, most: float) -> float:
    return max(0.0, min(value, most))


def _covered(box: Rectangle, others: Sequence[Rectangle]) -> float:
    """Return how many pixels of the other boxes a box covers."""
    return sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in others
    )


def _box(draw: ImageDraw.ImageDraw, corners: Rectangle, unsure: bool, width: int) -> None:
    """Draw a line that is visible on any ground: light within a black rim."""
    left, top, right, bottom = corners
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), outline=INK, width=width + 2)
    if not unsure:
        draw.rectangle(corners, outline=SURE, width=width)
        return
    dash = max(4 * width, (right - left) / 12)
    for x in np.arange(left, right, 2 * dash):
        for y in (top, bottom - width):
            draw.rectangle((x, y, min(x + dash, right), y + width - 1), fill=UNSURE)
    for y in np.arange(top, bottom, 2 * dash):
        for x in (left, right - width):
            draw.rectangle((x, y, x + width - 1, min(y + dash, bottom)), fill=UNSURE)


def _corners(box: Rectangle) -> Rectangle:
    left, top, width, height = box
    return left, top, left + width, top + height


def _text_height(box: Rectangle, picture: tuple[int, int]) -> int:
    most = max(MOST_TEXT, max(picture) / 50)
    return round(min(max(TEXT_OF_FACE * box[2], LEAST_TEXT, max(picture) / 90), most))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), size)
