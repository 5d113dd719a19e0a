"""Studies: their cells, fair to each other, run once, resumed, and none sunk by another."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.errors import FerError
from fer_analysis.progress import Progress
from fer_analysis.study.cell import run_cell, run_in_worker
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.cell_result import CellResult
from fer_analysis.study.design import load_study, plan_study
from fer_analysis.study.executor import run_here
from fer_analysis.study.kept import load_kept, save_kept
from fer_analysis.study.run_study import run_study
from fer_analysis.study.store import CellStore

STUDY = """
question: does it run?
base: tiny
seeds: [0, 1]
set: {data.n: 280, training.epochs: 1, model.filters: [4], model.dense: []}
cells:
  "{label} at {n}":
    each: {label: [happy, sad], n: [4, 9]}
    set: {manipulations.keep.counts: {"{label}": "{n}"}}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    Path("s.yaml").write_text(STUDY)


def test_a_study_has_a_base_and_a_cell_for_each_combination():
    study = plan_study("s.yaml")
    names = list(dict.fromkeys(cell.name for cell in study.cells))
    assert names == ["base", "happy at 4", "happy at 9", "sad at 4", "sad at 9"]
    assert len(study.cells) == 10
    cell = next(c for c in study.cells if c.name == "sad at 9" and c.seed == 1)
    assert dict(cell.config.manipulations.chosen())["keep"]["counts"] == {"sad": 9}
    assert (cell.config.seed, cell.config.data.fold, cell.config.data.folds) == (1, 1, 6)
    assert cell.config.training.keep == "last"
    assert cell.config.training.early_stopping.patience is None
    assert len({cell.key for cell in study.cells}) == 10
    assert [c.name for c in study.only("base").cells] == ["base", "base"]
    with pytest.raises(FerError, match="no cell 'bas' .did you mean 'base'"):
        study.only("bas")


def test_other_labels_and_another_base_than_the_file_s():
    study = plan_study("s.yaml", labels=("fear",), base="fast", source="synthetic")
    assert [c.name for c in study.cells if c.seed == 0] == ["base", "fear at 4", "fear at 9"]
    assert study.cells[0].config.model.name == "self_built"
    assert study.cells[0].config.training.batch_size == load_config("fast").training.batch_size
    with pytest.raises(FerError, match="no label 'feer' .did you mean 'fear'"):
        load_study("s.yaml", labels=("feer",))


def test_a_cell_that_changes_nothing_in_this_base_is_left_out():
    text = STUDY + '  "as it is": {set: {training.batch_size: 64}}\n'
    Path("s.yaml").write_text(text)
    names = {cell.name for cell in plan_study("s.yaml").cells}
    assert "base" in names and "as it is" not in names


def test_cells_are_fair_all_take_the_same_steps():
    study = load_study("s.yaml")
    images = {cell.config.training.images_per_epoch for cell in study.cells}
    assert images == {round(224 * 5 / 6)}, "n = 280 holds out 56, a fold a sixth of the rest"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question: x\nseeds: []\n", "seeds: "),
        ("question: x\nseeds: [0]\nsteps: 3\n", "steps: "),
        ("question: x\nseeds: [0, 0]\n", "a seed is listed twice"),
        (
            f"question: x\nseeds: {list(range(10))}\n",
            "seeds: seeds 0 and 6 leave out the same fold of 6, whose images would count twice; "
            "set folds to 10 or list other seeds",
        ),
        ("question: x\nseeds: [1, 4]\nfolds: 3\n", "set folds to 4 or list other seeds"),
        ("question: x\nseeds: [0]\nset: {training.epoch: 3}\n", "did you mean 'epochs'"),
        ("question: x\nseeds: [0]\nbase: fest\n", "did you mean 'fast'"),
        ("question: x\nseeds: [0]\ncells: {a: {sett: {}}}\n", "cells.a.set"),
        ("- 1\n", "expected sections"),
    ],
)
def test_mistakes_in_a_study_are_named(text, message):
    Path("s.yaml").write_text(text)
    with pytest.raises(FerError, match=message):
        plan_study("s.yaml")


