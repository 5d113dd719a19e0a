"""Metrics by hand, against scikit-learn, and where they are undefined."""

from __future__ import annotations

import csv
import json
import math

import numpy as np
import pytest
from sklearn import metrics as reference

from fer_analysis.errors import FerError
from fer_analysis.evaluation.confusions import asymmetries, most_confused, top_losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import load_metrics, metrics, save_metrics
from fer_analysis.evaluation.summary import summary_lines
from fer_analysis.statistics.estimate import to_json
from fer_analysis.statistics.intervals import wilson

NAMES = ("cat", "dog", "owl")
TRUE = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2]
PREDICTED = [0, 0, 0, 1, 1, 0, 1, 2, 0, 0]


def evaluation(true=TRUE, predicted=PREDICTED, names=NAMES, **fields):
    """Make an evaluation whose most probable labels are `predicted`."""
    probabilities = np.full((len(true), len(names)), 0.1)
    probabilities[np.arange(len(true)), predicted] = 1.1 - 0.1 * len(names)
    ids = [f"row {i}" for i in range(len(true))]
    true = np.array(true, dtype=np.int64)
    return Evaluation(true, probabilities, ids, "test", names, **fields)


def test_three_labels_by_hand():
    e = evaluation()
    assert e.confusion.tolist() == [[3, 1, 0], [1, 2, 0], [2, 0, 1]]
    assert e.support.tolist() == [4, 3, 3]
    assert e.predicted_counts.tolist() == [6, 3, 1]
    assert e.accuracy == pytest.approx(6 / 10)
    assert e.recall == pytest.approx([3 / 4, 2 / 3, 1 / 3])
    assert e.precision == pytest.approx([3 / 6, 2 / 3, 1])
    assert e.f1 == pytest.approx([6 / 10, 4 / 6, 2 / 4])
    assert e.balanced_accuracy == pytest.approx((3 / 4 + 2 / 3 + 1 / 3) / 3)
    assert e.macro_f1 == pytest.approx((6 / 10 + 4 / 6 + 2 / 4) / 3)
    assert e.row_normalised_confusion[2] == pytest.approx([2 / 3, 0, 1 / 3])
    assert (e.best, e.worst, e.never_predicted, e.without_support) == (0, 2, (), ())
    assert most_confused(e, 2) == [(2, 0, 2), (0, 1, 1)]


@pytest.mark.parametrize("seed", range(5))
def test_the_same_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(5), size=200)
    true = np.concatenate([np.arange(5), rng.integers(0, 5, 195)])
    e = Evaluation(true, probabilities, np.arange(200), "test", tuple("abcde"))
    predicted = probabilities.astype(np.float32).argmax(axis=1)
    report = reference.classification_report(
        true, predicted, target_names=list("abcde"), output_dict=True, zero_division=0
    )
    block = metrics(e)["all"]
    for row in block["labels"]:
        expected = report[row["label"]]
        assert row["recall"].value == pytest.approx(expected["recall"])
        assert row["precision"].value == pytest.approx(expected["precision"])
        assert row["f1"].value == pytest.approx(expected["f1-score"])
        assert row["support"] == expected["support"]
    assert block["accuracy"].value == pytest.approx(report["accuracy"])
    assert block["macro_f1"].value == pytest.approx(
        reference.f1_score(true, predicted, average="macro")
    )
    assert block["balanced_accuracy"].value == pytest.approx(
        reference.balanced_accuracy_score(true, predicted)
    )
    np.testing.assert_array_equal(e.confusion, reference.confusion_matrix(true, predicted))


def test_wilson_by_hand():
    z = 1.959963984540054
    assert wilson(0, 56) == pytest.approx((0, z**2 / (56 + z**2)))
    assert wilson(0, 56)[1] == pytest.approx(0.0642, abs=5e-5)
    centre, half = 0.5, z / (2 * math.sqrt(10 + z**2))  # at one half the formula is short
    assert wilson(5, 10) == pytest.approx((centre - half, centre + half))
    low, high = wilson(3, 20)
    assert wilson(17, 20) == pytest.approx((1 - high, 1 - low))
    assert all(map(math.isnan, wilson(0, 0)))


