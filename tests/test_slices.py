"""Slices: a planted one is found, and a mix of labels that imitates one is not."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.slices import QUARTERS, Slices, slices_of
from fer_analysis.figures.slices import slices_figure, worst_slice_figure
from fer_analysis.statistics.stratified import stratified_difference


def evaluation(labels, hit):
    predicted = np.where(hit, labels, (labels + 1) % 7)
    probabilities = np.full((len(labels), 7), 0.05, np.float32)
    probabilities[np.arange(len(labels)), predicted] = 0.7
    names = tuple(f"label {i}" for i in range(7))
    return Evaluation(labels, probabilities, np.arange(len(labels)).astype(str), "test", names)


@pytest.fixture(scope="module")
def faces():
    return generate(n=700, seed=5)


def test_differences_within_strata_by_hand():
    # Label 0: 10 inside, 5 correct; 10 outside, 9 correct. Label 1: 5 inside, 4; 20 outside, 20.
    strata = np.repeat([0, 1], [20, 25])
    inside = np.repeat([True, False, True, False], [10, 10, 5, 20])
    correct = np.concatenate(
        [np.arange(10) < 5, np.arange(10) < 9, np.arange(5) < 4, np.ones(20, bool)]
    )
    found, p = stratified_difference(correct, inside, strata)
    weights = np.array([10 * 10 / 20, 5 * 20 / 25])
    assert found.value == pytest.approx(-(weights @ [0.4, 0.2]) / weights.sum())
    assert found.n == 45
    # Expected inside: 7 and 4.8 correct, observed 5 and 4; variances of the hypergeometric.
    variance = 10 * 10 * 14 * 6 / (400 * 19) + 5 * 20 * 24 * 1 / (625 * 24)
    from scipy.stats import norm

    assert p == pytest.approx(2 * norm.sf(2.8 / np.sqrt(variance)))
    assert stratified_difference(correct, inside, inside.astype(int))[1] == 1.0
    assert stratified_difference(correct, np.zeros(45, bool), strata)[0].value is None


def test_a_planted_slice_is_found(faces, tmp_path):
    """Dark images are predicted worse, whatever their label."""
    rng = np.random.default_rng(0)
    dark = rng.random(700) < 0.25
    images = np.where(dark[:, None, None, None], faces.images * 0.3, faces.images).astype(np.uint8)
    hit = rng.random(700) < np.where(dark, 0.45, 0.85)
    tested = evaluation(faces.labels, hit)
    found = slices_of(tested, images)
    worst = found.worse[0]
    assert (worst.measure, worst.part) in {
        ("brightness", QUARTERS[0]),
        ("contrast", QUARTERS[0]),
    }
    assert worst.difference.value == pytest.approx(-0.4, abs=0.1)
    assert not hit[found.worst[0]] and dark[found.worst].mean() > 0.9
    assert len(worst_slice_figure(found, tested, images).axes) == 24
    assert slices_figure(found).axes
    found.save(tmp_path)
    again = Slices.load(tmp_path)
    assert again.as_dict() == found.as_dict() and again.worse[0].name == worst.name
    assert "brightness" in (tmp_path / "slices.csv").read_text()


def test_a_mix_of_labels_that_imitates_one_is_not(faces):
    """One label is dark and hard: the dark images are worse, but not within their label."""
    rng = np.random.default_rng(1)
    hard = faces.labels == 3
    images = np.where(hard[:, None, None, None], faces.images * 0.3, faces.images).astype(np.uint8)
    hit = rng.random(700) < np.where(hard, 0.3, 0.85)
    found = slices_of(evaluation(faces.labels, hit), images)
    (darkest,) = (
        each for each in found.slices if (each.measure, each.part) == ("brightness", QUARTERS[0])
    )
    assert darkest.accuracy.value < found.accuracy.value - 0.1, "worse at first sight"
    assert not darkest.shown and found.worse == ()
    assert len(found.worst) == 0


def test_flags_are_slices_and_few_images_are_none(faces, tmp_path):
    flagged = np.arange(700) < 60
    hit = ~flagged | (np.arange(700) % 2 == 0)
    few = np.arange(700) < 19
    tested = evaluation(faces.labels, hit)
    found = slices_of(tested, faces.images, flags={"drawn": flagged, "blank": few})
    worst = found.worse[0]
    assert (worst.name, worst.n, worst.accuracy.value) == ("drawn, flagged", 60, 0.5)
    assert worst.recall["label 0"].n == (flagged & (faces.labels == 0)).sum()
    assert all(each.measure != "blank" for each in found.slices)
    with pytest.raises(FerError, match="fer evaluate --slices"):
        Slices.load(tmp_path)
