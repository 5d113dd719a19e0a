"""What probabilities and features know of a label that is never predicted."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.separability import purity, separability


def test_a_label_that_is_never_predicted_may_be_ranked_perfectly():
    labels = np.array([0] * 90 + [1] * 10)
    p = np.where(labels == 1, 0.3, 0.1)
    evaluation = Evaluation(
        labels, np.stack([1 - p, p], axis=1).astype(np.float32), np.arange(100), "test", ("a", "b")
    )
    first, second = separability(evaluation, [0.9, 0.1])
    assert (second["recall_at"]["0"], second["recall_at"]["1"]) == (0, 1)
    assert (second["auroc"].value, second["rank"]) == (1, 2)
    assert first["auroc"].value == 1
    assert second["purity"] is None


def test_purity_of_features_that_know_and_that_do_not():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], [180, 20])
    apart = np.eye(2)[labels] + rng.normal(0, 0.01, (200, 2))
    found = purity(apart, labels)
    assert found[0]["neighbours"].value == found[1]["neighbours"].value == 1
    blind = purity(rng.normal(size=(200, 5)), labels)
    assert blind[1]["chance"] == pytest.approx(19 / 199)
    assert blind[1]["neighbours"].value == pytest.approx(0.1, abs=0.06)
    assert blind[0]["neighbours"].value == pytest.approx(0.9, abs=0.06)


def test_an_image_is_no_neighbour_of_its_own_even_among_copies():
    labels = np.array([0, 1] * 10)
    found = purity(np.ones((20, 3)), labels, k=19)
    assert found[0]["neighbours"].value == pytest.approx(9 / 19), (
        "all others, of which nine carry the label"
    )
    assert purity(np.ones((1, 3)), np.array([0])) == {}
