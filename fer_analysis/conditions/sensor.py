"""What a camera's sensor adds: noise."""

from __future__ import annotations

import numpy as np

from fer_analysis.conditions.severity import severities, to_pixels


@severities("sd {} grey levels", 4, 8, 16, 28, 50)
def gaussian_noise(images, draws, sd: float) -> np.ndarray:
    """Add independent normal noise to every pixel, as an amplified sensor does."""
    return add_gaussian_noise(images, draws, sd)


@severities("{} photons at white", 1500, 400, 120, 40, 12)
def shot_noise(images, draws, photons: float) -> np.ndarray:
    """Count photons (Poisson noise): light regions scatter more than dark ones.

    At mid grey the standard deviation is 180 grey levels over the root of the photons at white.
    """
    return add_shot_noise(images, draws, photons)


@severities("{:g} % of the pixels black or white", 0.5, 2, 5, 12, 25)
def impulse_noise(images, draws, percent: float) -> np.ndarray:
    """Make single pixels black or white, as defective sensor cells and bit errors do."""
    chance = _each(draws, lambda draw, shape: draw.random(shape, dtype=np.float32), images)
    share = percent / 100
    result = np.where(chance < share / 2, np.uint8(0), images)
    return np.where(chance > 1 - share / 2, np.uint8(255), result)


def add_gaussian_noise(images, draws, sd: float) -> np.ndarray:
    """Add normal noise with a standard deviation in grey levels."""
    noise = _each(draws, lambda draw, shape: draw.standard_normal(shape, np.float32), images)
    return to_pixels(images + sd * noise)


def add_shot_noise(images, draws, photons: float) -> np.ndarray:
    """Replace grey levels by Poisson counts with `photons` expected at white."""
    expected = images * np.float32(photons / 255)
    counts = [draw.poisson(mean) for draw, mean in zip(draws, expected, strict=True)]
    return to_pixels(np.stack(counts) * (255 / photons))


def _each(draws, draw_one, images) -> np.ndarray:
    return np.stack([draw_one(draw, images.shape[1:]) for draw in draws])
