"""Progress of a training: a bar for the epoch and the run, a line for each epoch."""

from __future__ import annotations

import math

from rich.progress import TextColumn

from fer_analysis.cli.tables.screen import err, progress_bar
from fer_analysis.training.collapse import cause_of


class TrainingProgress:
    """A listener that draws training on stderr.

    Args:
        config: The run's config.
    """

    def __init__(self, config):
        self._config = config
        self._bar = progress_bar(TextColumn("{task.fields[logs]}", markup=False))
        self._task = None

    def __enter__(self) -> TrainingProgress:
        self._bar.start()
        return self

    def __exit__(self, *error) -> None:
        self._bar.stop()

    def batch(self, epoch: int, step: int, steps: int, logs: dict) -> None:
        """Move the bar; time left is up to the last possible epoch."""
        epochs = self._config.training.epochs
        done = (epoch - 1) * steps + step
        if self._task is None:
            # A resumed run must not count earlier epochs in its speed.
            self._task = self._bar.add_task("", total=epochs * steps, completed=done - 1, logs="")
        self._bar.update(
            self._task,
            completed=done,
            description=f"epoch {epoch}/{epochs}",
            logs=f"loss {logs['loss']:.3f} acc {logs['accuracy']:.3f}",
        )

    def epoch(self, row: dict, is_best: bool) -> None:
        """Print the epoch's line."""
        err.print(
            f"epoch {row['epoch']:>3}  loss {row['loss']:.4f}  acc {row['accuracy']:.4f}  "
            f"val loss {row['validation_loss']:.4f}  val acc {row['validation_accuracy']:.4f}  "
            f"lr {row['learning_rate']:.2g}  {math.ceil(row['seconds'])} s"
            + ("  best" if is_best else ""),
            soft_wrap=True,
        )

    def collapse(self, collapse) -> None:
        """Name a collapse when it is first seen."""
        err.print(
            f"COLLAPSED ({collapse.kind}): {collapse.evidence}; {cause_of(collapse, self._config)}",
            style="bold red",
            soft_wrap=True,
        )

    def notice(self, text: str) -> None:
        """Print a remark."""
        err.print(f"note: {text}", soft_wrap=True)
