"""Whether a run goes on under the config that it began with."""

from __future__ import annotations

from fer_analysis.config import RunConfig
from fer_analysis.errors import FerError, shown
from fer_analysis.run import Run

MAY_CHANGE = ("training.epochs", "training.early_stopping.patience", "training.stop_on_collapse")
"""Keys that --resume takes with --set: they say when to stop."""

PLACES = ("data.source", "data.votes")
"""Keys that say where the data lies; it is recognised by its fingerprint."""


def record_of(config: RunConfig) -> dict:
    """Return a config's values as they are kept with the run, one key path each, ready for JSON."""
    return {key: value for key, value in _flat(config.model_dump(mode="json")) if key not in PLACES}


def differences(run: Run, config: RunConfig) -> list[str]:
    """Return the keys whose values differ from those that the run began with.

    A run that has not begun, or that was begun by a version without this record, differs in none.
    """
    before, now = run.environment().get("config", {}), record_of(config)
    return [key for key in before if before[key] != now.get(key)]


def check_unchanged(run: Run, config: RunConfig, *, allowed: tuple[str, ...] = ()) -> None:
    """Refuse a config that is not the one that the run began with.

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
            f"{run.path}: not the config that the run began with; put it back, start a new run "
            f"(`fer train {run.config_file}`), or change when to stop: --resume RUN --set "
            f"{MAY_CHANGE[0]}=…",
            [f"{key}: {shown(before[key])}, now {shown(now.get(key))}" for key in differ],
        )


def check_may_change(config: RunConfig, overrides: tuple[str, ...]) -> None:
    """Refuse overrides of a resumed run that would not lead where the whole run would have led.

    Raises:
        FerError: Naming the first of them.
    """
    for text in overrides:
        key = text.partition("=")[0].strip()
        if key not in MAY_CHANGE:
            raise FerError(
                f"--set {shown(text)}: a run goes on as it was begun; only "
                f"{', '.join(MAY_CHANGE)} may change"
            )
        training = config.training
        if key == "training.epochs" and (
            training.schedule.name == "cosine" or training.image_sizes
        ):
            what = "the cosine schedule" if training.schedule.name == "cosine" else "image_sizes"
            raise FerError(
                f"--set {shown(text)}: {what} follows the number of epochs from the first on; "
                "start a new run"
            )


def _flat(values: dict, prefix: str = ""):
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