def test_a_label_that_is_never_predicted():
    e = evaluation([0, 0, 1, 1], [0, 0, 0, 0], ("cat", "dog"))
    dog = metrics(e)["all"]["labels"][1]
    assert (dog["precision"].value, dog["precision"].interval, dog["predicted"]) == (None, None, 0)
    assert (dog["recall"].value, dog["f1"].value) == (0, 0)
    assert e.never_predicted == ("dog",)
    assert e.macro_f1 == pytest.approx((4 / 6 + 0) / 2), "counted as 0, not left out"


def test_a_label_without_images_is_left_out_of_averages():
    e = evaluation([0, 0, 1, 1], [0, 0, 1, 2])
    owl = metrics(e)["all"]["labels"][2]
    assert (owl["recall"].value, owl["recall"].interval, owl["f1"].value) == (None, None, None)
    assert owl["precision"].value == 0
    assert e.without_support == ("owl",)
    assert e.balanced_accuracy == pytest.approx((1 + 1 / 2) / 2)
    assert e.macro_f1 == pytest.approx((1 + 2 / 3) / 2)
    assert NAMES[e.worst] == "dog"
    assert (
        "owl: no images in this split, left out of the averages; 1 of the predictions, all wrong"
        in summary_lines(e)
    )


def test_of_equal_labels_the_first_is_best_and_worst():
    e = evaluation([0, 1, 2], [0, 1, 2])
    assert (e.best, e.worst) == (0, 0)


def test_leak_free_figures_are_those_of_the_rest():
    leaked = np.array([1, 0, 0, 0, 1, 0, 0, 1, 0, 0], dtype=bool)
    found = metrics(evaluation(leaked=leaked))
    rest = [i for i in range(10) if not leaked[i]]
    alone = metrics(evaluation([TRUE[i] for i in rest], [PREDICTED[i] for i in rest]))
    assert found["leak_free"] == alone["all"]
    assert (found["n"], found["all"]["n"], found["leak_free"]["n"]) == (10, 10, 7)
    assert alone["leak_free"] is None, "unknown is not the same as none"
    assert "3 of 10 images are also among the training images" in " ".join(
        summary_lines(evaluation(leaked=leaked))
    )


def test_figures_survive_that_every_image_has_leaked():
    found = evaluation(leaked=np.ones(10, dtype=bool))
    block = metrics(found)["leak_free"]
    assert (block["n"], block["accuracy"].value, block["best"]) == (0, None, None)
    json.dumps(to_json(metrics(found)), allow_nan=False)
    assert "no image is left" in summary_lines(found)[-1]
    assert summary_lines(found.leak_free) == ["split 'test' has no images: nothing to report"]


def test_loud_findings():
    at_chance, *told = summary_lines(
        evaluation([0] * 56 + [1] * 40, [1] * 30 + [2] * 26 + [1] * 40)
    )
    assert at_chance == (
        "no better than chance: accuracy 41.7 %; always predicting cat would give 58.3 %"
    )
    assert told[0] == "cat is never predicted: 0 of 56 correct (95 % interval 0-6.4 %)"
    assert told[1].startswith(
        "best: dog, 100.0 % [91.2-100.0] of 40; worst: cat, 0.0 % [0.0-6.4] of 56"
    )
    assert told[2] == (
        "most confused: cat predicted as dog 30 times of 56; cat predicted as owl 26 times of 56"
    )
    assert told[3] == (
        "one direction: cat is predicted as dog 30 times (53.6 % of its images), the reverse "
        "0 times (p < 0.0001, corrected for all pairs)"
    )