CELL = "question: x\nseeds: [0]\nbase: tiny\ncells:\n"
FEWER = "manipulations.keep.counts: {happy: '{n}'}"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (
            f"  fewer: {{each: {{n: [3, 6, 9]}}, set: {{{FEWER}}}}}\n",
            "s.yaml: two different cells have the name 'fewer'; put {n} into it",
        ),
        (
            f"  'at {{n}}': {{each: {{n: [3]}}, set: {{{FEWER}}}}}\n"
            "  at 3: {set: {training.epochs: 3}}\n",
            "s.yaml: two different cells have the name 'at 3'; rename one",
        ),
        (
            "  base: {set: {training.epochs: 3}}\n",
            "s.yaml: 'base' is the cell that changes nothing; rename yours",
        ),
    ],
)
def test_cells_with_the_name_of_another_are_refused(cells, message):
    Path("s.yaml").write_text(CELL + cells)
    with pytest.raises(FerError) as error:
        plan_study("s.yaml")
    assert str(error.value) == message


def test_the_same_cell_twice_is_one():
    Path("s.yaml").write_text(CELL + f"  'at {{n}}': {{each: {{n: [3, 3]}}, set: {{{FEWER}}}}}\n")
    assert [cell.name for cell in plan_study("s.yaml").cells] == ["base", "at 3"]


def test_seeds_above_the_number_of_folds_leave_out_different_ones():
    Path("s.yaml").write_text("question: x\nbase: tiny\nseeds: [6, 7, 11]\n")
    folds = [cell.config.data.fold for cell in plan_study("s.yaml").cells]
    assert folds == [0, 1, 5]


def test_every_shipped_study_makes_its_cells():
    from fer_analysis.shipped import CONFIGS

    files = sorted((CONFIGS / "studies").glob("*.yaml"))
    assert files
    for file in files:
        source = "synthetic" if file.stem == "planted" else "nowhere.csv"
        study = plan_study(file.stem, source=source)
        assert len({cell.key for cell in study.cells}) == len(study.cells)


def cells_of(**changes):
    study = load_study("s.yaml")
    return [c for c in study.cells if all(getattr(c, k) == v for k, v in changes.items())]


def test_a_cell_leaves_predictions_and_figures_and_is_run_once():
    (cell,) = cells_of(name="happy at 4", seed=0)
    facts = run_cell(cell, Path("store"))
    folder = Path("store") / cell.key
    assert sorted(p.name for p in folder.iterdir()) == ["cell.json", "predictions.npz"]
    assert facts["training_counts"][3] == 4, "happy"
    found = CellStore("store").find(cell)
    assert found.facts == json.loads(json.dumps(facts))
    probabilities = found.probabilities()
    assert set(probabilities) == {"fold", "validation"}
    figures = facts["figures"]["fold"]
    assert len(probabilities["fold"]) == figures["n"] == sum(figures["support"])
    np.testing.assert_allclose(probabilities["fold"].sum(axis=1), 1, atol=1e-3)
    before = (folder / "cell.json").stat().st_mtime_ns
    run_cell(cell, Path("store"))
    assert (folder / "cell.json").stat().st_mtime_ns == before
    (base,) = cells_of(name="base", seed=0)
    run_cell(base, Path("store"))
    assert (Path("store") / base.key / "run/model.keras").is_file(), "the base is examined later"


def test_a_cell_that_is_passed_on_is_the_same_wherever_its_data_is_stored():
    (cell,) = cells_of(name="happy at 4", seed=0)
    run_cell(cell, Path("store"))
    here = CellStore("store").find(cell)
    settings = json.loads(cell.settings)
    at_home, elsewhere = (
        replace(cell, settings=json.dumps(settings | {"data": {"source": source}}))
        for source in ("/home/one/fer2013.csv", "/home/two/fer2013.csv")
    )
    save_kept(Path("passed"), {at_home.portable_key: here})
    assert CellStore("store").find(elsewhere) is None
    assert CellStore("passed").find(cell) is None, "drawn faces are no file's"
    there = CellStore("passed").find(elsewhere)
    assert there.facts == here.facts
    for split, probabilities in here.probabilities().items():
        given = there.predictions()[split]
        np.testing.assert_array_equal(given.predicted[0], probabilities.argmax(axis=1))
        by_hand = probabilities / np.array(here.facts["prior"])
        np.testing.assert_array_equal(given.predicted[1], by_hand.argmax(axis=1))
        np.testing.assert_allclose(given.confidence, probabilities.max(axis=1), rtol=1e-3)


def a_result(seed, fold, validation):
    """A cell's result with these predicted labels; a cell may have no validation images."""
    kept = {
        split: CellPredictions(np.array([labels, labels[::-1]]), np.full(len(labels), 0.5))
        for split, labels in (("fold", fold), ("validation", validation))
        if labels is not None
    }
    figures = {split: {"n": len(given.confidence)} for split, given in kept.items()}
    return CellResult({"seed": seed, "figures": figures}, kept=kept)


