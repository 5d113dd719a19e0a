"""Calibration: perfect by construction, wrong by a known amount, and corrected."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from fer_analysis.evaluation.calibration import abstain_curve, calibration, losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.evaluation.temperature import (
    CROSS_FITTED,
    at_temperature,
    calibrated,
    cross_fitted,
    fit_temperature,
)


def honest(n, k=7, seed=0, sharpness=2.0):
    """Return labels that are drawn from the probabilities themselves."""
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.normal(size=(n, k))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (probabilities.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return labels, probabilities


def test_an_honest_model_shows_no_error_beyond_chance():
    corrected, raw, chance, beyond = [], [], [], 0
    for seed in range(20):
        found = calibration(*honest(1000, seed=seed))
        corrected.append(found["ece"].value)
        raw.append(found["ece_raw"])
        chance.append(found["ece_if_calibrated"]["mean"])
        beyond += found["ece"].value > found["ece_if_calibrated"]["quantile_95"]
        assert found["confidence"] == pytest.approx(found["accuracy"], abs=0.05)
    assert np.mean(corrected) == pytest.approx(np.mean(chance), rel=0.15), "as simulated"
    assert np.mean(corrected) < 0.65 * np.mean(raw), "part of chance is taken off"
    assert beyond <= 4, "of 20, where 1 is expected"


def test_a_known_error_is_found_whatever_the_number_of_images():
    """Correct 60 % of the time, confident to 80 %: the error is .2."""
    for n in (300, 3000):
        rng = np.random.default_rng(n)
        confidence = np.clip(0.8 + 0.001 * rng.normal(size=n), 0, 1)
        probabilities = np.stack([confidence, 1 - confidence], axis=1)
        labels = (np.arange(n) % 5 >= 3).astype(int)
        found = calibration(rng.permutation(labels), probabilities)
        assert found["ece"].value == pytest.approx(0.2, abs=0.03)
        low, high = found["ece"].interval
        assert low < 0.2 < high
        assert found["ece"].value > found["ece_if_calibrated"]["quantile_95"]


def test_likelihood_and_brier_equal_scikit_learn():
    labels, probabilities = honest(500, k=3)
    nll, brier = losses(labels, probabilities)
    assert nll.mean() == pytest.approx(log_loss(labels, probabilities))
    by_label = [brier_score_loss(labels == k, probabilities[:, k]) for k in range(3)]
    assert brier.mean() == pytest.approx(sum(by_label))
    found = calibration(labels, probabilities)
    assert found["nll"].value == pytest.approx(nll.mean())
    standard_error = nll.std() / np.sqrt(500)
    assert found["nll"].interval == pytest.approx(
        [nll.mean() - 1.96 * standard_error, nll.mean() + 1.96 * standard_error],
        abs=0.3 * standard_error,
    )


def test_bins_hold_equally_many_images_and_all_of_them():
    labels, probabilities = honest(1003)
    bins = calibration(labels, probabilities)["bins"]
    assert {row["n"] for row in bins} <= {66, 67}
    assert sum(row["n"] for row in bins) == 1003
    right = (probabilities.argmax(axis=1) == labels).sum()
    assert sum(row["correct"] for row in bins) == right
    means = [row["confidence"] for row in bins]
    assert means == sorted(means)


def test_abstaining_by_hand():
    confidence = np.array([0.9, 0.5, 0.8, 0.6, 0.7, 0.4, 0.3, 0.2, 0.1, 0.0])
    right = np.array([1, 0, 1, 0, 1, 0, 0, 1, 0, 0])
    rows = {row["coverage"]: row for row in abstain_curve(confidence, right)}
    assert (rows[1.0]["n"], rows[1.0]["correct"]) == (10, 4)
    assert (rows[0.5]["n"], rows[0.5]["correct"], rows[0.5]["threshold"]) == (5, 3, 0.5)
    assert rows[0.3]["accuracy"].value == 1


def test_images_of_one_confidence_are_kept_together_whatever_their_order():
    confidence = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.1])
    right = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    rows = abstain_curve(confidence, right)
    assert rows == abstain_curve(confidence, right[[0, 8, 7, 6, 5, 4, 3, 2, 1, 9]])
    assert {(row["coverage"], row["n"], row["correct"]) for row in rows} == {
        (0.1, 1, 1),
        (0.9, 9, 4),
        (1.0, 10, 4),
    }


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_planted_temperature_is_found_and_undone(temperature):
    labels, probabilities = honest(5000)
    distorted = at_temperature(probabilities, 1 / temperature)
    fitted = fit_temperature(labels, distorted)
    assert fitted == pytest.approx(temperature, rel=0.05)
    np.testing.assert_allclose(at_temperature(distorted, temperature), probabilities, atol=1e-4)
    again = at_temperature(distorted, fitted)
    np.testing.assert_array_equal(again.argmax(axis=1), probabilities.argmax(axis=1))


def test_no_image_has_a_say_in_its_own_temperature():
    labels, probabilities = honest(200)
    before = cross_fitted(labels, probabilities)
    assert len(np.unique(before)) == 5
    changed = labels.copy()
    changed[0] = (labels[0] + 1) % 7
    after = cross_fitted(changed, probabilities)
    own = before == before[0]
    np.testing.assert_array_equal(after[own], before[own])
    assert (after[~own] != before[~own]).all()
    assert (cross_fitted(labels[:9], probabilities[:9]) == 1).all(), "too few to fit on"


def test_a_temperature_from_another_split_is_taken_as_it_is():
    labels, probabilities = honest(400)
    alone = Evaluation(labels, probabilities, np.arange(400), "test", tuple("abcdefg"))
    assert calibrated(alone)[2] == CROSS_FITTED
    given = dataclasses.replace(alone, temperature=2.0, temperature_from="validation")
    scaled, temperature, origin = calibrated(given)
    assert (temperature, origin) == (2.0, "validation")
    np.testing.assert_allclose(scaled, at_temperature(given.probabilities, 2.0))
    block = metrics(given)["all"]["calibration"]
    assert block["temperature"] == 2.0
    assert block["at_temperature"]["accuracy"] == block["as_predicted"]["accuracy"]


@pytest.mark.parametrize("n", [500, 3589])
def test_the_interval_of_a_nearly_perfect_model_reaches_its_true_error(n):
    """An honest model: the true error is 0, whatever chance shows."""
    covered = [calibration(*honest(n, seed=seed))["ece"].interval for seed in range(20)]
    assert sum(low == 0 for low, _ in covered) >= 17
    assert all(high <= 1 for _, high in covered)
