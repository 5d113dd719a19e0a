"""load_data: from a path to a FaceDataset, whatever the layout."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data import LAYOUTS
from fer_analysis.data.cache import cache_file, load_cached, source_state, store_cached
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.readers.source import Progress, RawFaces, Source
from fer_analysis.data.splits import divide
from fer_analysis.data.votes import VOTE_NAMES, check_votes, find_votes, join_votes
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
            test folder), so that figures on it may stand beside published ones.
        section: The `data` section of a config that describes how it was read; None where it
            was read without one.
    """

    dataset: FaceDataset
    layout: str
    protocol: str
    fingerprint: str
    notices: tuple[str, ...]
    comparable: bool
    section: BaseModel | None = None

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """Split -> fingerprint of it alone, whatever other splits the data has."""
        return self.dataset.fingerprints()


def load_data(
    path: str | Path,
    *,
    layout: str = "auto",
    protocol: str = "auto",
    votes: str | Path | None = None,
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
        votes: FER+'s `fer2013new.csv` or its folder; looked for beside the data if None.
        skip_bad: Go on without bad rows and files, with a notice.
        size: Height and width of the images, in pixels.
        validation_share: Share that validates where the data's own folders have none.
        test_share: Share that tests where the data's own folders have no splits.
        split_seed: Seed of the splits that are drawn.
        cache: Keep decoded data for the next start.
        progress: Called with (done, total) during a long read.

    Raises:
        FerError: If the data cannot be read as asked.
    """
    path = Path(path).expanduser()
    if not isinstance(size, int) or size < 1:
        raise FerError(f"size: expected pixels, 1 or more, received {size!r}")
    try:
        name, source, found = _recognise(path, layout)
        options = {"skip_bad": skip_bad, "size": size}
        raw, told = _read(name, source, options, use_cache=cache, progress=progress)
    except OSError as error:
        raise FerError(f"{error.filename or path}: cannot be read ({error.strerror})") from None
    dataset, voted = _with_votes(raw, source, votes)
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
    return LoadedData(
        dataset=dataset,
        layout=name,
        protocol=division.protocol,
        fingerprint=dataset.fingerprint(),
        notices=(*found, *raw.notices, *told, *division.notices, *voted),
        comparable=division.comparable,
    )


def _recognise(path: Path, layout: str) -> tuple[str, Source, tuple[str, ...]]:
    """Return the layout's name, its source, and notices."""
    if layout != "auto":
        LAYOUTS.check(layout)
    if not path.exists():
        raise FerError(f"{path}: no such file or folder")
    if not (path.is_file() or path.is_dir()):
        raise FerError(f"{path}: neither a file nor a folder (a pipe, a socket or a device)")
    names = list(LAYOUTS) if layout == "auto" else [layout]
    answers = {name: LAYOUTS[name](path) for name in names}
    sources = {name: answer for name, answer in answers.items() if isinstance(answer, Source)}
    if not sources:
        raise FerError(_unrecognised(path, layout, answers))
    (name, source), *others = sources.items()
    # Kaggle's folders are folders too: only a layout of other files is another data set.
    others = [other for other, rest in others if set(rest.files).isdisjoint(source.files)]
    if not others:
        return name, source, ()
    return (
        name,
        source,
        (
            f"{path} holds several layouts: '{name}' is read; "
            f"--layout {' or '.join(others)} reads the rest",
        ),
    )


def _unrecognised(path: Path, layout: str, answers: dict[str, str]) -> str:
    looked = "; ".join(f"{name}: {answer}" for name, answer in answers.items())
    if path.is_dir():
        names = sorted(os.listdir(path))
        found = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "") or "an empty folder"
    else:
        found = "one file"
    what = "no data set recognised" if layout == "auto" else "not in this layout"
    return f"{path}: {what}; looked for {looked}; found {found}"


def _read(name, source, options, *, use_cache, progress) -> tuple[RawFaces, tuple[str, ...]]:
    """Return the faces of a source, from the cache where it has them, and notices."""
    if not use_cache:
        return source.read(**options, progress=progress), ()
    file = cache_file(source, layout=name, **options)
    state = source_state(source)
    faces = load_cached(file, state)
    if faces is not None:
        return faces, ()
    faces = source.read(**options, progress=progress)
    try:
        store_cached(file, state, faces)
    except OSError as error:
        return faces, (f"not cached: {file.parent} cannot be written ({error.strerror})",)
    return faces, ()


def _with_votes(raw: RawFaces, source: Source, votes) -> tuple[FaceDataset, tuple[str, ...]]:
    # A placeholder split where the source has none: divide() gives the real one.
    split = np.where(raw.split == "", "train", raw.split)
    dataset = FaceDataset(raw.images, raw.labels, raw.label_names, raw.ids, split)
    path = find_votes(source.folder, votes)
    if path is None:
        return dataset, ()
    if not raw.rows:
        return dataset, (f"{path}: not used: votes join by row, and folders have no rows",)
    joined = join_votes(path, raw.ids.astype(np.int64), raw.split)
    check_votes(path, joined, raw.labels)
    return replace(dataset, votes=joined, vote_names=VOTE_NAMES), ()
