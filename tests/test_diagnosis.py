"""The rule put to evidence made by hand: what is planted is found, and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.study import effects
from fer_analysis.study.cell_predictions import Answers
from fer_analysis.study.cell_roles import find_roles
from fer_analysis.study.diagnosis import SHOWN, diagnose
from fer_analysis.study.resampling import CORRECTED, PLAIN, Evidence, Faces, Scored
from fer_analysis.study.tables import rows
from fer_analysis.study.thresholds import Estimate, estimate

NAMES = ("angry", "disgust", "fear", "happy")
N = 300
"""Images of each label in a seed."""


def scored_as(config, counts, predicted):
    """A cell's answers, all equally sure."""
    sure = np.full(predicted.shape[1], 0.8, np.float32)
    return Scored(config, counts, Answers(predicted, sure))


def answers(recall, *, k=4, n=N, to=None, rng):
    """Predictions with these recalls; errors go to label `to`, or to any other."""
    labels = np.repeat(np.arange(k), n)
    predicted = labels.copy()
    for label, value in enumerate(recall):
        rows = np.flatnonzero(labels == label)
        wrong = rows[rng.random(n) >= value]
        others = [other for other in range(k) if other != label]
        predicted[wrong] = rng.choice(others, len(wrong)) if to is None else to
    return predicted


def evidence(cells, *, seeds=(0, 1, 2), votes=None, right=None, to=None):
    """Make evidence: cell -> (overrides, counts, plain recalls, corrected recalls).

    Args:
        cells: By name.
        seeds: Of every cell.
        votes: `(n_images, m)`.
        right: bool `(n_images,)`: overrules the base's corrected answers.
        to: Where errors go.
    """
    labels = np.repeat(np.arange(len(NAMES)), N)
    faces, made = {}, {name: {} for name in cells}
    for seed in seeds:
        rng = np.random.default_rng([seed, 7])
        faces[seed] = Faces.of(labels, votes, np.zeros(len(labels), bool), len(NAMES))
        for name, (overrides, counts, plain, corrected) in cells.items():
            config = load_config("tiny", [f"{k}={json.dumps(v)}" for k, v in overrides.items()])
            predicted = np.stack([answers(recall, rng=rng, to=to) for recall in (plain, corrected)])
            if right is not None and name == "base":
                predicted[:] = np.where(right, labels, (labels + 1) % len(NAMES))
            made[name][seed] = scored_as(config, np.array(counts), predicted)
    return Evidence(NAMES, faces, made, "made by hand")


EVEN = (400, 400, 400, 400)
FEW = (400, 40, 400, 400)
GOOD = (0.9, 0.9, 0.9, 0.9)


def low(value):
    return (0.9, value, 0.9, 0.9)


def shown(result):
    return {row.label: row.shown for row in result.labels if row.fails}


def votes_of(own_share):
    """Votes of ten annotators: each label's images with these shares for their own label."""
    k = len(NAMES)
    votes = np.zeros((k * N, k), int)
    for label in range(k):
        given = np.asarray(own_share[label])[np.arange(N) % len(own_share[label])]
        rows = label * N + np.arange(N)
        votes[rows, label] = given
        votes[rows, (label + 1) % k] = 10 - given
    return votes


def test_a_network_that_is_equally_good_at_all_labels_fails_none():
    assert shown(diagnose(evidence({"base": ({}, EVEN, GOOD, GOOD)}), "base")) == {}


def test_a_gap_below_ten_points_is_none():
    cells = {"base": ({}, EVEN, low(0.83), low(0.83))}
    assert shown(diagnose(evidence(cells), "base")) == {}


def test_what_prior_correction_mends_is_imbalance():
    result = diagnose(evidence({"base": ({}, FEW, low(0.3), low(0.88))}), "base")
    assert shown(result) == {"disgust": ("imbalance",)}


QUARTER = {"manipulations.keep.counts": {"disgust": 10}}


