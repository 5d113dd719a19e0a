"""What a lens, a movement and too few pixels take away: detail."""

from __future__ import annotations

import functools

import numpy as np
from PIL import Image
from scipy.fft import irfft2, rfft2

from fer_analysis.conditions.severity import SIDE, severities, to_pixels, with_margin

_SAMPLES = 8
"""Points across a pixel where a kernel is drawn."""


@severities("disc of radius {:g} px", 0.8, 1.4, 2.1, 3.0, 4.2)
def defocus(images, draws, radius: float) -> np.ndarray:
    """Blur with a disc, as a lens that is out of focus does."""
    return blur_by_disc(images, radius)


@severities("{:g} px long", 2, 3.5, 5.5, 8, 12)
def motion_blur(images, draws, length: float) -> np.ndarray:
    """Blur along a straight line of random direction, as a moving head or camera does."""
    return blur_by_motion(images, draws, length)


@severities("{} px instead of 48", 36, 27, 20, 14, 10)
def low_resolution(images, draws, side: int) -> np.ndarray:
    """Take a picture with fewer pixels, and enlarge it again (bicubic)."""
    return reduce_resolution(images, side)


def blur_by_disc(images, radius: float) -> np.ndarray:
    """Convolve with a disc; its radius is in pixels at 48."""
    height, width = images.shape[1:3]
    return _convolve(images, *_disc(radius * width / SIDE, height, width))


@functools.cache
def _disc(reach: float, height: int, width: int) -> tuple[np.ndarray, int]:
    """Return a disc's spectrum, and its margin, for images of one size."""
    steps = np.arange(-np.ceil(reach) - 0.5, np.ceil(reach) + 0.5, 1 / _SAMPLES) + 0.5 / _SAMPLES
    y, x = np.meshgrid(steps, steps, indexing="ij")
    inside = np.hypot(x, y) <= max(reach, 1 / _SAMPLES)
    return _spectrum(np.stack([y[inside], x[inside]], axis=1)[None], height, width)


def blur_by_motion(images, draws, length: float) -> np.ndarray:
    """Convolve each image with a line of random direction; its length is in pixels at 48."""
    reach = length * images.shape[2] / SIDE / 2
    angles = np.array([draw.uniform(0, np.pi) for draw in draws])
    steps = np.linspace(-reach, reach, 2 + round(_SAMPLES * reach))
    direction = np.stack([np.sin(angles), np.cos(angles)], axis=1)
    points = steps[None, :, None] * direction[:, None, :]
    return _convolve(images, *_spectrum(points, *images.shape[1:3]))


def reduce_resolution(images, side: int) -> np.ndarray:
    """Reduce so that 48 pixels become `side`, and enlarge to the old size."""
    height, width = images.shape[1:3]
    small = max(1, round(width * side / SIDE)), max(1, round(height * side / SIDE))
    result = np.empty_like(images)
    for index, image in enumerate(images[..., 0]):
        reduced = Image.fromarray(image).resize(small, Image.Resampling.BOX)
        result[index, ..., 0] = reduced.resize((width, height), Image.Resampling.BICUBIC)
    return result


def _convolve(images, spectrum: np.ndarray, margin: int) -> np.ndarray:
    """Convolve with kernels given by their spectrum (one, or one an image); edges are repeated."""
    height, width = images.shape[1:3]
    padded = with_margin(images, margin)
    blurred = irfft2(rfft2(padded.astype(np.float32)) * spectrum, s=padded.shape[1:])
    return to_pixels(blurred[:, margin : margin + height, margin : margin + width, None])


def _spectrum(points: np.ndarray, height: int, width: int) -> tuple[np.ndarray, int]:
    """Return the spectrum of kernels given as points, and the margin that images need.

    Args:
        points: float `(1 or n, m, 2)`, rows and columns from the centre.
        height: Rows of an image.
        width: Columns of an image.
    """
    margin = int(np.ceil(np.abs(points).max())) + 1
    return rfft2(_kernels(points, (height + 2 * margin, width + 2 * margin))), margin


def _kernels(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Spread points over the four pixels around each; the centre is pixel (0, 0), cyclic."""
    low = np.floor(points).astype(int)
    part = points - low
    first = np.arange(len(points))[:, None] * (shape[0] * shape[1])
    places, weights = [], []
    for row in (0, 1):
        for column in (0, 1):
            weight = np.abs(1 - row - part[..., 0]) * np.abs(1 - column - part[..., 1])
            rows, columns = (low[..., 0] + row) % shape[0], (low[..., 1] + column) % shape[1]
            places.append(first + rows * shape[1] + columns)
            weights.append(weight / points.shape[1])
    size = len(points) * shape[0] * shape[1]
    kernels = np.bincount(np.ravel(places), np.ravel(weights), minlength=size)
    return kernels.reshape(len(points), *shape).astype(np.float32)
