"""What a run was made with: command, versions, machine, code."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import fer_analysis

PACKAGES = ("tensorflow", "keras", "numpy", "scipy", "scikit-learn")


def describe_environment() -> dict:
    """Return command line, versions, device and git commit, ready for JSON."""
    return {
        "command": " ".join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "fer_analysis": fer_analysis.__version__,
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS"),
        **_git(Path(fer_analysis.__file__).parent.parent),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _git(folder: Path) -> dict:
    """Return the commit of the package's own checkout, where it is one."""
    if not (folder / ".git").exists():
        return {"git_commit": None, "git_dirty": None}

    def git(*words):
        done = subprocess.run(
            ["git", "-C", folder, *words], capture_output=True, text=True, check=False
        )
        return done.stdout.strip()

    return {
        "git_commit": git("rev-parse", "HEAD") or None,
        "git_dirty": bool(git("status", "--porcelain")),
    }
