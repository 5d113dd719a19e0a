"""Whether a network's "unsure" rule keeps its promise under a condition."""

from __future__ import annotations

import numpy as np

from fer_analysis.evaluation.calibration import weighted_error
from fer_analysis.evaluation.selective_prediction import BROKEN, KEPT, NOT_DECIDED, promise
from fer_analysis.robustness.tested import Tested
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate, image_weights
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.temperature_scaling import at_temperature

SILENT = 0.02
"""Share of the images: of fewer answers nothing is said."""

_DRAWS = 200
"""Resamples for the interval of a calibration error."""


def confidence_figures(
    labels: np.ndarray,
    probabilities: np.ndarray,
    temperature: float | None,
    rule: dict | None,
    refused: np.ndarray | None = None,
) -> dict:
    """Return calibration error, share answered and the promise of one cell.

    Args:
        labels: int64 `(n,)`.
        probabilities: float `(n, k)`.
        temperature: Of the network; 1 if None.
        rule: Its rule of when to answer; None where there is none.
        refused: bool `(n,)`, the pictures that its guard refuses; None where there is no guard.

    Returns:
        Estimates `ece`, and with a rule `answered` (share of the images) and `correct_answers`
        (share of the answers), and `promise` with `p_kept` and `p_broken`. With a guard, `refused`
        (share of the images), and under `guarded` the same of the answers that are left.
    """
    scaled = at_temperature(probabilities, temperature or 1.0)
    confidence, correct = scaled.max(axis=1), scaled.argmax(axis=1) == labels
    figures = {"confidence": float(confidence.mean()), "ece": _ece(confidence, correct)}
    if rule is None:
        return figures
    confident = confidence >= rule["least"]
    figures |= _kept(correct, confident, rule["target"])
    if refused is not None:
        figures["refused"] = proportion(int(refused.sum()), len(labels))
        figures["guarded"] = _kept(correct, confident & ~refused, rule["target"])
    return figures


def _kept(correct: np.ndarray, confident: np.ndarray, target: float) -> dict:
    """Return share answered, share correct, and whether the promise is kept."""
    hits, answers = int(correct[confident].sum()), int(confident.sum())
    state, above, below = promise(hits, answers, target)
    return {
        "answered": proportion(answers, len(confident)),
        "correct_answers": proportion(hits, answers),
        "promise": state,
        "p_kept": above,
        "p_broken": below,
    }


def promises(rows: list[dict]) -> dict | None:
    """Return how many cells keep the promise, break it, or do not decide; None without a rule.

    Args:
        rows: What `confidence_figures` returned for each cell.
    """
    states = [row.get("promise") for row in rows]
    if not states or states[0] is None:
        return None
    return {state: states.count(state) for state in (KEPT, BROKEN, NOT_DECIDED)}


def guarded(rows: list[dict], correct: dict[str, Estimate]) -> dict | None:
    """Return what a guard changes over all cells; None without one.

    Args:
        rows: What `confidence_figures` returned for each cell.
        correct: See `correct_answers`.

    Returns:
        `without` and `with` the guard: mean share `answered`, the share `correct` of all answers,
        the `promise` (see `promises`), and how many `cells` of all have at least 75 % and 60 %
        correct answers (`at_75`, `at_60`). Cells that answer less than 2 % of the images (`silent`)
        count as such, since hardly anything wrong is said in them; `lowest` is the lowest share of
        the others.
    """
    if not rows or "guarded" not in rows[0]:
        return None
    sides = {"without": rows, "with": [row["guarded"] for row in rows]}
    return {side: {**_reached(own), "correct": correct[side]} for side, own in sides.items()}


def correct_answers(test: Tested) -> dict[str, Estimate]:
    """Return the share correct of all answers in all cells, images resampled together.

    Args:
        test: A stress test with a rule and a guard; of others nothing is returned.

    Returns:
        Estimates `without` and `with` the guard.
    """
    if test.rule is None or test.refused is None:
        return {}
    # Of each image: answers, and correct ones, in how many cells; without and with the guard.
    counts = np.zeros((len(test), 2, 2))
    for key, probabilities in test.cells.items():
        confidence = at_temperature(probabilities, test.temperature or 1.0).max(axis=1)
        answered = confidence >= test.rule["least"]
        for side, said in enumerate((answered, answered & ~test.refused_in(*key))):
            counts[:, side] += np.stack([said, said & test.correct(*key)], axis=1)
    once = counts.sum(axis=0)
    drawn = bootstrap(lambda w: w @ counts.reshape(-1, 4), len(test)).reshape(-1, 2, 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            name: bootstrap_estimate(
                once[side, 1] / once[side, 0], drawn[:, side, 1] / drawn[:, side, 0], len(test)
            )
            for side, name in enumerate(("without", "with"))
        }


def _reached(rows: list[dict]) -> dict:
    speaking = [row for row in rows if row["answered"].value >= SILENT]
    shares = [row["correct_answers"].value for row in speaking]
    silent = len(rows) - len(speaking)
    return {
        "cells": len(rows),
        "silent": silent,
        "answered": float(np.mean([row["answered"].value for row in rows])),
        "at_75": silent + sum(share >= 0.75 for share in shares),
        "at_60": silent + sum(share >= 0.6 for share in shares),
        "lowest": min(shares, default=None),
        "promise": promises(rows),
    }


def _ece(confidence: np.ndarray, correct: np.ndarray) -> Estimate:
    n = len(correct)
    value = float(weighted_error(confidence, correct, np.ones((1, n)))[0])
    drawn = [weighted_error(confidence, correct, w) for w in image_weights(n, draws=_DRAWS)]
    half = 1.96 * float(np.concatenate(drawn).std())
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), n)
