"""Too little light, too much, and light from the wrong direction."""

from __future__ import annotations

import numpy as np

from fer_analysis.conditions.severity import SIDE, severities, to_pixels

FACE = (25.0, 24.0)
"""Row and column of a face's centre, at 48."""

FACE_RADII = (23.0, 18.0)
"""Half its height and half its width, in pixels at 48."""


@severities("grey levels times {:g}", 0.6, 0.35, 0.2, 0.1, 0.04)
def dark(images, draws, factor: float) -> np.ndarray:
    """Darken without noise: what is lost is lost to rounding."""
    return dim(images, factor)


@severities("grey levels times {:g}", 1.3, 1.6, 2, 2.7, 4)
def overexposed(images, draws, factor: float) -> np.ndarray:
    """Brighten; what exceeds white is white."""
    return to_pixels(images * np.float32(factor))


@severities("{:g} % of the contrast", 60, 40, 25, 12, 5)
def low_contrast(images, draws, percent: float) -> np.ndarray:
    """Bring all grey levels nearer to the picture's mean, as haze and glare do."""
    mean = images.mean(axis=(1, 2, 3), keepdims=True, dtype=np.float32)
    return to_pixels(mean + np.float32(percent / 100) * (images - mean))


@severities("{:g} % of the light on the dark side", 65, 40, 22, 10, 2)
def one_sided_light(images, draws, percent: float) -> np.ndarray:
    """Light a face from the left or the right: the other half is in shadow."""
    return light_from_one_side(images, draws, percent / 100)


@severities("face at {:g} % of its light, white behind it", 75, 50, 32, 18, 8)
def backlight(images, draws, percent: float) -> np.ndarray:
    """Place a face before a window: the background is white, the face is dark."""
    height, width = images.shape[1:3]
    y, x = _grid(height, width)
    moves = np.array([draw.normal(0, 1, 2) for draw in draws])[:, :, None, None]
    distance = np.hypot(
        (y - FACE[0] - moves[:, 0]) / FACE_RADII[0], (x - FACE[1] - moves[:, 1]) / FACE_RADII[1]
    )
    outside = _rise((distance - 1.08) / 0.05)[..., None]
    strength = 1 - percent / 100
    background = images + strength * (255 - images.astype(np.float32))
    glow = 25 * strength * _rise((distance - 0.9) / 0.12)[..., None]
    face = images * np.float32(percent / 100) + glow
    return to_pixels(face + outside * (background - face))


def dim(images, factor: float) -> np.ndarray:
    """Multiply grey levels."""
    return to_pixels(images * np.float32(factor))


def light_from_one_side(images, draws, share: float) -> np.ndarray:
    """Leave this share of the light on one side of a line near the middle of the face."""
    y, x = _grid(*images.shape[1:3])
    given = np.array([(d.choice((-1, 1)), d.normal(0, 1.5), d.normal(0, 0.25)) for d in draws])
    side, place, slope = given.T[..., None, None]
    across = side * (x - FACE[1] - place + slope * (y - FACE[0]))
    return to_pixels(images * (share + (1 - share) * _rise(across / 3))[..., None])


def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each pixel's row `(h, 1)` and column `(1, w)` in pixels at 48."""
    y = (np.arange(height, dtype=np.float32) + 0.5) * (SIDE / height)
    x = (np.arange(width, dtype=np.float32) + 0.5) * (SIDE / width)
    return y[:, None], x[None, :]


def _rise(values: np.ndarray) -> np.ndarray:
    """Return the logistic function."""
    return 1 / (1 + np.exp(-np.clip(values, -30, 30)))
