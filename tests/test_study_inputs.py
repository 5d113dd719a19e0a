"""What a study's cells may change, and learn from: never the data, nor unnoticed other files."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from fer_layouts import write_layout
from small_bundle import SMALL, fer

from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.run import Run
from fer_analysis.study.cell import _divided, _whole, run_cell
from fer_analysis.study.design import load_study, plan_study
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences
from fer_analysis.study.store import CellStore
from fer_analysis.training.sources import Source

BASE = """
question: does it run?
base: s_base.yaml
seeds: [0, 1]
folds: 2
set: {training.epochs: 1}
cells:
"""
DRAWN = """
question: does it run?
base: tiny
seeds: [0, 1]
set: {data.n: 280, training.epochs: 1}
cells:
"""
CONFIG = """
model: {name: self_built, filters: [4, 4], dense: [8]}
data: {source: fer}
training: {batch_size: 32}
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))
    Path("s_base.yaml").write_text(CONFIG)


def study(*cells):
    """Write a study of these cells; return its base cells and all others."""
    Path("s.yaml").write_text(BASE + "".join(f"  {cell}\n" for cell in cells))
    return load_study("s.yaml").cells


def text_of(result):
    return " ".join(result.output.split())


WEIGHTS = "pretrained: {set: {training.initial_weights: run}}"
TAUGHT = "taught: {set: {remedies.distillation.teachers: [run], remedies.distillation.weight: 1}}"
SOFT = "soft: {set: {remedies.soft_labels: true}}"
PLAIN = "faster: {set: {training.learning_rate: 0.005}}"


def other_weights(file=Path("run/model.keras")):
    model, names = load_model(file)
    model.layers[-3].set_weights([weights + 1 for weights in model.layers[-3].get_weights()])
    save_model(model, file, names)


def other_votes(file=Path("fer/fer2013new.csv")):
    head, *rows = file.read_text().splitlines()
    for place in range(0, len(rows), 10):
        usage, name, *votes = rows[place].split(",")
        rows[place] = ",".join([usage, name, *votes[::-1]])
    file.write_text("\n".join([head, *rows]) + "\n")


@pytest.fixture
def here(monkeypatch):
    """`fer study run` in this process, which is quicker than to start others."""

    def run_here(function, cells, store, *, jobs):
        for each in cells:
            yield each, run_cell(each, store), ""

    monkeypatch.setattr("fer_analysis.study.run_study.run_here", run_here)
    monkeypatch.setattr("fer_analysis.study.run_study.seconds_each", lambda cells, store: 1.0)


def facts():
    """Return the facts of the cells that are there, by name and seed."""
    found = ((cell, CellStore().find(cell)) for cell in load_study("s.yaml").cells)
    return {(cell.name, cell.seed): result.facts for cell, result in found if result}


@pytest.mark.parametrize(
    ("change", "stale", "said"),
    [
        (other_weights, {"pretrained", "taught"}, ("initial weights ", "teacher 1 ")),
        (other_votes, {"soft"}, ("votes ", "votes ")),
    ],
)
def test_cells_whose_votes_or_networks_changed_are_trained_again(
    trained, here, change, stale, said
):
    study(WEIGHTS, TAUGHT, SOFT, PLAIN)
    fer("study", "run", "s.yaml")
    fer("study", "show", "s.yaml")
    before = facts()
    assert len(before) == 10
    change()
    _whole.cache_clear()  # another process would not have read the data before
    _divided.cache_clear()
    left = 10 - 2 * len(stale)
    assert f"{left} of 10 cells are finished" in text_of(fer("study", "status", "s.yaml"))
    for words in (["show"], ["keep", "--out", "kept"]):
        refused = text_of(fer("study", *words[:1], "s.yaml", *words[1:], code=1))
        for name, what in zip(sorted(stale), said, strict=False):
            assert f"cell '{name}', seed 0: {what}" in refused
        assert "fer study run s trains them again" in refused
        assert "faster" not in refused
    told = text_of(fer("study", "run", "s.yaml"))
    assert f"trained again, as what it learnt from has changed: cell '{min(stale)}'" in told
    assert "10 of 10 cells are finished" in told
    after = facts()
    assert {name for name, seed in after if after[name, seed] != before[name, seed]} == stale
    fer("study", "show", "s.yaml")


