"""One image file as a grey face, of any colours, depth and transparency."""

from __future__ import annotations

import dataclasses
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fer_analysis.data.readers.png_sums import pixels_agree
from fer_analysis.data.readers.source import resize
from fer_analysis.errors import FerError

if TYPE_CHECKING:
    import PIL.Image

T = TypeVar("T")

FORMATS = ("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
"""Pillow's decoders that are used. Others never are: some start programs (EPS)."""

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"),
    *(".pgm", ".ppm", ".pbm", ".pnm", ".jp2", ".j2k", ".avif"),
)
"""Endings of image files. Files of other endings are checked by content (`begins_as_image`)."""

MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
"""Larger pictures are refused before they are decoded, to save memory."""

LARGE = 4_000_000
"""Pixels from which pictures are decoded one at a time."""

BACKGROUND = 0
"""Grey level of the one background, black, onto which transparent pictures are composed."""

DEPTHS = (8, 10, 12, 14, 15, 16)
"""Bits that a camera may use of 16; 15 where one is the sign."""

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Decoded:
    """A grey image, and what was converted.

    Args:
        image: uint8 `(size, size)`.
        shape: Height and width on disk, in pixels.
        coloured: Whether it had colours.
        transparent: Whether it had transparent parts, now black.
        animated: Whether it has further pictures, which are not read.
        peak: Of a file of 16 bits, the largest value in it; else 0.
    """

    image: np.ndarray
    shape: tuple[int, int]
    coloured: bool = False
    transparent: bool = False
    animated: bool = False
    peak: int = 0

    @property
    def resized(self) -> bool:
        """Whether it had another size."""
        return self.shape != self.image.shape


def bits_of(peak: int) -> int:
    """Return how many bits values up to `peak` use, one of `DEPTHS`."""
    return next(bits for bits in DEPTHS if peak < 1 << bits)


def decode(path: Path, size: int, bits: int | None = None) -> Decoded | str:
    """Return one file as a grey image, or a text why it cannot be read.

    Transparent parts are composed onto black; of several pictures in a file the first is read.

    Args:
        path: The file.
        size: Height and width of the result, in pixels.
        bits: Bits that files of 16 bits use; None for those that this file uses.
    """
    return read_image(path, lambda image: to_grey(image, size, bits))


def read_image(path: Path, convert: Callable[[PIL.Image.Image], T]) -> T | str:
    """Return what `convert` makes of one image file, or a text why it cannot be read.

    Args:
        path: The file.
        convert: Called with the image, not decoded yet, if it is not larger than the limits.
    """
    from PIL import Image

    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            return "cannot be read (not a regular file)"
        if not facts.st_size:
            return "empty file"
        with Image.open(path, formats=_formats()) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return f"{width}x{height} pixels, expected {MAX_PIXELS // 10**6} million at most"
            if max(width, height) > MAX_SIDE:
                return f"{width}x{height} pixels, expected {MAX_SIDE:,} a side at most"
            if reason := _misread(image):
                return f"cannot be read ({reason})"
            if image.format == "PNG" and not pixels_agree(path):
                return "cannot be read (damaged: its pixels do not fit their check sum)"
            if width * height < LARGE:
                return convert(image)
            with _one_at_a_time:
                return convert(image)
    except FerError:
        raise
    except Image.UnidentifiedImageError:
        return "not an image, or a damaged one"
    # Decoders of damaged files raise many kinds of errors: SyntaxError, struct.error, ValueError…
    except Exception as error:
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        return f"cannot be read ({reason[:100] or type(error).__name__})"


_PHOTOMETRIC, _SAMPLE_FORMAT = 262, 339
"""Tags of TIFF: whether 0 is white (0), and whether values have a sign (2)."""


def _misread(image: PIL.Image.Image) -> str | None:
    """Return why Pillow would give other grey levels than a TIFF file has; None where it does not.

    It takes signed values for others, and turns white to black only where values have 8 bits.
    """
    tags = getattr(image, "tag_v2", {})
    if image.mode == "L" and 2 in _numbers(tags.get(_SAMPLE_FORMAT)):
        return "grey levels of 8 bits with a sign; save them without"
    if image.mode[:1] in "IF" and 0 in _numbers(tags.get(_PHOTOMETRIC)):
        return "grey levels of more than 8 bits of which 0 is white; save them with 0 as black"
    return None


