"""What saving and sending a picture does to it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from fer_analysis.conditions.severity import SIDE, severities

BLOCK = 8
"""Side of a block that is sent as one, in pixels at 48."""


@severities("quality {}", 60, 30, 15, 8, 3)
def jpeg(images, draws, quality: int) -> np.ndarray:
    """Save as JPEG and read again. Its blocks are 8 pixels wide at any image size."""
    return compress_jpeg(images, quality)


@severities("{} % of the blocks", 4, 10, 20, 35, 55)
def block_loss(images, draws, percent: float) -> np.ndarray:
    """Lose blocks of 8 px on the way: each shows the mean grey of the block to its left."""
    height, width = images.shape[1:3]
    rows = np.linspace(0, height, round(SIDE / BLOCK) + 1).round().astype(int)
    columns = np.linspace(0, width, round(SIDE / BLOCK) + 1).round().astype(int)
    across = len(columns) - 1
    count = (len(rows) - 1) * across
    sums = np.add.reduceat(images[..., 0], rows[:-1], axis=1, dtype=np.int64)
    sums = np.add.reduceat(sums, columns[:-1], axis=2)
    greys = (sums // (np.diff(rows)[:, None] * np.diff(columns))).astype(np.uint8)
    result = images.copy()
    for image, grey, draw in zip(result, greys, draws, strict=True):
        for block in draw.permutation(count)[: round(percent / 100 * count)].tolist():
            row, column = divmod(block, across)
            shown = column - 1 if column else 1
            top, bottom, left, right = *rows[row : row + 2], *columns[column : column + 2]
            image[top:bottom, left:right] = grey[row, shown]
    return result


def compress_jpeg(images, quality: int) -> np.ndarray:
    """Return images as JPEG files of this quality (1 to 95) show them."""
    result = np.empty_like(images)
    for index, image in enumerate(images[..., 0]):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        result[index, ..., 0] = Image.open(file)
    return result
