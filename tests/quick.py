"""Make tests quick: figures that are built, but not rendered; networks that are not compiled.

Rendering takes most of the time of `fer evaluate`, and compiling a small network takes longer than
training it step by step.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

RENDER = Figure.savefig


def quick(*, pictures: bool = True, steps: bool = True) -> None:
    """Choose what this process does quickly from now on.

    Args:
        pictures: Write a pixel in place of each picture.
        steps: Run TensorFlow's functions step by step, where TensorFlow is imported.
    """
    Figure.savefig = _write_pixel if pictures else RENDER
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.config.run_functions_eagerly(steps)


def _write_pixel(figure, path, **options):
    if options.get("format") != "png":
        return RENDER(figure, path, **options)
    return Path(path).write_bytes(_PIXEL)


def _pixel() -> bytes:
    with io.BytesIO() as buffer:
        Image.new("L", (1, 1)).save(buffer, "PNG")
        return buffer.getvalue()


_PIXEL = _pixel()
