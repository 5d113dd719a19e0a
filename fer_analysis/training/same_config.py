"""Whether a run is resumed with the config that it was started with."""

from __future__ import annotations

from fer_analysis.config import RunConfig
from fer_analysis.errors import FerError, shown
from fer_analysis.run import Run

MAY_CHANGE = ("training.epochs", "training.early_stopping.patience", "training.stop_on_collapse")
"""Keys that --resume takes with --set: they set when training stops."""

PLACES = (
    "data.source",
    "data.votes",
    "data.votes_of",
    "training.log_to",
    "manipulations.exclude_faces.faces",
    "manipulations.relabel_faces.faces",
)
"""Keys of places: data and lists are identified by their fingerprints, and logs change nothing."""


def record_of(config: RunConfig) -> dict:
    """Return a config's values as they are kept with the run, one key path each, ready for JSON."""
    return {key: value for key, value in _flat(config.model_dump(mode="json")) if key not in PLACES}


def differences(run: Run, config: RunConfig) -> list[str]:
    """Return the keys whose values differ from those that the run was started with.

    None for a run that has not started, or was started by a version without this record.
    """
    before, now = run.environment().get("config", {}), record_of(config)
    return [key for key in before if before[key] != now.get(key)]


def check_unchanged(run: Run, config: RunConfig, *, allowed: tuple[str, ...] = ()) -> None:
    """Refuse a config other than the one that the run was started with.

    Args:
        run: The run.
        config: Its config now.
        allowed: Keys that may differ.

    Raises:
        FerError: Naming each key that differs, with both values.
    """
    before, now = run.environment().get("config", {}), record_of(config)
    differ = [key for key in differences(run, config) if key not in allowed]
    if differ:
        raise FerError(
            f"{run.path}: not the config that the run was started with; restore it, start a new "
            f"run (`fer train {run.config_file}`), or change when to stop: --resume RUN --set "
            f"{MAY_CHANGE[0]}=…",
            [f"{key}: {shown(before[key])}, now {shown(now.get(key))}" for key in differ],
        )


def check_may_change(config: RunConfig, overrides: tuple[str, ...]) -> None:
    """Refuse overrides with which a resumed run would end differently from an uninterrupted one.

    Raises:
        FerError: Naming the first of them.
    """
    for text in overrides:
        key = text.partition("=")[0].strip()
        if key not in MAY_CHANGE:
            raise FerError(
                f"--set {shown(text)}: a run is resumed unchanged; only "
                f"{', '.join(MAY_CHANGE)} may change"
            )
        training = config.training
        if key == "training.epochs" and (
            training.schedule.name == "cosine" or training.image_sizes
        ):
            what = "the cosine schedule" if training.schedule.name == "cosine" else "image_sizes"
            raise FerError(
                f"--set {shown(text)}: {what} depends on the number of epochs; start a new run"
            )


def _flat(values: dict, prefix: str = ""):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
