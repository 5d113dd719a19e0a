"""Image files of any size and colour, read as grey faces of one size."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from fer_analysis.data.label_names import printable
from fer_analysis.data.readers.decode import Decoded, bits_of, decode
from fer_analysis.data.readers.source import Progress, RawFaces, settle

T = TypeVar("T")

REPORT_EVERY = 250
OBLONG = 1.1
"""Ratio of the sides from which a picture counts as oblong."""

BLACK = 1 << 6
"""Values of 16 bits below which a file is dark even where 8 of them are used."""


class ImageFile(NamedTuple):
    """One file: its path relative to the data folder (`/` between), its label and split."""

    name: str
    label: str
    split: str


def read_images(
    folder: Path,
    files: Sequence[ImageFile],
    label_names: Sequence[str],
    *,
    official: bool = False,
    problems: Sequence[str] = (),
    unusable: int = 0,
    skip_bad: bool = False,
    size: int = 48,
    progress: Progress | None = None,
) -> RawFaces:
    """Read image files as grey faces of one size.

    Args:
        folder: The data folder.
        files: What to read.
        label_names: All labels, in order.
        official: Whether the files' splits are FER-2013's division.
        problems: Problems found before, to be reported with bad files.
        unusable: How many files these problems concern.
        skip_bad: Leave bad files out, with a notice, instead of refusing the folder.
        size: Height and width of the images, in pixels.
        progress: Called with files read and files in all.

    Raises:
        FerError: If files are bad.
    """
    # In place: a list of small arrays and their stack would hold all images twice.
    images = np.empty((len(files), size, size, 1), dtype=np.uint8)
    good, problems, counts, deep = [], list(problems), Counter(), []
    results = decode_all([folder / file.name for file in files], size)
    for done, (file, result) in enumerate(zip(files, results, strict=True), start=1):
        if isinstance(result, str):
            problems.append(f"{folder / file.name}: {result}")
        else:
            images[len(good), ..., 0] = result.image
            if result.peak:
                deep.append((len(good), result.peak))
            good.append(file)
            counts.update(_remarks(result))
        if progress and (done % REPORT_EVERY == 0 or done == len(files)):
            progress(done, len(files))
    notices = settle(folder, problems, skip_bad=skip_bad, good=len(good))
    notices += _scale_alike(images, deep, [folder / file.name for file in good], size)
    notices += _dark_by_scale(deep, good)
    position = {label: index for index, label in enumerate(label_names)}
    return RawFaces(
        images=images[: len(good)],
        labels=np.array([position[file.label] for file in good], dtype=np.int64),
        label_names=tuple(label_names),
        ids=np.array([printable(file.name) for file in good]),
        split=np.array([file.split for file in good]),
        official=official,
        notices=notices + _conversions(counts, len(good), size),
        bad=len(files) - len(good) + unusable,
    )


def _scale_alike(images, deep, paths, size) -> tuple[str, ...]:
    """Scale all files of 16 bits by the bits that they use together, in place."""
    if not deep:
        return ()
    bits = bits_of(max(peak for _, peak in deep))
    others = [row for row, peak in deep if bits_of(peak) != bits]
    for row, result in zip(
        others, decode_all([paths[row] for row in others], size, bits=bits), strict=True
    ):
        images[row, ..., 0] = result.image
    if bits == 16:
        return ()
    return (
        f"{len(deep):,} of {len(paths):,} files have 16 bits and use {bits} of them: "
        f"scaled from 0-{(1 << bits) - 1}",
    )


def _dark_by_scale(deep: Sequence[tuple[int, int]], files: Sequence[ImageFile]) -> tuple[str, ...]:
    """Return a notice of files of 16 bits that are dark beside those by which all are scaled.

    They may be dark by themselves, or of a camera that uses fewer bits: nobody can tell from the
    values. Those below a quarter of the scale are counted, save those that are black by any.
    """
    row, peak = max(deep, key=lambda each: each[1], default=(0, 0))
    bits = bits_of(peak)
    dark = [peak for _, peak in deep if BLACK <= peak < 1 << (bits - 2) and bits_of(peak) < bits]
    if not dark:
        return ()
    return (
        f"{len(dark):,} of {len(deep):,} files of 16 bits use {max(dark).bit_length()} of them or "
        f"fewer and are dark: all are scaled by the {bits} bits that {printable(files[row].name)} "
        "uses; where the scales are different ones, save the files with 8 bits",
    )


def _remarks(face: Decoded) -> Iterator[str]:
    height, width = face.shape
    if face.resized:
        yield "resized"
    if face.coloured:
        yield "coloured"
    if max(height, width) >= OBLONG * min(height, width):
        yield "oblong"
    if face.transparent:
        yield "transparent"
    if face.animated:
        yield "animated"


def _conversions(counts: Counter, n: int, size: int) -> tuple[str, ...]:
    texts = {
        "resized": f"images resized to {size}x{size}",
        "coloured": "images converted from colour to grey",
        "oblong": "images are not square: they were resized to squares, which distorts faces",
        "transparent": "images have transparent parts: composed onto black",
        "animated": "files hold several pictures: the first is read",
    }
    return tuple(f"{counts[key]} of {n} {text}" for key, text in texts.items() if counts[key])


def decode_all(
    paths: Sequence[Path], size: int, *, bits: int | None = None
) -> Iterator[Decoded | str]:
    """Yield the result of `decode` of each file, in parallel, in order."""
    return in_parallel(lambda path: decode(path, size, bits), paths)


def in_parallel(read: Callable[[Path], T], paths: Sequence[Path]) -> Iterator[T]:
    """Yield what a function that decodes a file returns for each, in parallel, in order."""
    from PIL import Image

    # The filters are set here, not in decode(): they apply to the process, not to a thread.
    with warnings.catch_warnings(), ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        # In blocks: with all files at once, all results would be in memory.
        for start in range(0, len(paths), REPORT_EVERY):
            yield from pool.map(read, paths[start : start + REPORT_EVERY])
