"""Image files of any size and colour, read as grey faces of one size."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_analysis.data.readers.source import Progress, RawFaces, resize, settle

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm")
MAX_PIXELS = 50_000_000
"""Larger files are refused before they are decoded: no face needs them, memory would."""

REPORT_EVERY = 250


class ImageFile(NamedTuple):
    """One file: its path relative to the data folder (`/` between), its label and split."""

    name: str
    label: str
    split: str


class Decoded(NamedTuple):
    """A grey image uint8 `(size, size)`, and how it differed from one on disk."""

    image: np.ndarray
    resized: bool
    coloured: bool
    shape: tuple[int, int]
    """Height and width on disk, in pixels."""


def read_images(
    folder: Path,
    files: Sequence[ImageFile],
    label_names: Sequence[str],
    *,
    official: bool = False,
    problems: Sequence[str] = (),
    skip_bad: bool = False,
    size: int = 48,
    progress: Progress | None = None,
) -> RawFaces:
    """Read image files as grey faces of one size.

    Args:
        folder: The data folder.
        files: What to read.
        label_names: All labels, in order.
        official: Whether the files' splits are FER-2013's own division.
        problems: Lines about what is bad already, to be reported with bad files.
        skip_bad: Leave bad files out, with a notice, instead of refusing the folder.
        size: Height and width of the images, in pixels.
        progress: Called with files read and files in all.

    Raises:
        FerError: If files are bad.
    """
    good, decoded, problems = [], [], list(problems)
    results = zip(files, decode_all([folder / file.name for file in files], size), strict=True)
    for done, (file, result) in enumerate(results, start=1):
        if isinstance(result, str):
            problems.append(f"{folder / file.name}: {result}")
        else:
            good.append(file)
            decoded.append(result)
        if progress and (done % REPORT_EVERY == 0 or done == len(files)):
            progress(done, len(files))
    notices = settle(folder, problems, skip_bad=skip_bad, good=len(good))
    position = {label: index for index, label in enumerate(label_names)}
    return RawFaces(
        images=np.stack([face.image for face in decoded])[..., None],
        labels=np.array([position[file.label] for file in good], dtype=np.int64),
        label_names=tuple(label_names),
        ids=np.array([file.name for file in good]),
        split=np.array([file.split for file in good]),
        official=official,
        notices=notices + _conversions(decoded, size),
    )


def _conversions(decoded: Sequence[Decoded], size: int) -> tuple[str, ...]:
    resized = sum(face.resized for face in decoded)
    coloured = sum(face.coloured for face in decoded)
    told = (
        (resized, f"{resized} of {len(decoded)} images resized to {size}x{size}"),
        (coloured, f"{coloured} of {len(decoded)} images turned from colour to grey"),
    )
    return tuple(notice for count, notice in told if count)


def decode_all(paths: Sequence[Path], size: int) -> Iterator[Decoded | str]:
    """Yield what `decode` says of each file, several at a time, in order."""
    from PIL import Image

    # The filters are set here and not in decode(): they belong to the process, not a thread.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield from pool.map(lambda path: decode(path, size), paths)


def decode(path: Path, size: int) -> Decoded | str:
    """Return one file as a grey image, or in a few words why it cannot be read."""
    from PIL import Image, ImageOps

    try:
        if not path.stat().st_size:
            return "empty file"
        with Image.open(path) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return f"{width}x{height} pixels, expected {MAX_PIXELS // 10**6} million at most"
            mode = image.mode
            grey = _grey(ImageOps.exif_transpose(image))
    except Image.UnidentifiedImageError:
        return "not an image, or a damaged one"
    # Decoders of damaged files raise almost anything: SyntaxError, struct.error, ValueError…
    except Exception as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        return f"cannot be read ({reason[:100] or type(error).__name__})"
    coloured = mode not in ("1", "L") and not mode.startswith("I;16")
    return Decoded(resize(grey, size), grey.shape != (size, size), coloured, grey.shape)


def _grey(image) -> np.ndarray:
    # Pillow's own conversion of 16 bits to 8 clips instead of scaling.
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)
    if image.mode in ("I", "F"):
        raise ValueError(f"pixels of mode {image.mode}, expected 8 or 16 bits")
    return np.asarray(image.convert("L"))
