"""Writing files so that a crash leaves the old or the new one, never a part of one."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import errno
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from fer_analysis.errors import FerError

LEFTOVER = ".fer-"
"""Prefix of unfinished files and folders; then the process and letters."""


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a new temporary file in `path`'s folder; it replaces `path` when the block succeeds.

    The temporary file has a name that nobody can predict and is created exclusively. A link is
    followed: its target is replaced.

    Raises:
        FerError: If `path` is something other than a file (a device, a pipe, a folder).
    """
    path = _target(Path(path), Path.is_file, "a regular file")
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last: writers such as Keras and numpy look at it.
    handle, name = tempfile.mkstemp(prefix=_prefix(path), suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
        _to_disk(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a new, empty folder next to `folder`; it replaces `folder` when the block succeeds.

    So a result of several files is complete or absent, and never a mixture of two: the earlier
    contents of the folder are removed as a whole.

    Raises:
        FerError: If `folder` is something other than a folder.
    """
    folder = _target(Path(folder), Path.is_dir, "a folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        for file in temporary.rglob("*"):
            _to_disk(file)
        if not folder.is_dir():
            os.replace(temporary, folder)
        elif not _exchange(temporary, folder):
            old = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
            os.replace(folder, old)  # without an exchange, a crash between the two leaves none
            os.replace(temporary, folder)
            temporary = old
        _to_disk(folder.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextlib.contextmanager
def updating_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a copy of `folder` (links to its files) that replaces it when the block succeeds.

    So files that are not of the result stay, and the result is the old or the new one as a whole. A
    mount point, and a folder that holds the working directory, cannot be replaced: they are yielded
    themselves, and a crash can leave some new files beside old ones.

    Raises:
        FerError: If `folder` is something other than a folder.
    """
    folder = _target(Path(folder), Path.is_dir, "a folder")
    if folder.is_dir() and (os.path.ismount(folder) or _holds_working_directory(folder)):
        yield folder
        return
    with replacing_folder(folder) as new:
        if folder.is_dir():
            others = shutil.ignore_patterns(f"{LEFTOVER}*")
            shutil.copytree(
                folder, new, symlinks=True, ignore=others, copy_function=_link, dirs_exist_ok=True
            )
        yield new


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without links
        shutil.copy2(source, target, follow_symlinks=False)


def _holds_working_directory(folder: Path) -> bool:
    try:
        return Path.cwd().is_relative_to(folder.resolve())
    except OSError:  # the working directory was deleted
        return False


def remove_leftovers(folder: str | Path) -> None:
    """Delete the unfinished files of killed processes in a folder, at any depth, and nothing else.

    Unfinished files of running processes stay.
    """
    for place in sorted(Path(folder).rglob(f"{LEFTOVER}*")):
        process = place.name.removeprefix(LEFTOVER).partition("-")[0]
        if not process.isdigit() or _runs(int(process)):
            continue
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place, ignore_errors=True)
        else:
            place.unlink(missing_ok=True)


def _prefix(path: Path) -> str:
    return f"{LEFTOVER}{os.getpid()}-{path.stem[:60]}-"


def _target(path: Path, is_kind: Callable[[Path], bool], kind: str) -> Path:
    """Return the target of a path, if it may be replaced or created."""
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    if path.exists() and not is_kind(path):
        raise FerError(f"{path}: not {kind}; it is not replaced")
    return path


def _runs(process: int) -> bool:
    """Tell whether a process is alive on this machine."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _to_disk(path: Path) -> None:
    """Write a file, or a folder's list of files, to disk before going on."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # only POSIX systems open folders
        return
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EIO):
            raise
    finally:
        os.close(handle)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False if the system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    sys.audit("os.rename", str(first), str(second), -1, -1)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0


def write_text(path: str | Path, text: str) -> None:
    """Write a text file at once."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Write JSON at once; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_json(path: str | Path) -> dict | None:
    """Read a JSON object; None if it is missing or damaged."""
    try:
        value = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write_csv(path: str | Path, rows: list[dict]) -> None:
    """Write a CSV at once; the columns are the first row's, and no text is a formula."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0] if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: as_text(value) for key, value in row.items()} for row in rows)


def content_hash(path: str | Path) -> str:
    """Return 16 hexadecimal digits that follow from a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=8)).hexdigest()


_FORMULA = tuple("=+-@\t\r")


def as_text(value: object) -> object:
    """Return a cell that a spreadsheet does not run as a formula: an apostrophe makes it text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def from_text(cell: str) -> str:
    """Return the text that `as_text` made safe."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def file_name(text: str) -> str:
    """Return a file name made from a label, valid on any file system."""
    return re.sub(r"[^\w-]+", "_", text)[:80] or "_"
