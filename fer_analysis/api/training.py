"""Training runs, joining them, opening them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.config import RunConfig
    from fer_analysis.data.load import LoadedData
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run


def train(
    config: str | Path | RunConfig | None = None,
    *,
    data: str | Path | LoadedData | None = None,
    seed: int | None = None,
    run_dir: str | Path | None = None,
    resume: str | Path | Run | None = None,
    exclude: str | Path | None = None,
    issues: Sequence[str] = (),
    relabel: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Run:
    """Train a run, or go on with one that was interrupted.

    After Ctrl-C the finished epochs are kept and drawn; `resume` goes on from there, to the
    result that the uninterrupted run would have had.

    Args:
        config: Path of a YAML file, the name of a shipped config, or a config.
        data: Other data than the config's: a path, `synthetic`, or what `load_data` returned.
        seed: Of weights, order and augmentation; the config's if None.
        run_dir: The new run's directory; by default `runs/<time>-<model>`.
        resume: A run to go on with; it takes no other arguments than `data` and, in `overrides`,
            when to stop (`training.epochs`, `training.early_stopping.patience`).
        exclude: A list of faces (a CSV with a column `id`) that are not trained on; other splits
            stay whole.
        issues: With `exclude`, where the list is an `audit.csv`: only images with one of these.
        relabel: A list of faces with the labels (`id,label`) that they are trained with.
        overrides: `KEY=VALUE` texts that change the config.
        progress: Receives tasks, notices, and every epoch.

    Returns:
        The finished run; `run.result()` has its row of Table 1.

    Raises:
        FerError: If the config, the data or the directory is not what it should be.

    Example:
        >>> run = train("tiny", overrides=("training.epochs=1",), run_dir="runs/first")
        >>> run.result()["epochs"]
        1
    """
    from fer_analysis.progress import Progress
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly
    from fer_analysis.training.begin import begin
    from fer_analysis.training.face_lists import as_overrides

    progress = progress or Progress()
    begun = begin(
        config,
        data,
        seed=seed,
        run_dir=run_dir,
        resume=resume,
        overrides=listed(overrides),
        lists=as_overrides(exclude, relabel, listed(issues)),
        progress=progress,
    )
    run = begun.run
    if run.is_complete:
        progress.notice(f"{run.path} is complete already")
        return run
    import_tensorflow_quietly()
    from fer_analysis.figures.training import save_figures
    from fer_analysis.training.logs import log_pictures
    from fer_analysis.training.train import train as train_run

    begun.announce(progress)
    try:
        with progress.training(begun.config) as listener:
            train_run(begun.config, begun.data, run, listener)
    except KeyboardInterrupt:
        progress.notice(
            f"stopped; finished epochs are safe, go on with: fer train --resume {run.path}"
        )
        save_figures(run)
        raise
    save_figures(run)
    log_pictures(run, begun.config)
    return run


def ensemble(
    *runs: str | Path | Run,
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Make one run of several: its probabilities are the mean of theirs.

    Deep ensembles, after Lakshminarayanan, Pritzel & Blundell 2017. The result is a run
    directory that every function takes: evaluate it, put it to the stress test, export it, or
    name it as a teacher. Images that any member was trained on count as trained on.

    Args:
        *runs: Two or more RUNs with the same labels in the same order.
        run_dir: The new run's directory; by default `runs/<time>-ensemble`.
        progress: Receives a task, and a notice where they were trained on different data.

    Raises:
        FerError: If there are too few, one is a bare model file, or they do not fit together.

    Example:
        >>> import fer_analysis as fer
        >>> both = fer.ensemble("runs/first", "runs/second", run_dir="runs/both")
        >>> fer.evaluate(both).accuracy
    """
    from fer_analysis.result_folders import new_run_folder
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    import_tensorflow_quietly()
    from fer_analysis.progress import Progress
    from fer_analysis.training.ensemble import make_ensemble

    progress = progress or Progress()
    folder = Path(run_dir) if run_dir else new_run_folder("ensemble")
    with progress.task(f"joining {len(runs)} networks"):
        return make_ensemble(runs, folder, progress=progress)


def open_run(run: str | Path | None = "bundled") -> Run:
    """Open a run: its files, its config, its history, its results.

    Args:
        run: A run directory (or its name below `runs/`), a `.keras` file, or `bundled`, the
            network that comes with the package; None takes the newest run.

    Raises:
        FerError: If it is none of these.

    Example:
        >>> import fer_analysis as fer
        >>> fer.open_run("bundled").config().model.name
        'residual'
    """
    from fer_analysis.run import Run

    return Run.open(run)
