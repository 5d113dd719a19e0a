"""Intervals hold what they promise: of repeated draws, 95 % cover the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr
from scipy.stats import binom, binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.statistics.bootstrap import (
    bootstrap,
    confusion_draws,
    image_weights,
    percentile_interval,
)
from fer_analysis.statistics.intervals import wilson
from fer_analysis.statistics.ranking import auroc, average_precision
from fer_analysis.statistics.significance import detectable_difference, holm, sign_test

PUBLIC_TEST = np.array([467, 56, 496, 895, 653, 415, 607]) / 3589
RECALL = np.array([0.55, 0.3, 0.35, 0.85, 0.5, 0.75, 0.6])


def cells():
    """Return the probability of each (true, predicted) cell of a model like ours."""
    shares = np.empty((7, 7))
    for label in range(7):
        others = np.where(np.arange(7) == label, 0, PUBLIC_TEST)
        shares[label] = (1 - RECALL[label]) * others / others.sum()
        shares[label, label] = RECALL[label]
    return PUBLIC_TEST[:, None] * shares


def evaluation_of(confusion):
    """Return predictions that have this confusion matrix."""
    k = len(confusion)
    true, predicted = np.divmod(np.repeat(np.arange(k * k), np.ravel(confusion)), k)
    names = tuple(f"label {label}" for label in range(k))
    return Evaluation(true, np.eye(k)[predicted], np.arange(len(true)), "test", names)


@pytest.mark.parametrize("n", [41, 56, 500, 3589])
def test_proportions_are_covered_as_often_as_promised(n):
    """Exactly, over all counts; a share of few images swings with n, hence the mean."""
    ends = np.array([wilson(successes, n) for successes in range(n + 1)])
    truths = np.linspace(0.05, 0.95, 91)
    covered = [
        binom.pmf(np.arange(n + 1), n, p)[(ends[:, 0] <= p) & (p <= ends[:, 1])].sum()
        for p in truths
    ]
    assert 0.93 <= np.mean(covered) <= 0.97
    assert min(covered) > 0.9


def test_macro_f1_is_covered_as_often_as_promised():
    """The interval in the metrics, on draws of PublicTest's size with 56 of the rarest label."""
    rng, p = np.random.default_rng(0), cells()
    truth = evaluation_of(np.rint(p * 1_000_000).astype(int)).macro_f1
    covered = 0
    for seed in range(1000):
        confusion = rng.multinomial(3589, p.ravel() / p.sum()).reshape(7, 7)
        correct, support, predicted = confusion_draws(confusion, draws=500, seed=seed)
        f1 = 2 * correct / (support + predicted)
        low, high = percentile_interval(f1.mean(axis=1))
        covered += low <= truth <= high
    assert 0.93 <= covered / 1000 <= 0.97


def test_the_metrics_hold_that_interval_of_macro_f1():
    confusion = np.rint(cells() * 3589).astype(int)
    found = metrics(evaluation_of(confusion))["all"]
    correct, support, predicted = confusion_draws(confusion)
    f1 = 2 * correct / (support + predicted)
    assert found["macro_f1"].interval == pytest.approx(percentile_interval(f1.mean(axis=1)))
    for label, row in enumerate(found["labels"]):
        assert row["f1"].interval == pytest.approx(percentile_interval(f1[:, label]))
        assert row["f1"].low < row["f1"].value < row["f1"].high


@pytest.mark.parametrize("separation", [0.5, 1.2, 2.2])
def test_auroc_is_covered_as_often_as_promised(separation):
    """Normal scores, 41 images of a label among 3,309; the truth is known in closed form."""
    rng = np.random.default_rng(3)
    truth, covered = ndtr(separation / math.sqrt(2)), 0
    positive = np.arange(3309) < 41
    for _ in range(800):
        low, high = auroc(rng.normal(size=3309) + separation * positive, positive).interval
        covered += low <= truth <= high
    assert 0.93 <= covered / 800 <= 0.97


