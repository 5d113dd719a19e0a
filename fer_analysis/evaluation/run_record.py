"""What is worth keeping of a run, without images, weights or the data's path."""

from __future__ import annotations

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics as metrics_of
from fer_analysis.evaluation.model_card import public_config, tidy_command, without_folders
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import to_json

KEPT = ("fer_analysis", "python", "packages", "processor", "cores", "onednn", "prior")
"""What is kept of the run's environment."""


def run_record(
    run: Run, split: str, *, command: str | None = None, note: str | None = None
) -> dict:
    """Return a run's command, config, versions, result and evaluation, ready for JSON.

    Args:
        run: A complete run whose split was evaluated.
        split: The split.
        command: Instead of the recorded one, where the run was resumed.
        note: Anything a reader of the figures should know.

    Raises:
        FerError: If the run is not complete, or the split was not evaluated.
    """
    environment, result = run.environment(), run.result()
    metrics = to_json(metrics_of(Evaluation.load(run.evaluation_folder(split))))
    for block in filter(None, (metrics["all"], metrics["leak_free"])):
        for name in ("as_predicted", "at_temperature"):
            figures = block["calibration"][name]
            del figures["bins"], figures["abstain"]  # curves belong to the pictures
    return {
        "command": tidy_command(command or environment["command"]),
        "note": note,
        "minutes": round(result["seconds"] / 60, 1),
        "config": public_config(run),
        **{key: environment.get(key) for key in KEPT},
        "data": environment["data"],
        "result": without_folders(result),
        "evaluation": metrics,
    }
