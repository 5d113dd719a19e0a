"""Paired tests of two runs on the same images, and the spread over seeds."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.join_predictions import with_names_of
from fer_analysis.statistics.bootstrap import DRAWS, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.significance import detectable, detectable_difference, holm, sign_test
from fer_analysis.text import p_equals, points


@dataclass(frozen=True)
class Contender:
    """One config, with the predictions of each of its seeds on the same images."""

    name: str
    seeds: tuple[Evaluation, ...]

    def correct(self) -> np.ndarray:
        """Return which images each seed predicts correctly, bool `(seeds, n)`."""
        return np.stack([e.predicted == e.labels for e in self.seeds])


def align(evaluations: list[Evaluation]) -> list[Evaluation]:
    """Return predictions of the same images in the same order.

    Args:
        evaluations: At least one; ids name the same images in all of them.

    Raises:
        FerError: If they are not of the same images with the same labels.
    """
    evaluations = _with_the_same_labels(evaluations)
    first = evaluations[0]
    order = np.argsort(first.ids, kind="stable")
    aligned = [first.take(order)]
    for other in evaluations[1:]:
        candidate = other.take(np.argsort(other.ids, kind="stable"))
        same = np.array_equal(candidate.ids, aligned[0].ids)
        if not same or not np.array_equal(candidate.labels, aligned[0].labels):
            raise FerError(
                f"these runs were not scored on the same images ({len(first):,} and "
                f"{len(other):,}; {_differing(aligned[0], candidate)}): name one data set for all "
                "of them with --data"
            )
        aligned.append(candidate)
    return aligned


def _differing(one: Evaluation, other: Evaluation) -> str:
    """Return an example of how the images of two sets of predictions differ."""
    for ours, theirs in ((one, other), (other, one)):
        if (missing := ~np.isin(ours.ids, theirs.ids)).any():
            return f"e.g. '{ours.ids[missing][0]}' is in one of them alone"
    row = int((one.labels != other.labels).argmax())
    names = (each.label_names[each.labels[row]] for each in (one, other))
    return f"e.g. the true label of '{one.ids[row]}' is {' and '.join(names)}"


def _with_the_same_labels(evaluations: list[Evaluation]) -> list[Evaluation]:
    """Return predictions with the labels of the network that has the most.

    A network with fewer of these labels gives the others the probability 0.

    Raises:
        FerError: If one has a label that the one with the most does not have.
    """
    names = max((e.label_names for e in evaluations), key=len)
    evaluations = [with_names_of(e, names) for e in evaluations]
    if any(not set(e.label_names) <= set(names) for e in evaluations):
        raise FerError("these runs have different labels: they cannot be compared")
    return [e if e.label_names == names else _with_labels(e, names) for e in evaluations]


def _with_labels(evaluation: Evaluation, names: tuple[str, ...]) -> Evaluation:
    places = np.array([names.index(name) for name in evaluation.label_names])
    probabilities = np.zeros((len(evaluation), len(names)), np.float32)
    probabilities[:, places] = evaluation.probabilities
    return dataclasses.replace(
        evaluation,
        labels=places[evaluation.labels],
        probabilities=probabilities,
        label_names=names,
        votes=None,
        vote_names=(),
    )


def spread(contender: Contender) -> dict:
    """Return accuracy, macro-F1 and recalls as mean and standard deviation over the seeds."""
    seeds = contender.seeds
    return {
        "name": contender.name,
        "seeds": len(seeds),
        "n": len(seeds[0]),
        "accuracy": _mean_sd([e.accuracy for e in seeds]),
        "macro_f1": _mean_sd([e.macro_f1 for e in seeds]),
        "recall": {
            name: _mean_sd([float(e.recall[label]) for e in seeds])
            for label, name in enumerate(seeds[0].label_names)
        },
    }


def compare_pair(first: Contender, second: Contender, *, seed: int = 0) -> dict:
    """Compare `second` with `first`: differences are second minus first.

    Single seeds are compared by McNemar's exact test (McNemar 1947), over all images and for
    each label (Holm's correction over the labels), and by a paired bootstrap: images are
    resampled, the same for both. With several seeds, means are compared, and the bootstrap
    resamples seeds too; there is then no test, because McNemar's needs two predictions of each
    image.

    Args:
        first: The reference.
        second: Compared with it, on the same images in the same order.
        seed: For the bootstrap.

    Returns:
        `n`, `accuracy` and `macro_f1` (estimates of the difference), `mcnemar` (images that only
        one predicts correctly, p; None with several seeds), `labels` (the same for recall), and
        `detectable`: the difference in accuracy that this n would show in 80 % of cases.
    """
    rng = np.random.default_rng(seed)
    one, other = (_draw(contender, seed, rng) for contender in (first, second))
    drawn = {key: other[key] - one[key] for key in one}
    once = [_figures(contender) for contender in (first, second)]
    single = len(first.seeds) == len(second.seeds) == 1
    only = _only_one_correct(first, second) if single else None
    lost, won = only.sum(axis=0).tolist() if single else (None, None)
    n = len(first.seeds[0])
    seen = detectable_difference(lost + won, n) if single else detectable(drawn["accuracy"].std())
    return {
        "first": first.name,
        "second": second.name,
        "seeds": [len(first.seeds), len(second.seeds)],
        "n": n,
        "accuracy": _difference(once, drawn, "accuracy"),
        "macro_f1": _difference(once, drawn, "macro_f1"),
        "mcnemar": _mcnemar(lost, won) if single else None,
        "labels": _labels(first.seeds[0], once, drawn, only),
        "detectable": _number(float(seen)),
    }


def _labels(predictions: Evaluation, once: list[dict], drawn: dict, only) -> list[dict]:
    """Return the comparison of each label's recall."""
    p = None
    if only is not None:
        p, present = np.ones(len(only)), predictions.support > 0
        p[present] = holm([sign_test(*pair) for pair in only[present].tolist()])
    return [
        {
            "label": name,
            "n": int(predictions.support[label]),
            "first": _number(once[0]["recall"][label]),
            "second": _number(once[1]["recall"][label]),
            "difference": _difference(once, drawn, "recall", label),
            "only_first_correct": None if only is None else int(only[label, 0]),
            "only_second_correct": None if only is None else int(only[label, 1]),
            "p": None if p is None else float(p[label]),
        }
        for label, name in enumerate(predictions.label_names)
    ]


def _mcnemar(lost: int, won: int) -> dict:
    return {"only_first_correct": lost, "only_second_correct": won, "p": sign_test(lost, won)}


def shows_difference(pair: dict) -> bool:
    """Return whether two runs differ in accuracy beyond chance."""
    if pair["mcnemar"]:
        return pair["mcnemar"]["p"] < 0.05
    low, high = pair["accuracy"].interval
    return low > 0 or high < 0


def verdict(pair: dict) -> str:
    """Return the difference in accuracy that a comparison shows, in one sentence."""
    difference, n, test = pair["accuracy"], pair["n"], pair["mcnemar"]
    text = f"{pair['second']} compared with {pair['first']}: "
    text += f"{points(difference.value, difference.interval)} points"
    if shows_difference(pair):
        text += f", McNemar {p_equals(test['p'])}, n = {n:,}" if test else f", n = {n:,}"
    else:
        seen = 100 * pair["detectable"]
        text += f": no difference shown (n = {n:,}; this n could show {seen:.1f} points)"
    single = pair["seeds"].count(1)
    if not single:
        return text
    return text + (
        " - of two networks: other seeds can differ"
        if single == 2
        else " - the spread of the single seed is unknown"
    )


def _figures(contender: Contender) -> dict:
    seeds = contender.seeds
    return {
        "accuracy": float(np.mean([e.accuracy for e in seeds])),
        "macro_f1": float(np.mean([e.macro_f1 for e in seeds])),
        "recall": np.mean([e.recall for e in seeds], axis=0),
        "n": len(seeds[0]),
        "support": seeds[0].support,
    }


def _draw(contender: Contender, seed: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw images (the same for every contender), and seeds where there are several."""
    seeds = contender.seeds
    n, k = len(seeds[0]), len(seeds[0].label_names)
    images = np.random.default_rng([seed, n])
    cells = np.stack([e.labels * k + e.predicted for e in seeds])
    widened = np.sqrt(len(seeds) / max(len(seeds) - 1, 1))
    keys = ("accuracy", "macro_f1", "recall")
    drawn: dict[str, list] = {key: [] for key in keys}
    for _ in range(DRAWS):
        picked = images.integers(0, n, n)
        chosen = rng.integers(0, len(seeds), len(seeds))
        counts = [np.bincount(c[picked], minlength=k * k).reshape(k, k) for c in cells]
        for key, values in zip(keys, zip(*map(_of_counts, counts), strict=True), strict=True):
            values = np.array(values)
            mean = values.mean(axis=0)
            # Resampling few seeds gives too little variance, by (s - 1) / s.
            drawn[key].append(mean + widened * (values[chosen].mean(axis=0) - mean))
    return {key: np.array(values) for key, values in drawn.items()}


def _of_counts(confusion: np.ndarray) -> tuple[float, float, np.ndarray]:
    """Return accuracy, macro-F1 and recalls of a confusion matrix."""
    correct, support, predicted = confusion.diagonal(), confusion.sum(1), confusion.sum(0)
    present = support > 0
    f1 = 2 * correct[present] / (support + predicted)[present]
    recall = np.where(present, correct / np.maximum(support, 1), np.nan)
    return float(correct.sum() / confusion.sum()), float(f1.mean()), recall


def _difference(once: list[dict], drawn: dict, key: str, label: int | None = None) -> Estimate:
    values, draws = [figures[key] for figures in once], drawn[key]
    n = once[0]["n"]
    if label is not None:
        values, draws = [value[label] for value in values], draws[:, label]
        n = once[0]["support"][label]
    return bootstrap_estimate(values[1] - values[0], draws, n)


def _only_one_correct(first: Contender, second: Contender) -> np.ndarray:
    """Count for each label the images that only one predicts correctly, int64 `(k, 2)`."""
    one, other = first.correct()[0], second.correct()[0]
    predictions = first.seeds[0]
    k = len(predictions.label_names)
    return np.stack(
        [
            np.bincount(predictions.labels[mask], minlength=k)
            for mask in (one & ~other, other & ~one)
        ],
        axis=1,
    )


def _mean_sd(values: list[float]) -> dict:
    mean = float(np.mean(values))
    sd = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return {"mean": _number(mean), "sd": None if sd is None else _number(sd)}


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
