"""Promises by label: exact thresholds, label sets, and how both fare on faces not fitted on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_bundle import fer

from fer_analysis.cli.tables.promises import promise_lines
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.fit_promises import fit_promises
from fer_analysis.evaluation.label_sets import fit_label_sets, label_sets
from fer_analysis.evaluation.promises import Promises, measure_promises
from fer_analysis.evaluation.selective_prediction import answer_rules_by_label
from fer_analysis.evaluation.unsure import BY_LABEL, OVERALL, answered, never_answered
from fer_analysis.files import read_json, write_json
from fer_analysis.prediction.classifier import Classifier
from fer_analysis.run import WEIGHTS, Run

NAMES = ("a", "b", "c")


def network(n, *, seed, too_confident=(0.0, 0.0, 0.0)):
    """Return labels and probabilities of a network whose confidence is too high by so much."""
    rng = np.random.default_rng(seed)
    predicted, confidence = rng.integers(0, 3, n), rng.uniform(0.5, 1, n)
    right = rng.random(n) < confidence - np.array(too_confident)[predicted]
    probabilities = np.zeros((n, 3))
    probabilities[np.arange(n), predicted] = confidence
    probabilities[np.arange(n), (predicted + 1) % 3] = 1 - confidence
    return np.where(right, predicted, (predicted + 1) % 3), probabilities


def evaluation(n=900, **options):
    labels, probabilities = network(n, **{"seed": 0} | options)
    ids = np.arange(n).astype(str)
    return Evaluation(labels, probabilities, ids, split="validation", label_names=NAMES)


def rows_of(labels, probabilities):
    return answer_rules_by_label(labels, probabilities, NAMES)["labels"]


def test_thresholds_by_label_by_hand():
    """Label a is always correct, b is correct while it is confident, c never."""
    confidence = np.tile(np.linspace(0.99, 0.5, 200), 3)
    predicted = np.repeat([0, 1, 2], 200)
    shares = np.full((600, 3), 1e-3)
    shares[np.arange(600), predicted] = confidence
    labels = predicted.copy()
    labels[300:400], labels[400:] = 0, 0
    always, at_first, never = rows_of(labels, shares)
    assert (always["n"], always["of"], always["correct"]) == (200, 200, 200)
    assert always["least"] == pytest.approx(0.5)
    assert 100 <= at_first["n"] < 125 and at_first["correct"] == 100
    assert never["least"] is None and never["n"] == 0
    rule = answer_rules_by_label(labels, shares, NAMES)
    assert never_answered(rule) == ("c",)
    assert answered(shares, rule).sum() == 200 + at_first["n"]
    assert not answered(shares, None).any()


def test_few_predictions_are_never_answered_and_a_label_without_any_is_no_error():
    shares = np.tile([0.9, 0.1, 0.0], (60, 1))
    shares[:20] = [0.1, 0.9, 0.0]
    few, many = rows_of(shares.argmax(axis=1), shares)[1::-1]
    assert few["least"] is None and many["least"] is None, "40 and 20: fewer than 50"
    assert [row["of"] for row in rows_of(shares.argmax(axis=1), shares)] == [40, 20, 0]


def test_of_all_labels_together_no_more_than_one_promise_in_20_is_broken():
    """Simulated: above t, confidences are uniform, and label c's are 0.15 too high."""
    broken, shown = 0, np.zeros(3)
    for seed in range(150):
        rows = rows_of(*network(700, seed=seed, too_confident=(0, 0.1, 0.15)))
        truth = [
            row["least"] is not None and (max(row["least"], 0.5) + 1) / 2 - gap < 0.8
            for row, gap in zip(rows, (0, 0.1, 0.15), strict=True)
        ]
        broken += any(truth)
        shown += [row["least"] is not None for row in rows]
    assert broken <= 13
    assert shown[0] > 75 and shown[0] > shown[1] > shown[2]


def test_label_sets_by_hand():
    """19 faces of a with p(a) = .05 to .95: the 18th highest of 19 is the threshold for 90 %."""
    own = np.arange(1, 20) / 20
    shares = np.stack([own, (1 - own) * 0.6, (1 - own) * 0.4], axis=1)
    fitted = fit_label_sets(np.zeros(19, int), shares, NAMES)
    assert fitted["least"] == fitted["labels"][0]["least"] == pytest.approx(0.1)
    assert [row["least"] for row in fitted["labels"][1:]] == [0, 0], "no images: in every set"
    assert label_sets(np.array([[0.1, 0.84, 0.06]]), fitted, by_label=False).tolist() == [
        [True, True, False]
    ]
    assert label_sets(np.array([[0.09, 0.9, 0.01]]), fitted, by_label=True).tolist() == [
        [False, True, True]
    ]
    nowhere = {"least": 0.9, "labels": [{"least": 0.9}] * 3}
    assert label_sets(np.array([[0.5, 0.3, 0.2]]), nowhere, by_label=False).sum() == 1


def test_sets_cover_as_often_as_promised_on_faces_that_they_were_not_fitted_on():
    gaps = (0.0, 0.1, 0.3)
    covered = np.zeros((2, 3))
    for seed in range(40):
        labels, shares = network(400, seed=seed, too_confident=gaps)
        fitted = fit_label_sets(labels, shares, NAMES)
        labels, shares = network(400, seed=1000 + seed, too_confident=gaps)
        for by_label in (False, True):
            holds = label_sets(shares, fitted, by_label=by_label)[np.arange(400), labels]
            covered[int(by_label)] += [holds[labels == label].mean() / 40 for label in range(3)]
    assert covered[1] == pytest.approx(0.9, abs=0.025)
    assert np.ptp(covered[0]) > np.ptp(covered[1])


