"""The figures of a stress test."""

from __future__ import annotations

import numpy as np

from fer_analysis.conditions import caption, kind_of
from fer_analysis.robustness.changes import CHANGES
from fer_analysis.robustness.promise import (
    confidence_figures,
    correct_answers,
    guarded,
    promises,
)
from fer_analysis.robustness.tested import Tested
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.significance import holm, sign_test

LOSS = 0.05
"""A condition works up to the severity below which accuracy loses less than this."""

FALLEN = 0.5
"""A label has fallen when its recall is below this share of its clean recall."""


def summarize(test: Tested) -> dict:
    """Compute every figure of a stress test.

    Images are resampled together for all cells, so that differences and means are paired.

    Returns:
        `clean` (accuracy, recall, confidence), `rows` (one a condition and severity),
        `conditions` (one a condition: mean `accuracy`, `works_up_to`, `fails_from`, `falls_first`),
        `overall` (means over `all`, `seen` and `unseen` conditions and each kind, with the share
        of clean accuracy), `promise` (how many cells keep or break it), `guard` (what refusing
        pictures changes, see `guarded`; None without one), `stability`.
    """
    drawn = Resampled(test)
    rows = [_row(test, drawn, name, s) for name in test.conditions for s in test.severities]
    conditions = [_condition(test, drawn, rows, name) for name in test.conditions]
    return {
        "clean": {
            "accuracy": proportion(int(test.correct().sum()), len(test)),
            "recall": _recall(test, test.clean),
            **_confidence(test, test.clean, test.refused_in()),
        },
        "overall": _overall(test, drawn),
        "conditions": conditions,
        "promise": promises(rows),
        "guard": guarded(rows, correct_answers(test)),
        "stability": stability(test),
        "rows": rows,
    }


class Resampled:
    """Accuracies of resampled images, the same images for every cell.

    Args:
        test: The stress test.
    """

    def __init__(self, test: Tested):
        self.n = len(test)
        self.keys = [(None, 0), *test.cells]
        hits = np.stack([test.correct(*key) for key in self.keys], axis=1).astype(np.float32)
        self._once = dict(zip(self.keys, hits.mean(axis=0, dtype=float), strict=True))
        draws = bootstrap(lambda w: w.astype(np.float32) @ hits / self.n, self.n)
        self._draws = dict(zip(self.keys, draws.T.astype(float), strict=True))
        self.test = test

    def cell(self, name: str | None, severity: int = 0) -> tuple[float, np.ndarray]:
        """Return the accuracy of a cell, once and resampled `(draws,)`."""
        return self._once[name, severity], self._draws[name, severity]

    def mean(self, names: list[str]) -> tuple[float, np.ndarray]:
        """Return the mean over conditions and severities, once and resampled."""
        keys = [(name, s) for name in names for s in self.test.severities]
        once = float(np.mean([self._once[key] for key in keys]))
        return once, np.mean([self._draws[key] for key in keys], axis=0)

    def estimate(self, figure: tuple[float, np.ndarray]) -> Estimate:
        """Return a figure with its interval."""
        return bootstrap_estimate(*figure, self.n)

    def minus_clean(self, figure: tuple[float, np.ndarray]) -> Estimate:
        """Return the paired difference to the clean images."""
        clean = self.cell(None)
        return self.estimate((figure[0] - clean[0], figure[1] - clean[1]))

    def over_clean(self, figure: tuple[float, np.ndarray]) -> Estimate:
        """Return a figure as a share of the clean accuracy."""
        once, draws = self.cell(None)
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.estimate((np.divide(figure[0], once), figure[1] / draws))


def groups(test: Tested) -> dict[str, list[str]]:
    """Return name -> conditions: `all`; `seen` and `unseen` in training, if both; each kind."""
    seen = [name for name in test.conditions if name in test.meta["seen"]]
    unseen = [name for name in test.conditions if name not in test.meta["seen"]]
    found = {"all": list(test.conditions)}
    if seen:
        found |= {"seen": seen, "unseen": unseen}
    for name in test.conditions:
        found.setdefault(kind_of(name), []).append(name)
    return {name: members for name, members in found.items() if members}