def test_an_interrupted_training_does_not_go_on_with_another_network(trained, monkeypatch):
    (cell,) = (c for c in study(WEIGHTS) if c.name == "pretrained" and c.seed == 0)

    def interrupted(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("fer_analysis.study.cell._predict", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run_cell(cell, CellStore().folder)  # trained, and not yet recorded
    run = Run(CellStore().training_of(cell))
    begun = run.environment()["sources"]["initial weights"]["fingerprint"]
    assert run.is_complete
    other_weights()
    made = run_cell(cell, CellStore().folder)["inputs"]["networks"]["initial weights"]
    assert made == Source.of("run").fingerprint != begun
    assert sorted(p.name for p in CellStore().folder_of(cell).iterdir()) == [
        "cell.json",
        "predictions.npz",
    ]


def test_what_is_gone_or_was_not_recorded_makes_no_cell_stale(trained):
    cells = study(WEIGHTS, SOFT)
    for cell in cells:
        run_cell(cell, CellStore().folder)
    shutil.rmtree("run")
    assert "6 of 6 cells are finished" in text_of(fer("study", "status", "s.yaml"))
    shown = text_of(fer("study", "show", "s.yaml"))
    assert "run (initial weights) was trained on" in shown, "it was counted when it was there"
    for cell in cells:
        file = CellStore().folder_of(cell) / "cell.json"
        old = {k: v for k, v in json.loads(file.read_text()).items() if k not in ("inputs", "seen")}
        file.write_text(json.dumps(old))
    assert "6 of 6 cells are finished" in text_of(fer("study", "status", "s.yaml"))
    assert "it is not known which images run" in text_of(fer("study", "show", "s.yaml"))


def test_a_network_that_knows_the_left_out_images_is_told_before_and_after(trained, here):
    shutil.copy("run/model.keras", "bare.keras")
    write_layout(generate(n=210, seed=5), Path("elsewhere"), "csv")
    fer("train", "tiny", "--data", "elsewhere", "--run-dir", "strange", *SMALL)
    other = [f"{name}: {{set: {{training.initial_weights: {of}}}}}" for name, of in STARTS.items()]
    study(TAUGHT, *other)
    train = int((load_data("fer").dataset.split == "train").sum())
    told, later = (text_of(fer("study", word, "s.yaml")) for word in ("run", "show"))
    n = Differences.load(shown()).cells[0].n
    known = (
        f"cell 'leaky': run (initial weights) was trained on {train} of the {n} images that it is "
        "scored on: not a comparison on unseen images"
    )
    unknown = "cell 'bare': it is not known which images bare.keras (initial weights) was trained"
    taught = f"cell 'taught': run (teacher 1) was trained on {train} of the {n} images"
    for text in (told, later):
        assert all(f"warning: {line}" in text for line in (known, unknown, taught))
        assert "cell 'strange'" not in text and "cell 'base'" not in text
    found = Differences.load(shown())
    rows = {row.cell: row for row in found.cells}
    assert {name for name, row in rows.items() if row.warnings} == {"leaky", "bare", "taught"}
    for name, row in rows.items():
        assert {f.unseen for f in row.figures.values()} == {not row.warnings}, name
    with open(shown() / "differences.csv", newline="") as file:
        assert {r["cell"] for r in csv.DictReader(file) if r["warnings"]} == {
            *("leaky", "bare", "taught")
        }
    fer("study", "show", "s.yaml", "--against", "leaky", "--out", "against")
    against = Differences.load(Path("against")).cells
    assert not any(f.unseen for row in against for f in row.figures.values()), "nor beside it"
    fer("diagnose", "s.yaml", "--out", "d")
    found = Diagnosis.load(Path("d"))
    assert f"left out: {known}" in found.notes
    assert not {row.cell for row in found.doses} & {"leaky", "bare", "taught"}
    assert {gain.remedy for gain in found.gains} == {"prior correction", "strange"}
    assert "left out" in text_of(fer("diagnose", "s.yaml"))


STARTS = {"leaky": "run", "bare": "bare.keras", "strange": "strange"}


def shown():
    return Path("runs/study-s")


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ("{data.labels: votes}", "data.labels"),
        ("{data.seed: 3, data.n: 420}", "data.n, data.seed"),
        ("{data.fold: 5}", "data.fold"),
        ("{data.folds: 4}", "data.folds"),
        ("{data.folds: null, data.fold: null}", "data.folds, data.fold"),
        ("{data: {source: other.csv, folds: 6, fold: 0}}", "data.source, .*data.size.*"),
        ("{seed: 5}", "seed"),
    ],
)
def test_a_cell_that_changes_the_data_is_refused_before_anything_is_trained(changed, keys):
    Path("s.yaml").write_text(DRAWN + f"  other: {{set: {changed}}}\n")
    with pytest.raises(FerError, match=f"^s.yaml, cell 'other': changes {keys}, but all cells"):
        load_study("s.yaml")


def test_a_cell_may_change_the_votes_that_it_trains_on_but_not_those_that_are_its_labels():
    cell = "  other: {set: {data.votes: v, data.votes_of: w}}\n"
    files = DRAWN.replace("base: tiny", "base: fast")
    text = files.replace("data.n: 280", "data.source: faces.csv") + cell
    Path("s.yaml").write_text(text)
    assert "other" in {cell.name for cell in plan_study("s.yaml").cells}
    Path("s.yaml").write_text(text.replace("faces.csv", "faces.csv, data.labels: votes"))
    with pytest.raises(FerError, match=r"'other': changes data.votes, data.votes_of, but all"):
        plan_study("s.yaml")
    Path("s.yaml").write_text(DRAWN + "  same: {set: {data.n: 280, training.epochs: 2}}\n")
    assert "same" in {cell.name for cell in plan_study("s.yaml").cells}, "it changes no data"
