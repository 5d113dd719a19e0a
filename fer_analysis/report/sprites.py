"""Faces on sprites: hundreds of small pictures in one file, and their saliency on a second."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageColor
from scipy import ndimage

from fer_analysis.data.ids import rows_of
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.figures.colours import LIGHT
from fer_analysis.saliency.maps import SaliencyMaps

COLUMNS = 20
"""Faces in a row of a sprite."""

MOST = 2000
"""Faces on a sprite: WebP ends at 16,383 pixels."""

SIDE = 48
"""Pixels of a face on a sprite; larger ones are made smaller."""

MAP_SIDE = 24
"""Pixels of a map: it is smooth, and half the side is a quarter of the bytes."""

QUALITY = 60
BLUR = 1.0
PERCENTILE = 99
OPACITY = 0.8
LEVELS = 15
"""Steps of opacity of a map."""

COLOUR = ImageColor.getrgb(LIGHT.saliency)


class Sprites:
    """Lays faces out on sprites; a face that was placed before keeps its place.

    Args:
        images: uint8 `(h, w)` each; those after the n of the evaluation are of other splits.
        saliency: Maps of some of them.
        ids: str `(n,)`, to find the maps by.
    """

    def __init__(
        self, images: Sequence[np.ndarray], saliency: SaliencyMaps | None, ids: np.ndarray
    ):
        self._images = images
        self._maps: dict[int, np.ndarray] = {}
        if saliency is not None:
            rows = rows_of(saliency.ids, ids).tolist()
            drawn = strengths(saliency)
            self._maps = {row: drawn[index] for index, row in enumerate(rows) if row >= 0}
        self._places: dict[int, tuple[int, int]] = {}
        self._sprites: list[list[int]] = [[]]

    def new_sprite(self) -> None:
        """Go on with an empty sprite, so that faces seen together are decoded together."""
        if self._sprites[-1]:
            self._sprites.append([])

    def place(self, row: int) -> dict:
        """Return an image's place: `sprite`, column `x`, row `y`, and whether it has a map."""
        if row not in self._places:
            if len(self._sprites[-1]) >= MOST:
                self.new_sprite()
            self._places[row] = len(self._sprites) - 1, len(self._sprites[-1])
            self._sprites[-1].append(row)
        sprite, number = self._places[row]
        y, x = divmod(number, COLUMNS)
        return {"sprite": sprite, "x": x, "y": y, "has_map": row in self._maps}

    def mark(self, row: int) -> str:
        """Return the mark of an image's pixels, for a list of faces."""
        return pixel_mark(self._images[row])

    def encode(self) -> list[dict]:
        """Return for each sprite its `faces`, its `maps` (None without), both as data URIs."""
        sprites = [rows for rows in self._sprites if rows]
        return [{"faces": self._faces(rows), "maps": self._overlays(rows)} for rows in sprites]

    def _faces(self, rows: list[int]) -> str:
        tiles = [_resized(self._images[row], SIDE) for row in rows]
        return webp(Image.fromarray(_grid(tiles)))

    def _overlays(self, rows: list[int]) -> str | None:
        if not any(row in self._maps for row in rows):
            return None
        empty = np.zeros((MAP_SIDE, MAP_SIDE), np.uint8)
        return overlay_uri(_grid([self._maps.get(row, empty) for row in rows]))


def strengths(saliency: SaliencyMaps) -> np.ndarray:
    """Return how opaque each map is drawn, uint8 `(n, MAP_SIDE, MAP_SIDE)`."""
    return np.stack([opacity(each) for each in saliency.strength])


def opacity(strength: np.ndarray) -> np.ndarray:
    """Return one map's opacity: softened, from its median to its 99th percentile, in few steps.

    The face is visible wherever the map is weak.
    """
    soft = softened(strength)
    low, high = np.percentile(soft, (50, PERCENTILE))
    return in_steps((soft - low) / ((high - low) or 1))


def softened(strength: np.ndarray) -> np.ndarray:
    """Return a map that is blurred for the eye; the page says so."""
    return ndimage.gaussian_filter(strength.astype(float), BLUR)


def in_steps(share: np.ndarray) -> np.ndarray:
    """Return the opacity of a map, uint8 `(MAP_SIDE, MAP_SIDE)`: 0 transparent, 1 opaque."""
    share = np.clip(share, 0, 1)
    steps = np.round(_resized_float(share, MAP_SIDE).clip(0, 1) * LEVELS) / LEVELS
    return (255 * OPACITY * steps).astype(np.uint8)


def overlay_uri(alpha: np.ndarray) -> str:
    """Return a picture of one colour with this opacity, as a data URI."""
    colour = np.broadcast_to(np.array(COLOUR, np.uint8), (*alpha.shape, 3))
    return webp(Image.fromarray(np.dstack([colour, alpha])), alpha_quality=70)


def webp(picture: Image.Image, **options) -> str:
    """Return a picture as a WebP data URI."""
    buffer = io.BytesIO()
    if picture.mode == "L":
        picture = picture.convert("RGB")
    picture.save(buffer, "WEBP", quality=QUALITY, method=4, **options)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def face_uri(face: np.ndarray) -> str:
    """Return one face, pixels 0-255, as a data URI."""
    return webp(Image.fromarray(np.clip(face, 0, 255).round().astype(np.uint8)))


def _grid(tiles: list[np.ndarray]) -> np.ndarray:
    height, width = tiles[0].shape
    lines = -(-len(tiles) // COLUMNS)
    sprite = np.zeros((lines * height, COLUMNS * width), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = divmod(number, COLUMNS)
        sprite[y * height : (y + 1) * height, x * width : (x + 1) * width] = tile
    return sprite


def _resized(image: np.ndarray, side: int) -> np.ndarray:
    if image.shape == (side, side):
        return image
    return np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC))


def _resized_float(values: np.ndarray, side: int) -> np.ndarray:
    picture = Image.fromarray(values.astype(np.float32))
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))
