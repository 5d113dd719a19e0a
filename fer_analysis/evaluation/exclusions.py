"""Scoring without the images that an audit names, and what that changes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import from_text
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion


def read_issues(
    path: str | Path, kinds: Sequence[str] = (), *, evaluation: Evaluation | None = None
) -> dict[str, set[str]]:
    """Read which images have which issue from an `audit.csv`.

    Args:
        path: A CSV with at least the columns `id` and `issue`.
        kinds: Issues to keep; all if empty.
        evaluation: The predictions of these images; where the table has labels, they must
            agree.

    Returns:
        Issue -> ids.

    Raises:
        FerError: If the file is not such a table, is of other data, or names no such issue.
    """
    issues: dict[str, set[str]] = {}
    labels = {}
    if evaluation is not None:
        names = [evaluation.label_names[label] for label in evaluation.labels]
        labels = dict(zip(evaluation.ids.tolist(), names, strict=True))
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                if not row["id"] or not row["issue"]:
                    raise FerError(f"{path}, line {reader.line_num}: no id or no issue")
                name, label = from_text(row["id"]), row.get("label")
                issues.setdefault(row["issue"], set()).add(name)
                if label and labels.get(name, from_text(label)) != from_text(label):
                    raise FerError(
                        f"{path}: an audit of other data: image '{name}' is {from_text(label)} "
                        f"there and {labels[name]} here"
                    )
    except (OSError, ValueError, csv.Error) as error:
        raise FerError(f"{path}: cannot be read as an audit ({error})") from None
    except KeyError as error:
        raise FerError(f"{path}: no column {error} in it; `fer audit` writes such a file") from None
    for kind in kinds:
        if kind not in issues:
            raise FerError(f"{path}: no issue '{kind}'{did_you_mean(kind, issues)}")
    return {kind: ids for kind, ids in issues.items() if not kinds or kind in kinds}


def exclusions(evaluation: Evaluation, issues: dict[str, set[str]]) -> list[dict]:
    """Return how leaving out the images of each issue, and of all of them, changes accuracy.

    Args:
        evaluation: The predictions.
        issues: Issue -> ids.

    Returns:
        One row for each issue that any image has, and a last one for `all together` where there
        are several: `excluded` images, `n` left, their `accuracy`, and its `difference` to the
        accuracy on all images with a paired bootstrap interval (images are drawn again, and
        both accuracies are computed on the same draw).
    """
    flags = {kind: np.isin(evaluation.ids, sorted(ids)) for kind, ids in issues.items()}
    flags = {kind: flag for kind, flag in flags.items() if flag.any()}
    if len(flags) > 1:
        flags["all together"] = np.any(list(flags.values()), axis=0)
    return [_row(evaluation, kind, flag) for kind, flag in flags.items()]


def kept(evaluation: Evaluation, issues: dict[str, set[str]]) -> np.ndarray:
    """Return which images have none of the issues, bool `(n,)`."""
    return ~np.isin(evaluation.ids, sorted(set().union(*issues.values())))


def _row(evaluation: Evaluation, kind: str, flag: np.ndarray) -> dict:
    hit = (evaluation.predicted == evaluation.labels).astype(float)
    n, correct = int((~flag).sum()), int(hit[~flag].sum())

    def difference(weights: np.ndarray) -> np.ndarray:
        left = weights * ~flag
        with np.errstate(invalid="ignore", divide="ignore"):
            return (left @ hit) / left.sum(axis=1) - (weights @ hit) / weights.sum(axis=1)

    once = np.ones((1, len(evaluation)))
    drawn = bootstrap(difference, len(evaluation))
    return {
        "issue": kind,
        "excluded": int(flag.sum()),
        "n": n,
        "accuracy": proportion(correct, n),
        "difference": bootstrap_estimate(difference(once)[0], drawn, n) if n else Estimate(None),
    }
