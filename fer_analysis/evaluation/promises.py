"""Whether a network keeps its promises on a split: answers and label sets, all and by label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.data.duplicates.cached import find_copies
from fer_analysis.data.folds import fold_of
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.fit_promises import fit_promises
from fer_analysis.evaluation.label_sets import label_sets
from fer_analysis.evaluation.metrics import clean_block
from fer_analysis.evaluation.model_card import PROMISES
from fer_analysis.evaluation.selective_prediction import TARGET, promise, state
from fer_analysis.evaluation.temperature import FOLDS, LEAST
from fer_analysis.evaluation.unsure import BY_LABEL, OVERALL, answered
from fer_analysis.files import read_json, write_json
from fer_analysis.statistics.estimate import Estimate, from_json, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.significance import holm
from fer_analysis.statistics.temperature_scaling import at_temperature
from fer_analysis.text import estimate, html_table

RULES = {OVERALL: "answers", BY_LABEL: "answers_by_label"}

OTHER_PARTS = f"the other four of {FOLDS} parts of this split"
"""What thresholds are fitted on that were not fitted on another split."""


@dataclass(frozen=True)
class Promises:
    """What a network promises, and how it fares on a split.

    The keys of `answers` and `sets` are `overall` (one threshold for all faces) and `by-label`
    (one for each label).

    Args:
        split: The split's name.
        images: Which of its images, e.g. `leak-free images`.
        n: How many.
        fitted_on: The images that thresholds were fitted on; never those that are judged.
        target: The share of the answers that should be correct.
        coverage: The share of the sets that should hold the true label.
        answers: For each kind of rule `answered` (share of the images) and `correct` (share of
            the answers), Estimates, `promise` (`kept`, `broken`, `not decided`: exact tests at
            5 %), and under `labels` a row for each label: of the faces *predicted* as it
            `least` (the threshold; None: never answered), `predicted`, `answers`, `correct` and
            `promise` (Holm over the labels); of the faces that *are* of it `true` (how many),
            `true_answered` (share answered) and `true_correct` (share of these that is correct).
        sets: For each kind of set `coverage`, `size` (mean number of labels), `single` (share of
            sets of one label), and under `labels` the same by true label, with `least`, the
            probability from which a label is in a set.
    """

    split: str
    images: str
    n: int
    fitted_on: str
    target: float
    coverage: float
    answers: dict[str, dict]
    sets: dict[str, dict]

    @property
    def cross_fitted(self) -> bool:
        """Whether thresholds were fitted on parts of the split that is judged."""
        return self.fitted_on.startswith(OTHER_PARTS)

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON."""
        return to_json(self.__dict__)

    def save(self, folder: str | Path) -> None:
        """Write `promises.json`."""
        write_json(Path(folder) / PROMISES, self.as_dict())

    @classmethod
    def load(cls, folder: str | Path) -> Promises:
        """Read what `save` wrote.

        Raises:
            FerError: If it is missing or damaged.
        """
        file = Path(folder) / PROMISES
        given = read_json(file)
        if given is None:
            raise FerError(f"{file}: no promises there; `fer evaluate` writes them")
        try:
            return cls(**from_json(given))
        except TypeError as error:
            raise FerError(f"{file}: damaged; run `fer evaluate` again") from error

    @classmethod
    def of(cls, evaluation: Evaluation) -> Promises | None:
        """Read what was measured of saved predictions; None where there were too few images."""
        folder = evaluation.folder
        return cls.load(folder) if folder and (folder / PROMISES).is_file() else None

    def _repr_html_(self) -> str:
        rows = [
            [kind, row["label"], estimate(row["correct"]), row["promise"]]
            for kind, found in self.answers.items()
            for row in found["labels"]
        ]
        title = f"{self.split}, {self.images}, n = {self.n:,}; fitted on {self.fitted_on}"
        return html_table(title, ["rule", "predicted as", "correct of the answers", ""], rows)


@dataclass(frozen=True)
class _Outcome:
    """What rules and sets say of n images.

    Args:
        answered: Kind of rule -> bool `(n,)`.
        sets: Kind of set -> bool `(n, k)`.
    """

    answered: dict[str, np.ndarray]
    sets: dict[str, np.ndarray]


