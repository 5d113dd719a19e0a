#!/usr/bin/env python3
"""Make a finished run the network that comes with the package (`bundled`).

    python scripts/bundle.py runs/best [--data fer2013.csv]

Evaluates the run on its own data where that was not done yet (validation, plain and with
test-time augmentation; the test split where the data has one), and writes to
fer_analysis/weights/: the model as it is, the config, the record of the training without this
machine's paths, hashes of the images that it was trained on and chosen by (so that leaks are
found), its temperature, answer rule and guard, and card.json. No image is kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.evaluation.model_card import card_lines
from fer_analysis.exporting.bundle import bundle
from fer_analysis.run import WEIGHTS, Run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", help="run directory of a training that is complete")
    parser.add_argument("--data", help="the run's data, where it has moved")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="default: %(default)s")
    parser.add_argument("--command", help="where the run was resumed: the command that began it")
    parser.add_argument("--note", help="anything a reader of the figures should know")
    options = parser.parse_args()
    try:
        run = Run.open(options.run)
        card = bundle(run, options.data, options.out, command=options.command, note=options.note)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None
    print(f"wrote {options.out}/: {card['bytes'] / 1e6:.1f} MB of weights")
    print("\n".join(card_lines(card)))


if __name__ == "__main__":
    main()
