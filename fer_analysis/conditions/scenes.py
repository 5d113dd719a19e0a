"""Several conditions at once, as they come in life."""

from __future__ import annotations

import numpy as np

from fer_analysis.conditions.compression import compress_jpeg
from fer_analysis.conditions.focus import blur_by_disc, blur_by_motion, reduce_resolution
from fer_analysis.conditions.geometry import turn_head
from fer_analysis.conditions.light import dim, light_from_one_side
from fer_analysis.conditions.occlusion import put_on_mask
from fer_analysis.conditions.sensor import add_gaussian_noise, add_shot_noise
from fer_analysis.conditions.severity import severities


@severities(
    "light x {:g}, {} photons at white, blur {:g} px, JPEG quality {}",
    (0.8, 1200, 0.6, 60),
    (0.65, 400, 0.8, 45),
    (0.5, 150, 1.0, 30),
    (0.35, 60, 1.3, 20),
    (0.25, 25, 1.6, 12),
)
def webcam_at_night(images, draws, factor, photons, radius, quality) -> np.ndarray:
    """Sit before a webcam by the light of its screen: dark, noisy, soft, compressed."""
    images = dim(blur_by_disc(images, radius), factor)
    return compress_jpeg(add_shot_noise(images, draws, photons), quality)


@severities(
    "{} px instead of 48, noise sd {}, JPEG quality {}",
    (32, 2, 60),
    (24, 4, 45),
    (18, 6, 30),
    (14, 9, 20),
    (10, 12, 12),
)
def far_away_camera(images, draws, side, sd, quality) -> np.ndarray:
    """Look through a far-away camera: few pixels, enlarged, with noise, compressed."""
    images = add_gaussian_noise(reduce_resolution(images, side), draws, sd)
    return compress_jpeg(images, quality)


@severities(
    "mask to row {}, head turned {} degrees, light {} %, motion {:g} px, noise sd {}",
    (36, 5, 80, 1, 2),
    (32, 10, 65, 1.5, 3),
    (28, 15, 50, 2.5, 5),
    (25, 22, 38, 3.5, 7),
    (22, 30, 25, 5, 10),
)
def masked_in_a_corridor(images, draws, top, degrees, percent, length, sd) -> np.ndarray:
    """Walk past a camera in a corridor with a mask on, not looking at it."""
    images = turn_head(put_on_mask(images, draws, top), draws, degrees)
    images = light_from_one_side(images, draws, percent / 100)
    return add_gaussian_noise(blur_by_motion(images, draws, length), draws, sd)