def measure_promises(
    evaluation: Evaluation,
    images: np.ndarray | None = None,
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Promises | None:
    """Measure a network's promises on the images that it was not trained on.

    Where thresholds were fitted on another split (`evaluation.fitted`), they are put to the
    images as they are. Otherwise they are cross-fitted: five parts, near-duplicates in one of
    them, and each part is judged by a temperature and thresholds that were fitted on the other
    four.

    Args:
        evaluation: The predictions.
        images: uint8 `(n, h, w, 1)`, in the same order; None keeps no copies together.
        seed: Of the parts.
        progress: Called with (done, total) during the search for copies.

    Returns:
        None where there are fewer than ten images.
    """
    judged, _, name = clean_block(evaluation)
    if len(judged) < LEAST:
        return None
    fitted = evaluation.fitted or {}
    if [row["label"] for row in fitted.get("sets", {}).get("labels", ())] == [*judged.label_names]:
        outcome, origin = _outcome(judged.probabilities, fitted), fitted["from"]
    else:
        own = images if images is None or judged is evaluation else images[~evaluation.leaked]
        groups, origin = _groups(own, len(judged), progress)
        fitted = fit_promises(judged.labels, judged.probabilities, judged.label_names)
        outcome = _cross_fitted(judged, groups, seed)
    return Promises(
        split=evaluation.split,
        images=name,
        n=len(judged),
        fitted_on=origin,
        target=TARGET,
        coverage=fitted["sets"]["coverage"],
        answers={
            kind: _answers(judged, rows, fitted[RULES[kind]])
            for kind, rows in outcome.answered.items()
        },
        sets={
            kind: _sets(judged, rows, fitted["sets"], kind) for kind, rows in outcome.sets.items()
        },
    )


def _groups(images: np.ndarray | None, n: int, progress) -> tuple[np.ndarray, str]:
    """Return which images must be in one part, int64 `(n,)`, and what thresholds are fitted on."""
    if images is None:
        return np.arange(n), f"{OTHER_PARTS}, copies not kept together"
    copies = find_copies(images, progress=progress)
    kinds = {"near-duplicates": copies.groups, "identical images": copies.exact}
    for kind, groups in kinds.items():
        if np.bincount(groups).max() <= n / FOLDS:
            return groups, f"{OTHER_PARTS}, {kind} kept together"
    return np.arange(n), f"{OTHER_PARTS}, copies not kept together"


def _cross_fitted(judged: Evaluation, groups: np.ndarray, seed: int) -> _Outcome:
    fold = fold_of(judged.labels, groups, FOLDS, seed)
    whole = _Outcome(
        {kind: np.zeros(len(judged), bool) for kind in RULES},
        {kind: np.zeros(judged.probabilities.shape, bool) for kind in RULES},
    )
    for part in (fold == number for number in range(FOLDS)):
        rest = judged.take(~part)
        fitted = fit_promises(rest.labels, rest.probabilities, rest.label_names)
        outcome = _outcome(judged.probabilities[part], fitted)
        for kind in RULES:
            whole.answered[kind][part] = outcome.answered[kind]
            whole.sets[kind][part] = outcome.sets[kind]
    return whole


def _outcome(probabilities: np.ndarray, fitted: dict) -> _Outcome:
    scaled = at_temperature(probabilities, fitted["temperature"])
    return _Outcome(
        {kind: answered(scaled, fitted[key]) for kind, key in RULES.items()},
        {kind: label_sets(scaled, fitted["sets"], by_label=kind == BY_LABEL) for kind in RULES},
    )


def _answers(judged: Evaluation, given: np.ndarray, rule: dict | None) -> dict:
    hit = judged.predicted == judged.labels
    correct = int(hit[given].sum())
    rows = [_answers_of(judged, given, label, rule) for label in range(len(judged.label_names))]
    tests = [promise(row["correct"].correct, row["answers"], TARGET)[1:] for row in rows]
    tested = [i for i, row in enumerate(rows) if row["answers"]]
    above, below = (holm([tests[i][side] for i in tested]) for side in (0, 1))
    for i, *corrected in zip(tested, above, below, strict=True):
        rows[i]["promise"] = state(*corrected)
    return {
        "answered": proportion(int(given.sum()), len(judged)),
        "correct": _share(correct, int(given.sum())),
        "promise": promise(correct, int(given.sum()), TARGET)[0],
        "labels": rows,
    }


def _answers_of(judged: Evaluation, given: np.ndarray, label: int, rule: dict | None) -> dict:
    predicted, true = judged.predicted == label, judged.labels == label
    correct = int((predicted & true & given).sum())
    n, of_true = int((predicted & given).sum()), int((true & given).sum())
    least = rule and (rule["labels"][label]["least"] if "labels" in rule else rule["least"])
    return {
        "label": judged.label_names[label],
        "least": least,
        "predicted": int(predicted.sum()),
        "answers": n,
        "correct": _share(correct, n),
        "promise": "no answers",
        "true": int(true.sum()),
        "true_answered": proportion(of_true, int(true.sum())),
        "true_correct": _share(correct, of_true),
    }


def _share(correct: int, n: int) -> Estimate:
    found = proportion(correct, n)
    return Estimate(found.value, found.low, found.high, n, correct)


def _sets(judged: Evaluation, chosen: np.ndarray, fitted: dict, kind: str) -> dict:
    holds = chosen[np.arange(len(judged)), judged.labels]
    everyone = np.ones(len(judged), bool)
    return _set_figures(chosen, holds, everyone) | {
        "labels": [
            {
                "label": name,
                "least": (fitted["labels"][label] if kind == BY_LABEL else fitted)["least"],
                **_set_figures(chosen, holds, judged.labels == label),
            }
            for label, name in enumerate(judged.label_names)
        ]
    }


def _set_figures(chosen: np.ndarray, holds: np.ndarray, rows: np.ndarray) -> dict:
    sizes, n = chosen[rows].sum(axis=1), int(rows.sum())
    return {
        "n": n,
        "coverage": proportion(int(holds[rows].sum()), n),
        "size": _mean(sizes),
        "single": proportion(int((sizes == 1).sum()), n),
    }


def _mean(values: np.ndarray) -> Estimate:
    """Return a mean with the normal interval of its standard error."""
    n = len(values)
    if n < 2:
        return Estimate(float(values.mean()) if n else None, n=n)
    middle, half = float(values.mean()), 1.96 * float(values.std(ddof=1)) / np.sqrt(n)
    return Estimate(middle, middle - half, middle + half, n)
