"""Where results go: folders below `runs/`, named so that results of different things never mix."""

from __future__ import annotations

import contextlib
import glob
import hashlib
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.files import file_name, read_json

RUNS = Path("runs")
"""Where runs go, below the folder that the command is started in."""

_OF_SYSTEMS = {".ds_store", "thumbs.db", "desktop.ini", ".directory", "@eadir"}
_COPIES = "._"
"""What systems lay into folders that are looked at, and how macOS's copies of attributes begin."""


def results_folder(name: str, *origins: str) -> Path:
    """Return the folder for results that belong to no run directory: `runs/<name>-<key>`.

    The key follows from what the results are of, so that two models or two data sets of one
    name never share a folder, nor does a run of that name.

    Args:
        name: What the folder is called before the key.
        *origins: Fingerprints of the model, the data, the table.
    """
    key = hashlib.blake2b("\n".join(origins).encode(), digest_size=4).hexdigest()
    return RUNS / f"{file_name(name)}-{key}"


def with_key(path: Path) -> Path:
    """Return the folder that a name without its key means, if there is exactly one.

    Raises:
        FerError: If there are several.
    """
    if path.exists():
        return path
    found = sorted(path.parent.glob(f"{glob.escape(path.name)}-{'[0-9a-f]' * 8}"))
    if len(found) > 1:
        names = ", ".join(str(each) for each in found)
        raise FerError(f"{path}: results of several models or data sets; choose one of {names}")
    return found[0] if found else path


def default_folder(name: str, fingerprint: str) -> Path:
    """Return where a command's results go by default: `runs/<name>`.

    If results of other data are there, they are kept: the folder's name then ends in a key.

    Args:
        name: E.g. `audit-fer2013`.
        fingerprint: Of the data that the results are of.
    """
    folder = RUNS / file_name(name)
    saved = (read_json(file) or {} for file in folder.glob("*.json"))
    if any(each.get("fingerprint", fingerprint) != fingerprint for each in saved):
        return results_folder(name, fingerprint)
    return folder


def refuse_others(folder: Path, own: Collection[str], what: str) -> None:
    """Refuse a folder that is to be replaced as a whole and holds something else.

    Args:
        folder: It may be missing.
        own: Names of files and folders that may be replaced, beside those of systems.
        what: Whose names they are.

    Raises:
        FerError: If it holds other names.
    """
    if not folder.is_dir():
        return
    others = sorted(
        path.name
        for path in folder.iterdir()
        if path.name not in own
        and path.name.lower() not in _OF_SYSTEMS
        and not path.name.startswith(_COPIES)
    )
    if others:
        raise FerError(
            f"{folder}: has files that are not {what} ({', '.join(others[:3])}"
            f"{', …' if others[3:] else ''}); move them, or choose another --out"
        )


def new_run_folder(model: str) -> Path:
    """Make a new directory for a run that starts now; no two processes get the same.

    Raises:
        FerError: If a thousand were made in this second.
    """
    name = f"{datetime.now():%Y%m%d-%H%M%S}-{model}"
    for path in (RUNS / name, *(RUNS / f"{name}-{count}" for count in range(2, 1000))):
        with contextlib.suppress(FileExistsError):
            path.mkdir(parents=True)
            return path
    raise FerError(f"{RUNS / name}: a thousand runs were started in this second")
