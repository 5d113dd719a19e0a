"""Fitting a guard: which deviations go with wrong answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

from fer_analysis.quality.guard import WORDS, Guard, comparable, deviations, excess, log_odds
from fer_analysis.quality.template import FaceTemplate

REFUSED = 0.03
"""Share of the answers to clean faces that are refused at most."""

CORRECT = 0.8
"""An answer is not refused if it is correct with at least this probability."""

_STEADY = 1e-2
"""Weight of the costs' squares: without it, what never occurs would cost anything."""

_ROUNDING = 1e-6
"""The limit is a clean face's own: rounding must not refuse it."""

_SMALLEST = 0.1
"""Smallest spread, on the scale of `comparable`: of logarithms it is a ratio of 1.1."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network answers to pictures of one kind.

    Args:
        images: uint8 `(n, h, w, 1)`.
        confidence: float `(n,)`, its highest probability for each, at its temperature.
        correct: bool `(n,)`, whether that label is the image's.
    """

    images: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: np.ndarray) -> Answers:
        """Return those at `rows` (positions, or a mask)."""
        return Answers(self.images[rows], self.confidence[rows], self.correct[rows])


def fit_guard(
    clean: Answers, changed: Sequence[Answers], *, least: float = 0.0, made: dict | None = None
) -> Guard:
    """Fit a guard that tells wrong answers from correct ones.

    A logistic regression of "wrong" on how far each measure of the picture lies below and above its
    usual range, and on the log-odds of the network's confidence. No cost is negative: no deviation
    makes a picture better. All answers to changed pictures count the same, those to clean ones
    together as much as those under one condition and severity. An answer is refused if it is more
    likely wrong than nearly all answers to clean faces, and than `1 - CORRECT`: what a robust
    network can do it is let do.

    Args:
        clean: Of images that had no part in training.
        changed: Of images under each condition and severity.
        least: Lowest confidence with which the network answers.
        made: See `Guard`; `refused` is added.
    """
    template = FaceTemplate.of(clean.images)
    found = comparable(clean.images, template)
    middle = {name: float(np.median(values)) for name, values in found.items()}
    spread = {name: _spread(values) for name, values in found.items()}
    kinds = [clean, *(each.take(each.confidence >= least) for each in changed)]
    columns = [
        _columns(deviations(each.images, template, middle, spread), log_odds(each.confidence))
        for each in kinds
    ]
    answered = [columns[0][clean.confidence >= least], *columns[1:]]
    wrong = [~each.correct[each.confidence >= least] for each in kinds]
    costs, start = _regression(answered, wrong)
    risks = answered[0] @ costs + start
    # Of no answers to clean faces nothing is known: as if one were as likely wrong as correct.
    usual = np.quantile(risks, 1 - REFUSED, method="higher") if len(risks) else 0.0
    highest = max(usual, logit(1 - CORRECT)) + _ROUNDING
    outside = columns[0][:, :-1].max(axis=1)
    pairs = costs[:-1].reshape(-1, 2).tolist()
    return Guard(
        template=template,
        middle=middle,
        spread=spread,
        costs={name: tuple(pair) for name, pair in zip(middle, pairs, strict=True)},
        trust=float(costs[-1]),
        least=float(least),
        limit=float(highest - start),
        far=float(np.quantile(outside, 1 - REFUSED, method="higher")),
        made=(made or {}) | {"refused": float(np.mean(risks > highest)) if len(risks) else 0.0},
    )


def _spread(values: np.ndarray) -> float:
    """Return a standard deviation that a few odd values do not change."""
    low, first, third, high = np.quantile(values, (0.025, 0.25, 0.75, 0.975))
    return float(max((third - first) / 1.35, (high - low) / 3.92, _SMALLEST))


def _columns(found: dict[str, np.ndarray], odds: np.ndarray) -> np.ndarray:
    """Return what makes an answer doubtful, `(n, 2 x measures + 1)`.

    What lies outside the usual ranges, 0 where that is no fault, and the negative log-odds.
    """
    outside = [
        values * (word is not None)
        for name, sides in excess(found).items()
        for word, values in zip(WORDS[name], sides, strict=True)
    ]
    return np.stack([*outside, -odds], axis=1)


def _regression(rows: list[np.ndarray], wrong: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """Return costs, 0 or more, and the log-odds of a wrong answer where all columns are 0.

    Args:
        rows: What makes answers doubtful, to clean pictures, then under each condition.
        wrong: Which of them are wrong.
    """
    clean, *changed = rows
    weight = np.ones(sum(map(len, rows)))
    weight[: len(clean)] = sum(map(len, changed)) / max(len(changed) * len(clean), 1)
    weight /= max(weight.sum(), 1)
    columns, harmful = np.concatenate(rows), np.concatenate(wrong)

    def loss(given: np.ndarray) -> tuple[float, np.ndarray]:
        costs, start = given[:-1], given[-1]
        z = columns @ costs + start
        value = weight @ np.logaddexp(0, np.where(harmful, -z, z)) + _STEADY * costs @ costs
        slope = weight * (expit(z) - harmful)
        return float(value), np.append(slope @ columns + 2 * _STEADY * costs, slope.sum())

    bounds = [(0, None)] * columns.shape[1] + [(None, None)]
    found = minimize(loss, np.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds).x
    return found[:-1], float(found[-1])