def test_what_is_measured_is_not_what_was_fitted():
    """Labels without any relation to the faces: fitted on the same faces sets would hold 90 %."""
    given = evaluation(900, too_confident=(0, 0, 0.15))
    found = measure_promises(given)
    assert "the other four of 5 parts" in found.fitted_on and "copies not kept" in found.fitted_on
    assert promise_lines(found)[0].endswith(" (thresholds fitted on other parts of this split)")
    overall, by_label = found.answers[OVERALL], found.answers[BY_LABEL]
    assert overall["labels"][2]["correct"].value < overall["labels"][0]["correct"].value
    for figures in (overall, by_label):
        assert sum(row["answers"] for row in figures["labels"]) == figures["correct"].n
        assert sum(row["true_correct"].n for row in figures["labels"]) == figures["correct"].n
        assert sum(row["true_correct"].correct or 0 for row in figures["labels"]) == (
            figures["correct"].correct
        )
    assert by_label["labels"][2]["promise"] in ("no answers", "not decided")
    worst = min(overall["labels"], key=lambda row: row["true_correct"].value)
    told = " ".join(promise_lines(found))
    assert f"lowest by true label, where not unsure: {worst['label']}, " in told
    assert f" of {worst['true_correct'].n} correct" in told
    sets = found.sets[BY_LABEL]
    assert sum(row["n"] for row in sets["labels"]) == sets["n"] == 900
    assert sets["size"].low < sets["size"].value < sets["size"].high


def test_thresholds_of_another_split_are_taken_as_they_are(tmp_path):
    own, other = evaluation(seed=1), evaluation(seed=2)
    fitted = fit_promises(own.labels, own.probabilities, NAMES) | {"from": "900 other images"}
    from dataclasses import replace

    found = measure_promises(replace(other, fitted=fitted))
    assert found.fitted_on == "900 other images"
    assert "fitted on" not in promise_lines(found)[0]
    assert found.answers[OVERALL]["labels"][0]["least"] == fitted["answers"]["least"]
    found.save(tmp_path)
    assert Promises.load(tmp_path) == found
    assert "correct of the answers" in found._repr_html_()
    (tmp_path / "promises.json").write_text('{"split": "x"}')
    with pytest.raises(FerError, match="damaged"):
        Promises.load(tmp_path)
    assert measure_promises(other.take(np.arange(9))) is None


def test_copies_stay_in_one_part_where_that_is_possible():
    noise = np.random.default_rng(0).integers(0, 256, (100, 48, 48, 1), np.uint8)
    drawn = generate(n=100, seed=0).images
    told = {"near-duplicates kept": noise, "identical images kept": drawn}
    for text, images in told.items():
        found = measure_promises(evaluation(200), np.concatenate([images, images]))
        assert text in found.fitted_on


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    if not (WEIGHTS / "model.tflite").is_file():
        pytest.skip("this checkout comes without a network")
    monkeypatch.chdir(tmp_path)
    for name, pixels in zip("ab", generate(n=100, seed=0).images, strict=False):
        Image.fromarray(pixels[..., 0]).save(f"{name}.png")


def test_predict_shows_both_and_imports_nothing_heavy(shipped):
    code = (
        "import sys\n"
        "sys.argv = ['fer', 'predict', 'a.png', '--promise', 'by-label', '--sets', '--csv']\n"
        "from fer_analysis.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'tensorflow', 'keras', 'scipy', 'matplotlib', 'pydantic', 'yaml', 'cv2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    told = json.loads(fer("predict", "a.png", "b.png", "--sets", "--json").stdout)
    assert told["promise"] == "overall" and told["sets"]["coverage"] == 0.9
    for row in told["images"]:
        likely = [n for n, p in row["probabilities"].items() if p >= told["sets"]["least"]]
        assert set(row["labels"]) == {row["label"], *likely}
    shown = fer("predict", "a.png", "--sets", "--promise", "by-label").stdout
    assert "label set" in shown and "always unsure:" in " ".join(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_label_without_a_promise_is_unsure_and_says_so(shipped):
    classifier = Classifier.open(Run.open("bundled").light(), promise=BY_LABEL)
    never = never_answered(classifier.rule)
    assert never
    shares = np.full((1, 7), 0.001)
    shares[0, classifier.label_names.index(never[0])] = 0.994
    assert classifier._unsure(shares, [None]).tolist() == [True]
    assert classifier._with_labels(shares, [None]) == [f"never certain of {never[0]}"]
    assert classifier._with_labels(shares, ["too dark"]) == ["too dark"]


def test_a_network_without_them_says_how_to_get_them(tmp_path, monkeypatch, shipped):
    kept = read_json(WEIGHTS / "temperature.json")
    for name in ("model.tflite", "export.json"):
        Path(name).write_bytes((WEIGHTS / name).read_bytes())
    old = {key: kept["plain"][key] for key in ("temperature", "from", "model", "answers")}
    write_json("temperature.json", {"plain": old})
    for words in (["--sets"], ["--promise", "by-label"]):
        error = fer("predict", "a.png", "--run", ".", *words, code=1).stderr
        assert "fer evaluate RUN --split validation" in error
    assert fer("predict", "a.png", "--run", ".").exit_code == 0
    with pytest.raises(FerError, match="did you mean 'by-label'"):
        Classifier.open(Run.open("."), promise="by-labels")
    write_json("temperature.json", {"plain": kept["plain"] | {"sets": {"least": 7, "labels": 3}}})
    error = fer("predict", "a.png", "--run", ".", "--sets", code=1).stderr
    assert "sets.least: expected a number from 0 to 1" in error and "Traceback" not in error


def test_films_take_no_promise_by_label(shipped):
    for words in (["--sets"], ["--promise", "by-label"]):
        assert "are for pictures" in fer("predict", ".", "--film", *words, code=1).stderr
