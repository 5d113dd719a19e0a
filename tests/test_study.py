"""Studies: their cells, fair to each other, run once, resumed, and none sunk by another."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.study.cell import finished, pass_on, run_cell
from fer_analysis.study.design import load_study
from fer_analysis.study.executor import run_here
from fer_analysis.study.fair import load_fair_study

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


def dataset(counts=(30, 10, 20), votes=None):
    labels = np.repeat(np.arange(3), counts)
    images = np.arange(len(labels) * 4, dtype=np.uint8).reshape(-1, 2, 2, 1)
    names = ("cat", "dog", "owl")
    return FaceDataset(
        images,
        labels,
        names,
        np.arange(len(labels)).astype(str),
        np.full(len(labels), "train"),
        votes,
        (*names, "none") if votes is not None else (),
    )


def counts_of(train):
    return np.bincount(train.labels, minlength=3).tolist()


def test_a_study_has_a_base_and_a_cell_for_each_combination():
    study = load_study("s.yaml")
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
    study = load_study("s.yaml", labels=("fear",), base="fast", source="synthetic")
    assert [c.name for c in study.cells if c.seed == 0] == ["base", "fear at 4", "fear at 9"]
    assert study.cells[0].config.model.name == "self_built"
    assert study.cells[0].config.training.batch_size == load_config("fast").training.batch_size
    with pytest.raises(FerError, match="no label 'feer' .did you mean 'fear'"):
        load_fair_study("s.yaml", None, labels=("feer",))


def test_a_cell_that_changes_nothing_in_this_base_is_left_out():
    text = STUDY + '  "as it is": {set: {training.batch_size: 64}}\n'
    Path("s.yaml").write_text(text)
    names = {cell.name for cell in load_study("s.yaml").cells}
    assert "base" in names and "as it is" not in names


def test_cells_are_fair_all_take_the_same_steps():
    study = load_fair_study("s.yaml", None)
    images = {cell.config.training.images_per_epoch for cell in study.cells}
    assert images == {round(224 * 5 / 6)}, "n = 280 holds out 56, a fold a sixth of the rest"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("question: x\nseeds: []\n", "seeds: "),
        ("question: x\nseeds: [0]\nsteps: 3\n", "steps: "),
        ("question: x\nseeds: [0, 0]\n", "a seed stands there twice"),
        ("question: x\nseeds: [0]\nset: {training.epoch: 3}\n", "did you mean 'epochs'"),
        ("question: x\nseeds: [0]\nbase: fest\n", "did you mean 'fast'"),
        ("question: x\nseeds: [0]\ncells: {a: {sett: {}}}\n", "cells.a.set"),
        ("- 1\n", "expected sections"),
    ],
)
def test_mistakes_in_a_study_are_named(text, message):
    Path("s.yaml").write_text(text)
    with pytest.raises(FerError, match=message):
        load_study("s.yaml")


def test_every_shipped_study_makes_its_cells():
    from fer_analysis.shipped import CONFIGS

    files = sorted((CONFIGS / "studies").glob("*.yaml"))
    assert files
    for file in files:
        source = "synthetic" if file.stem == "planted" else "nowhere.csv"
        study = load_study(file.stem, source=source)
        assert len({cell.key for cell in study.cells}) == len(study.cells)


def test_keeping_n_images_is_nested_and_touches_no_other_label():
    keep = MANIPULATIONS["keep"]
    few, more = (keep(dataset(), seed=3, counts={"cat": n}) for n in (5, 12))
    assert counts_of(few) == [5, 10, 20]
    assert counts_of(more) == [12, 10, 20]
    assert set(few.ids) < set(more.ids)
    assert set(keep(dataset(), seed=4, counts={"cat": 5}).ids) != set(few.ids)
    assert counts_of(keep(dataset(), seed=0, counts={"cat": "matched", "owl": 15})) == [10, 10, 15]
    assert counts_of(keep(dataset(), seed=0, counts={"dog": 99})) == [30, 10, 20]
    assert counts_of(keep(dataset(), seed=0, counts={"cat": 0.25})) == [8, 10, 20]
    with pytest.raises(FerError, match="no label 'cot' .did you mean 'cat'"):
        keep(dataset(), seed=0, counts={"cot": 1})


def test_all_labels_at_the_same_number():
    assert counts_of(MANIPULATIONS["keep_all"](dataset(), seed=0, count="matched")) == [10, 10, 10]
    assert counts_of(MANIPULATIONS["keep_all"](dataset(), seed=0, count=4)) == [4, 4, 4]


def test_disputed_images_go_or_as_many_at_random():
    votes = np.tile([9, 0, 0, 1], (60, 1))
    votes[30:] = [0, 5, 5, 0]  # dogs and owls: undecided, so not disputed
    votes[:6] = [2, 7, 1, 0]  # six cats that most people call dogs
    votes[40:43] = [6, 0, 4, 0]  # three owls called cats
    data = dataset(votes=votes)
    remove = MANIPULATIONS["remove_disputed"]
    gone = set(data.ids) - set(remove(data, seed=0).ids)
    assert gone == {*map(str, range(6)), *map(str, range(40, 43))}
    assert counts_of(remove(data, seed=0, label="cat")) == [24, 10, 20]
    control = remove(data, seed=0, at_random=True)
    assert counts_of(control) == [24, 10, 17]
    assert set(data.ids) - set(control.ids) != gone
    with pytest.raises(FerError, match="no annotators' votes"):
        remove(dataset(), seed=0)


def test_permuted_labels_keep_their_numbers_and_nothing_else():
    before = dataset((300, 100, 200))
    after = MANIPULATIONS["permute_labels"](before, seed=0)
    assert counts_of(after) == counts_of(before)
    by_chance = (0.5**2 + (1 / 6) ** 2 + (1 / 3) ** 2) * 600
    assert (after.labels == before.labels).sum() == pytest.approx(by_chance, abs=40)
    half = MANIPULATIONS["permute_labels"](before, seed=0, share=0.5)
    assert (half.labels != before.labels).sum() <= 300


def cells_of(**changes):
    study = load_fair_study("s.yaml", None)
    return [c for c in study.cells if all(getattr(c, k) == v for k, v in changes.items())]


def test_a_cell_leaves_predictions_and_figures_and_is_run_once():
    (cell,) = cells_of(name="happy at 4", seed=0)
    facts = run_cell(cell, Path("store"))
    folder = Path("store") / cell.key
    assert sorted(p.name for p in folder.iterdir()) == ["cell.json", "predictions.npz"]
    assert facts["training_counts"][3] == 4, "happy"
    found = finished(cell, Path("store"))
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


def test_a_cell_that_is_passed_on_answers_the_same_wherever_its_data_lie(tmp_path):
    (cell,) = cells_of(name="happy at 4", seed=0)
    run_cell(cell, Path("store"))
    here = finished(cell, Path("store"))
    settings = json.loads(cell.settings)
    at_home, elsewhere = (
        replace(
            cell, settings=json.dumps(settings | {"data": settings["data"] | {"source": source}})
        )
        for source in ("/home/one/fer2013.csv", "/home/two/fer2013.csv")
    )
    pass_on(at_home, here, Path("passed"))
    assert finished(elsewhere, Path("store")) is None
    assert finished(cell, Path("passed")) is None, "drawn faces are no file's"
    there = finished(elsewhere, Path("passed"))
    assert there.facts == here.facts
    assert sorted(path.name for path in there.folder.iterdir()) == ["answers.npz", "cell.json"]
    for split, probabilities in here.probabilities().items():
        answers = there.answers()[split]
        np.testing.assert_array_equal(answers.predicted[0], probabilities.argmax(axis=1))
        by_hand = probabilities / np.array(here.facts["prior"])
        np.testing.assert_array_equal(answers.predicted[1], by_hand.argmax(axis=1))
        np.testing.assert_allclose(answers.confidence, probabilities.max(axis=1), rtol=1e-3)


def test_processes_give_what_one_process_gives_and_failures_sink_nothing():
    cells = cells_of(name="happy at 4")
    broken = replace(cells[0], name="broken", settings=cells[0].settings.replace("happy", "hippy"))
    outcomes = {
        cell.name + str(cell.seed): (facts, problem)
        for cell, facts, problem in run_here(run_cell, [*cells, broken], Path("two"), jobs=2)
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
    list(run_here(sleeps, cells_of(name="base", seed=0), Path(store), jobs=1))


def test_workers_end_with_a_killed_study():
    Path("w").mkdir()
    parent = get_context("spawn").Process(target=runs_a_sleeper, args=("w",))
    parent.start()
    try:
        waited_for(lambda: list(Path("w").iterdir()), seconds=180)
    finally:
        parent.kill()
        parent.join()
    (worker,) = (int(path.name.partition("-")[2]) for path in Path("w").iterdir())
    waited_for(lambda: not Path(f"/proc/{worker}").exists(), seconds=60)


def waited_for(condition, *, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
