"""Causes that predictions of any network speak for, and those that they cannot decide."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from fer_layouts import faces, write_layout

from fer_analysis.cli import main
from fer_analysis.errors import FerError
from fer_analysis.study.diagnose_predictions import Table, diagnose_predictions
from fer_analysis.study.diagnosis import NOT_TESTED, Diagnosis
from fer_analysis.study.networks_as_annotators import TOO_FEW

NAMES = ("cat", "cow", "dog", "hen")
N = 150
COUNTS = {"cat": 900, "cow": 60, "dog": 900, "hen": 900}


@pytest.fixture
def rare(tmp_path):
    """Return a table in which cows are called dogs, but for how rare they were in training."""
    return write_table(tmp_path / "theirs.csv", lambda logits, label, rng: None)


def write_table(path, change):
    """Write answers that are good but for the prior; `change` spoils the logits of one image."""
    rng = np.random.default_rng(0)
    prior = np.array(list(COUNTS.values()), float)
    lines = ["id,label," + ",".join(NAMES)]
    for label in range(4):
        for n in range(N):
            logits = rng.normal(0, 0.4, 4)
            logits[label] += 2.0
            change(logits, label, rng)
            shares = np.exp(logits) * prior
            shares /= shares.sum()
            lines.append(f"{label}-{n},{NAMES[label]}," + ",".join(f"{s:.6f}" for s in shares))
    path.write_text("\n".join(lines) + "\n")
    return path


def verdicts(diagnosis, label):
    row = next(row for row in diagnosis.labels if row.label == label)
    return row, {cause.name: cause.verdict for cause in row.causes}


def test_counts_speak_for_imbalance_and_nothing_else_is_claimed(rare):
    found = diagnose_predictions(Table(rare, counts=COUNTS), None)
    row, causes = verdicts(found, "cow")
    assert row.shown == ("imbalance",)
    assert causes["recipe"] == causes["shift between splits"] == NOT_TESTED
    assert row.training == 60
    assert [gain.remedy for gain in found.gains if gain.label == "cow"] == ["prior correction"]
    assert all(not other.shown for other in found.labels if other.label != "cow")


def test_without_counts_imbalance_is_not_decided_and_nothing_is_corrected(rare, tmp_path):
    found = diagnose_predictions(Table(rare), None)
    row, causes = verdicts(found, "cow")
    assert (row.fails, row.shown) == (True, ())
    assert set(causes.values()) == {NOT_TESTED}
    assert {"recipe", "imbalance", "scarcity", "ambiguity", "label noise"} <= set(causes)
    assert all(each.corrected.value is None for each in found.labels)
    assert found.gains == found.separability == found.agreement == ()
    assert "counts: not known" in found.notes[0]
    assert "not decided by predictions: recipe" in found.notes[-1]
    found.save(tmp_path / "found")
    assert Diagnosis.load(tmp_path / "found") == found


def test_predictions_and_a_run_say_the_same_of_what_one_network_cannot_show(rare):
    found = diagnose_predictions(Table(rare), None)
    row, _ = verdicts(found, "cow")
    because = {cause.name: cause.because for cause in row.causes}
    assert because["ambiguity"] == because["label noise"] == TOO_FEW


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (COUNTS | {"owl": 3}, "no label 'owl'"),
        ({"cat": 3}, "no count of 'cow'"),
        (COUNTS | {"hen": 0}, "hen: expected 1 image or more, received 0"),
        (COUNTS | {"HEN": 3}, "'hen' is given twice"),
    ],
)
def test_counts_of_other_labels_are_refused(rare, counts, message):
    with pytest.raises(FerError, match=message):
        diagnose_predictions(Table(rare, counts=counts), None)


def test_counts_are_of_each_label_once_in_any_spelling(rare, tmp_path):
    table = tmp_path / "fer.csv"
    table.write_text(rare.read_text().replace("cat", "anger").replace("cow", "joy"))
    words = ["diagnose", "--predictions", str(table), "--out", str(tmp_path / "o"), "--counts"]
    twice = CliRunner().invoke(main, [*words, "angry=9,angry=900,happy=6,dog=9,hen=9"])
    assert twice.exit_code == 1 and "'angry' is given twice" in twice.stderr
    told = CliRunner().invoke(main, [*words, "anger=900,happiness=60,dog=900,hen=900"])
    assert told.exit_code == 0, told.output


CLEAR, DOUBTFUL = 40, 60
"""Cows of `balanced` that are found, and those that are called dogs: by hand, all alike."""


@pytest.fixture
def balanced(tmp_path):
    """Return a table of a network trained with a uniform prior, 100 images a label.

    60 cows have 0.35 for cow and 0.55 for dog. Every other image has 0.91 for its own label and
    0.03 for each other.
    """
    lines = ["id,label," + ",".join(NAMES)]
    for label, name in enumerate(NAMES):
        for n in range(CLEAR + DOUBTFUL):
            shares = [0.03] * 4
            shares[label] = 0.91
            if name == "cow" and n >= CLEAR:
                shares = [0.05, 0.35, 0.55, 0.05]
            lines.append(f"{name}-{n},{name}," + ",".join(map(str, shares)))
    path = tmp_path / "balanced.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_predictions_of_a_uniform_prior_show_no_imbalance_when_told_so(balanced):
    """By counts 0.35 / 60 exceeds 0.55 / 900, so that the correction would find all cows."""
    wrong = diagnose_predictions(Table(balanced, counts=COUNTS), None)
    row, _ = verdicts(wrong, "cow")
    assert (row.shown, row.recall.value, row.corrected.value) == (("imbalance",), 0.4, 1.0)
    told = diagnose_predictions(Table(balanced, counts=COUNTS, prior="uniform"), None)
    row, causes = verdicts(told, "cow")
    assert (row.fails, row.shown, row.recall.value, row.corrected.value) == (True, (), 0.4, 0.4)
    effect = next(cause.effect for cause in row.causes if cause.name == "imbalance")
    assert (causes["imbalance"], effect.value, row.training) == ("not shown", 0.0, 60)
    assert "prior: given, all labels equally frequent" in told.notes[0]


def test_a_prior_takes_no_counts_and_nothing_is_said_of_these(balanced, tmp_path):
    found = diagnose_predictions(Table(balanced, prior="uniform"), None)
    row, causes = verdicts(found, "cow")
    assert (causes["imbalance"], causes["scarcity"]) == ("not shown", NOT_TESTED)
    assert {each.training for each in found.labels} == {None}, "not 0, which would be a claim"
    assert "training counts: not known" in found.notes[0]
    found.save(tmp_path / "found")
    assert Diagnosis.load(tmp_path / "found") == found


def test_shares_of_the_counts_are_the_counts(balanced):
    shares = {name: n / sum(COUNTS.values()) for name, n in COUNTS.items()}
    told, counted = (
        diagnose_predictions(Table(balanced, counts=COUNTS, prior=prior), None)
        for prior in (shares, None)
    )
    assert told.labels == counted.labels
    assert "prior: given (cat 32.6 %, cow 2.2 %" in told.notes[0]
    assert "wrong for a network trained with class weights" in counted.notes[0]


def test_rounded_shares_are_made_to_add_up(balanced):
    prior = {"cat": 0.33, "cow": 0.02, "dog": 0.33, "hen": 0.33}  # 1.01
    found = diagnose_predictions(Table(balanced, prior=prior), None)
    assert "cat 32.7 %, cow 2.0 %" in found.notes[0]


QUARTERS = dict.fromkeys(NAMES, 0.25)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        (QUARTERS | {"owl": 0.1}, "no label 'owl'"),
        ({"cat": 1.0}, "no share of 'cow'"),
        (QUARTERS | {"CAT": 0.25}, "'cat' is given twice"),
        (QUARTERS | {"cat": -0.1}, "cat: expected a share above 0, received -0.1"),
        (dict.fromkeys(NAMES, 0.0), "hen: expected a share above 0, received 0"),
        (QUARTERS | {"cat": float("nan")}, "cat: expected a share above 0, received nan"),
        (COUNTS, "add up to 2760, expected 1"),
        (QUARTERS | {"cat": 0.025}, "add up to 0.775, expected 1"),
        ("unifrm", "expected 'uniform' or a share for each label, got 'unifrm'"),
    ],
)
def test_a_prior_that_is_none_is_refused(balanced, prior, message):
    with pytest.raises(FerError, match=message):
        diagnose_predictions(Table(balanced, prior=prior), None)


def test_the_command_takes_a_prior(balanced, tmp_path):
    words = ["diagnose", "--predictions", str(balanced), "--out", str(tmp_path / "o"), "-v"]
    uniform = CliRunner().invoke(main, [*words, "--prior", "uniform"])
    assert (uniform.exit_code, "imbalance: not shown" in uniform.output) == (0, True)
    text = "cat=.326, cow=.022, dog=.326, hen=.326"
    given = CliRunner().invoke(main, [*words, "--prior", text])
    assert (given.exit_code, "imbalance: shown" in given.output) == (0, True), given.output
    for prior, message in (
        ("unifrm", "--prior: expected LABEL=SHARE"),
        ("cat=much", "--prior: expected LABEL=SHARE"),
        ("cat=.5,cat=.5", "--prior: 'cat' is given twice"),
        ("cat=.5", "no share of 'cow'"),
    ):
        result = CliRunner().invoke(main, [*words, "--prior", prior])
        assert (result.exit_code, message in result.stderr) == (1, True), result.stderr
    result = CliRunner().invoke(main, ["diagnose", "bundled", "--prior", "uniform"])
    assert result.exit_code == 1 and "those of a table" in result.stderr


@pytest.mark.filterwarnings("error")
def test_labels_that_cannot_be_compared_are_not_said_to_be_fine(tmp_path):
    table = tmp_path / "one.csv"
    rows = [f"{n},dog,.1,.1,.7,.1" for n in range(9)]
    for n, verdict in ((1, "too few images to tell"), (9, "too few images to tell")):
        table.write_text("\n".join([f"id,label,{','.join(NAMES)}", *rows[:n]]))
        found = diagnose_predictions(Table(table), None)
        told = {row.label: row.headline for row in found.labels}
        assert told == dict.fromkeys(NAMES, "no images") | {"dog": verdict}
        assert found.notes[-1] == "no label is shown to fail", "something is left to decide"
        assert f"too few images to tell: dog (n = {n}); a label takes 10 images" in found.notes


def test_a_run_takes_nothing_of_a_study():
    result = CliRunner().invoke(main, ["diagnose", "bundled", "--label", "disgust"])
    assert result.exit_code == 1 and "a RUN takes no label, base or store" in result.stderr


def test_data_adds_votes_leaks_and_counts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    dataset = faces(210, votes=True)
    images, test = dataset.images.copy(), np.flatnonzero(dataset.split == "test")
    images[test[0]] = images[np.flatnonzero(dataset.split == "train")[0]]
    votes = np.zeros_like(dataset.votes)
    votes[np.arange(len(votes)), dataset.labels] = 10
    object.__setattr__(dataset, "images", images)
    object.__setattr__(dataset, "votes", votes)
    where = write_layout(dataset, tmp_path / "fer", "csv", votes=True)
    names = dataset.label_names
    lines = ["id,label," + ",".join(names)]
    for row in test:
        own = names[dataset.labels[row]]
        said = "sad" if own == "fear" else own
        shares = ",".join("0.94" if name == said else "0.01" for name in names)
        lines.append(f"{dataset.ids[row]},{own},{shares}")
    (tmp_path / "theirs.csv").write_text("\n".join(lines) + "\n")
    words = ["diagnose", "--predictions", "theirs.csv", "--data", str(where), "--out", "found"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    found = Diagnosis.load(tmp_path / "found")
    assert found.votes
    assert any("1 images that are in training too" in note for note in found.notes)
    assert sum(row.training for row in found.labels) == (dataset.split == "train").sum()
    for words, message in (
        (["diagnose", "bundled", "--predictions", "theirs.csv"], "takes no STUDY, RUN"),
        (["diagnose", "bundled", "--counts", "happy=3"], "those of a table"),
        (["diagnose", "--predictions", "theirs.csv", "--counts", "happy"], "expected LABEL=N"),
    ):
        result = CliRunner().invoke(main, words)
        assert (result.exit_code, message in result.output) == (1, True), result.output


def test_a_network_that_knows_nothing_of_a_label_has_no_imbalance(tmp_path):
    """Its answers about cows do not depend on the picture: correction finds all, right or wrong."""

    def ignorant(logits, label, rng):
        logits[1] = rng.normal(2.0, 0.4)

    path = write_table(tmp_path / "theirs.csv", ignorant)
    row, causes = verdicts(diagnose_predictions(Table(path, counts=COUNTS), None), "cow")
    assert row.fails and row.corrected.value - row.recall.value > 0.6, "recall rises by far"
    assert causes["imbalance"] == "not shown"


def test_a_network_that_says_the_same_of_every_face_is_not_said_to_be_fine(tmp_path):
    """No label lies below the median of the others where that median is nothing."""

    def happy_for_all(logits, label, rng):
        logits[:] = (0, 0, 9, 0)

    path = write_table(tmp_path / "theirs.csv", happy_for_all)
    found = diagnose_predictions(Table(path), None)
    assert not any(row.fails for row in found.labels)
    [told] = [note for note in found.notes if "collapsed" in note]
    others = ", ".join(name for place, name in enumerate(NAMES) if place != 2)
    assert told.startswith(f"{others}: correct less often than by guessing one label of 4 (25.0 %)")
    assert not any("nothing is left" in note for note in found.notes)
