"""What a layout hands over: the files it would read, and the faces read from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError

Progress = Callable[[int, int], None]
"""Called with (done, total) now and then during a long read."""

SHOWN = 10
"""How many bad rows or files an error names; a notice names three."""


@dataclass(frozen=True)
class RawFaces:
    """Faces as they lie in the source, before a protocol splits them or votes join.

    Args:
        images: uint8 `(n, size, size, 1)`, pixels 0-255.
        labels: int64 `(n,)`, positions in `label_names`.
        label_names: The labels.
        ids: str `(n,)`, the CSV's row or the path relative to the data folder.
        split: str `(n,)`, the source's own split; empty where it has none.
        official: Whether `split` is FER-2013's own division.
        rows: Whether `ids` are rows of FER-2013's CSV, by which votes can join.
        notices: What a user should know about the reading.
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    ids: np.ndarray
    split: np.ndarray
    official: bool = False
    rows: bool = False
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A data set on disk that a layout has recognised but not read yet.

    Args:
        folder: Where it lies; votes are looked for there.
        files: Every file that `read` would open, relative to `folder`: the cache is stale
            when one of them changes.
        read: `(skip_bad, size, progress) -> RawFaces`, all by keyword.
    """

    folder: Path
    files: tuple[str, ...]
    read: Callable[..., RawFaces]


def settle(path: Path, problems: Sequence[str], *, skip_bad: bool, good: int) -> tuple[str, ...]:
    """Refuse bad rows and files, or say in a notice that they were left out.

    Args:
        path: The source, for messages.
        problems: One line for each bad row or file.
        skip_bad: Go on without them.
        good: How many images are left.

    Returns:
        The notices: one, or none.

    Raises:
        FerError: If there are problems and `skip_bad` is off, or if no image is left.
    """
    if problems and not skip_bad:
        raise FerError(_refusal(path, problems))
    if not good:
        first = f"; the first problem: {problems[0]}" if problems else ""
        raise FerError(f"{path}: no image to read in it{first}")
    if not problems:
        return ()
    more = f"; and {len(problems) - 3} more" if len(problems) > 3 else ""
    return (f"{len(problems)} bad left out: {'; '.join(problems[:3])}{more}",)


def _refusal(path: Path, problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return f"{problems[0]}; --skip-bad goes on without it"
    hidden = len(problems) - SHOWN
    last = f"and {hidden} more; " if hidden > 0 else ""
    lines = [f"{path}: {len(problems)} problems", *problems[:SHOWN]]
    return "\n  ".join([*lines, f"{last}--skip-bad goes on without them"])


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Return a grey image uint8 `(h, w)` scaled to `(size, size)`."""
    from PIL import Image

    if image.shape == (size, size):
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))