def test_cells_of_several_studies_are_kept_in_one_place():
    first = {"a": a_result(1, [0, 1, 2], [3]), "b": a_result(0, [4, 5], None)}
    save_kept(Path("k"), first)
    save_kept(Path("k"), {"c": a_result(0, [6], [7, 8]), "a": first["a"]})
    found = load_kept(Path("k"))
    assert sorted(found) == ["a", "b", "c"]
    predicted = {
        key: {split: given.predicted[0].tolist() for split, given in result.predictions().items()}
        for key, result in found.items()
    }
    assert predicted == {
        "a": {"fold": [0, 1, 2], "validation": [3]},
        "b": {"fold": [4, 5]},
        "c": {"fold": [6], "validation": [7, 8]},
    }
    assert found["a"].predictions()["fold"].predicted[1].tolist() == [2, 1, 0]
    assert sorted(path.name for path in Path("k").iterdir()) == ["cells.json", "cells.npz"]


def test_processes_give_what_one_process_gives_and_failures_sink_nothing():
    cells = cells_of(name="happy at 4")
    broken = replace(cells[0], name="broken", settings=cells[0].settings.replace("happy", "hippy"))
    outcomes = {
        cell.name + str(cell.seed): (facts, problem)
        for cell, facts, problem in run_here(run_in_worker, [*cells, broken], Path("two"), jobs=2)
    }
    assert outcomes["broken0"][0] is None
    assert "no label 'hippy'" in outcomes["broken0"][1]
    for cell in cells:
        alone = run_cell(cell, Path("one"))
        facts = outcomes[cell.name + str(cell.seed)][0]
        assert facts["figures"]["fold"]["n"] == alone["figures"]["fold"]["n"]
        assert facts["training_counts"] == alone["training_counts"]


def dies_at_first(cell, store):
    """Kill the worker that runs a cell for the first time."""
    mark = Path(store) / f"{cell.name}-{cell.seed}"
    mark.parent.mkdir(exist_ok=True)
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"cell": cell.name}


def always_dies(cell, store):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_s_cell_is_run_again(monkeypatch):
    cells = cells_of(name="base", seed=0)
    assert [facts for _, facts, _ in run_here(dies_at_first, cells, Path("k"), jobs=1)] == [
        {"cell": "base"}
    ]
    ((_, facts, problem),) = run_here(always_dies, cells, Path("k"), jobs=1)
    assert facts is None
    assert "died 3 times" in problem


def sleeps(cell, store):
    """Leave the worker's number, and never finish."""
    (Path(store) / f"worker-{os.getpid()}").touch()
    time.sleep(600)


def runs_a_sleeper(store):
    """Be the process that runs a study."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a background job
    list(run_here(sleeps, cells_of(name="base", seed=0), Path(store), jobs=1))


def test_workers_end_with_a_study_that_is_killed_or_interrupted():
    """SIGINT goes to the study's process alone, as of `kill -INT` or a container's stop."""
    context, parents = get_context("spawn"), {}
    for number in (signal.SIGKILL, signal.SIGINT):
        Path(number.name).mkdir()
        parents[number] = context.Process(target=runs_a_sleeper, args=(number.name,))
        parents[number].start()
    try:
        for number, parent in parents.items():
            waited_for(lambda number=number: list(Path(number.name).iterdir()), seconds=180)
            os.kill(parent.pid, number)
            parent.join(15)
            assert parent.exitcode is not None, f"still running 15 s after {number.name}"
    finally:
        for parent in parents.values():
            parent.kill()
            parent.join()
    for number in parents:
        (worker,) = (int(p.name.partition("-")[2]) for p in Path(number.name).iterdir())
        waited_for(lambda worker=worker: not Path(f"/proc/{worker}").exists(), seconds=60)


class Stopped(Progress):
    """Ctrl-C before the first cell; what was told."""

    def __init__(self):
        self.told = []

    def notice(self, text):
        self.told.append(text)

    @contextmanager
    def task(self, name):
        raise KeyboardInterrupt
        yield


def test_a_study_that_is_stopped_says_how_to_go_on():
    study, progress = load_study("s.yaml").only("base"), Stopped()
    with pytest.raises(KeyboardInterrupt):
        run_study(study, CellStore(Path("cells")), jobs=1, progress=progress)
    assert progress.told[0].startswith("2 cells to run, "), "not less than a second a cell"
    assert " 0 s" not in progress.told[0] and "0.0 hours" not in progress.told[0]
    assert progress.told[-1].startswith("all finished cells are kept; the same command goes on")


def waited_for(condition, *, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
