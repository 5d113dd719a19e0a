"""What the cells of a study change, on evidence made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.evaluation.calibration import calibration
from fer_analysis.study.cell_predictions import Answers
from fer_analysis.study.differences import changes, flat, lowest
from fer_analysis.study.resampling import Evidence, Faces, Scored

LABELS = np.tile([0, 1], 200)


def evidence(cells):
    """Cell -> (recall of a, recall of b, confidence); three seeds of the same size."""
    faces, made = {}, {name: {} for name in cells}
    for seed in range(3):
        faces[seed] = Faces.of(LABELS, None, np.zeros(len(LABELS), bool), 2)
        u = np.random.default_rng(seed).permuted(np.tile(np.linspace(0, 1, 200), (2, 1)), axis=1)
        for name, (a, b, sure) in cells.items():
            right = u.T.ravel() < np.where(LABELS == 0, a, b)
            predicted = np.where(right, LABELS, 1 - LABELS)
            sure = np.full(len(LABELS), sure, np.float32)
            counts = np.array([200, 200])
            made[name][seed] = Scored(
                load_config("tiny"), counts, Answers(np.stack([predicted] * 2), sure)
            )
    return Evidence(("a", "b"), faces, made, "made by hand")


def test_differences_are_those_of_the_answers():
    rows = changes(evidence({"base": (0.9, 0.5, 0.7), "other": (0.9, 0.7, 0.95)}), "base")
    base, other = (row["figures"] for row in rows)
    assert base["accuracy"]["value"] == pytest.approx(0.7, abs=0.01)
    assert base["accuracy"]["difference"] is None
    assert other["a"]["difference"] == 0
    assert other["b"]["difference"] == pytest.approx(0.2, abs=0.01)
    assert other["b"]["difference_low"] > 0.1
    assert other["accuracy"]["difference"] == pytest.approx(0.1, abs=0.01)
    # Sure of 70 % and right in 70 %; then sure of 95 % and right in 80 %.
    assert base["ece"]["value"] == pytest.approx(0, abs=0.05)
    assert other["ece"]["difference"] == pytest.approx(0.15, abs=0.05)
    assert lowest(rows, "base", 1) == ["b"]
    assert len(flat(rows)) == 2 * 5


def test_a_cell_like_the_base_differs_in_nothing():
    rows = changes(evidence({"base": (0.9, 0.5, 0.7), "same": (0.9, 0.5, 0.7)}), "base")
    for values in rows[1]["figures"].values():
        assert (values["difference"], values["difference_low"], values["difference_high"]) == (
            0,
        ) * 3


def test_the_calibration_error_is_that_of_one_evaluation():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 400)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    predicted, labels = np.zeros(400, int), (rng.random(400) < 0.4).astype(int)
    faces = {0: Faces.of(labels, None, np.zeros(400, bool), 2)}
    scored = Scored(load_config("tiny"), np.array([1, 1]), Answers(np.stack([predicted] * 2), sure))
    rows = changes(Evidence(("a", "b"), faces, {"base": {0: scored}}, ""), "base")
    assert rows[0]["figures"]["ece"]["value"] == pytest.approx(
        calibration(labels, probabilities)["ece"]
    )
