"""Data with other labels than the network's: translated by hand, at every door."""

import dataclasses
import re

import numpy as np
import pytest
from click.testing import CliRunner
from fer_layouts import faces, write_layout

from fer_analysis.cli import main
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.label_map import map_labels, read_label_map
from fer_analysis.errors import FerError

OTHERS = ("happiness", "Anger", "contempt", "neutral", "calm")


def data(labels=OTHERS, n=10):
    """Return faces of these labels in turn, with ten votes each: two for the next label."""
    made = faces(n, labels=labels, splits=("validation",))
    k = len(labels)
    votes = np.zeros((n, k + 1), np.int64)
    votes[np.arange(n), np.arange(n) % k] = 7
    votes[np.arange(n), (np.arange(n) + 1) % k] = 2
    votes[:, k] = 1
    return dataclasses.replace(made, votes=votes, vote_names=(*labels, "NF"))


def test_labels_by_hand():
    mapped, done = map_labels(data(), FER_LABELS, ["calm=neutral", "contempt=-"])
    assert mapped.label_names == FER_LABELS
    assert [FER_LABELS[label] for label in mapped.labels] == [
        *("happy", "angry", "neutral", "neutral"),
        *("happy", "angry", "neutral", "neutral"),
    ]
    assert mapped.ids.tolist() == ["0", "1", "3", "4", "5", "6", "8", "9"]
    assert done.left_out == {"contempt": {"validation": 2}}
    assert done.absent == ("disgust", "fear", "sad", "surprise")
    assert done.told() == (
        "labels of the data read as the network's: happiness=happy, Anger=angry, contempt=-, "
        "calm=neutral; left out, without counterpart: 2 contempt; the data has no disgust, fear, "
        "sad, surprise: such answers count as wrong"
    )


def test_votes_move_with_their_labels():
    mapped, _ = map_labels(data(), FER_LABELS, {"calm": "neutral", "contempt": None})
    assert mapped.vote_names == (*FER_LABELS, "contempt", "NF")
    assert mapped.votes.sum(axis=1).tolist() == [10] * 8
    votes = [dict(zip(mapped.vote_names, row, strict=True)) for row in mapped.votes.tolist()]
    assert {k: n for k, n in votes[0].items() if n} == {"happy": 7, "angry": 2, "NF": 1}
    assert {k: n for k, n in votes[1].items() if n} == {"angry": 7, "contempt": 2, "NF": 1}
    assert {k: n for k, n in votes[2].items() if n} == {"neutral": 9, "NF": 1}


def test_a_network_with_more_labels_gets_the_votes_for_them():
    own = faces(7, splits=("validation",), votes=True)
    mapped, done = map_labels(own, (*FER_LABELS, "contempt"), ())
    assert done.absent == ("contempt",) and done.left_out == {}
    assert mapped.vote_names == own.vote_names
    np.testing.assert_array_equal(mapped.votes, own.votes)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([], "'contempt' has no counterpart: --map contempt=LABEL, or --map contempt=-"),
        (["calm=quiet", "contempt=-"], "the network has no label 'quiet'"),
        (["calm=-", "contemp=-"], r"the data has no label 'contemp' \(did you mean 'contempt'"),
        (["calm"], "expected DATA=NETWORK"),
        (["calm=-", "calm=neutral"], "'calm' is given twice"),
        ([f"{name}=-" for name in OTHERS], "every label is left out"),
    ],
)
def test_what_cannot_be_decided_is_an_error(pairs, message):
    with pytest.raises(FerError, match=message):
        map_labels(data(), FER_LABELS, pairs)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "calm: neutral\ncalm: sad\n", "'calm' is given twice"),
        ("a.yaml", "contempt: -\n", 'contempt: "-"'),
        ("a.yaml", "calm: [neutral]\n", "expected labels of the data and of the network"),
        ("a.csv", "data,network\ncalm,neutral\ncalm,sad\n", "'calm' is given twice"),
        ("a.csv", "data,network,network\ncalm,neutral,sad\n", "the column 'network' is twice"),
        ("a.csv", "data,network\ncalm\n", "as a CSV with the columns data and network"),
        ("a.csv", "data,network\ncalm,sad,happy\n", "as a CSV with the columns data and network"),
        ("a.csv", "", "as a CSV with the columns data and network"),
    ],
)
def test_files_that_say_two_things_are_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(FerError, match=message):
        read_label_map(tmp_path / name)


