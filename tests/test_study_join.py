"""Cells of one study from several machines: joined, and what does not belong is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import fer_analysis
from fer_analysis.cli import main
from fer_analysis.errors import FerError
from fer_analysis.study.design import plan_study
from fer_analysis.study.join import join_stores
from fer_analysis.study.kept import load_kept, save_kept
from fer_analysis.study.store import CellStore

STUDY = """
question: does it join?
base: tiny
seeds: [{seeds}]
set: {{data.n: 280, training.epochs: {epochs}, training.images_per_epoch: 64}}
cells:
  "happy at {{n}}": {{each: {{n: [4, 9]}}, set: {{manipulations.keep.counts: {{happy: "{{n}}"}}}}}}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def planned(*, seeds="0, 1", epochs=1):
    Path("s.yaml").write_text(STUDY.format(seeds=seeds, epochs=epochs))
    return plan_study("s.yaml").cells


def machine(folder, cells, *, data="d", shift=0.0, contract=1, recorded=True):
    """Store cells as a machine that ran them would."""
    for cell in cells:
        rng = np.random.default_rng(cell.seed + 7)
        shares = rng.dirichlet(np.ones(3), 12) + shift * np.array([1.0, 0.0, 0.0])
        shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
        facts = {
            "name": cell.name,
            "seed": cell.seed,
            "fingerprints": {"train": f"{data}{cell.seed}", "validation": data},
            "label_names": ["a", "b", "c"],
            "seconds": rng.random(),
            "prior": [0.2, 0.3, 0.5],
            "training_counts": [3, 4, 5],
            "figures": {split: {"n": 12} for split in ("fold", "validation")},
        }
        if recorded:
            facts |= {"key": cell.portable_key, "study": cell.base_key, "contract": contract}
        CellStore(folder).write(cell, {"fold": shares, "validation": shares}, facts)


def test_cells_of_two_machines_are_joined_and_found_again():
    cells = planned()
    machine("one", cells[:4])
    machine("two", cells[2:])
    joined = join_stores(["one", "two"], "out")
    assert (joined.cells, joined.twice, joined.unknown) == (6, 2, 0)
    for cell in cells:
        found, own = (
            CellStore(s).find(cell) for s in ("out", "one" if cell in cells[:4] else "two")
        )
        for split, given in own.predictions().items():
            np.testing.assert_array_equal(found.predictions()[split].predicted, given.predicted)
    again = join_stores(["out", "two"], "out")
    assert (again.cells, again.twice) == (6, 4), "what is joined twice is the same"


def test_the_python_function_joins_and_says_what_was_written():
    machine("one", planned(seeds="0, 1"))
    machine("two", planned(seeds="1, 2"))
    said = []

    class Told(fer_analysis.Progress):
        def wrote(self, place, what=""):
            said.append((place, what))

    joined = fer_analysis.join_studies(["one", "two"], "out", progress=Told())
    assert (joined.cells, joined.twice, joined.unknown) == (9, 3, 0)
    assert said == [(Path("out"), "9 cells, 3 of them found more than once")]
    assert len(load_kept(Path("out"))) == 9


def test_machines_may_divide_the_seeds():
    machine("one", planned(seeds="0, 1"))
    machine("two", planned(seeds="2, 3"))
    assert join_stores(["one", "two"], "out").cells == 12


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"data": "e"}, "cell 'base', seed 1 in two: validation split e, but d in one"),
        ({"shift": 0.5}, "cell 'base', seed 0: different in one and in two"),
        ({"contract": 2}, "contract of cells 2, this is 1"),
        ({"recorded": False}, "6 cells of an earlier version, the first: cell"),
        ({}, "no finished cell in it"),
    ],
)
def test_cells_that_do_not_belong_are_named_and_nothing_is_written(other, message):
    cells = planned()
    some = {"data": cells[1:2], "shift": cells, "recorded": cells, "contract": cells}
    machine("one", cells[:1])
    machine("two", some.get(next(iter(other), None), []), **other)
    with pytest.raises(FerError, match=message):
        join_stores(["one", "two"], "out")
    assert not Path("out").exists()
    if other:
        result = CliRunner().invoke(main, ["study", "join", "one", "two", "--out", "out"])
        assert (result.exit_code, "Traceback" in result.output) == (1, False)


def test_another_study_is_refused_and_older_kept_cells_are_compared_by_their_data():
    machine("one", planned())
    machine("two", planned(epochs=2))
    with pytest.raises(FerError, match="base"):
        join_stores(["one", "two"], "out")
    cells = planned(seeds="2, 3")
    machine("old", cells, recorded=False)
    save_kept(Path("kept"), {c.portable_key: CellStore("old").find(c) for c in cells})
    result = CliRunner().invoke(main, ["study", "join", "one", "kept", "--out", "out"])
    assert result.exit_code == 0, result.output
    assert "6 cells have no record of their study" in result.output
    assert len(load_kept(Path("out"))) == 12
