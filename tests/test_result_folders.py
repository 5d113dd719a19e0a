"""Results of two models or of two data sets never share a folder, even under one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from fer_analysis.errors import FerError
from fer_analysis.files import write_json
from fer_analysis.result_folders import default_folder, refuse_others, results_folder, with_key
from fer_analysis.run import Run


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def model(path, content):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_two_models_of_one_name_and_a_run_of_that_name_are_three(tmp_path):
    first = Run.open(model("a/best.keras", b"one"))
    second = Run.open(model("b/best.keras", b"two"))
    assert len({first.path, second.path, Path("runs/best")}) == 3
    assert Run.open(model("c/best.keras", b"one")).path == first.path, "a copy is the same model"


def test_two_data_sets_of_one_name_are_two():
    run = Run.open(model("best.keras", b"one"))
    folders = {run.for_data("archive", fingerprint).path for fingerprint in ("f1", "f2")}
    assert len(folders) == 2
    assert {path.name.rpartition("-")[0] for path in folders} == {"best-archive"}


def test_a_name_without_its_key_means_the_only_one_there_is():
    made = results_folder("best-archive", "model", "data")
    made.mkdir(parents=True)
    assert with_key(Path("runs/best-archive")) == made
    assert with_key(Path("runs/best")) == Path("runs/best"), "not every longer name is meant"
    results_folder("best-archive", "model", "other data").mkdir()
    with pytest.raises(FerError, match="results of several"):
        with_key(Path("runs/best-archive"))


def test_a_default_folder_with_results_of_other_data_is_kept():
    assert default_folder("audit-d", "f1") == Path("runs/audit-d")
    write_json("runs/audit-d/audit.json", {"fingerprint": "f1"})
    assert default_folder("audit-d", "f1") == Path("runs/audit-d")
    other = default_folder("audit-d", "f2")
    assert other != Path("runs/audit-d")
    assert other.name.startswith("audit-d-")


def test_a_folder_with_other_files_is_not_replaced():
    folder = Path("result")
    refuse_others(folder, ("own.json",), "results")
    folder.mkdir()
    for name in ("own.json", ".DS_Store"):
        (folder / name).touch()
    refuse_others(folder, ("own.json",), "results")
    for name in ("app.py", ".git"):
        (folder / name).touch()
    with pytest.raises(FerError, match=r"files that are not results \(.git, app.py\); move them"):
        refuse_others(folder, ("own.json",), "results")
