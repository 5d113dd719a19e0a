#!/usr/bin/env python3
"""Keep what is worth keeping of a run: its figures in JSON, its history in CSV.

    python scripts/record.py runs/mobilenet configs/results/mobilenet

Writes configs/results/mobilenet.json (command, config, seed, versions, fingerprint of the data,
minutes, the row of Table 1, the evaluation of the validation split) and .csv (the history). The
data's path in the command becomes PATH; no image and no weights are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics as metrics_of
from fer_analysis.evaluation.model_card import tidy_command
from fer_analysis.files import write_csv, write_json
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import to_json


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="run directory, with `fer evaluate --split SPLIT` done")
    parser.add_argument("name", type=Path, help="where to write, without suffix")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--command", help="where the run was resumed: the command that began it")
    parser.add_argument("--note", help="anything a reader of the figures should know")
    options = parser.parse_args()
    run = Run.open(options.run)
    environment, result = run.environment(), run.result()
    config = run.config().model_dump(mode="json")
    del config["data"]
    metrics = to_json(metrics_of(Evaluation.load(run.evaluation_folder(options.split))))
    for block in filter(None, (metrics["all"], metrics["leak_free"])):
        for figures in (
            block["calibration"]["as_predicted"],
            block["calibration"]["at_temperature"],
        ):
            del figures["bins"], figures["abstain"]  # curves belong to the pictures
    kept = ("fer_analysis", "python", "packages", "processor", "cores", "onednn", "prior")
    record = {
        "command": tidy_command(options.command or environment["command"]),
        "note": options.note,
        "minutes": round(result["seconds"] / 60, 1),
        "config": config,
        **{key: environment.get(key) for key in kept},
        "data": environment["data"],
        "result": result,
        "evaluation": metrics,
    }
    write_json(options.name.parent / f"{options.name.name}.json", record)
    write_csv(options.name.parent / f"{options.name.name}.csv", run.history())


if __name__ == "__main__":
    main()
