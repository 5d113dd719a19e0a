"""How an exported network differs from the Keras model that it was made of, on the same images."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

import numpy as np

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.paired import Contender, compare_pair
from fer_analysis.statistics.estimate import to_json

TIMED = 200
"""Images of which the speed is measured, one by one and at once, by turns with the Keras model."""

ROUNDS = 3
"""The fastest of so many rounds counts: other programs only make it slower."""

Predict = Callable[[np.ndarray], np.ndarray]


def parity(evaluation: Evaluation, images: np.ndarray, keras: Predict, exported: Predict) -> dict:
    """Compare an exported network with its Keras model.

    Args:
        evaluation: The Keras model's predictions.
        images: uint8 `(n, h, w, 1)`, what they are of.
        keras: The Keras model.
        exported: The exported network.

    Returns:
        JSON values: `n`, `split`, `accuracy` (of both, and the paired difference with its 95 %
        interval), `labels` (recalls, likewise), `same_label` (images), `largest_difference` of
        a probability and its mean, `images_per_second` of both, one by one and at once, and
        `finite`.
    """
    probabilities = exported(images)
    finite = bool(np.isfinite(probabilities).all())
    difference = np.abs(np.nan_to_num(probabilities) - evaluation.probabilities)
    theirs = dataclasses.replace(evaluation, probabilities=np.nan_to_num(probabilities))
    pair = compare_pair(Contender("keras", (evaluation,)), Contender("exported", (theirs,)))
    found = {
        "split": evaluation.split,
        "n": len(evaluation),
        "accuracy": {
            "keras": evaluation.accuracy,
            "exported": theirs.accuracy,
            "difference": pair["accuracy"],
        },
        "labels": [
            {
                "label": row["label"],
                "n": row["n"],
                "keras": row["first"],
                "exported": row["second"],
                "difference": row["difference"],
            }
            for row in pair["labels"]
        ],
        "same_label": int((theirs.predicted == evaluation.predicted).sum()),
        "largest_difference": float(difference.max()),
        "mean_difference": float(difference.mean()),
        "images_per_second": speeds(images, keras, exported),
        "finite": finite,
    }
    return to_json(found)


def loses(found: dict, tolerance: float) -> bool:
    """Tell whether an export is less accurate than its Keras model by more than a tolerance.

    Args:
        found: What `parity` returned.
        tolerance: In points of accuracy.
    """
    return not found["finite"] or -100 * found["accuracy"]["difference"]["value"] > tolerance


def speeds(
    images: np.ndarray,
    keras: Predict,
    exported: Predict,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict[str, float]]:
    """Return images a second, measured by turns so that both meet the same machine.

    Args:
        images: uint8 `(n, h, w, 1)`, of which the first are used.
        keras: The Keras model.
        exported: The exported network.
        clock: Seconds; `time.process_time` where other programs keep the machine busy.
    """
    some = images[:TIMED]
    functions = {"keras": keras, "exported": exported}
    best: dict[str, dict] = {name: {"one_by_one": 0.0, "at_once": 0.0} for name in functions}
    for predict in functions.values():  # neither is timed at its first call
        predict(some[:1])
        predict(some)
    for _ in range(ROUNDS):
        for name, predict in functions.items():
            for way, step in (("one_by_one", 1), ("at_once", len(some))):
                started = clock()
                for start in range(0, len(some), step):
                    predict(some[start : start + step])
                rate = len(some) / (clock() - started)
                best[name][way] = round(max(best[name][way], rate), 1)
    return best
