"""A run that is killed again and again ends exactly as one that never was."""

from __future__ import annotations

import csv
import multiprocessing
import random
import signal
import time
from contextlib import redirect_stderr, redirect_stdout

import keras
import numpy as np
import pytest

from fer_analysis.cli import main
from fer_analysis.config import load_config
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.files import LEFTOVER
from fer_analysis.models import MODELS
from fer_analysis.run import Run
from fer_analysis.training import trainer
from fer_analysis.training.preparation import make_recipe

KILLS = 6
OVERRIDES = [
    "data.n=300",
    "training.epochs=30",
    "training.deterministic=true",
    "model.filters=[4]",
    "model.dense=[8]",
    "training.early_stopping.patience=30",
    "training.schedule.name=cosine",
    "model.dropout=0.3",
    "training.weight_averaging=0.9",
    "augmentation.erasing=0.5",
]


# All is imported once, by a server that forks a process for each attempt.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["fer_analysis.training.train", "fer_analysis.figures.training"])


def run_train(words, log):
    """Run `fer train` in this process; what it prints goes to a file."""
    with open(log, "w") as file, redirect_stdout(file), redirect_stderr(file):
        main(["train", *words])


def start(words, log):
    """Start `fer train` in a process of its own."""
    process = PROCESSES.Process(target=run_train, args=([*map(str, words)], log))
    process.start()
    return process


def finish(words, log):
    """Run `fer train` to its end."""
    process = start(words, log)
    process.join()
    assert process.exitcode == 0, log.read_text()


def start_words(run):
    overrides = [word for override in OVERRIDES for word in ("--set", override)]
    return ["tiny", "--run-dir", run, *overrides]


def rows(run):
    file = run / "history.csv"
    if not file.exists():
        return []
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def kill_at(process, is_moment, *, pause):
    """Kill the process at the first moment at which `is_moment()`; tell whether it came."""
    while process.is_alive():
        if is_moment():
            process.kill()
            process.join()
            return process.exitcode == -signal.SIGKILL
        time.sleep(pause)
    return False


def writing(run, pid):
    """Return a question: is the process just writing a checkpoint?"""
    return lambda: leftovers(run, pid)


def moment_after(run, epochs, seconds):
    """Return a question: has an epoch beyond `epochs` been finished `seconds` ago?"""
    since = []

    def is_moment():
        if not since and len(rows(run)) > epochs:
            since.append(time.monotonic())
        return bool(since) and time.monotonic() > since[0] + seconds

    return is_moment


def leftovers(run, pid="*"):
    """Return the half-written checkpoints of a process."""
    return list(run.glob(f"{LEFTOVER}{pid}-checkpoint-*")) if run.exists() else []


def test_killed_six_times_equals_never_killed(tmp_path):
    whole, pieces = tmp_path / "whole", tmp_path / "pieces"
    log = tmp_path / "log.txt"
    finish(start_words(whole), log)

    chance, inside_checkpoint, words = random.Random(0), 0, start_words(pieces)
    for kill in range(KILLS):
        process = start(words, log)
        if kill % 3 == 0:  # aim at the writing of a checkpoint
            killed = kill_at(process, writing(pieces, process.pid), pause=0.002)
        else:  # a random moment after an epoch has been finished
            before = len(rows(pieces))
            moment = moment_after(pieces, before, chance.uniform(0, 0.3))
            killed = kill_at(process, moment, pause=0.01)
        assert killed, "the run ended before it could be killed"
        inside_checkpoint += bool(leftovers(pieces, process.pid))
        words = ["--resume", pieces]
    assert inside_checkpoint > 0
    assert not (pieces / "result.json").exists()

    finish(["--resume", pieces], log)
    assert not leftovers(pieces)
    ours, theirs = (
        [{k: v for k, v in row.items() if k != "seconds"} for row in rows(run)]
        for run in (pieces, whole)
    )
    assert len(ours) == 30
    assert ours == theirs
    models = [keras.saving.load_model(run / "model.keras") for run in (pieces, whole)]
    for a, b in zip(*(model.get_weights() for model in models), strict=True):
        np.testing.assert_array_equal(a, b)


class Interrupter:
    """A listener that interrupts training in the middle of an epoch."""

    def __init__(self, epoch):
        self.moment = (epoch, 2)

    def batch(self, epoch, step, steps, logs):
        if (epoch, step) == self.moment:
            raise KeyboardInterrupt

    def epoch(self, row, is_best):
        pass

    def collapse(self, collapse):
        """Go on: so small a network may name one label for all at first."""


@pytest.mark.compiled
def test_growing_images_and_the_average_of_weights_go_on_where_they_were(tmp_path):
    faces = generate(n=200, seed=0)
    config = load_config(
        "quick",
        [
            "training.epochs=3",
            "training.image_sizes=[16, 24]",
            "training.batch_size=32",
            "model.stem=4",
            "model.widths=[4]",
            "model.blocks=[1]",
            "model.dropout=0.2",
            "remedies.soft_labels=false",
        ],
    )
    recipe = make_recipe(config, faces.part("train"), faces.part("validation"))

    def fit(run, *, until):
        keras.utils.set_random_seed(0)
        model, twin = (
            MODELS["residual"]((side, side, 1), 7, **config.model.options()) for side in (48, None)
        )
        progress, *_ = trainer.fit(recipe, model, run, Interrupter(until), twin=twin)
        return [{**row, "seconds": 0} for row in progress.history], model.get_weights()

    history, weights = fit(Run.create(config, tmp_path / "whole"), until=9)
    run = Run.create(config, tmp_path / "pieces")
    for epoch in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            fit(run, until=epoch)
    resumed_history, resumed = fit(run, until=9)
    for row, other in zip(resumed_history, history, strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    for ours, theirs in zip(resumed, weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
