"""A study from end to end on the command line: run, shown, diagnosed, kept, passed on."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from fer_analysis.cli import main
from fer_analysis.study.cell import run_cell
from fer_analysis.study.design import load_study
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences

WHY = """
question: does it run?
base: tiny
seeds: [0]
set: {data.n: 420, training.epochs: 1, model.filters: [4], model.dense: []}
cells:
  another recipe: {set: {training.learning_rate: 0.005}}
  "{label}: a quarter of its images":
    each: {label: [sad]}
    set: {manipulations.keep.counts: {"{label}": 0.25}}
"""


def fer(*words, code=0):
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    assert result.exit_code == code, result.output
    return result


def text_of(result):
    return " ".join(result.output.split())


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A folder in which the study's three cells are finished."""
    folder = tmp_path_factory.mktemp("studied")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("FER2013_DIR", raising=False)
        patch.setenv("FER_CACHE_DIR", str(folder / "cache"))
        Path("w.yaml").write_text(WHY)
        told = fer("diagnose", "w.yaml", code=1).output
        assert "no base cell is finished in runs/cells (no such folder): fer study run w" in told
        early = fer("study", "keep", "w.yaml", "--out", "kept", code=1)
        assert "no cell is finished in runs/cells (no such folder): fer study run w" in early.output
        for cell in load_study("w.yaml").cells:
            run_cell(cell, Path("runs/cells"))
    return folder


@pytest.fixture(autouse=True)
def inside(studied, monkeypatch):
    monkeypatch.chdir(studied)
    monkeypatch.delenv("FER2013_DIR", raising=False)


