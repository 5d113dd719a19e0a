"""How alike two images are, regardless of small shifts, brightness and compression."""

from __future__ import annotations

import numpy as np

SIDE = 48
"""Images are compared at this size, in pixels."""

FREQUENCIES = 8
"""Waves per image side, each way, that a signature holds."""

REACH = 4
"""The largest shift at which two images are compared, in pixels."""

_FINE, _COARSE = 1.0, 6.0
"""Standard deviations in pixels of the two blurs whose difference is compared: finer detail is
mostly compression noise, coarser detail is mostly light."""

_FAINTEST = 1.0
"""Grey levels: contrast added to both sides of a comparison, so that noise on a plain background
does not count as likeness."""

_FAINT_WAVE = 5.0
"""Size of a wave, in an image of contrast 1, below which it has little weight."""

_CHUNK = 2048


def contrast(images: np.ndarray) -> np.ndarray:
    """Return the standard deviation of each image's pixels, float64 `(n,)`, in grey levels."""
    # In chunks: numpy would hold all images as float64 at once.
    parts = [images[start : start + _CHUNK] for start in range(0, len(images), _CHUNK)]
    return np.concatenate([np.zeros(0), *(p.reshape(len(p), -1).std(axis=1) for p in parts)])


def signatures(images: np.ndarray) -> np.ndarray:
    """Describe each image by the sizes of its low frequencies, which do not depend on small shifts.

    Image and mirror image differ in the order of the numbers alone (`mirror_signatures`). The
    fall of the spectrum with frequency, common to nearly all photographs, is removed.

    Args:
        images: uint8 `(n, 48, 48)`, pixels 0-255.

    Returns:
        float32 `(n, 17, 9)`, of length 1 in the last two axes together: the product of two is
        their likeness, 1 for the same image.
    """
    from scipy.fft import rfft2

    m, common = FREQUENCIES, _fall_of_the_spectrum()
    window = np.hanning(SIDE).astype(np.float32)
    result = np.empty((len(images), 2 * m + 1, m + 1), np.float32)
    for start in range(0, len(images), _CHUNK):
        pixels = images[start : start + _CHUNK].astype(np.float32)
        pixels -= pixels.mean(axis=(1, 2), keepdims=True)
        pixels /= pixels.std(axis=(1, 2), keepdims=True) + np.float32(_FAINTEST)
        spectrum = np.abs(rfft2(pixels * np.outer(window, window)))
        low = np.concatenate([spectrum[:, -m:, : m + 1], spectrum[:, : m + 1, : m + 1]], axis=1)
        flat = np.log1p(low / _FAINT_WAVE).reshape(len(low), -1)
        flat -= (flat @ common) @ common.T
        flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
        result[start : start + _CHUNK] = flat.reshape(low.shape)
    return result


def mirror_signatures(signatures: np.ndarray) -> np.ndarray:
    """Return the signatures of the mirror images."""
    return signatures[:, ::-1]


def _fall_of_the_spectrum() -> np.ndarray:
    """Return an orthonormal basis, float32 `(153, 3)`, of smooth falls with frequency."""
    m = FREQUENCIES
    radius = np.hypot(np.arange(-m, m + 1)[:, None], np.arange(m + 1)).ravel()
    falls = np.stack([np.ones_like(radius), np.log1p(radius), radius], axis=1)
    return np.linalg.qr(falls)[0].astype(np.float32)


def aligned_likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Align pairs of images by the best of all small shifts and correlate them.

    Args:
        first: uint8 `(n, 48, 48)`, pixels 0-255.
        second: uint8 `(n, 48, 48)`.

    Returns:
        float32 `(n,)`, correlation of the middles of the images, blurred a little and without
        their coarse light, at the best shift of up to `REACH` pixels: 1 for the same image.
    """
    middle = slice(REACH, SIDE - REACH)
    ours, theirs = _detail(first)[:, middle, middle], _detail(second)
    side, places = SIDE - 2 * REACH, 2 * REACH + 1
    # Sums over each window of `theirs`, by two products with a band of ones.
    band = np.zeros((places, SIDE), np.float32)
    for place in range(places):
        band[place, place : place + side] = 1
    floor = np.float32(side * side * _FAINTEST**2)
    energy = band @ theirs**2 @ band.T + floor
    own = np.einsum("nij,nij->n", ours, ours) + floor
    best = np.full(len(first), -1, np.float32)
    for top in range(places):
        for left in range(places):
            window = theirs[:, top : top + side, left : left + side]
            product = np.einsum("nij,nij->n", ours, window)
            np.maximum(best, product / np.sqrt(own * energy[:, top, left]), out=best)
    return best


def _detail(images: np.ndarray) -> np.ndarray:
    """Return the images between the two blurs, float32 `(n, 48, 48)`."""
    pixels = images.astype(np.float32)
    fine, coarse = _blur(_FINE), _blur(_COARSE)
    return fine @ pixels @ fine.T - coarse @ pixels @ coarse.T


def _blur(width: float) -> np.ndarray:
    """Return the matrix, float32 `(48, 48)`, that blurs along one axis."""
    place = np.arange(SIDE)
    weights = np.exp(-0.5 * ((place[:, None] - place) / width) ** 2)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
