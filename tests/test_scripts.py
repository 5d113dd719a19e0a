"""Every script starts, and says what it is for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent.parent / "scripts"


def run(name, *words):
    command = [sys.executable, SCRIPTS / f"{name}.py", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_every_script_has_a_help(name):
    done = run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.lower().startswith(f"usage: {name}.py")


def test_record_and_bundle_of_a_small_run(tmp_path):
    from fer_analysis import api

    small = ("data.n=200", "training.epochs=1", "model.filters=[4]")
    trained = api.train("tiny", run_dir=tmp_path / "run", overrides=small)
    done = run("bundle", trained.path, "--out", tmp_path / "weights", "--note", "a trial")
    assert done.returncode == 0, done.stderr
    assert "of weights" in done.stdout
    assert json.loads((tmp_path / "weights/card.json").read_text())["note"] == "a trial"
    done = run("record", trained.path, tmp_path / "kept/small")
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "kept/small.json").read_text())
    assert record["result"] == trained.result()
    assert "data" not in record["config"]
    done = run("record", tmp_path / "nowhere", tmp_path / "x")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
