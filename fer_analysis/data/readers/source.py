"""The result of a layout: the files that it would read, and the faces read from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError

Progress = Callable[[int, int], None]
"""Called with (done, total) repeatedly during a long read."""

SHOWN = 10
"""How many bad rows or files an error names; a notice names three."""

BAD = "damaged or not as expected"
"""The reason when `settle` leaves rows and files out."""


@dataclass(frozen=True)
class Account:
    """How many files or rows were read, and why others were not.

    Args:
        unit: What is counted: `files`, `rows` or `images`.
        read: How many were read as images of the data set.
        left_out: Reason -> how many did not.
    """

    unit: str
    read: int
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def seen(self) -> int:
        """How many were seen: read and left out together."""
        return self.read + sum(self.left_out.values())

    def as_json(self) -> dict:
        """Return the account as a JSON object."""
        return {
            "unit": self.unit,
            "seen": self.seen,
            "read": self.read,
            "left_out": dict(self.left_out),
        }

    def __str__(self) -> str:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items())
        left = f", {self.seen - self.read:,} left out ({reasons})" if self.left_out else ""
        return f"{self.seen:,} {self.unit} seen: {self.read:,} read{left}"


@dataclass(frozen=True)
class RawFaces:
    """Faces as in the source, before they are split and joined with votes.

    Args:
        images: uint8 `(n, size, size, 1)`, pixels 0-255.
        labels: int64 `(n,)`, positions in `label_names`.
        label_names: The labels.
        ids: str `(n,)`, the CSV's row or the path relative to the data folder.
        split: str `(n,)`, the source's own split; empty where it has none.
        official: Whether `split` is FER-2013's own division.
        rows: Whether `ids` are rows of FER-2013's CSV, by which votes can be joined.
        notices: What a user should know about the reading.
        bad: How many rows or files were left out because they cannot be read.
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    ids: np.ndarray
    split: np.ndarray
    official: bool = False
    rows: bool = False
    notices: tuple[str, ...] = ()
    bad: int = 0


@dataclass(frozen=True)
class Source:
    """A data set on disk that a layout has recognised but not read yet.

    Args:
        folder: Its folder; votes are searched for there.
        files: Every file that `read` would open, relative to `folder`: the cache is stale
            when one of them changes.
        read: `(skip_bad, size, progress) -> RawFaces`, all by keyword.
        unit: What the account counts: `files` or `rows`.
        left_out: Reason -> number of files that were seen and that `read` would not open.
        notices: What a user should know about how the files were found.
        depends: Other things that the faces depend on (label names, known problems).
        doubt: Why this layout must be asked for; empty where it is recognised for certain.
    """

    folder: Path
    files: tuple[str, ...]
    read: Callable[..., RawFaces]
    unit: str = "files"
    left_out: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    doubt: str = ""

    def account(self, faces: RawFaces) -> Account:
        """Return what became of all files or rows, those that could not be read included."""
        left_out = Counter(self.left_out)
        left_out[BAD] += faces.bad
        return Account(self.unit, len(faces.labels), {k: n for k, n in left_out.items() if n})


class Refusal(str):
    """Why a layout refuses data that nearly fits; reported instead of trying other layouts."""


def settle(path: Path, problems: Sequence[str], *, skip_bad: bool, good: int) -> tuple[str, ...]:
    """Refuse bad rows and files, or return a notice that they were left out.

    Args:
        path: The source, for messages.
        problems: One line for each bad row or file.
        skip_bad: Continue without them.
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


def few(names: Iterable[str], shown: int = 5) -> str:
    """Return the first names of a list for a message, and how many more there are."""
    names = list(names)
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def resize(image: np.ndarray, size: int) -> np.ndarray:
    """Return a grey image uint8 `(h, w)` scaled to `(size, size)`."""
    from PIL import Image

    if image.shape == (size, size):
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC))


def resize_all(images: np.ndarray, size: int) -> np.ndarray:
    """Return grey images uint8 `(n, h, w)` scaled to `(n, size, size)`."""
    result = np.empty((len(images), size, size), dtype=np.uint8)
    for row, image in enumerate(images):
        result[row] = resize(image, size)
    return result
