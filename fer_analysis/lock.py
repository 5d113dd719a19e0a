"""One writer at a time: a lock file that the system releases when its process ends in any way."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from fer_analysis.errors import FerError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file for the block; it is removed afterwards.

    On Windows, which has no such locks, nothing is held: start one writer at a time there.

    Args:
        path: The lock file; its folder must exist.

    Raises:
        FerError: If another process holds it; the message says which.
    """
    if fcntl is None:
        yield
        return
    file = _acquired(path)
    try:
        with contextlib.suppress(OSError):  # a full disk: the lock itself is held
            os.ftruncate(file, 0)
            os.write(file, _myself().encode())
        yield
    finally:
        path.unlink(missing_ok=True)  # before it is released, so that nobody waits for this file
        os.close(file)


def _acquired(path: Path) -> int:
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file), os.stat(path)):
                return file
        except FileNotFoundError:  # its holder has just ended, and removed it
            pass
        except BlockingIOError:
            holder = os.pread(file, 200, 0).decode(errors="replace") or "another process"
            os.close(file)
            raise FerError(f"{path.parent}: in use by {holder}; wait for it, or stop it") from None
        os.close(file)


def _myself() -> str:
    return f"process {os.getpid()} on {socket.gethostname()} since {datetime.now():%Y-%m-%d %H:%M}"