@pytest.fixture(scope="module")
def diagnosed(studied):
    """The same folder, with a diagnosis in `d`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(studied)
        patch.delenv("FER2013_DIR", raising=False)
        fer("diagnose", "w.yaml", "--out", "d")
    return studied


@pytest.mark.pictures
def test_a_study_is_diagnosed_and_drawn(diagnosed):
    found = Diagnosis.load(Path("d"))
    assert found.label_names[1] == "disgust"
    assert {row.cell for row in found.doses} == {"base", "sad: a quarter of its images"}
    for name in ("verdict", "dose", "agreement"):
        assert Path(f"d/{name}.png").read_bytes().startswith(b"\x89PNG")
    with open("d/recalls.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == "sad"]
    assert len({row["training_images"] for row in rows}) == 2, "all of them, and a quarter"
    assert found.votes is True
    assert set(found.fingerprints) == {"train", "validation"}


def test_votes_may_be_ignored_and_cells_are_found_by_name():
    without = json.loads(fer("diagnose", "w.yaml", "--without-votes", "--json").stdout)
    assert without["votes"] is False
    odd = text_of(fer("diagnose", "w.yaml", "--of", "bas", code=1))
    assert "no finished cell 'bas' (did you mean 'base'? available" in odd
    assert "no such run" in fer("diagnose", "nothing-here", code=1).output


def test_two_studies_that_mean_different_things_by_a_name_are_refused():
    quarter = "{manipulations.keep.counts: {sad: 0.25}}"
    head = WHY.partition("cells:")[0]
    Path("v.yaml").write_text(f"{head}cells:\n  another recipe: {{set: {quarter}}}\n")
    output = fer("diagnose", "w.yaml", "v.yaml", code=1).output
    assert "mean different things by 'another recipe'" in output


@pytest.mark.pictures
def test_a_study_says_what_its_cells_change():
    done = fer("study", "show", "w.yaml", "--label", "disgust")
    assert "another recipe" in text_of(done)
    assert "…" not in done.output, "nothing is cut"
    assert len(done.stdout.splitlines()) <= 15
    every = fer("study", "show", "w.yaml", "--label", "disgust", "-v")
    assert "recall of disgust" in text_of(every)
    found = Differences.load(Path("runs/study-w"))
    assert (found.study, found.watched) == ("w", ("disgust",))
    with open("runs/study-w/differences.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2 * (3 + 7), "a quarter of disgust has not run"
    assert Path("runs/study-w/differences.png").read_bytes().startswith(b"\x89PNG")
    odd = fer("study", "show", "w.yaml", "--against", "bse", code=1)
    assert "did you mean 'base'" in odd.output


def test_a_study_says_how_far_it_is():
    rows = text_of(fer("study", "status", "w.yaml"))
    assert "study w: 3 of 3 cells are finished" in rows
    again = fer("study", "run", "w.yaml")
    assert "3 of 3 cells are finished: fer study show w.yaml" in again.output


def test_what_is_kept_of_a_study_says_the_same(diagnosed):
    fer("study", "keep", "w.yaml", "--out", "kept")
    fer("study", "keep", "w.yaml", "--out", "kept")
    assert {path.name for path in Path("kept").iterdir()} == {"cells.json", "cells.npz"}
    shutil.move("runs/cells", "elsewhere")
    try:
        fer("diagnose", "w.yaml", "--store", "kept", "--out", "again")
        assert "3 of 3" in text_of(fer("study", "status", "w.yaml", "--store", "kept"))
    finally:
        shutil.move("elsewhere", "runs/cells")
    for name in ("diagnosis.json", "recalls.csv"):
        assert Path("again", name).read_text() == Path("d", name).read_text()


def test_cells_that_were_trained_on_other_data_are_refused_by_every_command():
    fer("study", "keep", "w.yaml", "--out", "other")
    cells = Path("other/cells.json")
    kept = json.loads(cells.read_text())
    for facts in kept["cells"].values():
        train = facts["fingerprints"]["train"]
        facts["fingerprints"]["train"] = "0123456789abcdef"
    cells.write_text(json.dumps(kept))
    for words in (["diagnose"], ["study", "status"], ["study", "show"], ["study", "run"]):
        output = fer(*words, "w.yaml", "--store", "other", code=1).output
        assert "trained on other data than synthetic" in output
        assert f"cell 'base', seed 0: train split 0123456789abcdef, now {train}" in output
        assert "validation split" not in output, "only what differs"


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"cells": {"a": {"figures": 3}}}', b"[]"])
def test_damaged_kept_cells_are_named(damage, tmp_path):
    fer("study", "keep", "w.yaml", "--out", str(tmp_path))
    whole = (tmp_path / "cells.json").read_bytes()
    (tmp_path / "cells.json").write_bytes(damage)
    output = fer("study", "status", "w.yaml", "--store", str(tmp_path), code=1).output
    assert "cells.json and cells.npz are damaged" in output
    (tmp_path / "cells.json").write_bytes(whole)
    (tmp_path / "cells.npz").write_bytes((tmp_path / "cells.npz").read_bytes()[:-99])
    output = fer("study", "status", "w.yaml", "--store", str(tmp_path), code=1).output
    assert "cells.json and cells.npz are damaged" in output


@pytest.mark.pictures
def test_a_lone_run_is_diagnosed_without_training():
    (run,) = Path("runs/cells").glob("*/run")
    done = fer("diagnose", str(run), "--out", "lone", "-v")
    found = Diagnosis.load(Path("lone"))
    assert found.seeds == 1
    assert "Without training anything" in text_of(done)
    assert tuple(row["label"] for row in found.separability) == found.label_names
    assert all(set(row["recall_at"]) == {"0", "0.5", "1", "1.5", "2"} for row in found.separability)
    assert Path("lone/tau.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_with_the_name_of_a_study_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("why").mkdir()
    notice = "why: the folder of this name is taken as a RUN; why.yaml is the study"
    taken = fer("diagnose", "why", "--data", "synthetic", code=1)
    assert notice in text_of(taken) and "why: not a run directory" in taken.output
    study = fer("diagnose", "why.yaml", "--data", "synthetic", code=1)
    assert notice not in text_of(study) and "no base cell is finished" in text_of(study)


def test_cells_of_other_settings_are_told_from_no_cells(studied, monkeypatch):
    monkeypatch.chdir(studied)
    other = WHY.replace("epochs: 1", "epochs: 2")
    Path("other.yaml").write_text(other)
    told = " ".join(fer("diagnose", "other.yaml", code=1).output.split())
    assert "in runs/cells (3 cells with other settings or of other data)" in told