def test_what_falls_with_fewer_images_is_scarcity():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.2), low(0.2)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ("scarcity",)}


@pytest.mark.parametrize(
    ("fewer", "causes"),
    [
        (0.35, ("scarcity", "ambiguity")),  # 15 and 17.5 points of a gap of 45
        (0.5, ()),  # ambiguity alone is less than half of it
    ],
)
def test_two_causes_may_share_a_gap_of_which_neither_is_half(fewer, causes):
    votes = votes_of([(9,), (9, 5), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    split = (labels == 1) & (votes[np.arange(4 * N), labels] == 5)
    rng = np.random.default_rng(0)
    cells = {
        "base": ({}, FEW, GOOD, GOOD),
        "fewer": (QUARTER, (400, 10, 400, 400), low(fewer), low(fewer)),
    }
    found = evidence(cells, votes=votes)
    for seed, scored in found.cells["base"].items():
        u = rng.random(4 * N)
        predicted = np.where(u < 0.05, (labels + 3) % 4, labels)
        predicted[(labels == 1) & ~split & (u < 0.4)] = 0
        predicted[split & (u < 0.6)] = 0
        predicted[split & (u < 0.35)] = 2  # the label that the other annotators gave
        found.cells["base"][seed] = scored_as(
            scored.config, scored.counts, np.stack([predicted] * 2)
        )
    assert shown(diagnose(found, "base")) == {"disgust": causes}


def test_what_fewer_images_cost_is_told_where_no_gap_is_left_for_them_to_explain():
    cells = {
        "base": ({}, FEW, low(0.5), GOOD),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.1), low(0.7)),
    }
    (disgust,) = (row for row in diagnose(evidence(cells), "base").labels if row.fails)
    assert disgust.shown == ("imbalance",)
    told = next(sentence for sentence in disgust.against if "taught" in sentence)
    start, change = told.split(": recall ")
    assert start == "taught 10 of its 40 images"
    assert " and precision " in change
    right, called = 0.9 * N, 0.9 * N + 3 * N * 0.1 / 3  # errors go to any other label
    told = next(sentence for sentence in disgust.against if "called so" in sentence)
    assert int(told.split()[5]) == pytest.approx(100 * right / called, abs=2)
    assert -25 < int(change.split()[0]) < -15


def test_what_stays_the_same_with_fewer_images_is_not_scarcity():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.48), low(0.48)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}


def test_a_label_with_as_many_images_as_others_is_not_scarce():
    cells = {
        "base": ({}, EVEN, low(0.5), low(0.5)),
        "fewer": (
            {"manipulations.keep.counts": {"disgust": 100}},
            (400, 100, 400, 400),
            low(0.2),
            low(0.2),
        ),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}


def test_untested_scarcity_is_said_to_be_untested():
    result = diagnose(evidence({"base": ({}, FEW, low(0.5), low(0.5))}), "base")
    verdicts = {cause.name: cause.verdict for cause in result.labels[1].causes}
    assert verdicts["scarcity"] == "not tested"
    assert verdicts["recipe"] == "not tested"


def test_cells_that_share_no_seed_with_the_subject_are_not_held_against_it():
    found = evidence(
        {
            "base": ({}, FEW, low(0.5), low(0.5)),
            "fewer": (QUARTER, (400, 10, 400, 400), low(0.2), low(0.2)),
            "another": ({"training.learning_rate": 0.01}, FEW, GOOD, GOOD),
        }
    )
    found.cells["base"] = {0: found.cells["base"][0]}
    for cell in ("fewer", "another"):
        del found.cells[cell][0]
    result = diagnose(found, "base")
    verdicts = {cause.name: cause.verdict for cause in result.labels[1].causes}
    assert (verdicts["scarcity"], verdicts["recipe"]) == ("not tested", "not tested")


