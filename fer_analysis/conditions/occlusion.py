"""What hides a part of the face. Size, place and shade vary a little from image to image.

Places follow FER-2013's registration: eyes at row 17, columns 15 and 33, the nose tip at row 27,
the mouth at rows 38-39 of 48.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.conditions.severity import SIDE, severities
from fer_analysis.conditions.shapes import Cover, curved, lay_over

EYES = ((15.0, 17.5), (33.0, 17.5))
"""Column and row of each eye."""

_OUTLINE = np.array([(18, 19.0), (30, 18.5), (36, 17.0), (41, 14.5), (46, 10.0), (49, 7.0)]).T
"""Rows of the face, and half its width there."""

_BRIDGE, _FOLD = np.linspace(-1, 1, 11).tolist(), np.linspace(-1, 1, 9).tolist()
"""From the left to the right end of a mask's upper edge, and of its folds."""

_TURNS = np.linspace(0, 2 * np.pi, 40)
_COSINES, _SINES = np.cos(_TURNS), np.sin(_TURNS)


@severities("up to row {} of 48", 43, 36, 31, 26, 21)
def surgical_mask(images, draws, top: float) -> np.ndarray:
    """Wear a mask: on the chin, below the nose, and up to below the eyes."""
    return put_on_mask(images, draws, top)


@severities(
    "lenses {} px wide, {} % of the light passes", (9, 70), (11, 45), (13, 25), (15, 10), (18, 2)
)
def sunglasses(images, draws, width: float, percent: float) -> np.ndarray:
    """Wear sunglasses."""
    return _each(images, draws, lambda *given: _sunglasses(*given, width, percent / 100))


@severities("fingertips {} px above the chin's end", 6, 12, 19, 26, 34)
def hand(images, draws, reach: float) -> np.ndarray:
    """Hold a hand before the face: it comes from below, over chin, mouth, nose, eyes."""
    return _each(images, draws, lambda *given: _hand(*given, reach))


@severities("down to row {} of 48", 5, 9, 13, 17, 21)
def hair_or_cap(images, draws, bottom: float) -> np.ndarray:
    """Let hair (in half of the images) or a cap cover forehead, brows and eyes."""

    def draw_one(image, draw):
        return (_hair if draw.random() < 0.5 else _cap)(image, draw, bottom)

    return _each(images, draws, draw_one)


@severities("{} % of the picture", 5, 12, 22, 36, 55)
def random_patch(images, draws, percent: float) -> np.ndarray:
    """Lay a rectangle of one grey level at a random place."""
    return _each(images, draws, lambda *given: _patch(*given, percent / 100))


def put_on_mask(images, draws, top: float) -> np.ndarray:
    """Put a mask on each face whose upper edge is at this row of 48."""
    return _each(images, draws, lambda *given: _mask(*given, top))


def _each(images, draws, draw_one) -> np.ndarray:
    return np.stack([draw_one(image, draw) for image, draw in zip(images, draws, strict=True)])


