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

from fer_analysis.errors import FerError
from fer_analysis.evaluation.run_record import run_record
from fer_analysis.files import write_csv, write_json
from fer_analysis.run import Run


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
    try:
        run = Run.open(options.run)
        record = run_record(run, options.split, command=options.command, note=options.note)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None
    write_json(options.name.parent / f"{options.name.name}.json", record)
    write_csv(options.name.parent / f"{options.name.name}.csv", run.history())


if __name__ == "__main__":
    main()