def test_a_collapsed_model_is_named():
    everything = evaluation([0, 1, 2] * 20, [1] * 60)
    assert summary_lines(everything)[0] == "everything is predicted as dog: a collapsed model"
    assert summary_lines(everything)[1] == "never predicted: cat, owl"
    nearly = evaluation([0, 1, 2] * 20, [1] * 58 + [0, 2])
    assert (
        summary_lines(nearly)[0]
        == "nearly everything (58 of 60) is predicted as dog: a collapsed model"
    )
    for sound in (
        evaluation([0, 1, 2] * 20, [1] * 57 + [0, 0, 2]),  # 95 % and no more
        evaluation([1] * 59 + [0], [1] * 60),  # nearly all of them are dogs
        evaluation([0, 1, 2], [1, 1, 1]),  # too few to tell
    ):
        assert "collapsed" not in " ".join(summary_lines(sound))


def test_round_trip(tmp_path):
    before = evaluation(
        leaked=np.arange(10) < 3,
        protocol="kaggle",
        comparable=True,
        notes=("partial", "x"),
        warnings=("beware",),
        votes=np.full((10, 4), 2),
        vote_names=(*NAMES, "none"),
        temperature=1.5,
        temperature_from="validation",
    )
    before.save(tmp_path / "new")
    save_metrics(before, tmp_path / "new")
    after = Evaluation.load(tmp_path / "new")
    assert (after.temperature, after.temperature_from) == (1.5, "validation")
    for name in ("labels", "probabilities", "ids", "leaked", "votes"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert getattr(after, name).dtype == getattr(before, name).dtype
    assert metrics(after) == metrics(before)
    assert load_metrics(tmp_path / "new") == metrics(before)
    written = json.loads((tmp_path / "new/metrics.json").read_text())
    assert written["all"]["accuracy"].keys() == {"value", "low", "high", "n", "correct"}
    assert written["all"]["macro_f1"].keys() == {"value", "low", "high", "n"}
    assert written == to_json(metrics(before))
    assert after.folder == tmp_path / "new"
    evaluation().save(tmp_path / "new")
    assert Evaluation.load(tmp_path / "new").leaked is None
    names = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert names == ["confusion.csv", "metrics.json", "predictions.npz"], "nothing temporary"


def test_the_table_is_no_spreadsheet_formula(tmp_path):
    evaluation([0, 1, 2], [0, 0, 2], ("=cmd()", "a, b", "-1")).save(tmp_path)
    with open(tmp_path / "confusion.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["true \\ predicted", "'=cmd()", "a, b", "'-1"],
        ["'=cmd()", "1", "0", "0"],
        ["a, b", "1", "0", "0"],
        ["'-1", "0", "0", "1"],
    ]


def test_missing_and_damaged_files_are_one_line(tmp_path):
    with pytest.raises(FerError, match="no predictions in this folder; `fer evaluate` writes them"):
        Evaluation.load(tmp_path)
    evaluation().save(tmp_path)
    path = tmp_path / "predictions.npz"
    sound = path.read_bytes()
    flipped = bytearray(sound)
    flipped[120] ^= 255
    for damaged in (b"", b"nonsense", sound[:200], bytes(flipped)):
        path.write_bytes(damaged)
        with pytest.raises(FerError, match="predictions.npz: damaged; delete it"):
            Evaluation.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [0, 3]}, "labels: expected 0 to 2, received"),
        ({"labels": [0.0, 1.0]}, "labels: expected int64"),
        ({"probabilities": np.eye(2)}, r"probabilities: expected \(2, 3\), received \(2, 2\)"),
        ({"probabilities": [[1, 0, 0], [np.nan, 0, 1]]}, "row 1: not finite"),
        ({"probabilities": [[1, 0, 0], [3, -1, -1]]}, "row 1: expected shares that sum to 1"),
        ({"probabilities": [[2, 1, 1], [1, 0, 0]]}, "row 0: .*is the softmax missing"),
        ({"ids": ["a"]}, "ids: expected"),
        ({"leaked": [0, 1]}, "leaked: expected bool"),
        ({"votes": np.ones((2, 3), int)}, "votes: expected int64"),
        ({"votes": np.ones((2, 3), int), "vote_names": ("dog", "cat", "owl")}, "vote_names:"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change, message):
    sound = {
        "labels": [0, 1],
        "probabilities": [[1, 0, 0], [0, 1, 0]],
        "ids": ["a", "b"],
        "split": "test",
        "label_names": NAMES,
    }
    Evaluation(**sound)
    with pytest.raises(FerError, match=message):
        Evaluation(**(sound | change))


