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
chance (FER+ on FER-2013: .46, at least .37 in each stretch of 200; a row off it, .10 at most)."""

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


def check_votes(path: Path, votes: np.ndarray, labels: np.ndarray, *, rows: np.ndarray) -> None:
    """Refuse votes that are unrelated to the labels.

    Args:
        path: The file, for the message.
        votes: int64 `(n, m)`, the labels first.
        labels: int64 `(n,)`.
        rows: int64 `(n,)`, data rows of FER-2013's CSV: every stretch of 200 is checked as well,
            since one row that is missing shifts all that follow.

    Raises:
        FerError: If annotators chose the images' labels hardly more often than by chance (Cohen's
            kappa below .1), e.g. because rows are shifted or the votes are on other images.
            Few images are not checked.
    """
    places = np.flatnonzero(votes.sum(axis=1) > 0)
    if len(places) < JUDGED:
        return
    places = places[np.argsort(rows[places], kind="stable")]
    shares, labels = vote_shares(votes[places]), labels[places]
    seen = shares[np.arange(len(labels)), labels]
    frequency = np.bincount(labels, minlength=shares.shape[1]) / len(labels)
    expected = float(frequency @ shares.mean(axis=0))
    if _kappa(seen.mean(), expected) < LEAST_KAPPA:
        raise FerError(
            f"{path}: these votes do not belong to this data: {percent(seen.mean())} of them are "
            f"on the images' labels, {percent(expected)} are expected by chance "
            f"(n = {len(labels):,}); are the rows in another order?"
        )
    seen, chance = (_means(values) for values in (seen, shares.mean(axis=0)[labels]))
    unrelated = np.flatnonzero(_kappa(seen, chance) < LEAST_KAPPA)
    if len(unrelated):
        first = int(unrelated[0])
        start, end = rows[places[first]], rows[places[first + JUDGED - 1]]
        raise FerError(
            f"{path}: votes on other images from about row {start} of the data on: "
            f"{percent(seen[first])} of the votes on rows {start} to {end} are on the images' "
            f"labels, {percent(chance[first])} are expected by chance; is a row missing or moved "
            "before them?"
        )


def _kappa(seen: np.ndarray, chance: np.ndarray) -> np.ndarray:
    return (seen - chance) / np.maximum(1 - chance, 1e-9)


def _means(values: np.ndarray) -> np.ndarray:
    """Return the means of all stretches of `JUDGED` values."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return (sums[JUDGED:] - sums[:-JUDGED]) / JUDGED


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
