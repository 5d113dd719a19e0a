"""Following a training in TensorBoard or MLflow while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import tensorflow as tf

from fer_analysis.config import RunConfig
from fer_analysis.errors import first_line
from fer_analysis.files import write_text
from fer_analysis.models.exported import require
from fer_analysis.progress import Listener
from fer_analysis.run import Run

FOLDER = "tensorboard"
RUN_ID = "mlflow_run.txt"
"""In the run directory: which MLflow run a resumed training goes on with."""


class Log(Protocol):
    """A place that a training is reported to."""

    def scalars(self, row: dict[str, float]) -> None:
        """Report an epoch's row of the history."""

    def picture(self, file: Path) -> None:
        """Report a PNG of the run directory."""

    def close(self) -> None:
        """Report that the training ended."""


class TensorBoard:
    """Event files in `tensorboard/` of the run directory: `tensorboard --logdir runs`."""

    def __init__(self, run: Run, config: RunConfig):
        require(
            "tensorboard",
            why="training.log_to: [tensorboard]",
            install="'fer-analysis[tensorboard]'",
        )
        folder = run.path / FOLDER
        begins = not folder.exists()
        self._writer = tf.summary.create_file_writer(str(folder))
        if begins:
            with self._writer.as_default():
                tf.summary.text("config", f"```\n{config.to_yaml()}\n```", step=0)

    def scalars(self, row):
        with self._writer.as_default():
            for name, value in _scalars(row).items():
                tf.summary.scalar(name, value, step=row["epoch"])
        self._writer.flush()

    def picture(self, file):
        with self._writer.as_default():
            tf.summary.image(file.stem, tf.io.decode_png(file.read_bytes())[None], step=0)

    def close(self):
        self._writer.close()


class Mlflow:
    """A run of the tracking server that MLFLOW_TRACKING_URI names, by default a local database."""

    def __init__(self, run: Run, config: RunConfig):
        require("mlflow", why="training.log_to: [mlflow]", install="'fer-analysis[mlflow]'")
        import mlflow

        file = run.path / RUN_ID
        known = file.read_text(encoding="utf-8").strip() if file.is_file() else None
        started = mlflow.start_run(run_id=known, run_name=run.name)
        self._mlflow, self._id = mlflow, started.info.run_id
        if known is None:
            write_text(file, self._id + "\n")
            mlflow.log_text(config.to_yaml(), "config.yaml")
            mlflow.log_params({"model": config.model.name, "seed": config.seed})

    def scalars(self, row):
        self._mlflow.log_metrics(_scalars(row), step=row["epoch"])

    def picture(self, file):
        self._mlflow.log_artifact(str(file))

    def close(self):
        self._mlflow.end_run()


LOGS = {"tensorboard": TensorBoard, "mlflow": Mlflow}
"""Name in `training.log_to` -> what reports to it."""


class Logged(Listener):
    """A listener that reports to logs as well; a log that fails is told once and left out.

    Args:
        listener: The one that it passes everything on to.
        names: Of `LOGS`.
        run: The run that is trained.
        config: Its config.

    Raises:
        FerError: If the package of one is missing.
    """

    def __init__(self, listener: Listener, names: Iterable[str], run: Run, config: RunConfig):
        self._listener, self._run = listener, run
        self._logs: dict[str, Log] = {name: LOGS[name](run, config) for name in names}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for name in list(self._logs):
            self._tell(name, "close")

    def batch(self, epoch, step, steps, logs):
        self._listener.batch(epoch, step, steps, logs)

    def epoch(self, row, is_best):
        self._listener.epoch(row, is_best)
        for name in list(self._logs):
            self._tell(name, "scalars", row)

    def collapse(self, collapse):
        self._listener.collapse(collapse)

    def notice(self, text):
        self._listener.notice(text)

    def picture(self, file: Path) -> None:
        """Report a picture of the finished run."""
        for name in list(self._logs):
            self._tell(name, "picture", file)

    def _tell(self, name: str, what: str, *arguments: object) -> None:
        try:
            getattr(self._logs[name], what)(*arguments)
        except Exception as error:  # a full disk, a server that is away: training goes on
            del self._logs[name]
            self._listener.notice(f"{name}: no longer reported to ({first_line(error)})")


def log_pictures(run: Run, config: RunConfig) -> None:
    """Report the pictures of a finished run to the logs that its training reported to."""
    with Logged(Listener(), config.training.log_to, run, config) as logs:
        for file in (run.curves_file, run.structure_file):
            if file.is_file():
                logs.picture(file)


def _scalars(row: dict[str, float]) -> dict[str, float]:
    return {name: float(value) for name, value in row.items() if name != "epoch"}
