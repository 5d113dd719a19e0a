"""Measures of a picture: light, noise, sharpness, blocks, and how the face lies in it.

All of them take images of any size; lengths are in pixels of a picture with a side of 48. None
needs a network: numpy alone, about 0.1 ms a picture.
"""

from __future__ import annotations

import functools

import numpy as np

SIDE = 48
"""Lengths are given in pixels of a picture with this side."""

_CHUNK = 512


def measure(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure pictures of faces.

    Args:
        images: uint8 `(n, h, w, 1)`, at least 8 pixels high and wide.

    Returns:
        Name -> float64 `(n,)`:

        `brightness`: mean grey level of the middle of the picture.
        `contrast`: standard deviation there, in grey levels.
        `noise`: standard deviation of independent noise, in grey levels (Immerkaer 1996, "Fast
        noise variance estimation", with the median instead of the mean: edges are few).
        `specks`: share of single pixels that differ from their surroundings by 40 grey levels.
        `sharpness`: what the finest detail has of the contrast, a share.
        `grain`: what the noise has of the contrast, a share: a blurred picture has none.
        `resolution`: side of the smallest picture that this one could have been enlarged from.
        `blocks`: how much steeper grey levels change at the borders of 8 x 8 blocks than elsewhere
        (the logarithm of the ratio).
        `flat`: share of 8 x 8 blocks without any detail.
        `uneven_light`: logarithm of the brighter half's mean grey level (left or right) over that
        of the other.
        `asymmetry`: 1 minus the correlation of the picture with its mirror image, 12 pixels wide.
        `eye_light`, `mouth_light`: logarithm of the mean grey level around the eyes and around the
        mouth over that of the middle.
        `eye_detail`, `mouth_detail`: the same of how steeply grey levels change there.
    """
    parts = [_measure(images[at : at + _CHUNK, ..., 0]) for at in range(0, len(images), _CHUNK)]
    if not parts:
        return {name: np.zeros(0) for name in measure(np.zeros((1, SIDE, SIDE, 1), np.uint8))}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measure(pixels: np.ndarray) -> dict[str, np.ndarray]:
    grey = pixels.astype(np.float32)
    middle = _middle(grey)
    contrast = middle.std(axis=(1, 2))
    fine = grey[:, 1:-1, 1:-1] - _box(grey)
    noise = _noise(grey)
    found = {
        "brightness": middle.mean(axis=(1, 2)),
        "contrast": contrast,
        "noise": noise,
        "specks": _specks(grey),
        "sharpness": fine.std(axis=(1, 2)) / (contrast + 1),
        "grain": noise / (contrast + 1),
        "resolution": _resolution(grey),
        **_blocks(grey),
        **_symmetry(grey),
        **_parts(grey),
    }
    return {name: values.astype(np.float64) for name, values in found.items()}


def _middle(grey: np.ndarray) -> np.ndarray:
    """Return the part of a picture that shows skin: without hair and background."""
    height, width = grey.shape[1:]
    return grey[:, height // 6 : height - height // 8, width // 5 : width - width // 5]


def _box(grey: np.ndarray) -> np.ndarray:
    """Return the mean of each inner pixel's 3 x 3 neighbourhood."""
    rows = grey[:, :-2] + grey[:, 1:-1] + grey[:, 2:]
    return (rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]) / 9


def _noise(grey: np.ndarray) -> np.ndarray:
    rows = grey[:, :-2] - 2 * grey[:, 1:-1] + grey[:, 2:]
    second = rows[:, :, :-2] - 2 * rows[:, :, 1:-1] + rows[:, :, 2:]
    return np.median(np.abs(second).reshape(len(grey), -1), axis=1) / (6 * 0.6745)


def _specks(grey: np.ndarray) -> np.ndarray:
    """Compare each inner pixel with the nearest of its four neighbours' range."""
    centre = grey[:, 1:-1, 1:-1]
    around = (grey[:, :-2, 1:-1], grey[:, 2:, 1:-1], grey[:, 1:-1, :-2], grey[:, 1:-1, 2:])
    high, low = functools.reduce(np.maximum, around), functools.reduce(np.minimum, around)
    return ((centre > high + 40) | (centre < low - 40)).mean(axis=(1, 2))


def _resolution(grey: np.ndarray) -> np.ndarray:
    """Find the frequency beyond which a picture has hardly any detail."""
    height, width = grey.shape[1:]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    flat = grey - grey.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.rfft2(flat * window.astype(np.float32))) ** 2
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    edges = np.arange(0.06, 0.51, 0.02)
    masks = [(frequency >= low) & (frequency < low + 0.02) for low in edges]
    # Small pictures have no frequency in some rings.
    rings = np.stack([power[:, ring].sum(axis=1) / max(ring.sum(), 1) for ring in masks], axis=1)
    detail = rings * (edges + 0.01) ** 3
    share = np.cumsum(detail, axis=1) / np.maximum(detail.sum(axis=1, keepdims=True), 1e-6)
    return 2 * SIDE * (edges[(share < 0.9).sum(axis=1).clip(0, len(edges) - 1)] + 0.01)


