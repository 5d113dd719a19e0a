"""Decoded data, kept in a folder of our own so that the next start is instant."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from fer_analysis.data.readers.source import RawFaces, Source

VERSION = 1
"""To be raised whenever a reader gives other results for the same files."""

_ARRAYS = ("images", "labels", "ids", "split")
_FACTS = ("label_names", "official", "rows", "notices")


def cache_folder() -> Path:
    """Return `$FER_CACHE_DIR`, else `fer_analysis` in `$XDG_CACHE_HOME` or `~/.cache`."""
    if own := os.environ.get("FER_CACHE_DIR"):
        return Path(own).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "fer_analysis"


def cache_file(source: Source, **options) -> Path:
    """Return where the data that `source` would read with these options is kept."""
    place = json.dumps([VERSION, os.path.realpath(source.folder), source.files[:1], options])
    name = hashlib.blake2b(place.encode(), digest_size=16).hexdigest()
    return cache_folder() / f"{name}.npz"


def source_state(source: Source) -> str:
    """Return a hash of the names, sizes and times of all files of a source."""
    digest = hashlib.blake2b(digest_size=16)
    folder = os.fspath(source.folder)
    for name in source.files:
        stat = os.stat(f"{folder}/{name}")
        digest.update(os.fsencode(f"{name} {stat.st_size} {stat.st_mtime_ns}\n"))
    return digest.hexdigest()


def load_cached(path: Path, state: str) -> RawFaces | None:
    """Return the cached faces if the file is there, undamaged, and made from `state`."""
    try:
        # Opened here: np.load leaves a file open that turns out to be damaged.
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            facts = json.loads(str(file["facts"]))
            if facts.pop("state") != state:
                return None
            arrays = {name: file[name] for name in _ARRAYS}
    # A damaged archive raises almost anything; whatever it is, the data is read again.
    except Exception:
        return None
    if len({len(array) for array in arrays.values()}) != 1:
        return None
    facts = {name: tuple(fact) if isinstance(fact, list) else fact for name, fact in facts.items()}
    return RawFaces(**arrays, **facts)


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
