"""A face and the same face under its saliency map, fast enough for thousands of them."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from fer_analysis.figures.colours import SALIENCY
from fer_analysis.figures.map_on_face import PERCENTILE
from fer_analysis.files import replacing

SIDE = 288
"""Pixels of a face in the picture."""

OPACITY = 0.85
BLUR = 1.0
"""Pixels of the face (standard deviation) of the blur of a map before it is drawn."""

STRIP = 26
"""Height of the line of text below, in pixels."""


def save_overlay(
    path: Path, image: np.ndarray, saliency: np.ndarray, *, caption: str, method: str
) -> None:
    """Write a PNG: the image, the image under its map, and a line of text.

    Args:
        path: The file; its folder is created.
        image: uint8 `(h, w)`.
        saliency: float `(h, w)`, raw; its magnitude is drawn, blurred, up to its 99th percentile.
        caption: The network's prediction.
        method: The map's method.

    Raises:
        OSError: If the file cannot be written.
    """
    face = np.repeat(_enlarged(image)[..., None], 3, axis=2)
    strength = np.clip(_enlarged(_scaled(saliency)), 0, 1)[..., None]
    colour = 255 * matplotlib.colormaps[SALIENCY](strength[..., 0])[..., :3]
    # The face is visible wherever the map is weak.
    covered = face + OPACITY * np.sqrt(strength) * (colour - face)
    shown = np.concatenate([face, covered], axis=1).clip(0, 255).round()
    picture = Image.new("RGB", (2 * SIDE, SIDE + STRIP), "white")
    picture.paste(Image.fromarray(shown.astype(np.uint8)))
    draw = ImageDraw.Draw(picture)
    _write(draw, (6, SIDE + 4), caption)
    _write(draw, (SIDE + 6, SIDE + 4), f"|{method}| of its logit, blurred")
    with replacing(path) as temporary:
        picture.save(temporary)


def _scaled(saliency: np.ndarray) -> np.ndarray:
    magnitude = ndimage.gaussian_filter(np.abs(saliency), BLUR)
    return np.clip(magnitude / (np.percentile(magnitude, PERCENTILE) or 1), 0, 1)


def _enlarged(pixels: np.ndarray) -> np.ndarray:
    image = Image.fromarray(pixels.astype(np.float32))
    return np.asarray(image.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _write(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str) -> None:
    """Write one line, shortened to the width of the face."""
    font = ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), 15)
    text = " ".join(text.split())
    while draw.textlength(text, font) > SIDE - 12:
        text = text[:-2] + "…"
    draw.text(place, text, "black", font)
