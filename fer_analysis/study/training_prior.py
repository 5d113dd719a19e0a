"""How frequent the labels were in the training of a network that only its predictions are known of.

Two figures: how many images of each label there were, and how frequent each label was for the
loss, its prior. The second follows from the first unless class weights, sampling or a teacher
changed it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fer_analysis.data.label_names import find_label
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.text import percent

UNIFORM = "uniform"
"""A prior: all labels were equally frequent."""
_ROUNDED = 0.05
"""By how much the sum of shares may miss 1: they may be rounded."""


def counts_of(
    names: Sequence[str], data: LoadedData | None, given: Mapping[str, int] | None
) -> tuple[np.ndarray | None, str]:
    """Return how many images of each label the network was trained on.

    Args:
        names: The labels.
        data: The data that the predictions are of.
        given: Label -> images; those of the data's training split if None.

    Returns:
        int64 `(k,)`, None if not known; and from where it is known.

    Raises:
        FerError: If counts are of other labels, or are not numbers of images.
    """
    if given is not None:
        values = _by_label(given, names, "counts of training images", "count", _images)
        return np.array(values), "given"
    if data is not None and data.dataset.has("train"):
        dataset = data.dataset
        every = np.bincount(dataset.part("train").labels, minlength=len(dataset.label_names))
        found = np.array([every[dataset.label_names.index(name)] for name in names])
        if found.all():
            return found, "those of the data's training split, if it was trained on these"
    return None, "not known"


def prior_of(
    names: Sequence[str], counts: np.ndarray | None, given: str | Mapping[str, float] | None
) -> tuple[np.ndarray | None, str]:
    """Return how frequent the labels were for the loss.

    Args:
        names: The labels.
        counts: What `counts_of` returns.
        given: `uniform`, or label -> share; the shares of the counts if None.

    Returns:
        float64 `(k,)`, shares of 1, None if not known; and from where it is known.

    Raises:
        FerError: If shares are of other labels, are not above 0, or do not add up to 1.
    """
    if given is None:
        if counts is None:
            return None, "not known"
        return counts / counts.sum(), (
            "the shares of these counts (wrong for a network trained with class weights, balanced "
            "sampling or a teacher)"
        )
    if isinstance(given, str):
        if given != UNIFORM:
            raise FerError(f"prior: expected '{UNIFORM}' or a share for each label, got '{given}'")
        return np.full(len(names), 1 / len(names)), "given, all labels equally frequent"
    shares = np.array(_by_label(given, names, "prior of the labels", "share", _share), float)
    total = float(shares.sum())
    if abs(total - 1) > _ROUNDED:
        raise FerError(
            f"prior of the labels: the shares add up to {total:.4g}, expected 1 (14.2 % is 0.142; "
            "numbers of images are counts)"
        )
    shares /= total
    listed = ", ".join(f"{n} {percent(s)}" for n, s in zip(names, shares, strict=True))
    return shares, f"given ({listed})"


def _by_label(
    given: Mapping[str, float],
    names: Sequence[str],
    what: str,
    each: str,
    problem: Callable[[float], str],
) -> list:
    """Return a value for each label in their order; every problem is named at once."""
    places = {name: find_label(name, names) for name in given}
    known = [place for place in places.values() if place is not None]
    problems = [f"no label '{n}'{did_you_mean(n, names)}" for n in given if places[n] is None]
    problems += [f"no {each} of '{n}'" for place, n in enumerate(names) if place not in known]
    problems += [f"'{names[n]}' is given twice" for n in {*known} if known.count(n) > 1]
    problems += [f"{n}: {problem(c)}, received {c}" for n, c in given.items() if problem(c)]
    if problems:
        raise FerError(what, problems)
    by_place = {place: given[name] for name, place in places.items()}
    return [by_place[place] for place in range(len(names))]


def _images(value: float) -> str:
    return "" if value >= 1 else "expected 1 image or more"


def _share(value: float) -> str:
    return "" if math.isfinite(value) and value > 0 else "expected a share above 0"