def test_files_of_pairs(tmp_path):
    table, text = tmp_path / "pairs.csv", tmp_path / "pairs.yaml"
    table.write_text("data,network\ncalm,neutral\ncontempt,-\n")
    text.write_text("calm: neutral\ncontempt: null\n")
    expected = {"calm": "neutral", "contempt": None}
    assert read_label_map([str(table)]) == read_label_map(text) == expected
    text.write_text('calm: neutral\ncontempt: "-"\n1: 2\nyes: no\n')
    assert read_label_map(text) == expected | {"1": "2", "yes": "no"}
    assert read_label_map(["contempt=-", table]) == {"contempt": None, "calm": "neutral"}
    table.write_text("label\ncalm\n")
    with pytest.raises(FerError, match="columns data and network"):
        read_label_map(table)


@pytest.fixture
def affect(tmp_path, monkeypatch):
    """Write folders of eight labels, and work in an empty folder."""
    labels = ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness")
    made = faces(42, labels=(*labels, "surprise"), splits=("train", "validation"), seed=3)
    write_layout(made, tmp_path / "affect", "folders")
    monkeypatch.chdir(tmp_path)
    return made


def fer(*arguments):
    result = CliRunner().invoke(main, [str(one) for one in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result


def test_a_network_is_scored_on_data_with_more_labels(affect):
    import fer_analysis as package

    result = fer("evaluate", "bundled", "--data", "affect", "--split", "validation")
    assert result.exit_code == 1
    assert "--map anger=angry --map contempt=-" in result.output
    found = package.evaluate(
        "bundled", data="affect", split="validation", label_map={"contempt": None}
    )
    here = affect.part("validation")
    left_out = int((here.labels == 1).sum())
    assert len(found) == len(here) - left_out and found.label_names == FER_LABELS
    assert found.protocol == "own+mapped" and not found.comparable
    assert any("contempt=-" in note and "left out" in note for note in found.notes)
    assert "contempt=-" in (found.folder / "metrics.json").read_text()
    here = ["bundled", "--data", "affect", "--split", "validation", "--map", "contempt=-"]
    quick = ["--method", "gradient", "--n", "2", "--checks", "none"]
    told = fer("saliency", *here, *quick)
    assert "read as the network's" in told.stdout and "contempt=-" in told.stdout
    run = found.folder.parents[1]
    fer("report", *here)
    page = (run / "report.html").read_text()
    assert "read as the network&#39;s" in page and "Saliency overlay" in page
    words = re.sub(r"<[^>]*>", "", page)
    assert "--map contempt=-" in words and "contempt=-" in (run / "MODEL_CARD.md").read_text()
    alone = fer("report", *here[:-2], "--out", "other.html")
    assert alone.exit_code == 1 and "no saved predictions" in alone.output


def test_networks_with_more_and_fewer_labels_are_compared():
    from fer_analysis.evaluation.evaluation import Evaluation
    from fer_analysis.evaluation.paired import align

    labels = np.array([0, 1, 2, 1])
    fewer = Evaluation(labels, np.eye(3)[[0, 1, 1, 1]], list("abcd"), "test", ("x", "y", "z"))
    more = Evaluation(
        labels + 1, np.eye(4)[[1, 2, 3, 0]], list("abcd"), "test", ("contempt", "x", "y", "z")
    )
    for order in ([fewer, more], [more, fewer]):
        first, second = align(order)
        assert first.label_names == second.label_names == more.label_names
        np.testing.assert_array_equal(first.labels, second.labels)
        assert sorted([first.accuracy, second.accuracy]) == [0.75, 0.75]
    other = dataclasses.replace(fewer, label_names=("x", "y", "w"))
    with pytest.raises(FerError, match="different labels"):
        align([other, more])