def test_a_better_recipe_comes_before_all_other_causes():
    cells = {
        "base": ({}, FEW, (0.9, 0.0, 0.0, 0.0), (0.0, 0.9, 0.0, 0.0)),
        "tried": ({"training.learning_rate": 0.005}, FEW, GOOD, GOOD),
    }
    result = diagnose(evidence(cells), "base")
    assert set(shown(result)) == {"disgust", "fear", "happy", "angry"} - (
        set() if result.labels[0].fails else {"angry"}
    )
    for row in result.labels:
        if row.fails and row.label != "angry":
            assert row.shown == ("recipe",)


def test_a_label_may_fail_with_the_frequencies_divided_out_alone():
    perfect = (1.0, 1.0, 1.0, 1.0)
    cells = {
        "base": ({}, EVEN, perfect, (1.0, 0.5, 1.0, 1.0)),
        "tried": ({"training.learning_rate": 0.005}, EVEN, perfect, perfect),
    }
    result = diagnose(evidence(cells), "base")
    assert shown(result) == {"disgust": ("recipe",)}
    recipe = result.labels[1].causes[0]
    assert (recipe.name, recipe.verdict) == ("recipe", "shown")
    assert recipe.part == pytest.approx(1, abs=0.01), "of the gap that there is"


def test_a_recipe_may_give_a_rare_label_what_shows_with_the_frequencies_divided_out_alone():
    cells = {
        "base": ({}, FEW, low(0), low(0)),
        "tried": ({"training.learning_rate": 0.005}, FEW, low(0.1), GOOD),
    }
    result = diagnose(evidence(cells), "base")
    assert shown(result) == {"disgust": ("recipe",)}
    assert result.labels[1].causes[0].part == pytest.approx(1, abs=0.05)
    assert "divided out" in result.labels[1].causes[0].because
    after = diagnose(evidence(cells), "tried")
    assert shown(after) == {"disgust": ("imbalance",)}, "what stays once that is mended"


