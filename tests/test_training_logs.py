"""Following a training in TensorBoard or MLflow."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tensorflow as tf
from small_bundle import SMALL, fer

from fer_analysis.config import load_config
from fer_analysis.errors import FerError
from fer_analysis.progress import Listener
from fer_analysis.run import Run
from fer_analysis.training import logs
from fer_analysis.training.logs import Logged

TO = ["--set", "training.log_to=[tensorboard]"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def events(run: str):
    """Yield tag, step and value of everything that was reported to TensorBoard."""
    for file in sorted(Path(run, logs.FOLDER).glob("events*")):
        for event in tf.compat.v1.train.summary_iterator(str(file)):
            for value in event.summary.value:
                yield value.tag, event.step, tf.make_ndarray(value.tensor)


def test_tensorboard_has_the_history_the_config_and_the_pictures(trained):
    fer("train", "tiny", "--data", "fer", "--run-dir", "followed", *SMALL, *TO)
    told = list(events("followed"))
    history = Run(Path("followed")).history()
    for column in ("loss", "validation_accuracy", "learning_rate"):
        seen = {step: float(value) for tag, step, value in told if tag == column}
        expected = {row["epoch"]: pytest.approx(row[column], rel=1e-5) for row in history}
        assert seen == expected
    tags = [tag for tag, _, _ in told]
    assert tags.count("config") == 1
    assert {"curves", "structure"} <= {*tags}
    plain, followed = (Run(Path(name)).history()[-1] for name in ("run", "followed"))
    assert plain["validation_loss"] == pytest.approx(followed["validation_loss"], rel=1e-3)


def test_a_missing_package_is_one_line_before_training(trained, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    words = ["train", "tiny", "--data", "fer", "--run-dir", "other", *SMALL]
    error = fer(*words, "--set", "training.log_to=[mlflow]", code=1).stderr
    assert "fer-analysis[mlflow]" in error


def test_an_unknown_log_is_named():
    with pytest.raises(FerError, match="tensorboard"):
        load_config("tiny", ["training.log_to=[wandb]"])


class _Heard(Listener):
    def __init__(self):
        self.notices, self.epochs = [], []

    def notice(self, text):
        self.notices.append(text)

    def epoch(self, row, is_best):
        self.epochs.append(row["epoch"])


def test_a_log_that_fails_is_told_once_and_training_goes_on(monkeypatch):
    class Away:
        def __init__(self, run, config): ...
        def scalars(self, row):
            raise ConnectionError("the server is away")

    monkeypatch.setitem(logs.LOGS, "tensorboard", Away)
    heard = _Heard()
    with Logged(heard, ["tensorboard"], Run(Path("run")), load_config("tiny")) as logged:
        for epoch in (1, 2, 3):
            logged.epoch({"epoch": epoch, "loss": 1.0}, False)
    assert heard.epochs == [1, 2, 3]
    assert heard.notices == ["tensorboard: no longer reported to (the server is away)"]
