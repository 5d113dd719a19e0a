"""A run that is killed again and again ends exactly as one that never was."""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import time

import keras
import numpy as np

KILLS = 10
OVERRIDES = [
    "data.n=300", "training.epochs=45", "training.deterministic=true", "model.filters=[8, 8]",
    "training.early_stopping.patience=45", "training.schedule.name=cosine", "model.dropout=0.3",
]  # fmt: skip


def command(*words):
    return [sys.executable, "-m", "fer_analysis", "train", *map(str, words)]


def start_words(run):
    overrides = [word for override in OVERRIDES for word in ("--set", override)]
    return ["tiny", "--run-dir", run, *overrides]


def rows(run):
    file = run / "history.csv"
    return list(csv.DictReader(file.open())) if file.exists() else []


def kill_while(process, run, is_moment):
    """Kill the process at the first moment at which `is_moment()`; tell whether it came."""
    while process.poll() is None:
        if is_moment():
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            return True
    return False


def leftovers(run):
    return list(run.glob(".checkpoint.*")) if run.exists() else []


def test_killed_ten_times_equals_never_killed(tmp_path):
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    done = subprocess.run(command(*start_words(whole)), **quiet, check=False)
    assert done.returncode == 0, done.stderr

    chance, inside_checkpoint, words = random.Random(0), 0, start_words(pieces)
    for kill in range(KILLS):
        process = subprocess.Popen(command(*words), stdout=-3, stderr=-3)
        if kill % 3 == 0:  # aim at the writing of a checkpoint

            def moment():
                return leftovers(pieces)

        else:  # a random moment after the process has finished an epoch
            before, deadline = len(rows(pieces)), []

            def moment(before=before, deadline=deadline):
                if not deadline and len(rows(pieces)) > before:
                    deadline.append(time.monotonic() + chance.uniform(0, 0.5))
                return deadline and time.monotonic() > deadline[0]

        assert kill_while(process, pieces, moment), "the run ended before it could be killed"
        inside_checkpoint += bool(leftovers(pieces))
        words = ["--resume", pieces]
    assert inside_checkpoint > 0
    assert not (pieces / "result.json").exists()

    done = subprocess.run(command("--resume", pieces), **quiet, check=False)
    assert done.returncode == 0, done.stderr
    assert not leftovers(pieces)
    ours, theirs = (
        [{k: v for k, v in row.items() if k != "seconds"} for row in rows(run)]
        for run in (pieces, whole)
    )
    assert len(ours) == 45
    assert ours == theirs
    models = [keras.saving.load_model(run / "model.keras") for run in (pieces, whole)]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)
