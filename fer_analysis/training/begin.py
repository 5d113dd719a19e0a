"""Starting or resuming a run: from names and paths to config, data and run directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fer_analysis.config import RunConfig, load_config
from fer_analysis.data.load import LoadedData
from fer_analysis.environment import multiplies_bfloat16
from fer_analysis.errors import FerError
from fer_analysis.evaluation.open_run import check_source, read_data
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.training.face_lists import check_same_lists, doubts, effects, notices, pinned
from fer_analysis.training.same_config import check_may_change, check_unchanged
from fer_analysis.training.whole_paths import with_whole_paths

NO_CONFIG = "no config: name one, e.g. `fer train self_built --data PATH` (see `fer train --help`)"

ONLY_RESUME = (
    "--resume continues a run unchanged: it takes no config, "
    "--model, --seed or --run-dir (only --data, if the data has moved, and --set of "
    "when to stop)"
)

SLOW_BFLOAT16 = (
    "this processor has no bfloat16 instructions, so training in bfloat16 is several times "
    "slower than in float32: use --set training.precision=float32"
)


@dataclass(frozen=True)
class Beginning:
    """A run that is about to be trained.

    Args:
        run: Its directory.
        config: Its config.
        data: Its data; None if the run is complete already.
    """

    run: Run
    config: RunConfig
    data: LoadedData | None

    def announce(self, progress: Progress) -> None:
        """Report what is trained on what, and whether the precision is slow on this processor."""
        import tensorflow as tf

        config = self.config
        progress.notice(
            f"run {self.run.path}: {config.model.name} on {config.data.source} "
            f"({self.data.protocol} protocol, seed {config.seed})"
        )
        rounds = config.training.precision == "bfloat16"
        if rounds and not tf.config.list_physical_devices("GPU") and multiplies_bfloat16() is False:
            progress.notice(SLOW_BFLOAT16)


def begin(
    config: str | Path | RunConfig | None,
    data: str | Path | LoadedData | None,
    *,
    seed: int | None,
    run_dir: str | Path | None,
    resume: str | Path | Run | None,
    overrides: tuple[str, ...],
    lists: tuple[str, ...] = (),
    progress: Progress,
) -> Beginning:
    """Start or resume a run; the arguments are those of `api.train`.

    `lists` are its lists of faces, as `face_lists.as_overrides` returns them.

    Raises:
        FerError: If an argument is not what it should be.
    """
    if resume is None:
        if config is None:
            raise FerError(NO_CONFIG)
        if seed is not None:
            overrides = (*overrides, f"seed={seed}")
        overrides = (*overrides, *lists)
        return _start(config, data, run_dir=run_dir, overrides=overrides, progress=progress)
    if config is not None or run_dir is not None or seed is not None:
        raise FerError(ONLY_RESUME)
    opened = resume if isinstance(resume, Run) else Run.open(resume)
    if not opened.is_directory:
        raise FerError(f"--resume {resume}: expected a run directory, received a model file")
    check_same_lists(opened, lists)
    return _resume(opened, data, overrides=overrides, progress=progress)


def _start(
    config: str | Path | RunConfig,
    data: str | Path | LoadedData | None,
    *,
    run_dir: str | Path | None,
    overrides: tuple[str, ...],
    progress: Progress,
) -> Beginning:
    """Read a config and its data, and start a run directory.

    Raises:
        FerError: If the config or the data is not what it should be, or the directory exists.
    """
    if isinstance(data, LoadedData):
        if data.section is None:
            raise FerError(
                "data: no record of how it was read; use the result of fer_analysis.load_data"
            )
        section = data.section.model_dump(mode="json")
        section["source"] = _absolute(section["source"])
        config, loaded = load_config(config, overrides, data=section), data
    else:
        config = load_config(config, overrides, data=_absolute(data))
        loaded = read_data(config.data, progress)
    config = with_whole_paths(pinned(config))
    for text in (*notices(effects(config, loaded)), *doubts(config, loaded)):
        progress.notice(text)
    return Beginning(Run.create(config, run_dir and Path(run_dir)), config, loaded)


def _resume(
    opened: Run,
    data: str | Path | LoadedData | None,
    *,
    overrides: tuple[str, ...],
    progress: Progress,
) -> Beginning:
    """Go on with a run that was interrupted, and read its data.

    Raises:
        FerError: If its config was edited, or its data cannot be read.
    """
    if opened.environment().get("members"):
        raise FerError(f"{opened.path} is an ensemble: it was made, not trained; see fer ensemble")
    if opened.is_complete:
        if overrides:
            raise FerError(f"{opened.path} is complete: start a new run with other settings")
        return Beginning(opened, opened.config(), None)
    with opened.held():  # reports at once which process trains it
        check_unchanged(opened, opened.config())
    if opened.result_file.exists():
        progress.notice(f"{opened.result_file} is damaged and will be written again")
    check_may_change(opened.config(), overrides)
    if isinstance(data, LoadedData):
        return Beginning(opened, load_config(opened.config_file, overrides), data)
    config = load_config(opened.config_file, overrides, data=_absolute(data))
    return Beginning(opened, config, read_data(config.data, progress))


def _absolute(source: str | Path | None) -> str | None:
    """Make a path independent of the folder that the program was started in."""
    check_source(source)
    if source is None or str(source) == "synthetic":
        return source and str(source)
    return str(Path(source).expanduser().resolve())
