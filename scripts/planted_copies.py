#!/usr/bin/env python3
"""How many altered copies of its own faces does the audit find in a data set?

    python scripts/planted_copies.py --data PATH

Adds 100 altered copies of each kind below to the images, searches for near-duplicates among all
of them, and prints how many copies were found with their originals. About 15 seconds on
FER-2013.
"""

from __future__ import annotations

import argparse
import io

import numpy as np
from PIL import Image

from fer_analysis.config import parse_data
from fer_analysis.data.duplicates.search import FLAT, exact_groups, near_pairs
from fer_analysis.data.open import open_data


def shifted(image: np.ndarray, down: int, right: int) -> np.ndarray:
    """Move an image by a few pixels; its edge fills the gap."""
    height, width = image.shape
    padded = np.pad(image, 8, mode="edge")
    return padded[8 - down : 8 - down + height, 8 - right : 8 - right + width]


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Save an image as JPEG and read it again."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def brighter(image: np.ndarray, contrast: float, brightness: float) -> np.ndarray:
    """Change contrast around middle grey, and brightness in grey levels."""
    return np.clip((image - 128.0) * contrast + 128 + brightness, 0, 255).astype(np.uint8)


def rescaled(image: np.ndarray, factor: float) -> np.ndarray:
    """Scale an image down (or up) and back."""
    height, width = image.shape
    small = Image.fromarray(image).resize(
        (round(width * factor), round(height * factor)), Image.Resampling.BICUBIC
    )
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def zoomed(image: np.ndarray, factor: float) -> np.ndarray:
    """Show an image larger, around its middle, in a frame of the same size."""
    height, width = image.shape
    top, left = height * (1 - 1 / factor) / 2, width * (1 - 1 / factor) / 2
    padded = Image.fromarray(np.pad(image, 8, mode="edge"))
    box = (8 + left, 8 + top, 8 + width - left, 8 + height - top)
    return np.asarray(padded.resize((width, height), Image.Resampling.BICUBIC, box=box))


ALTERATIONS = {
    "mirrored": lambda image: image[:, ::-1],
    "shifted by 1": lambda image: shifted(image, 0, 1),
    "shifted by 2": lambda image: shifted(image, -2, 1),
    "shifted by 3": lambda image: shifted(image, 3, -3),
    "JPEG 75": lambda image: jpeg(image, 75),
    "JPEG 50": lambda image: jpeg(image, 50),
    "JPEG 20": lambda image: jpeg(image, 20),
    "brighter, flatter": lambda image: brighter(image, 0.7, 30),
    "darker, harder": lambda image: brighter(image, 1.4, -30),
    "re-scaled": lambda image: rescaled(image, 0.6),
    "mirrored, shifted, JPEG": lambda image: jpeg(shifted(image[:, ::-1], 2, -1), 75),
    "zoomed by 5 %": lambda image: zoomed(image, 1.05),
    "zoomed, shifted by 3, JPEG": lambda image: jpeg(zoomed(shifted(image, 3, -2), 1.05), 50),
    "zoomed by 10 %": lambda image: zoomed(image, 1.1),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True)
    parser.add_argument("--copies", type=int, default=100)
    options = parser.parse_args()
    images = open_data(parse_data({"source": options.data})).dataset.images[..., 0]
    originals = np.unique(exact_groups(images))
    originals = originals[images[originals].std(axis=(1, 2)) >= FLAT]
    rng = np.random.default_rng(0)
    sources = {name: rng.choice(originals, options.copies, replace=False) for name in ALTERATIONS}
    copies = [ALTERATIONS[name](images[row]) for name, rows in sources.items() for row in rows]
    pairs = near_pairs(np.concatenate([images, np.stack(copies)])[..., None])
    found = set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))
    copy = len(images)
    for name, rows in sources.items():
        hits = 0
        for row in rows.tolist():
            hits += (row, copy) in found
            copy += 1
        print(f"{name:28} {hits:>4} of {options.copies}")


if __name__ == "__main__":
    main()
