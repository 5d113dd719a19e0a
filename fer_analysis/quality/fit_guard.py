"""Fitting a guard: which deviations go with wrong answers."""

from __future__ import annotations

import numpy as np
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit

from fer_analysis.quality.guard import WORDS, Guard, comparable, deviations, excess
from fer_analysis.quality.template import FaceTemplate

REFUSED = 0.03
"""Share of clean faces that are refused at most."""

CORRECT = 0.8
"""A picture is refused if fewer of the answers to changed pictures like it are correct."""

_STEADY = 1e-4
"""Weight of the costs' squares: without it, what never occurs would cost anything."""

_SMALLEST = 0.1
"""Smallest spread, on the scale of `comparable`: of logarithms it is a ratio of 1.1."""


def fit_guard(
    clean: np.ndarray,
    answered: np.ndarray,
    harmful: np.ndarray,
    *,
    harmless: np.ndarray | None = None,
    made: dict | None = None,
) -> Guard:
    """Fit a guard that tells harmful pictures from others.

    The costs are those of a logistic regression of "harmful" on how far each measure lies below
    and above its usual range, none of them negative: no deviation makes a picture better. Harmful
    pictures and the others count the same in all. A picture is refused if its costs exceed those of
    nearly all clean ones, and those at which a share of `CORRECT` of the answers to changed
    pictures is correct (isotonic regression): what a robust network can do it is let do.

    Args:
        clean: uint8 `(n, h, w, 1)`, images that had no part in training.
        answered: bool `(n,)`, which of them the network answers.
        harmful: uint8 `(m, h, w, 1)`, changed images that it answers wrongly.
        harmless: uint8 `(l, h, w, 1)`, changed images that it answers correctly.
        made: See `Guard`; `refused` is added.
    """
    template = FaceTemplate.of(clean)
    found = comparable(clean, template)
    middle = {name: float(np.median(values)) for name, values in found.items()}
    spread = {name: _spread(values) for name, values in found.items()}
    usual, wrong, right = (
        _columns(deviations(images, template, middle, spread))
        for images in (clean, harmful, clean[:0] if harmless is None else harmless)
    )
    costs = _costs(np.concatenate([usual, right]), wrong)
    points = usual @ costs
    # The share is kept among all faces and among those that would be answered.
    among = [points] + ([points[answered]] if answered.any() else [])
    limits = [float(np.quantile(each, 1 - REFUSED, method="higher")) for each in among]
    if len(right) and len(wrong):
        limits.append(_break_even(right @ costs, wrong @ costs))
    limit = max(limits)
    pairs = costs.reshape(-1, 2).tolist()
    return Guard(
        template=template,
        middle=middle,
        spread=spread,
        costs={name: tuple(pair) for name, pair in zip(middle, pairs, strict=True)},
        limit=limit,
        made=(made or {}) | {"refused": float((points > limit).mean())},
    )


def _break_even(right: np.ndarray, wrong: np.ndarray) -> float:
    """Return the points beyond which fewer than `CORRECT` of the answers are correct.

    Args:
        right: Points of the changed pictures that are answered correctly.
        wrong: Points of those that are answered wrongly.
    """
    points, at = np.unique(np.concatenate([right, wrong]), return_inverse=True)
    n = np.bincount(at)
    share = np.bincount(at[: len(right)], minlength=len(points)) / n
    falling = isotonic_regression(share, weights=n, increasing=False).x
    enough = points[falling >= CORRECT]
    return float(enough[-1]) if len(enough) else 0.0


def _spread(values: np.ndarray) -> float:
    """Return a standard deviation that a few odd values do not change."""
    low, first, third, high = np.quantile(values, (0.025, 0.25, 0.75, 0.975))
    return float(max((third - first) / 1.35, (high - low) / 3.92, _SMALLEST))


def _columns(found: dict[str, np.ndarray]) -> np.ndarray:
    """Return what lies outside the usual ranges, `(n, 2 x measures)`; 0 where it is no fault."""
    outside = excess(found)
    return np.stack(
        [
            values * (word is not None)
            for name, sides in outside.items()
            for word, values in zip(WORDS[name], sides, strict=True)
        ],
        axis=1,
    )


def _costs(usual: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    rows = np.concatenate([usual, wrong])
    harmful = np.arange(len(rows)) >= len(usual)
    weight = np.where(harmful, 0.5 / max(len(wrong), 1), 0.5 / max(len(usual), 1))

    def loss(given: np.ndarray) -> tuple[float, np.ndarray]:
        costs, start = given[:-1], given[-1]
        z = rows @ costs + start
        value = weight @ np.logaddexp(0, np.where(harmful, -z, z)) + _STEADY * costs @ costs
        slope = weight * (expit(z) - harmful)
        return float(value), np.append(slope @ rows + 2 * _STEADY * costs, slope.sum())

    bounds = [(0, None)] * rows.shape[1] + [(None, None)]
    start = np.zeros(rows.shape[1] + 1)
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