@pytest.mark.parametrize("seed", range(20))
def test_rankings_equal_scikit_learn_with_and_without_ties(seed):
    rng = np.random.default_rng(seed)
    positive = rng.random(60) < 0.3
    for scores in (rng.random(60), rng.integers(0, 6, 60) / 6):
        assert auroc(scores, positive).value == pytest.approx(roc_auc_score(positive, scores))
        expected = average_precision_score(positive, scores)
        assert average_precision(scores, positive).value == pytest.approx(expected)


def test_rankings_by_hand():
    scores = np.array([0.9, 0.8, 0.7, 0.6])
    positive = np.array([True, False, True, False])
    assert auroc(scores, positive).value == pytest.approx(3 / 4)
    assert average_precision(scores, positive).value == pytest.approx((1 / 1 + 2 / 3) / 2)
    perfect = auroc(scores, np.array([True, True, False, False]))
    assert (perfect.value, perfect.high, perfect.n) == (1, 1, 2)
    assert perfect.low == pytest.approx(wilson(2, 2)[0]), "perfect on two images proves little"
    assert auroc(scores, np.zeros(4, bool)).value is None
    assert average_precision(scores, np.ones(4, bool)).value is None


def test_resampled_images_are_seeded_and_whole():
    blocks = list(image_weights(5000, draws=1000, seed=1))
    assert len(blocks) > 1, "drawn in blocks"
    weights = np.concatenate(blocks)
    assert weights.shape == (1000, 5000)
    assert (weights.sum(axis=1) == 5000).all()
    np.testing.assert_array_equal(weights, np.concatenate([*image_weights(5000, seed=1)]))
    assert not np.array_equal(weights[0], next(image_weights(5000, seed=2))[0])


def test_the_bootstrap_s_spread_is_the_standard_error():
    values = np.random.default_rng(0).normal(size=400)
    means = bootstrap(lambda weights: weights @ values / 400, 400)
    assert means.std() == pytest.approx(values.std() / 20, rel=0.08)
    confusion = np.array([[70, 30], [20, 80]])
    correct, support, predicted = confusion_draws(confusion)
    assert (support.sum(axis=1) == 200).all()
    assert (predicted.sum(axis=1) == 200).all()
    accuracy = correct.sum(axis=1) / 200
    assert accuracy.std() == pytest.approx(math.sqrt(0.75 * 0.25 / 200), rel=0.08)


def test_intervals_leave_out_what_is_undefined():
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan]])
    ends = percentile_interval(values)
    assert ends[:, 0] == pytest.approx([1.05, 2.95])
    assert np.isnan(ends[:, 1]).all()


def test_exact_tests_by_hand():
    assert sign_test(0, 0) == 1
    assert sign_test(5, 0) == pytest.approx(2 / 2**5)
    assert sign_test(8, 2) == pytest.approx(2 * (1 + 10 + 45) / 2**10)
    assert sign_test(30, 12) == pytest.approx(binomtest(12, 42).pvalue)


def test_holm_by_hand():
    # Sorted: .01 x 4, .02 x 3, .03 x 2 (raised to the one before), .5 x 1.
    assert holm([0.02, 0.5, 0.01, 0.03]) == pytest.approx([0.06, 0.5, 0.04, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1])
    assert len(holm([])) == 0


def test_the_detectable_difference_is_detected_in_four_cases_of_five():
    rng, n, share = np.random.default_rng(0), 3000, 0.2
    gap = detectable_difference(round(share * n), n)
    found = 0
    for _ in range(600):
        one, other, _ = rng.multinomial(n, [(share + gap) / 2, (share - gap) / 2, 1 - share])
        found += sign_test(one, other) < 0.05
    assert found / 600 == pytest.approx(0.8, abs=0.06)
    # Of 56 images, five on one side show nothing (p = .0625), six do (.031).
    assert detectable_difference(0, 56) == pytest.approx(6 / 56)
    assert sign_test(5, 0) > 0.05 > sign_test(6, 0)
    assert math.isnan(detectable_difference(0, 0))
