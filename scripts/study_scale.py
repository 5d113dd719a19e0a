#!/usr/bin/env python3
"""Measure what many cells cost `fer study` and `fer diagnose`: time and memory, without training.

    python scripts/study_scale.py --cells 500 2000 --out configs/results/study_scale.json

A study of drawn faces is planned with that many cells (labels that are reduced to numbers of their
images, five seeds), and a record is made up for each: the real fingerprints, random probabilities
with a recall that rises with the number of images. Then the commands read them, each in a process
of its own. Seconds are processor time: what else runs on the machine counts little.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError
from fer_analysis.files import write_json
from fer_analysis.study.cell import cell_data, fingerprints
from fer_analysis.study.cell_key import VERSION
from fer_analysis.study.design import load_study
from fer_analysis.study.store import CellStore

SEEDS = 5
LABELS = ("disgust", "fear", "sad", "angry")
STUDY = """
question: what do many cells cost?
base: tiny
seeds: [{seeds}]
set: {{data.source: synthetic, data.n: {images}}}
cells:
  "{{label}} at {{n}}":
    each: {{label: [{labels}], n: [{numbers}]}}
    set: {{manipulations.keep.counts: {{"{{label}}": "{{n}}"}}}}
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cells", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--images", type=int, default=280, help="drawn faces (default: 280)")
    parser.add_argument("--out", type=Path, help="write all figures as JSON")
    options = parser.parse_args()
    rows = []
    try:
        for cells in options.cells:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(measure(cells, options.images, Path(folder)))
            print(json.dumps(rows[-1], indent=1), flush=True)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None
    if options.out:
        write_json(options.out, {"seeds": SEEDS, "studies": rows})


def measure(cells: int, images: int, folder: Path) -> dict:
    """Make the cells of one study, and let the commands read them."""
    numbers = range(1, math.ceil((cells / SEEDS - 1) / len(LABELS)) + 1)
    study = folder / "many.yaml"
    study.write_text(
        STUDY.format(
            seeds=", ".join(map(str, range(SEEDS))),
            images=images,
            labels=", ".join(LABELS),
            numbers=", ".join(map(str, numbers)),
        )
    )
    made = write_cells(study, folder / "cells")
    where = [study, "--store", folder / "cells"]
    kept = [study, "--store", folder / "kept"]
    return {
        "cells": made,
        "images": images,
        "status": run("study", "status", *where),
        "diagnose": run("diagnose", *where, "--out", folder / "one"),
        "keep": run("study", "keep", *where, "--out", folder / "kept"),
        "diagnose, kept": run("diagnose", *kept, "--out", folder / "two"),
    }


def write_cells(study: Path, store: Path) -> int:
    """Write a record of each cell as if it had been trained; return how many there are."""
    planned = load_study(study)
    for cell in planned.cells:
        dataset = cell_data(cell.config).dataset
        parts = {name: dataset.part(name) for name in ("fold", "validation")}
        k = len(dataset.label_names)
        counts = np.bincount(dataset.part("train").labels, minlength=k)
        for _, changed in cell.config.manipulations.chosen():
            for label, n in changed["counts"].items():
                counts[dataset.label_names.index(label)] = n
        rng = np.random.default_rng([cell.seed, *cell.name.encode()])
        facts = {
            "name": cell.name,
            "seed": cell.seed,
            "fingerprints": fingerprints(cell_data(cell.config)),
            "label_names": list(dataset.label_names),
            "seconds": 1.0,
            "prior": (counts / counts.sum()).tolist(),
            "training_counts": counts.tolist(),
            "figures": {name: {"n": len(part)} for name, part in parts.items()},
            "key": cell.portable_key,
            "study": cell.base_key,
            "contract": VERSION,
        }
        recall = 0.9 * counts / (counts + 20)
        given = {name: probabilities(part, recall, rng) for name, part in parts.items()}
        CellStore(store).write(cell, given, facts)
    return len(planned.cells)


def probabilities(part: FaceDataset, recall: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return made-up probabilities with these recalls, float32 `(n, k)`."""
    k = len(part.label_names)
    correct = rng.random(len(part)) < recall[part.labels]
    predicted = np.where(correct, part.labels, rng.integers(0, k, len(part)))
    shares = rng.dirichlet(np.ones(k), len(part)) + 1.5 * np.eye(k)[predicted]
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)


def run(*words: object) -> dict:
    """Run a `fer` command; return its processor time, its time and its peak memory."""
    command = [sys.executable, "-m", "fer_analysis", *map(str, words)]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            errors.seek(0)
            raise FerError(f"{' '.join(map(str, words))}: {errors.read().decode()}")
    return {
        "processor_seconds": round(used.ru_utime + used.ru_stime, 1),
        "seconds": round(time.perf_counter() - start, 1),
        "peak_memory_mb": round(used.ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
