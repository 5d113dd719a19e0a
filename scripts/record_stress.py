#!/usr/bin/env python3
"""Keep what is worth keeping of several stress tests of the same images: figures in JSON.

    python scripts/record_stress.py configs/results/stress.json best=runs/best \
      distilled=runs/distilled --command 'fer stress runs/best runs/distilled ...'

The first one is the reference. For each: accuracy clean, in the mean and by kind of condition,
promises kept, what the guard changes; and the paired differences from the reference.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import write_json
from fer_analysis.robustness.comparison import compare_stress
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.statistics.estimate import to_json

DIGITS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="the file to write")
    parser.add_argument("tests", nargs="+", metavar="NAME=RUN", help="what has a stress test")
    parser.add_argument("--split", default="validation")
    parser.add_argument("--command", help="what made them")
    options = parser.parse_args()
    named = dict(text.split("=", 1) for text in options.tests)
    try:
        tests = [StressTest.load(Path(run) / "stress" / options.split) for run in named.values()]
        compared = compare_stress(tests).as_dict()
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None
    runs = [
        {**run, "run": name, "kinds": kinds(test), "guard": to_json(test.summary["guard"])}
        for name, run, test in zip(named, compared["runs"], tests, strict=True)
    ]
    pairs = [
        {"run": name, "clean": pair["clean"], "groups": pair["groups"]}
        for name, pair in zip([*named][1:], compared["pairs"], strict=True)
    ]
    facts = {"command": options.command, "split": options.split, "n": compared["n"]}
    write_json(options.out, short({**facts, "runs": runs, "pairs": pairs}))


def kinds(test: StressTest) -> dict[str, float]:
    """Return mean accuracy by kind of condition."""
    found: dict[str, list[float]] = {}
    for row in test.summary["rows"]:
        found.setdefault(row["kind"], []).append(row["accuracy"].value)
    return {kind: float(np.mean(values)) for kind, values in found.items()}


def short(value):
    """Return a JSON value with its numbers rounded."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: short(item) for key, item in value.items()}
    return [short(item) for item in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    main()
