"""Every script starts, and says what it is for."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest
from small_bundle import SCRIPTS

from fer_analysis.run import Run


@pytest.fixture
def start(monkeypatch, capsys):
    """Start a script in this process, which has TensorFlow already; return what it printed."""

    def run(name, *words):
        monkeypatch.syspath_prepend(SCRIPTS)  # some import others
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *map(str, words)])
        try:
            runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")
        except SystemExit as stopped:
            if stopped.code:
                raise
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_every_script_has_a_help(name, start):
    assert start(name, "--help").lower().startswith(f"usage: {name}.py")


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def test_record_and_bundle_of_a_small_run(trained, start):
    config = Path("run/config.yaml")
    elsewhere = f"initial_weights: {Path.cwd() / 'first'}"
    config.write_text(config.read_text().replace("initial_weights: null", elsewhere))
    assert "of weights" in start("bundle", "run", "--out", "weights", "--note", "a trial")
    assert json.loads(Path("weights/card.json").read_text())["note"] == "a trial"
    start("record", "run", "kept/small")
    record = json.loads(Path("kept/small.json").read_text())
    assert record["result"] == Run.open("run").result()
    assert "data" not in record["config"]
    for text in ("kept/small.json", "weights/config.yaml", "weights/environment.json"):
        assert str(Path.cwd()) not in Path(text).read_text()
    with pytest.raises(SystemExit, match="^Error: nowhere: .*"):
        start("record", "nowhere", "x")
