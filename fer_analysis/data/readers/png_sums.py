"""The check sums of a PNG's pixels, which Pillow does not compare.

A file whose end was lost and filled with zeros, as a full disk or a crash leaves it, is else
read as a picture that is black below.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import BinaryIO

SIGNATURE = 8
"""Bytes before the first chunk."""

BLOCK = 1 << 20
"""Bytes read at once: chunks may be as large as the file."""


def pixels_agree(path: Path) -> bool:
    """Return whether the pixels of a PNG have their check sums, as far as the file goes.

    Where it ends too early, decoding it says so. Of several pictures the first is checked.
    """
    with open(path, "rb") as file:
        file.seek(SIGNATURE)
        found = False
        while len(head := file.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"IDAT":
                found = True
                if not _agrees(file, kind, length):
                    return False
            elif found:
                break
            else:
                file.seek(length + 4, 1)
    return True


def _agrees(file: BinaryIO, kind: bytes, length: int) -> bool:
    """Return whether a chunk has its check sum, and go to its end."""
    made = zlib.crc32(kind)
    while length and (block := file.read(min(length, BLOCK))):
        made = zlib.crc32(block, made)
        length -= len(block)
    kept = file.read(4)
    return len(kept) < 4 or int.from_bytes(kept, "big") == made