def test_another_recipe_that_changes_nothing_is_no_cause():
    cells = {
        "base": ({}, FEW, low(0.3), low(0.88)),
        "tried": ({"training.learning_rate": 0.005}, FEW, low(0.32), low(0.87)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ("imbalance",)}


def test_errors_where_annotators_are_split_are_ambiguity():
    votes = votes_of([(9,), (9, 5, 4, 6), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    right = np.random.default_rng(0).random(4 * N) < np.where(own >= 9, 0.92, 0.3)
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": ("ambiguity",)}


def test_errors_where_annotators_agree_on_another_label_are_noise():
    votes = votes_of([(9,), (9, 9, 0), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    right = np.random.default_rng(0).random(4 * N) < np.where(own >= 9, 0.92, 0.05)
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": ("label noise",)}


@pytest.mark.parametrize(
    ("mislabelled", "others", "clear", "causes"),
    [
        (9, 0.8, 0.98, ("label noise",)),  # all of the gap, and split votes a third over
        (5, 0.92, 0.92, ("ambiguity", "label noise")),  # a third and two
    ],
)
def test_what_wrong_labels_explain_is_not_put_down_to_split_votes_again(
    mislabelled, others, clear, causes
):
    """Of 20 of disgust's images some are clear faces of another label, and 5 have split votes."""
    votes = votes_of([(9,), (0,) * mislabelled + (5,) * 5 + (9,) * (15 - mislabelled), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    chance = np.select([labels != 1, own == 0, own == 5], [others, 0.05, 0.45], clear)
    right = np.random.default_rng(0).random(4 * N) < chance
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": causes}


def lost(predicted, votes):
    """What `lost_to_rivals` says of split faces, for these answers."""
    labels = np.repeat(np.arange(4), N)
    faces = Faces.of(labels, votes, np.zeros(len(labels), bool), 4)
    scored = scored_as(load_config("tiny"), np.array(EVEN), np.stack([predicted] * 2))
    found = Evidence(NAMES, {0: faces}, {"base": {0: scored}}, "")
    return effects.lost_to_rivals(found, find_roles(found, "base"), effects.SPLIT)[0]


def test_only_errors_that_follow_the_votes_are_ambiguity():
    """Half of disgust's faces are split, all of which are taken for another label."""
    labels = np.repeat(np.arange(4), N)
    votes = votes_of([(9,), (9, 5), (9,), (9,)])
    split = (votes[np.arange(len(labels)), labels] == 5) & (labels == 1)
    to_rival = np.where(split, 2, labels)
    assert lost(to_rival, votes)[1] == pytest.approx(0.5)
    assert lost(np.where(split, 3, labels), votes)[1] == 0, "no annotator gave label 3"
    # A third of the clear faces goes the same way: so would a third of the split ones, if clear.
    clear = np.flatnonzero((labels == 1) & ~split)
    to_rival[clear[: len(clear) // 3]] = 2
    assert lost(to_rival, votes)[1] == pytest.approx(0.5 * (1 - 1 / 3))
    assert (lost(to_rival, votes)[[0, 2, 3]] == 0).all()


def test_split_votes_that_cost_nothing_are_no_cause():
    votes = votes_of([(9,), (9, 5, 4, 6), (9,), (9,)])
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    assert shown(diagnose(evidence(cells, votes=votes), "base")) == {"disgust": ()}


def test_without_votes_errors_that_all_go_one_way_are_ambiguity_or_noise():
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    assert shown(diagnose(evidence(cells, to=3), "base")) == {"disgust": ("ambiguity or noise",)}
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}, "these go everywhere"


def test_equal_labels_are_seldom_said_to_fail():
    """Four labels, 30 images each, recall .6: one in twenty may look bad by chance, not more."""
    wrong = 0
    for trial in range(60):
        rng = np.random.default_rng([trial, 9])
        labels = np.repeat(np.arange(4), 30)
        predicted = np.stack([answers((0.6,) * 4, n=30, rng=rng)] * 2)
        faces = Faces.of(labels, None, np.zeros(len(labels), bool), 4)
        scored = scored_as(load_config("tiny"), np.array(EVEN), predicted)
        found = Evidence(NAMES, {0: faces}, {"base": {0: scored}}, "")
        wrong += any(row.fails for row in diagnose(found, "base").labels)
    assert wrong <= 6


def test_simultaneous_intervals_are_as_wide_as_the_worst_of_many_needs():
    rng = np.random.default_rng(0)
    alone = {0: np.concatenate([[0.0], rng.standard_normal(4000)])}
    many = {i: np.concatenate([[0.0], rng.standard_normal(4000)]) for i in range(20)}
    assert estimate(alone)[0].high == pytest.approx(1.96, abs=0.1)
    # Of 20 independent normal deviates the largest stays within 3.02 in 95 % of cases (Šidák).
    assert estimate(many)[0].high == pytest.approx(3.02, abs=0.15)
    assert estimate({0: np.full(10, np.nan)}) == {}
    gappy = np.concatenate([[0.0], rng.standard_normal(4000)])
    gappy[1:1001] = np.nan
    assert estimate({0: gappy})[0].high == pytest.approx(1.96, abs=0.1), "without the undefined"
    assert not Estimate(0.2, -0.01, 0.4).reaches(0.1)
    assert not Estimate(0.09, 0.01, 0.2).reaches(0.1)


def test_differences_of_cells_are_paired():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.5), low(0.5)),
    }
    found = evidence(cells)
    for seed in found.cells["base"]:
        found.cells["fewer"][seed] = scored_as(
            found.cells["fewer"][seed].config,
            found.cells["fewer"][seed].counts,
            found.cells["base"][seed].answers.predicted,
        )
    difference = effects.difference(found, "base", "fewer", CORRECTED)
    assert not difference.any(), "the same answers differ in no draw"


def test_recalls_are_those_of_the_answers_and_shared_images_count_once():
    labels = np.array([0, 0, 1, 1])
    shared = np.array([False, False, True, True])
    config = load_config("tiny")
    faces = {s: Faces.of(labels, None, shared, 2) for s in (0, 1)}
    first, second = np.array([0, 1, 1, 1]), np.array([0, 0, 1, 0])
    base = {
        0: scored_as(config, np.array([1, 1]), np.stack([first, first])),
        1: scored_as(config, np.array([1, 1]), np.stack([second, second])),
    }
    tallies = Evidence(("a", "b"), faces, {"base": base}, "").tallies("base")
    assert tallies.n.tolist() == [4, 2], "two folds of two, the same two validation images"
    assert tallies.recall(PLAIN)[0].tolist() == [0.75, 0.75]
    assert tallies.precision(PLAIN)[0].tolist() == [3 / 3.5, 1.5 / 2.5]


def test_roles_are_read_off_the_configs():
    cells = {
        "base": ({}, FEW, GOOD, GOOD),
        "a": (QUARTER, (400, 10, 400, 400), GOOD, GOOD),
        "b": ({"manipulations.keep_all.count": "matched"}, (40,) * 4, GOOD, GOOD),
        "c": ({"manipulations.remove_disputed.label": "disgust"}, FEW, GOOD, GOOD),
        "d": (
            {"manipulations.remove_disputed": {"label": "disgust", "at_random": True}},
            FEW,
            GOOD,
            GOOD,
        ),
        "e": ({"training.learning_rate": 0.02}, FEW, GOOD, GOOD),
        "f": ({"remedies.mixup": True}, FEW, GOOD, GOOD),
    }
    roles = find_roles(evidence(cells, seeds=(0,)), "base")
    assert roles.recipes == ("e",)
    assert roles.doses == {"disgust": ("a",)}
    assert roles.equal == ("b",)
    assert roles.disputed == {"disgust": ("c", "d")}
    other = find_roles(evidence(cells, seeds=(0,)), "e")
    assert other.recipes == ("base",), "seen from the other recipe"


def test_a_diagnosis_is_a_table_and_json():
    cells = {"base": ({}, FEW, low(0.3), low(0.88))}
    result = diagnose(evidence(cells), "base")
    json.dumps(result.as_dict(), allow_nan=False)
    told = [row for row in rows(result) if row["verdict"] == SHOWN]
    assert [(row["label"], row["cause"]) for row in told] == [("disgust", "imbalance")]


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


def fer(*words):
    from click.testing import CliRunner

    from fer_analysis.cli import main

    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_a_study_is_run_diagnosed_and_drawn(tmp_path, monkeypatch):
    from fer_analysis.study.cell import run_cell
    from fer_analysis.study.fair import load_fair_study

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    Path("w.yaml").write_text(WHY)
    early = fer("diagnose", "w.yaml")
    assert early.exit_code == 1
    assert "no base cell is finished: fer study run w" in early.output
    early = fer("study", "keep", "w.yaml", "--out", "kept")
    assert early.exit_code == 1
    assert "no cell is finished: fer study run w.yaml" in early.output
    for cell in load_fair_study("w.yaml", None).cells:
        run_cell(cell, Path("runs/cells"))
    done = fer("diagnose", "w.yaml", "--out", "d")
    assert done.exit_code == 0, done.output
    told = json.loads(Path("d/diagnosis.json").read_text())
    assert [row["label"] for row in told["labels"]][1] == "disgust"
    assert {row["cell"] for row in told["doses"]} == {"base", "sad: a quarter of its images"}
    for name in ("verdict", "dose", "agreement"):
        assert Path(f"d/{name}.png").read_bytes().startswith(b"\x89PNG")
    with open("d/recalls.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] == "sad"]
    assert len({row["training_images"] for row in rows}) == 2, "all of them, and a quarter"
    whole = json.loads(fer("diagnose", "w.yaml", "--without-votes", "--json").stdout)
    _what_its_cells_change()
    _what_is_kept_of_it_says_the_same()
    assert whole["votes"] is False
    assert "no finished cell 'bas' (did you mean 'base'? available" in " ".join(
        fer("diagnose", "w.yaml", "--of", "bas").output.split()
    )
    assert "no such run" in fer("diagnose", "nothing-here").output

    # Another study whose cell of the same name does something else.
    quarter = "{manipulations.keep.counts: {sad: 0.25}}"
    head = WHY.partition("cells:")[0]
    Path("v.yaml").write_text(f"{head}cells:\n  another recipe: {{set: {quarter}}}\n")
    assert "mean different things by 'another recipe'" in fer("diagnose", "w.yaml", "v.yaml").output

    # The base's run is there still: what can be said of it alone?
    (run,) = Path("runs/cells").glob("*/run")
    done = fer("diagnose", str(run), "--out", "lone")
    assert done.exit_code == 0, done.output
    told = json.loads(Path("lone/diagnosis.json").read_text())
    assert told["seeds"] == 1
    assert "without training anything" in " ".join(done.output.split())
    known = json.loads(Path("lone/without_training.json").read_text())
    assert [row["label"] for row in known] == [row["label"] for row in told["labels"]]
    assert all(set(row["recall_at"]) == {"0", "0.5", "1", "1.5", "2"} for row in known)
    assert Path("lone/tau.png").read_bytes().startswith(b"\x89PNG")


def _what_is_kept_of_it_says_the_same():
    """`fer study keep`, and a diagnosis of what it kept."""
    done = fer("study", "keep", "w.yaml", "--out", "kept")
    assert done.exit_code == 0, done.output
    shutil.move("runs/cells", "elsewhere")
    done = fer("diagnose", "w.yaml", "--store", "kept", "--out", "again")
    assert done.exit_code == 0, done.output
    for name in ("diagnosis.json", "recalls.csv"):
        assert Path("again", name).read_text() == Path("d", name).read_text()
    assert {path.name for path in Path("kept").glob("*/*")} == {"answers.npz", "cell.json"}
    for file in Path("kept").glob("*/cell.json"):
        file.write_text(json.dumps(json.loads(file.read_text()) | {"data": "other"}))
    assert "trained on other data" in fer("diagnose", "w.yaml", "--store", "kept").output
    shutil.move("elsewhere", "runs/cells")


def _what_its_cells_change():
    """`fer study show` of the same study."""
    done = fer("study", "show", "w.yaml", "--label", "disgust")
    assert done.exit_code == 0, done.output
    assert "another recipe" in " ".join(done.output.split())
    assert "…" not in done.output, "nothing is cut"
    told = json.loads(Path("runs/study-w/changes.json").read_text())
    assert (told["study"], told["watched"]) == ("w", ["disgust"])
    with open("runs/study-w/changes.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 2 * (3 + 7), "a quarter of disgust has not run"
    assert Path("runs/study-w/changes.png").read_bytes().startswith(b"\x89PNG")
    odd = fer("study", "show", "w.yaml", "--against", "bse")
    assert odd.exit_code == 1
    assert "did you mean 'base'" in odd.output


def test_a_lone_run_is_told_what_would_settle_the_rest(capsys):
    from types import SimpleNamespace

    from fer_analysis.cli.tables.diagnosis import print_diagnosis

    run = SimpleNamespace(path=Path("runs/first"))
    print_diagnosis(diagnose(evidence({"base": ({}, FEW, low(0.5), low(0.5))}), "base"), run)
    told = " ".join(capsys.readouterr().out.split())
    assert "scarcity: not tested" in told
    command = "why --base runs/first/config.yaml --label disgust --data PATH"
    assert f"fer study run {command}" in told and f"fer diagnose {command}" in told
    assert "no deficiency shown: angry, fear, happy" in told
    print_diagnosis(diagnose(evidence({"base": ({}, EVEN, GOOD, GOOD)}), "base"), run)
    assert "fer study run" not in capsys.readouterr().out, "nothing is left to be settled"
