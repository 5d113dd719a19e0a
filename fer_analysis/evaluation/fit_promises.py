"""Fitting what calibrates a network and what it promises, on images that did not train it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_analysis.evaluation.label_sets import fit_label_sets
from fer_analysis.evaluation.selective_prediction import answer_rule, answer_rules_by_label
from fer_analysis.evaluation.temperature import fit_temperature
from fer_analysis.statistics.temperature_scaling import at_temperature


def fit_promises(labels: np.ndarray, probabilities: np.ndarray, label_names: Sequence[str]) -> dict:
    """Return a temperature, both rules of when to answer, and the thresholds of label sets.

    Args:
        labels: int64 `(n,)`, n at least 1.
        probabilities: float `(n, k)`, as the network gives them.
        label_names: The k labels.

    Returns:
        `temperature`; at that temperature `answers` (see `answer_rule`), `answers_by_label` (see
        `answer_rules_by_label`) and `sets` (see `fit_label_sets`).
    """
    temperature = fit_temperature(labels, probabilities)
    scaled = at_temperature(probabilities, temperature)
    return {
        "temperature": temperature,
        "answers": answer_rule(labels, scaled),
        "answers_by_label": answer_rules_by_label(labels, scaled, label_names),
        "sets": fit_label_sets(labels, scaled, label_names),
    }
