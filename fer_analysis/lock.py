"""One writer at a time: a lock file that the system releases when its process ends in any way."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from fer_analysis.errors import FerError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

WITHOUT_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP}
"""What file systems without such locks say, as some of networks do."""


@contextlib.contextmanager
def locked(path: Path, notice: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a lock file for the block; it is removed afterwards.

    On Windows and on file systems without such locks nothing is held: start one writer at a time
    there.

    Args:
        path: The lock file; its folder must exist.
        notice: Told if the file system has no locks.

    Raises:
        FerError: If another process holds it (the message says which), or it cannot be locked.
    """
    file = None if fcntl is None else _acquired(path)
    if file is None:
        if fcntl is not None and notice is not None:
            notice(f"{path.parent}: this file system has no locks: start one command at a time")
        yield
        return
    try:
        with contextlib.suppress(OSError):  # a full disk: the lock itself is held
            os.ftruncate(file, 0)
            os.write(file, _myself().encode())
        yield
    finally:
        path.unlink(missing_ok=True)  # before it is released, so that nobody waits for this file
        os.close(file)


@contextlib.contextmanager
def locked_folder(folder: Path, notice: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold a folder of results for the block; it is made if need be, and not left behind empty.

    The lock stays held where `files.updating_folder` replaces the folder: its copy has a link to
    the same lock file.

    Args:
        folder: The folder.
        notice: Told if the file system has no locks.

    Raises:
        FerError: If another process holds it, or it is no folder.
    """
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise FerError(f"{folder}: not a folder; choose another --out") from None
    try:
        with locked(folder / ".lock", notice):
            yield
    finally:
        if new:
            with contextlib.suppress(OSError):  # it holds something
                folder.rmdir()


def _acquired(path: Path) -> int | None:
    """Return the open lock file; None where the file system has no locks."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        held = False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held = os.path.samestat(os.fstat(file), os.stat(path))
            if held:
                return file
        except FileNotFoundError:  # its holder has just ended, and removed it
            pass
        except BlockingIOError:
            holder = os.pread(file, 200, 0).decode(errors="replace") or "another process"
            raise FerError(f"{path.parent}: in use by {holder}; wait for it, or stop it") from None
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise FerError(f"{path}: cannot be locked ({error.strerror})") from None
            path.unlink(missing_ok=True)
            return None
        finally:
            if not held:
                os.close(file)


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M}"