def _blocks(grey: np.ndarray) -> dict[str, np.ndarray]:
    n, height, width = grey.shape
    across, down = np.abs(np.diff(grey, axis=2)), np.abs(np.diff(grey, axis=1))
    column, row = np.arange(width - 1) % 8 == 7, np.arange(height - 1) % 8 == 7
    on = np.zeros(n)
    if column.any() and row.any():
        on = across[:, :, column].mean(axis=(1, 2)) + down[:, row].mean(axis=(1, 2))
    off = across[:, :, ~column].mean(axis=(1, 2)) + down[:, ~row].mean(axis=(1, 2))
    whole = grey[:, : height // 8 * 8, : width // 8 * 8]
    blocks = whole.reshape(n, height // 8, 8, width // 8, 8)
    spread = blocks.max(axis=(2, 4)) - blocks.min(axis=(2, 4))
    return {
        "blocks": np.log((on + 0.5) / (off + 0.5)),
        "flat": (spread < 4).mean(axis=(1, 2)),
    }


def _symmetry(grey: np.ndarray) -> dict[str, np.ndarray]:
    small = reduced(grey, 12)
    halves = small[:, 2:11, 1:5].mean(axis=(1, 2)), small[:, 2:11, 7:11].mean(axis=(1, 2))
    flat = unit(small.reshape(len(small), -1))
    mirrored = unit(small[:, :, ::-1].reshape(len(small), -1))
    return {
        "uneven_light": np.abs(np.log((halves[0] + 5) / (halves[1] + 5))),
        "asymmetry": 1 - (flat * mirrored).sum(axis=1),
    }


def _parts(grey: np.ndarray) -> dict[str, np.ndarray]:
    """Compare eyes and mouth with the middle; rows and columns of pictures 12 pixels wide."""
    steep = np.abs(np.diff(grey, axis=2))[:, 1:] + np.abs(np.diff(grey, axis=1))[:, :, 1:]
    found = {}
    for what, picture in (("light", reduced(grey, 12)), ("detail", reduced(steep, 12))):
        eyes, mouth, middle = (
            picture[:, rows, 2:10].mean(axis=(1, 2)) + 1
            for rows in (slice(3, 6), slice(7, 11), slice(2, 11))
        )
        found |= {f"eye_{what}": np.log(eyes / middle), f"mouth_{what}": np.log(mouth / middle)}
    return found


def reduced(grey: np.ndarray, side: int) -> np.ndarray:
    """Reduce pictures to `side` by averaging areas, float32 `(n, side, side)`."""
    rows, columns = (_areas(side, length) for length in grey.shape[1:])
    return rows @ grey @ columns.T


@functools.cache
def _areas(side: int, length: int) -> np.ndarray:
    """Return which share each of `length` pixels has in each of `side`, rows sum to 1."""
    ends = np.arange(side + 1) * length / side
    pixels = np.arange(length)
    overlap = np.minimum(ends[1:, None], pixels + 1) - np.maximum(ends[:-1, None], pixels)
    return (np.maximum(overlap, 0) * side / length).astype(np.float32)


def unit(values: np.ndarray) -> np.ndarray:
    """Return rows with mean 0 and length 1; a row without contrast stays 0."""
    centred = values - values.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