def stability(test: Tested) -> dict:
    """Return how often predictions flip under invisible changes.

    Returns:
        `any` (share of images whose label flips under at least one change), `sizes` (the same
        for each size of change), `labels` (`any` by true label).
    """
    clean = test.clean.argmax(axis=1)
    flips = {key: found.argmax(axis=1) != clean for key, found in test.changes.items()}
    flipped = np.any(list(flips.values()), axis=0)
    sizes = {
        size: np.any([flips[size, way] for way in ways], axis=0) for size, ways in CHANGES.items()
    }
    return {
        "any": proportion(int(flipped.sum()), len(test)),
        "sizes": {size: proportion(int(which.sum()), len(test)) for size, which in sizes.items()},
        "labels": {
            name: proportion(int(flipped[own].sum()), int(own.sum()))
            for name, own in _by_label(test)
        },
    }


def _row(test: Tested, drawn: Resampled, name: str, severity: int) -> dict:
    found = test.cells[name, severity]
    predicted = np.bincount(found.argmax(axis=1), minlength=len(test.label_names))
    return {
        "condition": name,
        "kind": kind_of(name),
        "severity": severity,
        "caption": caption(name, severity),
        "seen": name in test.meta["seen"],
        "accuracy": proportion(int(test.correct(name, severity).sum()), len(test)),
        "difference": drawn.minus_clean(drawn.cell(name, severity)),
        "recall": _recall(test, found),
        "most_predicted": test.label_names[int(predicted.argmax())],
        "most_predicted_share": float(predicted.max() / len(test)),
        **_confidence(test, found, test.refused_in(name, severity)),
    }


def _confidence(test: Tested, found: np.ndarray, refused: np.ndarray | None) -> dict:
    return confidence_figures(test.labels, found, test.temperature, test.rule, refused=refused)


def _condition(test: Tested, drawn: Resampled, rows: list[dict], name: str) -> dict:
    own = [row for row in rows if row["condition"] == name]
    mean = drawn.mean([name])
    return {
        "condition": name,
        "kind": kind_of(name),
        "seen": name in test.meta["seen"],
        "accuracy": drawn.estimate(mean),
        "relative": drawn.over_clean(mean),
        "works_up_to": _works_up_to(own),
        "fails_from": _fails_from(own),
        "falls_first": _falls_first(test, name),
    }


def _works_up_to(rows: list[dict]) -> int | None:
    """Return the severity up to which the loss is shown to be below 5 points; None if none is."""
    works = None
    for row in rows:
        if row["difference"].low is None or row["difference"].low <= -LOSS:
            break
        works = row["severity"]
    return works


def _fails_from(rows: list[dict]) -> int | None:
    """Return the severity from which the loss is shown to be above 5 points; None if none is."""
    for row in rows:
        if row["difference"].high is not None and row["difference"].high < -LOSS:
            return row["severity"]
    return None


def _falls_first(test: Tested, name: str) -> dict | None:
    """Return the label that first loses half of its recall, and what it is then predicted as.

    A loss counts where McNemar's exact test shows it (Holm over the labels).
    """
    clean = test.correct()
    for severity in test.severities:
        now, predicted = test.correct(name, severity), test.cells[name, severity].argmax(axis=1)
        labels = _by_label(test)
        tests = [
            sign_test(int((clean & ~now & own).sum()), int((~clean & now & own).sum()))
            for _, own in labels
        ]
        fallen = [
            (now[own].sum() / clean[own].sum(), label, own)
            for (label, own), p in zip(labels, holm(tests), strict=True)
            if p < 0.05 and clean[own].any() and now[own].sum() < FALLEN * clean[own].sum()
        ]
        if not fallen:
            continue
        _, label, own = min(fallen, key=lambda each: each[0])
        wrong = np.bincount(predicted[own & ~now], minlength=len(test.label_names))
        return {
            "label": label,
            "severity": severity,
            "recall": proportion(int(now[own].sum()), int(own.sum())),
            "clean_recall": proportion(int(clean[own].sum()), int(own.sum())),
            "predicted_as": test.label_names[int(wrong.argmax())],
            "predicted_as_share": proportion(int(wrong.max()), int(own.sum())),
        }
    return None


def _overall(test: Tested, drawn: Resampled) -> dict:
    figures = {name: (members, drawn.mean(members)) for name, members in groups(test).items()}
    return {
        name: {
            "conditions": members,
            "accuracy": drawn.estimate(mean),
            "difference": drawn.minus_clean(mean),
            "relative": drawn.over_clean(mean),
        }
        for name, (members, mean) in figures.items()
    }


def _recall(test: Tested, found: np.ndarray) -> dict[str, Estimate]:
    hits = found.argmax(axis=1) == test.labels
    return {name: proportion(int(hits[own].sum()), int(own.sum())) for name, own in _by_label(test)}


def _by_label(test: Tested) -> list[tuple[str, np.ndarray]]:
    return [(name, test.labels == label) for label, name in enumerate(test.label_names)]
