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
    lost_count = round(percent / 100 * (len(rows) - 1) * (len(columns) - 1))
    result = images.copy()
    for index, draw in enumerate(draws):
        order = draw.permutation((len(rows) - 1) * (len(columns) - 1))
        for block in order[:lost_count]:
            row, column = divmod(int(block), len(columns) - 1)
            shown = max(column - 1, 0) if column else 1
            source = images[index, rows[row] : rows[row + 1], columns[shown] : columns[shown + 1]]
            result[index, rows[row] : rows[row + 1], columns[column] : columns[column + 1]] = (
                source.mean()
            )
    return result


def compress_jpeg(images, quality: int) -> np.ndarray:
    """Return images as JPEG files of this quality (1 to 95) show them."""
    result = np.empty_like(images)
    for index, image in enumerate(images[..., 0]):
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        result[index, ..., 0] = Image.open(file)
    return result
