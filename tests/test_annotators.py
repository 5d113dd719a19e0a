"""The annotators as a reference, by hand and on the real votes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from fer_layouts import training_and_public

from fer_analysis.data.vote_shares import STRATA, modal_shares, stratum
from fer_analysis.evaluation.annotators import annotators
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.estimate import to_json

NAMES = ("cat", "dog", "owl")
VOTES = np.array(
    [
        # cat dog owl none
        [8, 1, 1, 0],  # agreed
        [6, 2, 1, 1],  # leaning
        [5, 5, 0, 0],  # a tie: half a modal cat, ambiguous
        [2, 7, 1, 0],  # leaning away
        [0, 9, 1, 0],  # mismatch
        [0, 0, 0, 10],  # nobody saw a label
        [3, 3, 3, 1],  # three-way tie
    ]
)
PREDICTED = [0, 1, 0, 1, 1, 0, 2]


def evaluation(votes=VOTES, labels=None, predicted=PREDICTED, **fields):
    labels = np.zeros(len(votes), dtype=int) if labels is None else np.array(labels)
    probabilities = np.full((len(votes), 3), 0.1)
    probabilities[np.arange(len(votes)), predicted] = 0.8
    names = (*NAMES, "none")
    return Evaluation(
        labels,
        probabilities,
        np.arange(len(votes)),
        "test",
        NAMES,
        votes=votes,
        vote_names=names,
        **fields,
    )


def test_by_hand():
    found = annotators(evaluation())
    assert (found["n"], found["without_votes"]) == (6, 1)
    cat = found["labels"][0]
    assert cat["modal_recall"].value == pytest.approx((1 + 1 + 1 / 2 + 0 + 0 + 1 / 3) / 6)
    assert cat["model_recall"].value == pytest.approx(2 / 6)
    assert cat["random_agreement"] == pytest.approx((0.8 + 0.6 + 0.5 + 0.2 + 0 + 0.3) / 6)
    # The model said: cat, dog, cat, dog, dog, owl.
    agrees = (1 + 0 + 1 / 2 + 1 + 1 + 1 / 3) / 6
    assert found["model_agrees_with_modal"].value == pytest.approx(agrees)
    assert found["confusion"][0] == pytest.approx(
        [
            np.mean([0.8, 6 / 9, 0.5, 0.2, 0, 1 / 3]),
            np.mean([0.1, 2 / 9, 0.5, 0.7, 0.9, 1 / 3]),
            np.mean([0.1, 1 / 9, 0, 0.1, 0.1, 1 / 3]),
        ]
    )
    assert found["labels"][1]["modal_recall"].value is None, "no image of it"
    json.dumps(to_json(found), allow_nan=False)


def test_cross_entropy_is_never_below_the_votes_own_entropy():
    votes = np.array([[6, 3, 1, 0], [2, 2, 6, 0]])
    shares = votes[:, :3] / 10
    same = Evaluation(
        np.array([0, 2]),
        shares,
        np.arange(2),
        "test",
        NAMES,
        votes=votes,
        vote_names=(*NAMES, "none"),
    )
    found = annotators(same)
    assert found["cross_entropy"] == pytest.approx(found["vote_entropy"], abs=1e-6)
    by_hand = -sum(p * math.log(p) for p in (0.6, 0.3, 0.1, 0.2, 0.2, 0.6)) / 2
    assert found["vote_entropy"] == pytest.approx(by_hand)
    other = annotators(evaluation(votes, labels=[0, 2], predicted=[1, 1]))
    assert other["cross_entropy"] > found["cross_entropy"]


def test_strata_by_hand():
    found = stratum(VOTES, np.zeros(7, dtype=int), 3)
    names = [list(STRATA)[index] for index in found]
    assert names == [
        "agreed",
        "leaning",
        "ambiguous",
        "leaning away",
        "mismatch",
        "ambiguous",
        "ambiguous",
    ]
    rows = {row["stratum"]: row for row in annotators(evaluation())["strata"]}
    assert sum(row["n"] for row in rows.values()) == 6
    assert rows["mismatch"]["accuracy"].value == 0
    assert rows["mismatch"]["model_agrees_with_modal"].value == 1, "as people see it"


def test_ties_are_shared_whatever_the_order_of_the_columns():
    votes = np.array([[4, 4, 2], [1, 5, 4]])
    assert modal_shares(votes).tolist() == [[0.5, 0.5, 0], [0, 1, 0]]
    turned = modal_shares(votes[:, ::-1])[:, ::-1]
    np.testing.assert_array_equal(turned, modal_shares(votes))


def test_the_cells_that_differ_most_come_first():
    votes = np.tile([10, 0, 0, 0], (10, 1))
    found = annotators(evaluation(votes, predicted=[1] * 9 + [0]))
    first, second = found["differences"][:2]
    assert {first["predicted"], second["predicted"]} == {"cat", "dog"}
    assert abs(first["model"] - first["annotators"]) == pytest.approx(0.9)


def test_without_votes_there_is_no_reference():
    bare = Evaluation(np.array([0]), np.eye(3)[:1], ["a"], "test", NAMES)
    assert annotators(bare) is None
    nobody = evaluation(np.tile([0, 0, 0, 10], (7, 1)))
    assert annotators(nobody) is None


def test_the_real_votes_give_the_known_figures():
    """FER+ on Training: counts of entropy and share by label, as published with the data set."""
    dataset = training_and_public(votes=True)
    labels, votes, names = dataset.labels, dataset.votes, dataset.vote_names
    rows = dataset.split == "train"
    one_hot = np.eye(7)[labels[rows]]
    perfect = Evaluation(
        labels[rows],
        one_hot,
        np.arange(rows.sum()),
        "train",
        names[:7],
        votes=votes[rows],
        vote_names=names,
    )
    found = annotators(perfect)
    by_label = {row["label"]: row for row in found["labels"]}
    for label, bits, share in (
        ("happy", 0.35, 0.87),
        ("neutral", 0.81, 0.72),
        ("surprise", 0.90, 0.66),
        ("sad", 1.08, 0.40),
        ("angry", 1.30, 0.38),
        ("fear", 1.35, 0.13),
        ("disgust", 1.68, 0.26),
    ):
        assert by_label[label]["vote_entropy_bits"] == pytest.approx(bits, abs=0.015), label
        assert by_label[label]["random_agreement"] == pytest.approx(share, abs=0.015), label
    mismatch = stratum(votes, labels, 7) == list(STRATA).index("mismatch")
    for label, train, public in ((2, 0.20, 0.26), (4, 0.17, 0.30), (1, 0.06, 0.02)):
        own = labels == label
        assert mismatch[own & rows].mean() == pytest.approx(train, abs=0.006)
        assert mismatch[own & ~rows].mean() == pytest.approx(public, abs=0.006)
