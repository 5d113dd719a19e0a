"""Training on several devices, and in float16."""

from __future__ import annotations

import json
import subprocess
import sys

import keras
import pytest

import fer_analysis
from fer_analysis.config import load_config
from fer_analysis.training.preparation import make_optimizer

SETTINGS = ("data.n=140", "training.batch_size=32", "model.dropout=0", "model.filters=[4]")

TWO = """
import json, sys
import tensorflow as tf
[processor, *_] = tf.config.list_physical_devices("CPU")
halves = [tf.config.LogicalDeviceConfiguration()] * 2
tf.config.set_logical_device_configuration(processor, halves)
import fer_analysis
from fer_analysis.training.devices import strategy_for
replicas = {name: strategy_for(name).num_replicas_in_sync for name in ("one", "all")}
settings = sys.argv[1].split(";")
told = {}
for devices in ("one", "all"):
    more = ["training.epochs=1", "training.weight_averaging=0.9", f"training.devices={devices}"]
    overrides = (*settings, *more)
    run = fer_analysis.train("tiny", data="synthetic", overrides=overrides, run_dir=devices)
    told[devices] = run.history()
json.dump([replicas, told], sys.stdout)
"""


def test_on_two_devices_the_same_is_learnt(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TWO, ";".join(SETTINGS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    replicas, told = json.loads(done.stdout)
    assert replicas == {"one": 1, "all": 2}
    for one, both in zip(told["one"], told["all"], strict=True):
        for column in ("loss", "validation_loss"):
            assert both[column] == pytest.approx(one[column], rel=1e-3)


def test_float16_scales_the_loss_and_learns_nearly_the_same(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    losses = {}
    for precision in ("float32", "float16"):
        overrides = (*SETTINGS, "training.epochs=1", f"training.precision={precision}")
        run = fer_analysis.train("tiny", data="synthetic", overrides=overrides, run_dir=precision)
        [row] = run.history()
        losses[precision] = row["validation_loss"]
    assert losses["float16"] == pytest.approx(losses["float32"], rel=0.02)
    training = load_config("tiny", ["training.precision=float16"]).training
    assert isinstance(make_optimizer(training, 1), keras.optimizers.LossScaleOptimizer)


def test_a_run_in_float16_is_resumed_with_its_loss_scale(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    overrides = (*SETTINGS, "training.epochs=2", "training.precision=float16")
    plain = ("training.schedule={name: constant}",)
    whole = fer_analysis.train("tiny", data="synthetic", overrides=(*overrides, *plain))
    again = _stopped_after_one_epoch(overrides + plain)
    assert again.history()[-1]["validation_loss"] == pytest.approx(
        whole.history()[-1]["validation_loss"], rel=1e-4
    )


def _stopped_after_one_epoch(overrides):
    class Stops(fer_analysis.Progress):
        def training(self, config):
            return _Stopping()

    with pytest.raises(KeyboardInterrupt):
        fer_analysis.train(
            "tiny", data="synthetic", overrides=overrides, run_dir="cut", progress=Stops()
        )
    return fer_analysis.train(resume="cut")


class _Stopping(fer_analysis.progress.Listener):
    def epoch(self, row, is_best):
        raise KeyboardInterrupt
