"""The environment of a run: command, versions, machine, code."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import fer_analysis

PACKAGES = ("tensorflow", "keras", "numpy", "scipy")

CPUINFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""Any of them: the processor has bfloat16 instructions (the last is ARM's)."""


def describe_environment() -> dict:
    """Return command line, time, versions, device and git commit, ready for JSON."""
    return {
        "started": datetime.now(UTC).isoformat(),
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


def multiplies_bfloat16() -> bool | None:
    """Return whether the processor has instructions for it; None if unknown."""
    flags = _cpuinfo("flags") or _cpuinfo("Features")  # x86, ARM
    return bool(BFLOAT16_FLAGS & set(flags.split())) if flags else None


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor()


def _cpuinfo(field: str) -> str:
    """Return a field of the first core, empty if there is none (only Linux has them)."""
    try:
        lines = CPUINFO.read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":")[1].strip() for line in lines if line.startswith(field)), "")


def _git(folder: Path) -> dict:
    """Return the commit of the package's own checkout, if it is one."""
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