def _grey(image: np.ndarray, share: float) -> float:
    """Return the grey level that this share of the face's middle is below."""
    height, width = image.shape[:2]
    middle = image[height // 5 : -height // 6, width // 5 : -width // 5]
    ordered = np.sort(middle, axis=None)  # `np.quantile` takes ten times as long
    return float(np.interp(share * (len(ordered) - 1), np.arange(len(ordered)), ordered))


def _half_widths(rows) -> list[float]:
    return np.interp(rows, *_OUTLINE).tolist()


def _mask(image, draw, top: float) -> np.ndarray:
    top = top + draw.normal(0, 0.5)
    middle, wider = 24 + draw.normal(0, 0.7), draw.uniform(0.92, 1.06)
    shade = min(max(_grey(image, 0.75) * draw.uniform(0.95, 1.3) + 10, 40), 245)
    side = min(top + 3.5, 45)  # where the edge leaves the cheek
    rows = np.linspace(side, 49, 8).tolist()
    widths = [wider * width for width in _half_widths(rows)]
    right = [(middle + width, row) for width, row in zip(widths, rows, strict=True)]
    left = [(middle - width, row) for width, row in zip(widths[::-1], rows[::-1], strict=True)]
    half = widths[0]
    bridge = [(middle + half * x, top + (side - top) * abs(x) ** 1.6) for x in _BRIDGE]
    low = min(side + 9, 47)
    folds_at = [fold for fold in np.linspace(top + 5, 46, 4).tolist() if fold > side]
    low_width, *fold_widths = _half_widths([low, *folds_at])
    size = image.shape[:2]
    straps, cover, folds = Cover(size), Cover(size), Cover(size)
    for sign in (-1, 1):
        straps.line([(middle + sign * half, side + 0.5), (24 + sign * 25, side - 5)], 0.7)
        straps.line([(middle + sign * wider * low_width, low), (24 + sign * 25, side)], 0.7)
    cover.polygon([*bridge, *right[1:], *left[:-1]])
    for fold, width in zip(folds_at, fold_widths, strict=True):
        width = 0.86 * wider * width
        folds.line([(middle + width * x, fold + 1.2 * (1 - x * x)) for x in _FOLD], 0.5)
    light = curved(size, 0.35) - 0.12 * folds.values()
    image = lay_over(image, 0.85 * shade, 0.8 * straps.values())
    return lay_over(image, shade * light, cover.values())


def _sunglasses(image, draw, width: float, passes: float) -> np.ndarray:
    width = width * draw.uniform(0.93, 1.07)
    down, right, shade = draw.normal(0, 0.5), draw.normal(0, 0.5), draw.uniform(8, 45)
    size = image.shape[:2]
    lenses, frame = Cover(size), Cover(size)
    half, tall = width / 2, width * draw.uniform(0.34, 0.42)
    round_off = draw.uniform(2.0, 3.5)  # 2 is an ellipse, more is nearer to a rectangle
    across = np.sign(_COSINES) * np.abs(_COSINES) ** (2 / round_off)
    upwards = np.sign(_SINES) * np.abs(_SINES) ** (2 / round_off)
    upwards = np.where(upwards > 0, upwards, 0.85 * upwards)
    for (x, y), sign in zip(EYES, (-1, 1), strict=True):
        x, y = x + right, y + down + 0.3
        columns, rows = (x + half * across).tolist(), (y + tall * upwards).tolist()
        edge = list(zip(columns, rows, strict=True))
        lenses.polygon(edge)
        frame.line([*edge, edge[0]], 0.7)
        frame.line([(x + sign * half, y - 1.5), (24 + sign * 25, y - 2.5)], 1.0)
    inner = [(EYES[0][0] + right + half, 17 + down), (EYES[1][0] + right - half, 17 + down)]
    if inner[0][0] < inner[1][0]:
        frame.line([inner[0], (24 + right, 16 + down), inner[1]], 1.0)
    image = lay_over(image, shade, (1 - passes) * lenses.values())
    return lay_over(image, shade * 0.7, 0.9 * frame.values())


def _hand(image, draw, reach: float) -> np.ndarray:
    """Draw four fingers, a thumb and a palm, in the face's own grey."""
    side = draw.choice((-1, 1))
    lean = side * draw.uniform(0.15, 0.5)  # radians from upright
    tip_x, tip_y = 24 + side * draw.uniform(0, 4), 48 - reach + draw.normal(0, 0.7)
    skin = min(max(_grey(image, 0.6) * draw.uniform(0.85, 1.15), 30), 235)
    thick = draw.uniform(4.2, 5.0)
    along, across = np.array([-np.sin(lean), np.cos(lean)]), np.array([np.cos(lean), np.sin(lean)])
    size = image.shape[:2]
    cover, gaps = Cover(size), Cover(size)
    for finger, shorter in enumerate((1.5, 0.0, 0.6, 3.0)):
        start = np.array([tip_x, tip_y]) + (finger - 1.5) * thick * 0.95 * across
        start = start + (shorter + thick / 2) * along
        knuckle = start + (15 - shorter) * along
        cover.line([tuple(start), tuple(knuckle)], thick)
        if finger:
            between = start - 0.5 * thick * across
            gaps.line([tuple(between + 0.5 * along), tuple(between + 11 * along)], 0.6)
    palm = np.array([tip_x, tip_y]) + 17 * along
    wide = 2 * thick
    corners = [palm - wide * across, palm + wide * across]
    far = [corners[1] + 40 * along, corners[0] + 40 * along]
    cover.polygon([tuple(point) for point in (*corners, *far)])
    thumb = palm + side * wide * 0.9 * across
    cover.line([tuple(thumb + 6 * along), tuple(thumb + side * 5 * across - 4 * along)], thick)
    shade = skin * (curved(size, 0.15) - 0.3 * gaps.values())
    covered = cover.values()
    shadow = np.roll(covered, round(size[0] / SIDE), axis=0)
    image = lay_over(image, 0.0, 0.25 * shadow)
    return lay_over(image, shade, covered)


def _hair(image, draw, bottom: float) -> np.ndarray:
    """Draw strands that hang over the forehead."""
    shade, parting = draw.uniform(15, 90), draw.uniform(8, 40)
    size = image.shape[:2]
    cover, lights = Cover(size), Cover(size)
    cover.polygon([(-1, -1), (49, -1), (49, 0.6 * bottom), (-1, 0.6 * bottom)])
    strands, drawn = [], []
    for x in np.arange(-1, 49, 1.1).tolist():
        end = bottom + draw.normal(0, 0.9)
        bend = 0.12 * (x - parting) + draw.normal(0, 0.6)
        strands.append([(x - bend, -1), (x, 0.5 * end), (x + bend, end)])
        drawn.append((draw.uniform(1.2, 2.2), draw.uniform(0, 1)))
    thickness, shine = np.array(drawn).T
    cover.strands(np.array(strands), thickness, np.ones(len(strands)))
    lights.strands(np.array(strands), np.full(len(strands), 0.5), shine)
    for x, sign in ((-1, 1), (49, -1)):  # it hangs down at the temples
        width = draw.uniform(2, 5)
        cover.polygon([(x, -1), (x + sign * width, bottom), (x, bottom + draw.uniform(4, 16))])
    return lay_over(image, shade + 45 * lights.values(), cover.values())


def _cap(image, draw, bottom: float) -> np.ndarray:
    """Draw a cap with its band or visor as the lower edge."""
    shade, visor = draw.uniform(20, 210), draw.random() < 0.6
    bottom, middle = bottom + draw.normal(0, 0.4), 24 + draw.normal(0, 1)
    arch = draw.uniform(1.0, 2.5)
    across = np.linspace(-26, 26, 15)
    edge = [(middle + x, bottom - arch + arch * (1 - (x / 26) ** 2)) for x in across]
    band_height = 3.5 if visor else 2.5
    size = image.shape[:2]
    cover, band = Cover(size), Cover(size)
    cover.polygon([(-2, -1), *edge, (50, -1)])
    upper = [(x, y - band_height) for x, y in reversed(edge)]
    band.polygon([*edge, *upper])
    light = curved(size, 0.3) * (1 - (0.4 if visor else 0.2) * band.values())
    if visor:  # its shadow on the face
        shadow = Cover(size)
        shadow.polygon([*edge, *[(x, y + 3) for x, y in reversed(edge)]])
        image = lay_over(image, 0.0, 0.35 * shadow.values())
    return lay_over(image, shade * light, cover.values())


def _patch(image, draw, share: float) -> np.ndarray:
    height, width = image.shape[:2]
    longer = draw.uniform(0.7, 1.4)
    tall = min(round(height * np.sqrt(share * longer)), height)
    wide = min(round(height * width * share / max(tall, 1)), width)
    top = draw.integers(0, height - tall, endpoint=True)
    left = draw.integers(0, width - wide, endpoint=True)
    result = image.copy()
    result[top : top + tall, left : left + wide] = draw.integers(0, 256)
    return result
