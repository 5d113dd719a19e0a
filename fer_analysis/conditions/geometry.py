"""A face that is not where, or how, it is expected: errors of a face detector and of a camera.

Where a picture ends, its edge is repeated.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from fer_analysis.conditions.severity import SIDE, severities, to_pixels, with_margin

HEAD_RADIUS = 23.0
"""Half the width of the cylinder that a head is turned as, in pixels at 48."""


@severities("{} degrees in the picture plane", 8, 16, 30, 45, 75)
def turned(images, draws, degrees: float) -> np.ndarray:
    """Tilt a face to the left or to the right."""
    return turn(images, [degrees * draw.choice((-1, 1)) for draw in draws])


@severities("{:g} px", 2, 4.5, 8, 12, 17)
def shifted(images, draws, distance: float) -> np.ndarray:
    """Move a face off the centre, in a random direction."""
    angles = np.array([draw.uniform(0, 2 * np.pi) for draw in draws])
    return shift(images, distance * np.stack([np.sin(angles), np.cos(angles)], axis=1))


@severities("{:g} times as large", 1.12, 1.28, 1.5, 1.8, 2.3)
def nearer(images, draws, factor: float) -> np.ndarray:
    """Crop too closely: a face becomes larger than its frame."""
    return zoom(images, factor)


@severities("{:g} times as large", 0.88, 0.75, 0.6, 0.45, 0.3)
def farther(images, draws, factor: float) -> np.ndarray:
    """Crop too widely: a face becomes a small part of its frame."""
    return zoom(images, factor)


@severities("head turned by {} degrees", 10, 20, 32, 45, 60)
def seen_from_the_side(images, draws, degrees: float) -> np.ndarray:
    """Turn the head to the left or to the right, as if the face were painted on a cylinder."""
    return turn_head(images, draws, degrees)


def turn(images, degrees) -> np.ndarray:
    """Rotate each image about its centre (bicubic).

    Args:
        images: uint8 `(n, h, w, 1)`.
        degrees: Counter-clockwise angles, `(n,)`.
    """
    height, width = images.shape[1:3]
    matrices = []
    for angle in np.deg2rad(degrees):
        cosine, sine = np.cos(angle), np.sin(angle)
        x = width / 2 - cosine * width / 2 + sine * height / 2
        y = height / 2 - sine * width / 2 - cosine * height / 2
        matrices.append((cosine, -sine, x, sine, cosine, y))
    return _resampled(images, matrices)


def shift(images, moves) -> np.ndarray:
    """Move each image by rows and columns (bicubic).

    Args:
        images: uint8 `(n, h, w, 1)`.
        moves: `(n, 2)`, rows downwards and columns to the right, in pixels at 48.
    """
    height, width = images.shape[1:3]
    return _resampled(
        images,
        [(1, 0, -right * width / SIDE, 0, 1, -down * height / SIDE) for down, right in moves],
    )


def zoom(images, factor: float) -> np.ndarray:
    """Enlarge or reduce about the centre (bicubic)."""
    height, width = images.shape[1:3]
    shown_height, shown_width = height / factor, width / factor
    more = max(0, int(np.ceil(max(shown_height - height, shown_width - width) / 2)))
    padded = with_margin(images, more)
    top, left = more + (height - shown_height) / 2, more + (width - shown_width) / 2
    box = (left, top, left + shown_width, top + shown_height)
    result = np.empty_like(images)
    for index, image in enumerate(padded):
        result[index, ..., 0] = Image.fromarray(image).resize(
            (width, height), Image.Resampling.BICUBIC, box=box
        )
    return result


def turn_head(images, draws, degrees: float) -> np.ndarray:
    """Turn each head to a random side about the vertical axis (linear along each row)."""
    width = images.shape[2]
    radius = HEAD_RADIUS / SIDE
    across = ((np.arange(width) + 0.5) / width - 0.5) / radius
    angles = np.deg2rad(degrees) * np.array([draw.choice((-1, 1)) for draw in draws])[:, None]
    on_head = np.arcsin(np.clip(across, -1, 1))[None] - angles
    seen = np.sin(np.clip(on_head, -np.pi / 2, np.pi / 2))
    columns = np.clip((seen * radius + 0.5) * width - 0.5, 0, width - 1)
    low = np.minimum(np.floor(columns).astype(int), width - 2)
    part = (columns - low)[:, None, :].astype(np.float32)
    pixels = images[..., 0]
    first = np.take_along_axis(pixels, low[:, None, :], axis=2)
    second = np.take_along_axis(pixels, low[:, None, :] + 1, axis=2)
    return to_pixels(first + part * (second.astype(np.float32) - first))[..., None]


def _resampled(images, matrices) -> np.ndarray:
    """Read each image at `(a x + b y + c, d x + e y + f)`; its edge is repeated outside."""
    height, width = images.shape[1:3]
    margin = max(height, width) // 2
    padded = with_margin(images, margin)
    result = np.empty_like(images)
    for index, (image, (a, b, c, d, e, f)) in enumerate(zip(padded, matrices, strict=True)):
        result[index, ..., 0] = Image.fromarray(image).transform(
            (width, height),
            Image.Transform.AFFINE,
            (a, b, c + margin, d, e, f + margin),
            Image.Resampling.BICUBIC,
        )
    return result
