"""A killed process and a full disk, at any moment at which a command touches a file.

`python faults.py` is a process that has imported everything once and forks for each try: the
child runs one command and is killed, or finds the disk full, at the n-th event that changes a
file below the working directory (opened for writing, renamed, deleted, made).
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

KILLED = 137
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"}


class Faults:
    """Commands that meet a fault, each in a fresh copy of a folder.

    Args:
        work: Where copies are made.
        preload: Modules that are imported once, before any fork.
    """

    def __init__(self, work: Path, preload: Sequence[str] = ()):
        self._work = work
        self._process = subprocess.Popen(
            [sys.executable, __file__, *preload],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()

    def run(
        self, folder: Path, words: Sequence[str], *, kind: str = "", at: int = 0
    ) -> tuple[int, int, str]:
        """Run a command in a folder.

        Args:
            folder: The working directory.
            words: The command's words, without `fer`.
            kind: `kill`, `full`, or nothing.
            at: The event, counted from 1, at which it happens.

        Returns:
            Exit code, number of events, what was printed.
        """
        asked = {"folder": str(folder), "words": list(words), "kind": kind, "at": at}
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        done = json.loads(self._process.stdout.readline())
        return done["code"], done["events"], done["printed"]

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Path]:
        """Yield a copy of a folder, deleted afterwards."""
        place = self._work / "copy"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder, place, symlinks=True)
        try:
            yield place
        finally:
            shutil.rmtree(place)


def tree(folder: Path) -> dict[str, str]:
    """Return the files below a folder, leftovers aside, and a hash of each."""
    found = {}
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".fer-") for part in parts):
            found["/".join(parts)] = hashlib.blake2b(path.read_bytes()).hexdigest()
    return found


def damaged(folder: Path) -> list[str]:
    """Return the files below a folder, leftovers aside, that are not whole."""
    return [name for name in tree(folder) if not _is_whole(folder / name)]


def _is_whole(path: Path) -> bool:
    try:
        if path.suffix == ".json":
            json.loads(path.read_text())
        elif path.suffix == ".png":
            Image.open(path).load()
        elif path.suffix in (".npz", ".keras"):
            with zipfile.ZipFile(path) as archive:
                return archive.testzip() is None
        elif path.suffix == ".npy":
            np.load(path)
        elif path.suffix == ".csv":
            with open(path, newline="") as file:
                rows = list(csv.reader(file))
            return bool(rows) and len({len(row) for row in rows}) == 1
        elif path.suffix == ".html":
            return path.read_text().rstrip().endswith("</html>")
        else:
            return path.stat().st_size > 0
    except Exception:
        return False
    return True


# --- the process that forks ----------------------------------------------------------------------


def _serve() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        ours, theirs = os.pipe()
        child = os.fork()
        if not child:
            os.close(ours)
            _child(asked, theirs)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            told = pipe.read().splitlines()
        _, status = os.waitpid(child, 0)
        # A killed child says how far it came, and no more.
        done = {"code": os.waitstatus_to_exitcode(status), "events": 0, "printed": ""}
        for each in told:
            done |= json.loads(each)
        print(json.dumps(done), flush=True)


def _child(asked: dict, pipe: int) -> None:
    printed = io.StringIO()
    sys.stdout = sys.stderr = printed
    os.chdir(asked["folder"])
    counter = _Counter(Path.cwd(), asked["kind"], asked["at"], pipe)
    sys.addaudithook(counter)
    from fer_analysis.cli import main

    try:
        code = main(asked["words"], standalone_mode=False) or 0
    except SystemExit as error:
        code = error.code or 0
    except BaseException as error:
        import traceback

        traceback.print_exception(error)
        code = 99
    counter.on = False
    facts = {"events": counter.events, "printed": printed.getvalue()[-3000:]}
    os.write(pipe, (json.dumps(facts) + "\n").encode())
    os._exit(code if isinstance(code, int) else 1)


class _Counter:
    """An audit hook that counts what changes files below a folder, and lets the fault happen."""

    def __init__(self, folder: Path, kind: str, at: int, pipe: int):
        self._folder, self._kind, self._at, self._pipe = str(folder), kind, at, pipe
        self.events, self.on = 0, True

    def __call__(self, event: str, args: tuple) -> None:
        if not self.on or not self._changes(event, args):
            return
        self.events += 1
        if self._kind == "kill" and self.events == self._at:
            os.write(self._pipe, (json.dumps({"events": self.events}) + "\n").encode())
            os._exit(KILLED)
        # On a full disk everything fails that needs room; deleting does not.
        if self._kind == "full" and self.events >= self._at and event in ("open", "os.mkdir"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(args[0]))

    def _changes(self, event: str, args: tuple) -> bool:
        if event == "open":
            path, mode, flags = args
            if not isinstance(path, str | bytes | os.PathLike):
                return False
            writes = isinstance(mode, str) and set(mode) & set("wax+")
            if not writes and not (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return False
        elif event not in CHANGES or isinstance(args[0], int):
            return False
        return os.path.abspath(os.fsdecode(args[0])).startswith(self._folder)


if __name__ == "__main__":
    import importlib

    import fer_analysis  # noqa: F401  before TensorFlow

    for module in sys.argv[1:]:
        importlib.import_module(module)
    _serve()
