"""load_data: from a path to a FaceDataset, in any layout."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.blank import blank_notices, label_notices
from fer_analysis.data.cache import cache_file, load_cached, source_state, store_cached
from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.label_map import LabelMap
from fer_analysis.data.readers.source import BAD, Account, Progress, RawFaces, Source
from fer_analysis.data.recognise import recognise
from fer_analysis.data.splits import divide
from fer_analysis.data.vote_labels import VoteLabels
from fer_analysis.data.votes import VOTE_NAMES, check_votes, find_votes, join_votes
from fer_analysis.data.votes_by_pixels import find_faces, rows_by_pixels
from fer_analysis.errors import FerError

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True)
class LoadedData:
    """A data set as read.

    Args:
        dataset: The faces.
        layout: The layout they were read from.
        protocol: How they are split: `official`, `kaggle` or `own`.
        fingerprint: `dataset.fingerprint()`.
        notices: What a user should know, one line each.
        comparable: Whether the test split is a whole official one (PrivateTest, or Kaggle's
            test folder), so that figures on it are comparable with published ones.
        section: The `data` section of a config that describes how it was read; None where it
            was read without one.
        account: How many files or rows were read or left out; None for embedded data.
        vote_labels: What labelling by votes did; None where the labels are the data's own.
        label_map: How the labels were translated to a network's; None where they were not.
    """

    dataset: FaceDataset
    layout: str
    protocol: str
    fingerprint: str
    notices: tuple[str, ...]
    comparable: bool
    section: BaseModel | None = None
    account: Account | None = None
    vote_labels: VoteLabels | None = None
    label_map: LabelMap | None = None

    def label_notes(self, split: str) -> tuple[str, ...]:
        """Return what was made of a split's own labels, one line each, for readers of figures."""
        return tuple(done.told(split) for done in (self.vote_labels, self.label_map) if done)

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Split -> its fingerprint, independent of other splits."""
        return self.dataset.fingerprints()

    def as_dict(self) -> dict:
        """Return what was read, without the images, ready for JSON."""
        dataset = self.dataset
        return {
            "layout": self.layout,
            "protocol": self.protocol,
            "fingerprint": self.fingerprint,
            "label_names": list(dataset.label_names),
            "counts": {split: counts.tolist() for split, counts in dataset.counts().items()},
            "votes": dataset.votes is not None,
            "vote_labels": self.vote_labels and self.vote_labels.as_dict(),
            "notices": list(self.notices),
            "account": self.account and self.account.as_json(),
        }


def load_data(
    path: str | Path,
    *,
    layout: str = "auto",
    protocol: str = "auto",
    votes: str | Path | None = None,
    votes_of: str | Path | None = None,
    skip_bad: bool = False,
    size: int = 48,
    validation_share: float = 0.1,
    test_share: float = 0.1,
    split_seed: int = 0,
    cache: bool = True,
    progress: Progress | None = None,
) -> LoadedData:
    """Read a data set from disk.

    Args:
        path: The file, or the folder that holds it.
        layout: One of `LAYOUTS`, or `auto` to recognise it.
        protocol: `official`, `kaggle`, or `auto` (see `splits.divide`).
        votes: FER+'s `fer2013new.csv` or its folder; searched for in the data's folder if None.
        votes_of: For folders of images, FER-2013's CSV, whose rows the votes belong to; searched
            for beside the votes if None. Images are found in it by their pixels.
        skip_bad: Continue without bad rows and files, with a notice.
        size: Height and width of the images, in pixels.
        validation_share: Share for validation if the data's folders have none.
        test_share: Share for testing if the data's folders have no splits.
        split_seed: Seed of the splits that are drawn.
        cache: Keep decoded data for the next start.
        progress: Called with (done, total) during a long read.

    Raises:
        FerError: If the data cannot be read with these arguments.
    """
    path = Path(path).expanduser()
    if not isinstance(size, int) or size < 1:
        raise FerError(f"size: expected pixels, 1 or more, received {size!r}")
    try:
        name, source, found = recognise(path, layout)
        options = {"skip_bad": skip_bad, "size": size}
        how = {"use_cache": cache, "progress": progress}
        raw, remarks = _read(name, source, options, **how)
        dataset, voted = _with_votes(raw, source, votes, votes_of, size=size, **how)
    except OSError as error:
        raise FerError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
    division = divide(
        dataset,
        raw.split,
        official=raw.official,
        protocol=protocol,
        validation_share=validation_share,
        test_share=test_share,
        seed=split_seed,
    )
    dataset = replace(dataset, split=division.split)
    account = source.account(raw)
    return LoadedData(
        dataset=dataset,
        layout=name,
        protocol=division.protocol,
        fingerprint=dataset.fingerprint(),
        notices=(
            *found,
            *source.notices,
            *_left_out(account),
            *raw.notices,
            *remarks,
            *division.notices,
            *label_notices(dataset),
            *voted,
        ),
        comparable=division.comparable,
        account=account,
    )


def _left_out(account: Account) -> tuple[str, ...]:
    """Return a notice of what was left out; bad rows and files have their own."""
    return (str(account),) if set(account.left_out) - {BAD} else ()


def _read(name, source, options, *, use_cache, progress) -> tuple[RawFaces, tuple[str, ...]]:
    """Return the faces of a source, from the cache if possible, and notices."""
    if not use_cache:
        return _decode(source, options, progress), ()
    file = cache_file(source, layout=name, **options)
    if file is None:
        return _decode(source, options, progress), ("not cached: there is no home folder",)
    now = time.time()
    state = source_state(source, now)
    faces, remarks = load_cached(file, state)
    if faces is not None:
        return faces, ()
    faces = _decode(source, options, progress)
    # Files that changed during the reading are read again at the next start.
    if source_state(source, now) != state:
        changed = f"not cached: files of {source.folder} changed while they were read"
        return faces, (*remarks, changed)
    try:
        store_cached(file, state, faces)
    except OSError as error:
        remarks += (f"not cached: {file.parent} cannot be written ({error.strerror})",)
    return faces, remarks


def _decode(source: Source, options: dict, progress: Progress | None) -> RawFaces:
    try:
        faces = source.read(**options, progress=progress)
    except MemoryError:
        size, n = options["size"], len(source.files)
        what = f"{n:,} images of {size}x{size} pixels" if source.unit == "files" else "the images"
        raise FerError(f"{source.folder}: {what} do not fit into memory") from None
    return replace(faces, notices=(*faces.notices, *blank_notices(faces.images, faces.ids)))


def _unsplit(raw: RawFaces) -> FaceDataset:
    # A placeholder split if the source has none: divide() gives the real one.
    split = np.where(raw.split == "", "train", raw.split)
    return FaceDataset(raw.images, raw.labels, raw.label_names, raw.ids, split)


def _with_votes(
    raw: RawFaces, source: Source, votes, votes_of, **how
) -> tuple[FaceDataset, tuple[str, ...]]:
    """Return the faces with the votes of their rows, if there are any, and notices."""
    dataset, path = _unsplit(raw), find_votes(source.folder, votes)
    if path is None:
        return dataset, ()
    if raw.rows:
        rows = raw.ids.astype(np.int64)
        joined = join_votes(path, rows, raw.split)
        check_votes(path, joined, raw.labels, rows=rows)
        return replace(dataset, votes=joined, vote_names=VOTE_NAMES), ()
    csv = find_faces(path, votes_of)
    if csv is None or raw.label_names != FER_LABELS:
        why = (
            "the images' labels are not FER-2013's"
            if csv
            else "votes belong to rows of FER-2013's CSV: put it beside them, or name it: "
            "--set data.votes_of=PATH"
        )
        if votes is not None:
            raise FerError(f"{path}: {why}")
        return dataset, (f"{path}: not used: {why}",)
    joined, notice = _votes_by_pixels(raw, path, csv, **how)
    return replace(dataset, votes=joined, vote_names=VOTE_NAMES), (notice,)


def _votes_by_pixels(
    raw: RawFaces, path: Path, csv: Path, *, size: int, use_cache: bool, progress
) -> tuple[np.ndarray, str]:
    """Return the votes on images that are found in FER-2013's CSV, and a notice."""
    name, source, _ = recognise(csv, "auto")
    if source.unit != "rows":
        raise FerError(f"data.votes_of: {csv}: expected FER-2013's CSV, received layout '{name}'")
    options = {"skip_bad": True, "size": size}
    known, _ = _read(name, source, options, use_cache=use_cache, progress=progress)
    rows = rows_by_pixels(raw.images, raw.labels, known.images, known.labels)
    found = rows >= 0
    votes = np.zeros((len(rows), len(VOTE_NAMES)), np.int64)
    used = known.ids[rows[found]].astype(np.int64)
    votes[found] = join_votes(path, used, known.split[rows[found]])
    check_votes(path, votes[found], raw.labels[found], rows=used)
    notice = f"votes: {found.sum():,} of {len(rows):,} images found in {csv} by their pixels"
    if not found.any():
        raise FerError(f"{notice}: these votes are on other images")
    return votes, notice if found.all() else f"{notice}; the others have none"
