"""Results as objects: saved and read again, shown in a notebook, passed to the public functions."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from fer_layouts import write_layout

import fer_analysis as fer
from fer_analysis.data.ids import rows_of
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.comparison import Comparison
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.estimate import Estimate, from_json, to_json
from fer_analysis.statistics.rounding import round_to_total, whole_numbers

HOSTILE = "<b>cat</b>"
LABELS = np.array([0] * 6 + [1] * 4)


def evaluation(name, wrong):
    """Predictions of ten images, some of which are wrong, saved under a name."""
    predicted = LABELS.copy()
    predicted[wrong] = 1 - predicted[wrong]
    probabilities = np.where(np.eye(2)[predicted] == 1, 0.9, 0.1)
    ids = np.array([f"image {i}" for i in range(10)])
    folder = Path("runs", name, "evaluation", "test")
    return Evaluation(LABELS, probabilities, ids, "test", (HOSTILE, "dog"), folder=folder)


def test_rows_are_found_by_id_whatever_the_order():
    ids = np.array(["c", "a", "b"])
    assert rows_of(np.array(["a", "nobody", "c", "a"]), ids).tolist() == [1, -1, 0, 1]
    assert rows_of(np.array([], dtype=str), ids).tolist() == []
    assert rows_of(np.array(["a"]), ids).dtype == np.int64


def test_whole_numbers_by_hand():
    assert whole_numbers([0.5, 0.3, 0.2], 4).tolist() == [2, 1, 1]  # 2, 1.2, 0.8
    assert whole_numbers([1 / 3] * 3, 4).tolist() == [2, 1, 1], "of equal remainders the first"
    assert whole_numbers([1.0, 0.0], 7).tolist() == [7, 0]
    assert round_to_total(np.array([0.9, 0.9, 0.2]), 2).tolist() == [1, 1, 0]
    shares = np.random.default_rng(0).dirichlet(np.ones(7), 50)
    for total, each in enumerate(shares):
        counts = whole_numbers(each, total)
        assert counts.sum() == total
        assert (np.abs(counts - each * total) < 1).all()


def test_estimates_go_into_json_and_back():
    given = {"a": [Estimate(0.5, 0.4, 0.6, 10), None], "b": {"c": Estimate(float("nan"), n=0)}}
    text = json.dumps(to_json(given), allow_nan=False)
    assert json.loads(text)["a"][0] == {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}
    assert from_json(json.loads(text)) == given
    assert given["b"]["c"] == Estimate(None, n=0), "undefined is None"
    other = {"value": 1, "low": 0, "high": 2}
    assert from_json(other) == other, "not the shape of an estimate"


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


@pytest.fixture
def comparison(tmp_path):
    first, second = evaluation("<i>first", [0]), evaluation("second", [0, 1, 6])
    return fer.compare(first, second, out=tmp_path / "c")


def test_a_comparison_of_objects_is_saved_and_read_again(comparison, tmp_path):
    assert [run.name for run in comparison.runs] == ["<i>first", "second"]
    pair = comparison.pairs[0]["all images"]
    assert pair["accuracy"].value == pytest.approx(0.7 - 0.9)
    assert pair["mcnemar"]["only_first_correct"] == 2
    assert comparison.folder == tmp_path / "c"
    again = Comparison.load(tmp_path / "c")
    assert again.as_dict() == comparison.as_dict()
    assert again.pairs[0]["all images"]["accuracy"] == pair["accuracy"]
    assert again.verdicts == comparison.verdicts
    again.save(tmp_path / "d")
    written = [(tmp_path / name / "comparison.json").read_text() for name in "cd"]
    assert written[0] == written[1]
    assert (tmp_path / "c/comparison.png").is_file()


@pytest.mark.parametrize("content", ["{}", "[1]", '{"split": "test", "runs": [{}]}', "{"])
def test_a_damaged_comparison_is_named(content, tmp_path):
    (tmp_path / "comparison.json").write_text(content)
    with pytest.raises(FerError, match="comparison.json"):
        Comparison.load(tmp_path)
    with pytest.raises(FerError, match="comparison.json"):
        Comparison.load(tmp_path / "nowhere")


def test_names_are_escaped_in_a_notebook(comparison):
    text = comparison._repr_html_()
    assert "&lt;i&gt;first" in text and "<i>" not in text
    text = evaluation("x", [0])._repr_html_()
    assert "&lt;b&gt;cat&lt;/b&gt;" in text and "<b>" not in text
    assert "90.0" in text and "n = 10" in text
    issues = {"<s>": {"n": 1, "among": 2, "meaning": "<u>odd"}}
    audit = fer.Audit({"n": 2, "issues": issues, "notes": ["<i>"]}, ())
    assert not {"<s>", "<u>", "<i>"} & {*re.findall("<.*?>", audit._repr_html_())}
    assert "&lt;u&gt;odd" in audit._repr_html_()


def test_the_public_functions_take_objects(trained):
    run, data = fer.open_run("run"), fer.load_data("fer")
    found = fer.evaluate(run, data=data, split="validation")
    named = fer.evaluate("run", data="fer", split="validation")
    with pytest.raises(fer.FerError, match="read before"):
        fer.evaluate(run, data=data, split="validation", overrides=("data.size=32",))
    assert found.split == "validation" and len(found) == 21
    np.testing.assert_array_equal(found.probabilities, named.probabilities)
    np.testing.assert_array_equal(
        Evaluation.load(Path(found.folder)).probabilities, found.probabilities
    )
    compared = fer.compare(run, found, split="validation", out=None)
    assert compared.pairs[0]["all images"]["mcnemar"]["p"] == 1
    assert compared.folder is None
    with pytest.raises(FerError, match="no 'tset' split"):
        fer.evaluate(run, data=data, split="tset")
    with pytest.raises(FerError, match="image"):
        fer.compare(found, found.take(np.arange(9)), out=None)


def test_figures_are_of_the_model_as_it_is_now(trained):
    from fer_analysis.evaluation.model_card import make_card

    run = fer.open_run("run")
    fer.evaluate(run, data="fer", split="validation")
    assert make_card(run)["validation"]["all"]["n"] == 21
    fer.write_report("run", split="validation")
    model = Path("run/model.keras")
    model.write_bytes(model.read_bytes() + b"trained on")
    card = make_card(run)
    assert card["validation"] is None and card["promises"]["validation"] is None
    with pytest.raises(FerError, match="predictions of another model .* fer evaluate run"):
        fer.write_report("run", split="validation")


def test_a_page_leaves_out_what_is_of_an_earlier_state_of_the_network(trained):
    from fer_analysis.evaluation.model_card import make_card

    run = fer.open_run("run")
    ids = fer.evaluate(run, split="test").ids
    Path("faces.csv").write_text(f"id\n{ids[0]}\n")

    def again(tta=False):
        fer.evaluate(run, split="test", tta=tta, exclude="faces.csv")
        fer.stress(run, split="test", conditions=["dark"], severities=[1], n=14)
        fer.explain(run, split="test", method="gradient", n=1, checks="none")

    def told():
        page = " ".join(fer.write_report("run").path.read_text().split())
        return page, Path("run/MODEL_CARD.md").read_text()

    def shown(page):
        return [
            "Maps: gradient" in page,
            ">dark</th>" in page,
            bool(re.search(r"without 1 face of .*?: accuracy", page)),
        ]

    again()
    page, card = told()
    assert shown(page) == [True, True, True]
    part = "under the simulated condition dark at severity 1"
    assert part in card and f"mean {part}; clean" in page
    assert make_card(run)["stress"]["test"] and make_card(run)["calibration"]
    run.model_file.write_bytes(run.model_file.read_bytes() + b"trained on")
    fer.evaluate(run, split="test", tta=True)  # that with --tta has a list of its own below
    assert "plain" not in make_card(run)["calibration"]
    fer.evaluate(run, split="test")
    page, card = told()
    assert shown(page) == [False, False, False]
    assert "saliency maps are of an earlier state of the network" in page
    assert page.count("stress test is of an earlier state of the network") == 1
    assert "with fer evaluate run --split test --exclude faces.csv" in page
    assert "stress test is of an earlier state of the network" in card
    assert "fer stress run --split test" in card and "Suggestion" not in card
    assert make_card(run)["stress"]["test"] is None and "plain" in make_card(run)["calibration"]
    again(tta=True)
    page, _ = told()
    assert shown(page) == [True, True, True]
    assert page.count("make them again") == 1, "the list without --tta"


def test_a_page_of_other_data_does_not_show_the_figures_of_the_run_s_own(trained):
    fer.evaluate("run", split="test")
    write_layout(generate(n=210, seed=1), Path("other"), "csv")
    expected = "run: no saved predictions of other; make them with fer evaluate run --data other"
    with pytest.raises(FerError, match=f"{expected}$"):
        fer.write_report("run", data="other")
    assert not Path("run/report.html").exists()
    with pytest.raises(FerError, match=f"{expected} --split validation$"):
        fer.write_report("run", data="other", split="validation")
    fer.evaluate("run", data="other")
    assert fer.write_report("run", data="other").path.parent.name.startswith("run-other-")
    Path("fer").rename("moved")
    moved = fer.write_report("run", data="moved")
    assert moved.path == Path("run/report.html") and not moved.faces_missing
