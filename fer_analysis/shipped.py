"""The configs that come with the package: their place and what each is."""

from __future__ import annotations

import functools
from pathlib import Path

_PACKAGE = Path(__file__).parent
CONFIGS = next(
    folder for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs") if folder.is_dir()
)
"""The shipped configs: inside the package when installed, next to it in a checkout."""

PLANS = ("studies",)
"""Folders of plans of many runs, which are no configs of one."""


def shipped_configs() -> dict[str, Path]:
    """Return the bare names of the shipped configs and their files."""
    return dict(_configs_in(CONFIGS))


@functools.lru_cache(4)
def _configs_in(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.yaml"))
        if path.parent.name not in PLANS
    }


def summary_of(path: Path) -> str:
    """Return the first sentence of a shipped config's comment."""
    words = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        words += line.removeprefix("#").split()
        if words and words[-1][-1] in ".:;":
            break
    return " ".join(words).rstrip(".:;")
