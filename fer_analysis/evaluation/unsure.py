"""Which predictions are not unsure, by numpy alone: `fer predict` uses it."""

from __future__ import annotations

import numpy as np

from fer_analysis.errors import FerError, did_you_mean, shown

OVERALL, BY_LABEL = "overall", "by-label"
PROMISES = (OVERALL, BY_LABEL)
"""For which faces 4 of 5 answers are correct: for all, or for those predicted as each label."""


def check_promise(promise: str) -> None:
    """Check the name of a promise.

    Raises:
        FerError: If it is not one of `PROMISES`.
    """
    if promise not in PROMISES:
        raise FerError(f"promise: unknown '{shown(promise)}'{did_you_mean(promise, PROMISES)}")


def answered(probabilities: np.ndarray, rule: dict | None) -> np.ndarray:
    """Return which predictions are not unsure, bool `(n,)`; none without a rule.

    Args:
        probabilities: float `(n, k)`, calibrated.
        rule: What `selective_prediction.answer_rule` or `answer_rules_by_label` returned.
    """
    confidence = probabilities.max(axis=1)
    if rule is None:
        return np.zeros(len(confidence), bool)
    if "labels" not in rule:
        return confidence >= rule["least"]
    least = [2.0 if row["least"] is None else row["least"] for row in rule["labels"]]
    return confidence >= np.array(least)[probabilities.argmax(axis=1)]


def promise_notes(promise: str, rule: dict | None, sets: dict | None) -> list[str]:
    """Return what a reader of answers by label, or of label sets, should know, one line each."""
    notes = []
    if promise == BY_LABEL and rule:
        least = [
            f"{row['label']} {row['least']:.2f}"
            for row in rule["labels"]
            if row["least"] is not None
        ]
        never = never_answered(rule)
        notes.append(
            f"answered by predicted label, from a probability of: {', '.join(least) or 'none'}"
            + (f"; always unsure: {', '.join(never)}" if never else "")
            + f" ({rule['target']:.0%} correct answers are not shown for these)" * bool(never)
        )
    if sets:
        faces = "faces of each true label" if promise == BY_LABEL else "all faces"
        notes.append(
            f"label sets: made to hold the true label of {sets['coverage']:.0%} of {faces} like "
            f"the {sets['n']:,} that they were fitted on"
        )
    return notes


def never_answered(rule: dict | None) -> tuple[str, ...]:
    """Return the labels of a rule by label for which no confidence is enough."""
    rows = (rule or {}).get("labels", ())
    return tuple(row["label"] for row in rows if row["least"] is None)
