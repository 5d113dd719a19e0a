"""Decoded data, kept in a cache folder so that the next start is fast."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import SPLITS
from fer_analysis.data.readers.source import RawFaces, Source
from fer_analysis.errors import first_line

VERSION = 5
"""Raised whenever a reader gives other results for the same files."""

_ARRAYS = ("images", "labels", "ids", "split")
_FACTS = ("label_names", "official", "rows", "notices", "bad")

RECENT = 2.0
"""Seconds within which two writes of a file may have the same time stamp."""


def cache_folder() -> Path | None:
    """Return `$FER_CACHE_DIR`, else `fer_analysis` in `$XDG_CACHE_HOME` or `~/.cache`.

    None where none is set and the user has no home.
    """
    try:
        if own := os.environ.get("FER_CACHE_DIR"):
            return Path(own).expanduser()
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(base).expanduser() / "fer_analysis"
    except RuntimeError:
        return None


def cache_file(source: Source, **options) -> Path | None:
    """Return where the data that `source` would read with these options is kept."""
    folder = cache_folder()
    if folder is None:
        return None
    place = json.dumps([VERSION, os.path.realpath(source.folder), source.files[:1], options])
    name = hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
    return folder / f"{name}.npz"


def source_state(source: Source, now: float) -> str:
    """Return a hash that identifies the content of a source's files.

    That is each file's name, size, inode and times, the time of its last change (which no
    program sets back) included; of a file changed just before or after `now` also its content.

    Args:
        source: The files.
        now: Seconds, as `time.time()` tells them.
    """
    digest = hashlib.blake2b("\n".join(source.depends).encode("utf-8", "surrogateescape"))
    folder = os.fspath(source.folder)
    for name in source.files:
        place = f"{folder}/{name}"
        stat = os.stat(place)
        facts = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev)
        digest.update(os.fsencode(f"{name} {facts}\n"))
        if abs(now - stat.st_ctime) < RECENT and os.path.isfile(place):
            with open(place, "rb") as file:
                digest.update(hashlib.file_digest(file, "blake2b").digest())
    return digest.hexdigest()


def load_cached(path: Path, state: str) -> tuple[RawFaces | None, tuple[str, ...]]:
    """Return the cached faces, or None if they must be read again; and notices.

    They are read again if there is no file, if it was made from another `state`, or, with a
    notice that names it, if it is not as `store_cached` left it.
    """
    if not os.path.lexists(path):
        return None, ()
    try:
        faces = _load(path, state)
        return faces, ()
    # A damaged archive raises many kinds of errors; the data is read again.
    except Exception as error:
        reason = first_line(error)[:100]
        return None, (f"{path}: damaged, the data is read again ({reason})",)


def _load(path: Path, state: str) -> RawFaces | None:
    if not path.is_file():
        raise ValueError("not a regular file")
    # Opened here: np.load leaves a file open that turns out to be damaged.
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        facts = json.loads(str(file["facts"]))
        if facts.pop("state") != state:
            return None
        arrays = {name: file[name] for name in _ARRAYS}
    facts = {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}
    faces = RawFaces(**arrays, **facts)
    n, size = len(faces.labels), faces.images.shape[1]
    expected = (np.uint8, (n, size, size, 1)), (np.int64, (n,)), (np.str_, (n,)), (np.str_, (n,))
    for (kind, shape), array in zip(expected, arrays.values(), strict=True):
        if array.shape != shape or array.dtype.type is not kind:
            raise ValueError(f"an array of {array.dtype} {array.shape}")
    if not 0 <= faces.labels.min() <= faces.labels.max() < len(faces.label_names):
        raise ValueError("unknown labels")
    if not set(np.unique(faces.split)) <= {"", *SPLITS}:
        raise ValueError("unknown splits")
    return faces


def store_cached(path: Path, state: str, faces: RawFaces) -> None:
    """Write faces to the cache, all or nothing.

    Raises:
        OSError: If the folder cannot be written.
    """
    facts = {name: getattr(faces, name) for name in _FACTS} | {"state": state}
    arrays = {name: getattr(faces, name) for name in _ARRAYS}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, facts=np.array(json.dumps(facts)), **arrays)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