def test_errors_that_run_one_way_by_hand():
    true = [0] * 10 + [1] * 10 + [2] * 10
    predicted = [1] * 8 + [0] * 2 + [1] * 9 + [0] + [2] * 7 + [1] * 3
    rows = asymmetries(evaluation(true, predicted))
    assert [(row["true"], row["predicted"], row["count"], row["reverse"]) for row in rows] == [
        ("cat", "dog", 8, 1),
        ("owl", "dog", 3, 0),
    ]
    # Two tosses of nine or more extreme, of both tails; then Holm's factor of two.
    assert rows[0]["p"] == pytest.approx(2 * (2 * (1 + 9) / 2**9))
    assert rows[1]["p"] == pytest.approx(2 / 2**3)
    assert (rows[0]["share"], rows[0]["reverse_share"]) == (0.8, 0.1)


def test_the_highest_losses_come_with_ids_and_votes():
    probabilities = np.array([[0.9, 0.05, 0.05], [0.01, 0.09, 0.9], [0.2, 0.7, 0.1]])
    votes = np.array([[5, 0, 5, 0], [0, 2, 1, 7], [0, 0, 0, 0]])
    e = Evaluation(
        np.array([0, 0, 0]),
        probabilities,
        ["x", "y", "z"],
        "test",
        NAMES,
        votes=votes,
        vote_names=(*NAMES, "none"),
        leaked=np.array([False, True, False]),
    )
    first, second = top_losses(e, 2)
    assert (first["id"], first["true"], first["predicted"]) == ("y", "cat", "owl")
    assert first["loss"] == pytest.approx(-math.log(0.01), abs=1e-6)
    assert first["votes"] == "none 7, dog 2, owl 1"
    assert first["leaked"]
    assert (second["id"], second["votes"]) == ("z", "")


def test_top_2_by_hand_and_with_ties():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.4, 0.3, 0.3], [0.4, 0.3, 0.3]])
    e = Evaluation(np.array([0, 2, 1, 2]), probabilities, np.arange(4), "test", NAMES)
    assert e.correct_within(2).tolist() == [True, False, True, False]
    assert e.correct_within(1).tolist() == (e.predicted == e.labels).tolist()
    assert e.correct_within(3).all()
    found = metrics(e)["all"]["top_2"]
    assert (found.n, found.value) == (4, 0.5)
    assert found.interval == pytest.approx(wilson(2, 4))


def test_a_label_that_has_leaked_whole_is_named():
    leaked = np.array(TRUE) == 1
    told = " ".join(summary_lines(evaluation(leaked=leaked)))
    assert "dog: all of its 3 images are among the training images" in told
    assert "leak-free averages leave it out" in told


def test_errors_that_can_only_run_one_way_are_no_asymmetry():
    """No image is a dog: none can be predicted as anything."""
    rows = asymmetries(evaluation([0] * 20 + [2] * 5, [1] * 15 + [0] * 5 + [2] * 5))
    assert rows == []


def test_resamples_that_all_agree_give_no_interval():
    block = metrics(evaluation([0] * 30 + [1] * 30, [0] * 60, ("cat", "dog")))["all"]
    assert block["labels"][1]["f1"].interval is None
    assert block["balanced_accuracy"].interval is None
    assert block["macro_f1"].interval is not None
