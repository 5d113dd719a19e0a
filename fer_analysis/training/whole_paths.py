"""The files and runs that a config names, by paths that do not depend on the working folder."""

from __future__ import annotations

from pathlib import Path

from fer_analysis.config import RunConfig
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.result_folders import RUNS
from fer_analysis.run import BUNDLED

_FILES = ("source", "votes", "votes_of")
"""Keys of the data that name a file or a folder."""


def with_whole_paths(config: RunConfig) -> RunConfig:
    """Return a config that names data, votes and other networks by their whole paths.

    Only what is there as a path is changed: `bundled` and `synthetic` are names, and what does not
    exist is reported by whoever opens it, as it was written. Lists of faces are named by
    `face_lists.pinned`.
    """
    data = config.data
    whole = {key: _file(value) for key in _FILES if (value := getattr(data, key, None))}
    if whole and data.source != SYNTHETIC:
        config = config.model_copy(update={"data": data.model_copy(update=whole)})
    if start := config.training.initial_weights:
        training = config.training.model_copy(update={"initial_weights": _run(start)})
        config = config.model_copy(update={"training": training})
    if distillation := config.remedies.distillation:
        teachers = tuple(map(_run, distillation.teachers))
        taught = distillation.model_copy(update={"teachers": teachers})
        remedies = config.remedies.model_copy(update={"distillation": taught})
        config = config.model_copy(update={"remedies": remedies})
    return config


def _file(name: str) -> str:
    path = Path(name).expanduser()
    return str(path.resolve()) if path.exists() else name


def _run(name: str) -> str:
    """Return a RUN's path, found as `Run.open` finds it; links keep the name that they have."""
    if name == BUNDLED:
        return name
    found = next((path for path in (Path(name), RUNS / name) if path.exists()), None)
    return name if found is None else str(found.absolute())
