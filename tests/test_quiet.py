"""Nothing of TensorFlow's stands before a result, nor before an error: seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest
from PIL import Image

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.models import build_model
from fer_analysis.models.storage import save_model

DATA = "--data", "synthetic", "--set", "data.n=140"


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """Write a network, one with other labels, and a face."""
    monkeypatch.chdir(tmp_path)
    for name, labels in (("net", FER_LABELS), ("other", ("a", "b", "c"))):
        keras.utils.set_random_seed(0)
        model = build_model("self_built", (48, 48, 1), len(labels), filters=(4, 4), dense=(8,))
        save_model(model, Path(f"{name}.keras"), labels)
    Image.fromarray(generate(n=140, seed=0).images[0, ..., 0]).save("face.png")


def child(*words):
    """Run a command as a user does, without the settings of the tests; return what it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("TF_", "PYTHONWARNINGS"))}
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-m", "fer_analysis", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=kept)


def test_a_result_is_all_that_predict_prints():
    done = child("predict", "face.png", "--run", "net.keras")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split()[:4] == ["image", "label", "%", "then"]
    assert "1 image by net" in done.stdout


def test_evaluate_says_what_it_wrote_and_no_more():
    done = child("evaluate", "net.keras", *DATA)
    note, wrote = done.stderr.splitlines()
    assert done.returncode == 0
    assert note.startswith("note: split: test") and wrote.startswith("wrote runs/net-synthetic-")
    assert done.stdout.startswith("runs/net-synthetic-")


def test_an_error_found_by_the_loaded_network_is_the_last_line_and_the_only_one():
    done = child("evaluate", "other.keras", *DATA)
    note, error = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert note.startswith("note: split: test")
    assert error.startswith("Error: other.keras: the model's labels are not the data's")
