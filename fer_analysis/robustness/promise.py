"""Whether a network's "unsure" rule keeps its promise under a condition."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr, bdtrc

from fer_analysis.evaluation.calibration import weighted_error
from fer_analysis.evaluation.temperature import at_temperature
from fer_analysis.statistics.bootstrap import image_weights
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion

KEPT, BROKEN, NOT_DECIDED = "kept", "broken", "not decided"

LEVEL = 0.05
"""Of each of the two one-sided tests."""

_DRAWS = 200
"""Resamples for the interval of a calibration error."""


def promise(correct: int, answered: int, target: float) -> tuple[str, float, float]:
    """Test whether a share of correct answers lies above or below what was promised.

    Two exact one-sided binomial tests, each at 5 %: the promise is kept where fewer correct
    answers would be expected of a share at the target, broken where more would.

    Args:
        correct: Correct answers.
        answered: Answers.
        target: The promised share.

    Returns:
        `kept`, `broken` or `not decided`; p of "not above the target"; p of "not below".
    """
    if answered == 0:
        return NOT_DECIDED, 1.0, 1.0
    above = float(bdtrc(correct - 1, answered, target)) if correct else 1.0
    below = float(bdtr(correct, answered, target))
    state = KEPT if above < LEVEL else BROKEN if below < LEVEL else NOT_DECIDED
    return state, above, below


def confidence_figures(
    labels: np.ndarray, probabilities: np.ndarray, temperature: float | None, rule: dict | None
) -> dict:
    """Return calibration error, share answered and the promise of one cell.

    Args:
        labels: int64 `(n,)`.
        probabilities: float `(n, k)`.
        temperature: Of the network; 1 if None.
        rule: Its rule of when to answer; None where there is none.

    Returns:
        Estimates `ece`, and with a rule `answered` (share of the images) and `correct_answers`
        (share of the answers), and `promise` with `p_kept` and `p_broken`.
    """
    scaled = at_temperature(probabilities, temperature or 1.0)
    confidence, correct = scaled.max(axis=1), scaled.argmax(axis=1) == labels
    figures = {"confidence": float(confidence.mean()), "ece": _ece(confidence, correct)}
    if rule is None:
        return figures
    sure = confidence >= rule["least"]
    hits, answers = int(correct[sure].sum()), int(sure.sum())
    state, above, below = promise(hits, answers, rule["target"])
    return figures | {
        "answered": proportion(answers, len(labels)),
        "correct_answers": proportion(hits, answers),
        "promise": state,
        "p_kept": above,
        "p_broken": below,
    }


def _ece(confidence: np.ndarray, correct: np.ndarray) -> Estimate:
    n = len(correct)
    value = float(weighted_error(confidence, correct, np.ones((1, n)))[0])
    drawn = [weighted_error(confidence, correct, w) for w in image_weights(n, draws=_DRAWS)]
    half = 1.96 * float(np.concatenate(drawn).std())
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), n)
