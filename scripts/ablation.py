#!/usr/bin/env python3
"""Train a config many times, one thing changed at a time, and set the rows beside each other.

    python scripts/ablation.py configs/ablations/self_built.yaml --data fer2013.csv

The file names a config, what all runs share (`set`), the seeds, and the rows: a name and the
overrides that make it. Each run goes to its own directory below --out; finished runs are not
trained again, interrupted ones go on, so the command can be stopped and repeated. The table goes
to stdout and, with --record, to a CSV; the first row is what the others are held against.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import yaml

from fer_analysis.config import load_config
from fer_analysis.run import Run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--data", required=True, help="as for `fer train`")
    parser.add_argument("--out", type=Path, help="default: runs/ablation-<file>")
    parser.add_argument("--jobs", type=int, default=len(cores()), help="runs at once, a core each")
    parser.add_argument("--record", type=Path, help="CSV to write")
    options = parser.parse_args()
    plan = yaml.safe_load(options.file.read_text())
    out = options.out or Path("runs") / f"ablation-{options.file.stem}"
    cells = [(row, seed) for seed in plan["seeds"] for row in plan["rows"]]
    free = SimpleQueue()
    for core in cores()[: options.jobs]:
        free.put(core)

    def run(cell):
        core = free.get()
        try:
            return train(plan, *cell, out, options.data, core)
        finally:
            free.put(core)

    with ThreadPoolExecutor(options.jobs) as pool:
        metrics = dict(zip(cells, pool.map(run, cells), strict=True))
    rows = [summary(row, [metrics[row, seed] for seed in plan["seeds"]]) for row in plan["rows"]]
    for row in rows:
        row["difference"] = f"{float(row['accuracy']) - float(rows[0]['accuracy']):+.1f}"
    show(rows)
    if options.record:
        with open(options.record, "w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def train(plan: dict, row: str, seed: int, out: Path, data: str, core: int) -> dict:
    """Train and evaluate one cell on one core; return its metrics."""
    folder = out / f"{re.sub(r'[^a-z0-9.]+', '-', row.lower())}-{seed}"
    overrides = [*plan["set"], *plan["rows"][row]]
    words = [plan["config"], "--data", data, "--seed", str(seed), "--run-dir", str(folder)]
    words += [word for override in overrides for word in ("--set", override)]
    if (folder / "config.yaml").is_file():
        words = ["--resume", str(folder)]
        wanted = load_config(plan["config"], [*overrides, f"seed={seed}"])
        if settings(Run.open(folder).config()) != settings(wanted):
            sys.exit(f"{folder}: a run of other settings; choose another --out, or delete it")
    if not (folder / "result.json").is_file():
        fer("train", *words, core=core)
    metrics = json.loads(fer("evaluate", str(folder), "--split", "validation", "--json", core=core))
    print(f"{folder.name}: {metrics['all']['accuracy']['value']:.4f}", file=sys.stderr, flush=True)
    return metrics


def settings(config) -> dict:
    return config.model_dump(mode="json", exclude={"data"})


def fer(*words: str, core: int) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "fer_analysis", *words],
        capture_output=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    if done.returncode:
        sys.exit(f"fer {' '.join(words)}:\n{done.stderr}")
    return done.stdout


def summary(row: str, metrics: list[dict]) -> dict:
    """Return mean and standard deviation over the seeds, in percent."""

    def percent(block):
        return [100 * m[block]["accuracy"]["value"] for m in metrics]

    everything, leak_free = percent("all"), percent("leak_free")
    present = [label for label in metrics[0]["all"]["labels"] if label["support"]]
    rarest = min(present, key=lambda label: label["support"])["label"]
    return {
        "row": row,
        "seeds": len(metrics),
        "accuracy": f"{statistics.mean(everything):.1f}",
        "sd": f"{statistics.stdev(everything):.1f}" if len(metrics) > 1 else "-",
        "leak_free": f"{statistics.mean(leak_free):.1f}",
        "macro_f1": f"{statistics.mean(m['all']['macro_f1'] for m in metrics):.3f}",
        "rarest": rarest,
        "rarest_right": right(metrics, "all", rarest),
        "rarest_right_leak_free": right(metrics, "leak_free", rarest),
        "labels_never_predicted": " ".join(
            sorted({name for m in metrics for name in m["all"]["never_predicted"]})
        ),
    }


def right(metrics: list[dict], block: str, label: str) -> str:
    """Return how many images of a label are right, over all seeds."""
    found = [row for m in metrics for row in m[block]["labels"] if row["label"] == label]
    return f"{sum(row['correct'] for row in found)}/{sum(row['support'] for row in found)}"


def show(rows: list[dict]) -> None:
    columns = ["row", "accuracy", "sd", "difference", "leak_free", "macro_f1"]
    columns += ["rarest_right", "rarest_right_leak_free"]
    print(f"{rows[0]['seeds']} seeds each; the rarest label: {rows[0]['rarest']}, over all seeds\n")
    print("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|")
    for row in rows:
        print("| " + " | ".join(str(row[column]) for column in columns) + " |")


def cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


if __name__ == "__main__":
    main()
