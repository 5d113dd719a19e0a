"""Pictures that `fer predict` drew: they lie beside the faces that they show, and are no faces."""

from __future__ import annotations

import os
import re

from fer_analysis.data.readers.decode import SUFFIXES

OVERLAY = ".saliency.png"
DRAWING = ".faces.jpg"
"""How the names of these pictures end, after the name of the image that they show."""

_NAME = re.compile(
    rf"(?P<image>.+?)(-\d+)?((\.face\d+)?{re.escape(OVERLAY)}|{re.escape(DRAWING)})",
    re.IGNORECASE | re.DOTALL,
)


def is_drawn(path: str | os.PathLike) -> bool:
    """Return whether a file's name is that of a picture that was drawn of an image.

    What stands before the ending must end as an image does, be the name of a file beside it, or the
    number of an array: a face that somebody called `ours.faces.jpg` is one.
    """
    folder, name = os.path.split(path)
    match = _NAME.fullmatch(name)
    if not match:
        return False
    image = match["image"]
    known = image.lower().endswith(SUFFIXES) or image.isdecimal()
    return known or os.path.isfile(os.path.join(folder, image))