def _numbers(value: object) -> tuple:
    return value if isinstance(value, tuple) else (value,)


@cache
def _formats() -> tuple[str, ...]:
    """Return those of `FORMATS` that this Pillow has."""
    from PIL import Image

    Image.init()
    return tuple(name for name in FORMATS if name in Image.OPEN)


def to_grey(image: PIL.Image.Image, size: int, bits: int | None = None) -> Decoded:
    """Return an opened image as `decode` returns a file.

    Raises:
        ValueError: If its pixels are not of 8 or 16 bits.
    """
    coloured = image.mode not in ("1", "L", "LA", "La", "I") and not image.mode.startswith("I;16")
    animated = is_first_of_several(image)
    deep_colour = ";16" in str(getattr(image, "tile", "")) and image.mode in ("LA", "RGB", "RGBA")
    image = upright(image)
    peak, transparent = 0, False
    if is_deep(image):
        grey, peak = to_8_bits(image, bits)
    elif image.mode == "F":
        raise ValueError("pixels of mode F, expected 8 or 16 bits")
    else:
        grey, transparent = grey_on_background(image)
        if deep_colour and grey.max() < 1 << 6:
            raise ValueError("colours of 16 bits that use a part of them; save them with 8 bits")
    face = Decoded(resize(grey, size), grey.shape, coloured, transparent)
    return dataclasses.replace(face, animated=animated, peak=peak)


def upright(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return an image turned as its camera was held, by its metadata (EXIF)."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except OSError:
        raise  # of the pixels
    # Damaged metadata of a camera is no reason to refuse its picture.
    except Exception:
        return image


def is_first_of_several(image: PIL.Image.Image) -> bool:
    """Return whether an image is the first of several in its file (an animation, a TIFF)."""
    return getattr(image, "n_frames", 1) > 1 and not image.tell()


def is_deep(image: PIL.Image.Image) -> bool:
    """Return whether an image has grey levels of more than 8 bits."""
    return image.mode == "I" or image.mode.startswith("I;16")


def part_of_16_bits(image: PIL.Image.Image) -> int:
    """Return by how many bits `to_8_bits` scales an image; 0 where by 16, or where it has 8."""
    return bits_of(max(int(np.asarray(image).max()), 1)) % 16 if is_deep(image) else 0


def to_8_bits(image: PIL.Image.Image, bits: int | None = None) -> tuple[np.ndarray, int]:
    """Return a grey image of more than 8 bits as uint8 `(h, w)`, and its largest value.

    Raises:
        ValueError: If its values do not fit 16 bits.
    """
    values = np.asarray(image)
    if values.min() < 0 or values.max() >= 1 << 16:
        raise ValueError(f"values of {values.min()} to {values.max()}, expected 8 or 16 bits")
    peak = max(int(values.max()), 1)
    return (values >> ((bits or bits_of(peak)) - 8)).astype(np.uint8), peak


def grey_on_background(image: PIL.Image.Image) -> tuple[np.ndarray, bool]:
    """Return an image of 8 bits as uint8 `(h, w)`, and whether parts of it are transparent."""
    image, transparent = on_background(image)
    return np.asarray(image.convert("L")), transparent


def on_background(image: PIL.Image.Image) -> tuple[PIL.Image.Image, bool]:
    """Return an image composed onto the background, and whether parts of it are transparent."""
    from PIL import Image

    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        colours = image.convert("RGBA")
        if colours.getextrema()[-1][0] < 255:
            ground = Image.new("RGBA", image.size, (BACKGROUND,) * 3 + (255,))
            return Image.alpha_composite(ground, colours), True
    return image, False


def begins_as_image(path: str | os.PathLike) -> bool:
    """Return whether a file of another ending is an image, by its first bytes."""
    try:
        if not os.path.getsize(path):
            return False
        # Without waiting for data of files of the system (/proc).
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return (
        head.startswith(_BEGINNINGS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0")
        or (head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace())
        or head[4:12] in (b"ftypavif", b"ftypavis")
    )


_BEGINNINGS = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*"),
    *(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
)
