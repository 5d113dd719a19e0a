"""A damaged file of a run: one line that names it and the way out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.errors import FerError
from fer_analysis.run import Run

HASHES = np.array(["a" * 32], dtype="S32")
READS = {
    "environment.json": lambda run: run.environment(),
    "result.json": lambda run: run.result(),
    "history.csv": lambda run: run.history(),
    "temperature.json": lambda run: run.temperatures(),
    "card.json": lambda run: run.card(),
    "training_images.npy": lambda run: run.leaked(HASHES),
    "validation_images.npy": lambda run: run.selected(HASHES),
}
WAYS_OUT = {
    "result.json": "fer train --resume",
    "temperature.json": "`fer evaluate` makes it again",
    "card.json": "scripts/bundle.py",
}


@pytest.fixture
def run(tmp_path):
    run = Run.create(load_config("tiny"), tmp_path / "run")
    data = {"fingerprint": "f", "protocol": "official", "label_names": ["a", "b"], "counts": {}}
    run.write_environment({"data": data, "prior": [0.5, 0.5], "seed": 0})
    run.write_result({"epochs": 2, "best_epoch": 1, "table_1": {"training_loss": None}})
    run.write_history([{"epoch": 1, "loss": float("nan"), "labels_predicted": 7}])
    run.write_temperatures({"plain": {"temperature": 1.2, "from": "9 images", "model": "0"}})
    run.write_hashes(HASHES, HASHES)
    card = {"command": "fer train", "seed": 0, "model": "m", "config": {}, "data": {}}
    run.card_file.write_text(json.dumps({**card, "label_names": ["a"], "calibration": {}}))
    return run


def test_what_is_whole_is_read(run):
    for read in READS.values():
        assert read(run) is not None
    assert run.is_complete
    assert run.leaked(HASHES).tolist() == [True]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"null", b"[]", b"[" * 100_000, b"\x80\x04K\x01.", b"a,b\n1,2\n", b"\x00"],
    ids=["empty", "no text", "null", "list", "nested", "pickle", "table", "zero"],
)
@pytest.mark.parametrize("name", [name for name in READS if name != "history.csv"])
def test_damage_names_the_file_and_the_way_out(run, name, content):
    (run.path / name).write_bytes(content)
    with pytest.raises(FerError) as caught:
        READS[name](run)
    text = str(caught.value)
    assert text.startswith(f"{run.path / name}: damaged (")
    assert WAYS_OUT.get(name, f"`fer train {run.config_file}`") in text
    assert "\n" not in text and len(text) < 600


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("environment.json", "data", 3),
        ("environment.json", "data", {}),
        ("environment.json", "prior", [float("nan")]),
        ("environment.json", "training_counts", [-1]),
        ("result.json", "best_epoch", 3),
        ("result.json", "epochs", "two"),
        ("result.json", "table_1", []),
        ("temperature.json", "plain", {"temperature": 0, "model": "0"}),
        ("temperature.json", "plain", {"temperature": 1.0}),
        ("card.json", "calibration", None),
    ],
)
def test_values_of_another_kind_are_damage_too(run, name, key, value):
    record = json.loads((run.path / name).read_text())
    (run.path / name).write_text(json.dumps({**record, key: value}))
    with pytest.raises(FerError, match=key):
        READS[name](run)


@pytest.mark.parametrize(
    "text", ["epoch,loss\n2,1\n", "loss\n1\n", "epoch,loss\n1,x\n", "epoch\n1,2\n"]
)
def test_a_history_has_one_row_of_numbers_for_each_epoch(run, text):
    run.history_file.write_text(text)
    with pytest.raises(FerError, match="history.csv: damaged"):
        run.history()


def test_arrays_that_need_pickle_or_are_no_hashes_are_refused(run):
    for values in (np.array([{}], dtype=object), np.arange(3), np.array([HASHES])):
        np.save(run.training_hashes_file, values, allow_pickle=True)
        with pytest.raises(FerError, match="training_images.npy: damaged"):
            run.leaked(HASHES)


def test_a_run_with_a_damaged_result_is_not_complete(run):
    run.result_file.write_text("{}")
    assert not run.is_complete


def test_files_that_are_missing_are_no_damage(run):
    for name in READS:
        (run.path / name).unlink()
    assert run.environment() == run.temperatures() == {}
    assert run.card() is run.leaked(HASHES) is run.selected(HASHES) is None
