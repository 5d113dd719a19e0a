"""A user's own facial regions: a label mask (`.npy`, `.png`) or named boxes (`.yaml`)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.data.readers.decode import grey_on_background
from fer_analysis.data.readers.png_sums import pixels_agree
from fer_analysis.data.regions.template import Regions
from fer_analysis.errors import FerError, first_line

MOST_PIXELS = 50_000_000
"""Of a mask: larger pictures are refused before they are decoded."""

MOST = 30
"""A mask with more regions is taken for a photograph."""


def read_regions(path: str | Path, height: int, width: int) -> Regions:
    """Read regions for images of a size.

    A mask has 0 for the background and a whole number for each region. A YAML file maps a name
    to a box, `[row from, row to, column from, column to]` (half-open, in the images' pixels),
    or to a list of boxes; where boxes overlap, a pixel belongs to the first region.

    Args:
        path: The file.
        height: Rows of the images.
        width: Columns of the images.

    Raises:
        FerError: If the file is none of these, or its regions do not fit the images.
    """
    path = Path(path)
    if not path.is_file():
        raise FerError(f"{path}: no such file")
    if path.suffix in (".yaml", ".yml"):
        names, pixels = _boxes(path, height, width)
    elif path.suffix in (".npy", ".png"):
        names, pixels = _mask(path, height, width)
    else:
        raise FerError(f"{path}: expected a .npy or .png mask or a .yaml of boxes")
    return Regions((*names, "background"), pixels, source=path.name)


def _mask(path: Path, height: int, width: int) -> tuple[list[str], np.ndarray]:
    mask = _read_mask(path)
    if mask.shape != (height, width) or not np.issubdtype(mask.dtype, np.integer):
        shape = "x".join(map(str, mask.shape)) or "a single number"
        raise FerError(
            f"{path}: expected whole numbers, {height}x{width}; received {mask.dtype}, {shape}"
        )
    values = np.unique(mask)
    if values[0] < 0:
        raise FerError(f"{path}: expected 0 (background) or more, received {values[0]}")
    values = values[values > 0]
    if not 1 <= len(values) <= MOST:
        raise FerError(
            f"{path}: expected 1 to {MOST} regions (values above 0), received {len(values)}"
        )
    pixels = np.where(mask > 0, np.searchsorted(values, mask), len(values))
    return [f"region {value}" for value in values], pixels


def _read_mask(path: Path) -> np.ndarray:
    try:
        if path.suffix == ".npy":
            return np.load(path, allow_pickle=False)
        from PIL import Image

        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{image.width}x{image.height} pixels")
            if not pixels_agree(path):
                raise ValueError("another check sum")
            # Of an image with a palette the numbers are used, not the colours.
            if image.mode in ("P", "L", "I", "I;16") and "transparency" not in image.info:
                return np.array(image)
            # What is transparent is background, whatever colour lies under it.
            return grey_on_background(image)[0].copy()
    # Decoders of damaged files raise almost anything.
    except Exception as error:
        raise FerError(f"{path}: not a mask that can be read ({type(error).__name__})") from error


def _boxes(path: Path, height: int, width: int) -> tuple[list[str], np.ndarray]:
    import yaml

    try:
        table = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FerError(f"{path}: not YAML: {first_line(error)}") from error
    if not isinstance(table, dict) or not 1 <= len(table) <= MOST:
        raise FerError(f"{path}: expected 1 to {MOST} lines `name: [row, row, column, column]`")
    regions = {str(name): _as_boxes(value) for name, value in table.items()}
    problems = [
        problem
        for name, boxes in regions.items()
        for problem in _box_problems(name, boxes, table, height, width)
    ]
    if problems:
        raise FerError(f"{path}", problems)
    pixels = np.full((height, width), len(regions))
    for index, boxes in reversed(list(enumerate(regions.values()))):
        for top, bottom, left, right in boxes:
            pixels[top:bottom, left:right] = index
    hidden = [name for i, name in enumerate(regions) if not (pixels == i).any()]
    if hidden:
        raise FerError(f"{path}: no pixel is left of {', '.join(hidden)}: regions above cover it")
    return list(regions), pixels


def _as_boxes(value: object) -> list | None:
    """Return a list of boxes of four whole numbers each; None if it is something else."""
    if not isinstance(value, list) or not value:
        return None
    boxes = value if all(isinstance(box, list) for box in value) else [value]
    good = all(len(box) == 4 and all(type(number) is int for number in box) for box in boxes)
    return boxes if good else None


def _box_problems(name: str, boxes, table: dict, height: int, width: int) -> list[str]:
    if name == "background":
        return ["background: reserved for pixels outside all boxes; choose another name"]
    if boxes is None:
        received = next(value for key, value in table.items() if str(key) == name)
        return [
            f"{name}: expected [row from, row to, column from, column to] in whole pixels, "
            f"received {received!r}"
        ]
    return [
        f"{name}: {box}: expected rows within 0-{height} and columns within 0-{width}, "
        "each from below to"
        for box in boxes
        if not (0 <= box[0] < box[1] <= height and 0 <= box[2] < box[3] <= width)
    ]
