"""The promise of the tables: an entry is a function and a line, and nothing else is edited."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest
from click.testing import CliRunner

from fer_analysis.cli import main
from fer_analysis.config import load_config
from fer_analysis.data import LAYOUTS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.models import MODELS
from fer_analysis.options import options_of
from fer_analysis.remedies import REMEDIES
from fer_analysis.saliency import METHODS

TABLES = {
    "model": MODELS,
    "remedy": REMEDIES,
    "manipulation": MANIPULATIONS,
    "saliency_method": METHODS,
    "layout": LAYOUTS,
}
ENTRIES = [(kind, name) for kind, table in TABLES.items() for name in table]
OPTIONS = {
    "model": "model.{}",
    "remedy": "remedies.{entry}.{}",
    "manipulation": "manipulations.{entry}.{}",
}


@pytest.fixture
def mine(monkeypatch):
    """Add an entry called `mine` to every table, for one test."""
    for kind, table in TABLES.items():
        monkeypatch.setattr(table, "_entries", dict(table._entries))
        table.add("mine", f"entries_of_my_own:{kind}")


def fer(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_is_a_documented_function_with_typed_options(kind, name):
    function = TABLES[kind][name]
    assert inspect.getdoc(function), "no docstring"
    if kind == "layout":
        return
    text = inspect.getdoc(function)
    for option, (annotation, _) in options_of(function).items():
        assert annotation is not inspect.Parameter.empty, f"{option} has no type"
        if option not in ("batch_size", "progress"):
            described = f"{option}:" in text or "are those of `" in text
            assert described, f"{option} is not described"


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_a_misspelt_name_is_answered_with_the_right_one(kind, name):
    with pytest.raises(FerError, match=f"did you mean '{name}'"):
        TABLES[kind][name[:-1] + "~"]


@pytest.mark.parametrize(("kind", "name"), [e for e in ENTRIES if e[0] in OPTIONS])
def test_every_option_is_a_config_key_and_its_misspelling_is_known(kind, name):
    base = [f"model.name={name}"] if kind == "model" else []
    for option in options_of(TABLES[kind][name]):
        key = OPTIONS[kind].format(option + "x", entry=name)
        with pytest.raises(FerError, match=f"unknown key \\(did you mean '{option}'"):
            load_config("self_built" if kind != "model" else name, [*base, f"{key}=1"])


def test_a_table_takes_no_name_twice(mine):
    with pytest.raises(FerError, match="model 'mine' exists already"):
        MODELS.add("mine", "a:b")


def test_an_entry_of_every_kind_is_walked_through_the_command_line(mine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faces = generate(n=200, seed=0)
    data = tmp_path / "data"
    data.mkdir()
    np.save(data / "faces.npy", faces.images[..., 0])
    (data / "labels.txt").write_text("\n".join(faces.label_names[i] for i in faces.labels))

    assert "mine" in fer("data", "--help").stdout
    assert "mine" in fer("train", "--help").stdout
    facts = json.loads(fer("data", "--data", "data", "--json").stdout)
    assert facts["layout"] == "mine"
    assert fer("data", "--data", "data", "--layout", "mine", "--json").exit_code == 0
    assert "did you mean 'mine'" in fer("data", "--layout", "mien", code=2).stderr

    sets = [
        *("--set", "training.epochs=1", "--set", "model.width=3"),
        *("--set", "remedies.mine.factor=3", "--set", "manipulations.mine.share=0.5"),
    ]
    fer("train", "--model", "mine", "--data", "data", "--run-dir", "run", *sets)
    config = (tmp_path / "run/config.yaml").read_text()
    assert "width: 3" in config and "factor: 3" in config and "share: 0.5" in config
    environment = json.loads((tmp_path / "run/environment.json").read_text())
    counts = environment["data"]["counts"]["train"]
    assert sum(environment["training_counts"]) == round(sum(counts) / 2)
    for wrong in ("model.widht=3", "remedies.mien=true", "manipulations.mine.shape=1"):
        text = fer("train", "mine", "--data", "data", "--set", wrong, code=1).stderr
        assert "did you mean" in text
    assert "less than or equal to 5" in (
        fer("train", "mine", "--data", "data", "--set", "remedies.mine.factor=6", code=1).stderr
    )

    assert json.loads(fer("evaluate", "run", "--json").stdout)["n"] > 0
    words = ["run", "--method", "mine", "--option", "gain=2", "--label", "happy", "--n", "2"]
    fer("saliency", *words, "--checks", "none")
    assert (tmp_path / "run/saliency/test/maps.npz").is_file()
    assert "did you mean 'mine'" in fer("saliency", "run", "--method", "mien", code=2).stderr
