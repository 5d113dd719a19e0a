"""Draw schematic faces from facial action units: arrays of parameters in, grey images out.

Coordinates are those of the 48x48 template of `regions.py`: at rest the eyes lie at row 17,
columns 15 and 33, the nose tip at row 27, the mouth at row 38.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.data.regions.template import SIZE
from fer_analysis.data.synthetic.action_units import ACTIONS, UNITS
from fer_analysis.data.synthetic.canvas import (
    CENTRE_COLUMN,
    Canvas,
    cover,
    ellipse,
    paint,
    stroke,
    wrinkle,
)

TRAITS = {
    "face_width": (16.0, 20.0),
    "face_height": (22.0, 25.0),
    "eye_row": (-0.7, 0.7),
    "eye_apart": (-0.8, 0.8),
    "eye_width": (3.9, 5.0),
    "eye_open": (0.85, 1.2),
    "iris": (1.4, 1.9),
    "gaze": (-0.8, 0.8),
    "brow_row": (-0.7, 0.7),
    "brow_tilt": (-0.5, 0.5),
    "brow_arch": (0.3, 1.2),
    "brow_thick": (0.9, 1.4),
    "nose_row": (-0.8, 0.8),
    "nose_width": (2.3, 3.3),
    "mouth_row": (-0.7, 0.7),
    "mouth_width": (6.2, 7.8),
    "mouth_rest": (-0.5, 0.5),
    "lip": (0.9, 1.6),
    "teeth": (0.5, 0.95),
    "skin": (0.56, 0.82),
    "hair": (0.06, 0.35),
    "hairline": (-3.0, 4.5),
    "hair_side": (-3.0, 2.5),
    "backdrop": (0.15, 0.65),
    "light": (0.0, 0.16),
    "light_angle": (0.0, 2 * np.pi),
    "contrast": (0.9, 1.15),
    "brightness": (-0.05, 0.05),
    "rotation": (-0.06, 0.06),
    "scale": (0.96, 1.04),
    "shift_row": (-1.0, 1.0),
    "shift_column": (-1.0, 1.0),
}
"""Variation between people and pictures -> range. Sizes and positions in pixels (positions
relative to the template), tones 0-1, angles in radians, shifts in units of the jitter."""

_EFFECTS = tuple(dict.fromkeys(name for moves, _ in ACTIONS.values() for name in moves))
_MOVES = np.array(
    [[ACTIONS[unit][0].get(name, 0.0) for name in _EFFECTS] for unit in UNITS], np.float32
)


def draw(traits: dict[str, np.ndarray], actions: np.ndarray, *, jitter: float = 0.0) -> np.ndarray:
    """Draw faces.

    Args:
        traits: Each of `TRAITS` -> float32 `(n,)`.
        actions: float32 `(n, 2, units)`, strength 0-1 of each of `UNITS` in the half of the
            face that is left in the image and in the right one.
        jitter: Pixels for a shift of 1.

    Returns:
        float32 `(n, 48, 48)`, about 0-1, without noise.
    """
    # A sum, not a matrix product, whose rounding depends on how many faces are drawn together.
    moved = (actions[..., None] * _MOVES).sum(-2)
    canvas = Canvas(traits, {name: moved[..., i] for i, name in enumerate(_EFFECTS)}, jitter)
    _head(canvas)
    for index, sign in ((0, -1.0), (1, 1.0)):
        _eye(canvas, index, sign)
        _brow(canvas, index, sign)
        _cheek(canvas, index, sign)
    _nose(canvas)
    _mouth(canvas)
    _chin(canvas)
    return _lit(canvas)


def _head(canvas: Canvas) -> None:
    t, image, x, y = canvas.traits, canvas.image, canvas.x, canvas.y
    jaw = canvas.mean("jaw")
    hair = ellipse(x, y - 20, t["face_width"] + 2 + t["hair_side"], np.float32(25))
    paint(image, cover(hair, 2.0), t["hair"])
    height = t["face_height"] + jaw / 2
    narrow = 1 - np.float32(0.004) * np.maximum(y - 26, 0)
    skin = cover(ellipse(x / narrow, y - 24.5 - jaw / 2, t["face_width"], height), 1.5)
    skin *= cover(t["hairline"] - y - np.float32(0.012) * x * x, 2.0)
    paint(image, skin, t["skin"] * (1 - np.float32(0.2) * (x / t["face_width"]) ** 2))
    creases = canvas.mean("creases")
    for row in (5.0, 8.0):
        view = canvas.window(4, 9, 14, 35)
        wrinkle(view, (-8.0, row), (8.0, row), 0.55 * creases, bend=-0.8, thick=0.3)


def _eye(canvas: Canvas, side: int, sign: float) -> None:
    t = canvas.traits
    image, x, y = canvas.half(13, 22, sign)
    width = t["eye_width"]
    x, y = x - 9 - t["eye_apart"], y - 17 - t["eye_row"]
    arc = 1 - (x / width) ** 2
    up = np.maximum(1.9 * t["eye_open"] + canvas.effect("lid_up", side), 0.15)
    down = np.maximum(1.2 * t["eye_open"] + canvas.effect("lid_down", side), 0.15)
    paint(image, cover(ellipse(x, y, width + 2, 4.0), 5.0) * np.float32(0.25), 0.1)
    lids = cover(np.maximum(-up * arc - y, y - down * arc), 1.0)
    paint(image, lids, 0.55 + 0.5 * t["skin"])
    look = sign * t["gaze"]
    iris = cover(ellipse(x - look, y, t["iris"], t["iris"]), 1.0)
    paint(image, iris * lids, 0.06)
    inside = cover(np.abs(x) - width)
    paint(image, cover(np.abs(y + up * arc) - 0.35) * inside, 0.12)
    paint(image, cover(np.abs(y - down * arc) - 0.1) * inside * np.float32(0.45), 0.15)


def _brow(canvas: Canvas, side: int, sign: float) -> None:
    t = canvas.traits
    image, x, y = canvas.half(7, 17, sign)
    row = 12.2 + t["brow_row"]
    inner = (4.4 - canvas.effect("knit", side), row + canvas.effect("brow_inner", side))
    outer_row = row + 0.4 + t["brow_tilt"] + canvas.effect("brow_outer", side)
    outer = (13.8 + t["eye_apart"], outer_row)
    middle = row - t["brow_arch"] + canvas.effect("brow_mid", side)
    bend = middle - (inner[1] + outer[1]) / 2
    line = stroke(x, y, inner, outer, bend=bend, thick=t["brow_thick"])
    paint(image, cover(line) * np.float32(0.9), t["hair"] * 0.8)
    frown = 0.55 * canvas.effect("frown", side)
    wrinkle((image, x, y), (1.6, row - 0.5), (1.9, row + 3.5), frown, thick=0.3)


def _cheek(canvas: Canvas, side: int, sign: float) -> None:
    t = canvas.traits
    image, x, y = canvas.half(20, 44, sign)
    cheek, fold = canvas.effect("cheek", side), canvas.effect("fold", side)
    if cheek.any():
        glow = cover(ellipse(x - 10, y - 26.5, 5.0, 3.5), 3.0)
        paint(image, glow * (0.3 * cheek), np.minimum(t["skin"] * 1.35, 1.0))
    view = image, x, y
    wrinkle(view, (5.5, 21.5), (13.5, 21.5), 0.45 * cheek, bend=1.6, thick=0.35)
    snarl = 0.5 * np.clip(canvas.effect("snarl", side), 0, 1.2)
    wrinkle(view, (4.0, 30.0), (6.5, 35.0), snarl)
    wrinkle(view, (8.0, 40.0), (9.0, 43.5), 0.6 * canvas.effect("droop", side))
    start = (3.6 + 0.2 * fold, 27.0 + t["nose_row"] - fold)
    deep = 0.08 + 0.32 * np.clip(fold, 0, 1.4)
    wrinkle(view, start, (9.5, 36.0 + t["mouth_row"]), deep, bend=-1.2)


def _nose(canvas: Canvas) -> None:
    t = canvas.traits
    image, x, y = canvas.window(15, 31, 16, 33)
    snarl, across = canvas.mean("snarl"), 0.8 * np.clip(canvas.mean("wrinkle"), 0, 1.2)
    row = 27.0 + t["nose_row"]
    ridge = stroke(x, y, (0.0, 17.0), (0.0, row - 1), thick=0.6)
    paint(image, cover(ridge, 2.5) * np.float32(0.35), np.minimum(t["skin"] * 1.3, 1.0))
    away = np.abs(x)
    width = t["nose_width"] + 0.7 * snarl
    flank = stroke(away, y, (1.8, 19.0), (width, row - 1), thick=0.3)
    paint(image, cover(flank, 1.8) * np.float32(0.22), 0.1)
    nostril = ellipse(away - width * 0.6, y - row - 0.9 + 0.8 * snarl, width * 0.4, 0.75)
    wing = stroke(away, y, (width, row - 2), (width, row + 0.6), bend=-0.9, thick=0.3)
    paint(image, np.maximum(cover(nostril), cover(wing) * np.float32(0.5)), t["skin"] * 0.3)
    for line_row, reach in ((18.8, 3.0), (21.0, 3.8), (23.2, 4.2)):
        start, end = (0.0, line_row), (reach, line_row - 1.4)
        wrinkle((image, away, y), start, end, across, thick=0.55)


def _mouth(canvas: Canvas) -> None:
    t = canvas.traits
    image, x, y = canvas.window(31, 47, 12, 37)
    # Left and right differ for one-sided actions: fade from one to the other at the midline.
    fade = np.clip(np.float32(0.5) + x * np.float32(0.3), 0, 1)

    def sided(name: str) -> np.ndarray:
        left, right = canvas.effect(name, 0), canvas.effect(name, 1)
        return left if np.array_equal(left, right) else left + fade * (right - left)

    width = np.maximum(t["mouth_width"] + sided("width"), 2.6)
    arc = 1 - (x / width) ** 2
    corner = t["mouth_rest"] + sided("corner")
    middle = 38.2 + t["mouth_row"] + canvas.mean("lift") - canvas.mean("snarl") * 0.6
    middle = middle - 0.4 * corner + corner * (1 - arc)
    top = middle - np.maximum(sided("open_up"), 0) * arc
    bottom = middle + np.maximum(sided("open_down"), 0) * arc
    lip = np.maximum(t["lip"] + canvas.mean("lip"), 0.1)
    lips = np.maximum(top - lip * arc - y, y - bottom - 1.3 * lip * arc)
    paint(image, cover(lips) * np.float32(0.75), t["skin"] * 0.62)
    gap = np.maximum(np.maximum(top - y, y - bottom) - 0.6, np.abs(x) - width)
    opening = cover(gap, 1.0)
    paint(image, opening, 0.07)
    teeth = cover(np.maximum(top + 0.3 - y, y - np.minimum(top + 2.0, bottom - 0.2)), 1.0)
    paint(image, opening * teeth, t["teeth"])
    tongue = np.clip(canvas.mean("tongue") * 1.3, 0, 1)
    shape = ellipse(x, y - middle - 3.6, 3.0, 3.6)
    paint(image, cover(shape) * tongue, t["skin"] * 0.85)


def _chin(canvas: Canvas) -> None:
    image, x, y = canvas.window(41, 48, 12, 37)
    row = 43.0 + canvas.traits["mouth_row"] + 2.2 * canvas.mean("jaw") / 2
    shadow = stroke(x, y, (-3.5, row), (3.5, row), bend=-0.5, thick=0.3)
    paint(image, cover(shadow, 2.0) * np.float32(0.25), 0.1)
    chin = 0.5 * canvas.mean("chin")
    wrinkle((image, x, y), (-4.5, 46.5), (4.5, 46.5), chin, bend=-2.2)


def _lit(canvas: Canvas) -> np.ndarray:
    """Return the images with each picture's own light, brightness and contrast."""
    t = canvas.traits
    ramp = (np.arange(SIZE, dtype=np.float32) - CENTRE_COLUMN) / CENTRE_COLUMN
    across = ramp[None, None, :] * np.cos(t["light_angle"])
    down = ramp[None, :, None] * np.sin(t["light_angle"])
    image = canvas.image * (1 + t["light"] * (across + down))
    return (image - np.float32(0.5)) * t["contrast"] + (np.float32(0.5) + t["brightness"])
