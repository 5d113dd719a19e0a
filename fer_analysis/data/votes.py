"""FER+: ten annotators' votes on each image of FER-2013 (Barsoum et al. 2016)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.csv_header import check_once, unreadable
from fer_analysis.data.dataset import FER_LABELS, OFFICIAL_NAMES
from fer_analysis.data.label_names import fer_label
from fer_analysis.data.vote_shares import vote_shares
from fer_analysis.errors import FerError
from fer_analysis.text import percent

FILE_NAME = "fer2013new.csv"
EXTRAS = ("contempt", "unknown", "NF")
"""The annotators' options besides the seven labels; NF: no face."""

VOTE_NAMES = (*FER_LABELS, *EXTRAS)
NO_LABELS = {"unknown": "unknown by the votes", "NF": "no face by the votes"}
"""Options that are no expression -> why an image with most votes on it has no label."""

JUDGED, LEAST_KAPPA = 200, 0.1
"""How many images are needed to check votes, and their least agreement with the labels beyond
chance (FER+ on FER-2013: .45)."""

_NAME_OF = {name.lower(): name for name in EXTRAS}


def find_votes(folder: Path, votes: str | Path | None) -> Path | None:
    """Return the file of votes: the one given (or in the folder given), or the data's own.

    Raises:
        FerError: If `votes` is given and there is no such file.
    """
    if votes is None:
        path = folder / FILE_NAME
        return path if path.is_file() else None
    path = Path(votes).expanduser()
    path = path / FILE_NAME if path.is_dir() else path
    if not path.is_file():
        raise FerError(f"{path}: no such file of votes (FER+ calls it {FILE_NAME})")
    return path


def join_votes(path: Path, rows: np.ndarray, split: np.ndarray) -> np.ndarray:
    """Return the votes of the given rows of FER-2013's CSV.

    Args:
        path: FER+'s `fer2013new.csv`.
        rows: int64 `(n,)`, data rows of the CSV counted from 0.
        split: str `(n,)`, the official split of each: the file must agree.

    Returns:
        int64 `(n, 10)`, votes for each of `VOTE_NAMES`.

    Raises:
        FerError: If the file is not a FER+ file, has bad rows, or belongs to other data.
    """
    usages, votes = _read(path)
    for row, name in zip(rows.tolist(), split.tolist(), strict=True):
        found = usages[row] if row < len(usages) else "the end of the file"
        if found != OFFICIAL_NAMES[name]:
            raise FerError(
                f"{path}, row {row} (line {row + 2}): expected {OFFICIAL_NAMES[name]} as in the "
                f"data, got {found!r}: these are votes on other rows"
            )
    return votes[rows]


def check_votes(path: Path, votes: np.ndarray, labels: np.ndarray) -> None:
    """Refuse votes that are unrelated to the labels.

    Args:
        path: The file, for the message.
        votes: int64 `(n, m)`, the labels first.
        labels: int64 `(n,)`.

    Raises:
        FerError: If annotators chose the images' labels hardly more often than by chance (Cohen's
            kappa below .1), e.g. because rows are shifted or the votes are on other images.
            Few images are not checked.
    """
    voted = votes.sum(axis=1) > 0
    if voted.sum() < JUDGED:
        return
    shares = vote_shares(votes[voted])
    labels = labels[voted]
    seen = float(shares[np.arange(len(labels)), labels].mean())
    frequency = np.bincount(labels, minlength=shares.shape[1]) / len(labels)
    chance = float(frequency @ shares.mean(axis=0))
    if seen - chance < LEAST_KAPPA * (1 - chance):
        raise FerError(
            f"{path}: these votes do not belong to this data: {percent(seen)} of them are on "
            f"the images' labels, {percent(chance)} are expected by chance (n = {len(labels):,}); "
            "are the rows in another order?"
        )


def _read(path: Path) -> tuple[list[str], np.ndarray]:
    """Return usage and votes of each row."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise FerError(f"{path}: cannot be read as FER+ votes ({unreadable(error)})") from None
    header, *lines = [line for line in text.split("\n") if line.strip()] or [""]
    names = [_column(name) for name in header.split(",")]
    check_once(path, names, ("usage", *VOTE_NAMES))
    columns = {name: index for index, name in enumerate(names)}
    missing = [name for name in ("usage", *VOTE_NAMES) if name not in columns]
    if missing or not lines:
        raise FerError(
            f"{path}: no {'column ' + ', '.join(missing) if missing else 'row'} for FER+ votes; "
            f"its first line: {ascii(header[:100])}"
        )
    try:
        usages = [line.split(",")[columns["usage"]].strip() for line in lines]
        order = [columns[name] for name in VOTE_NAMES]
        votes = np.loadtxt(lines, delimiter=",", usecols=order, comments=None, ndmin=2)
    except (IndexError, ValueError) as error:
        raise FerError(f"{path}: bad votes ({error})") from None
    counts = np.rint(votes)
    # This form also rejects NaN; each image has ten votes.
    bad = ~((counts == votes) & (votes >= 0) & (votes <= 1000)).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise FerError(
            f"{path}, row {row} (line {row + 2}): expected numbers of votes, "
            f"got {ascii(lines[row][:100])}"
        )
    return usages, counts.astype(np.int64)


def _column(name: str) -> str:
    name = name.strip()
    return fer_label(name) or _NAME_OF.get(name.lower(), name.lower())
