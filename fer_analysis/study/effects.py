"""Effects of what a study changed, label by label, with resamples for their intervals."""

from __future__ import annotations

import warnings

import numpy as np

from fer_analysis.data.vote_shares import STRATA
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.tallies import Tallies
from fer_analysis.study.verdict_rule import FEWEST_IMAGES

_NAMES = list(STRATA)
AGREED = (_NAMES.index("agreed"),)
SPLIT = tuple(map(_NAMES.index, ("leaning", "ambiguous", "leaning away")))
ELSEWHERE = (_NAMES.index("mismatch"),)
"""Strata of the annotators' votes: agreed on the label, split, agreed on another label."""


def median_of_others(recall: np.ndarray) -> np.ndarray:
    """Return for each label the median of all other labels' values, `(draws, k)`."""
    k = recall.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no other label has images
        return np.stack(
            [np.nanmedian(np.delete(recall, label, axis=1), axis=1) for label in range(k)], axis=1
        )


def known_recall(tallies: Tallies, kind: int) -> np.ndarray:
    """Return recalls, `(draws, k)`; NaN for labels with too few images to tell."""
    return np.where(tallies.n < FEWEST_IMAGES, np.nan, tallies.recall(kind))


def best_recipe(evidence: StudyEvidence, roles: Roles) -> str | None:
    """Return the cell with another recipe whose mean corrected recall is highest, if any."""

    def mean(cell: str) -> float:
        return float(np.nanmean(evidence.recall(cell, CORRECTED)))

    return max(roles.recipes, key=mean, default=None)


def gaps(evidence: StudyEvidence, roles: Roles, kind: int) -> np.ndarray:
    """Return how far each label lies below the median of the others, `(draws, k)`.

    The median is the subject's own, or, where that is higher, that of the best other recipe: in a
    network that fails on every label, none would be below its own median. Labels with too few
    images to tell have no gap, and no part in the median.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        kind: `PLAIN` or `CORRECTED`.
    """
    own = known_recall(evidence.tallies(roles.subject), kind)
    reference = median_of_others(own)
    if other := best_recipe(evidence, roles):
        better = median_of_others(known_recall(evidence.tallies(other), kind))
        higher = better[0] > reference[0]
        reference = np.where(higher, better, reference)
    return reference - own


def difference(
    evidence: StudyEvidence, cell: str, other: str, kind: int, strata: tuple[int, ...] | None = None
) -> np.ndarray:
    """Return how much higher each label's recall is in `cell` than in `other`, `(draws, k)`."""
    seeds = evidence.common(cell, other)
    one, two = (evidence.tallies(name, seeds).recall(kind, strata) for name in (cell, other))
    return one - two


def correction(evidence: StudyEvidence, roles: Roles) -> np.ndarray:
    """Return how much prior correction raises each label's recall, less false alarms, `(draws, k)`.

    Recall minus the share of the other labels' images that are predicted as the label (Youden's J):
    a network that knows nothing of a label gains as much of the one as of the other.
    """
    tallies = evidence.tallies(roles.subject)
    return tallies.informedness(CORRECTED) - tallies.informedness(PLAIN)


def lost_to_rivals(evidence: StudyEvidence, roles: Roles, strata: tuple[int, ...]) -> np.ndarray:
    """Return what images of some strata cost each label more than other labels, `(draws, k)`.

    Counted are a label's images of these strata that are predicted as a rival, another label that
    some annotators gave (`RIVAL`), minus those that would be if they were clear: at the rate at
    which images on which annotators agree are predicted as the same rival. The result is a share
    of all images of the label, minus the median of the other labels (annotators are never quite
    of one mind). Predictions are prior-corrected.

    Args:
        evidence: With votes.
        roles: Of its cells.
        strata: `SPLIT` or `ELSEWHERE`.
    """
    k = len(evidence.label_names)
    cells = evidence.cells[roles.subject]
    total, taken, had, clear, taken_clear = 0, 0, 0, 0, 0
    for seed, weights in evidence.weights(tuple(cells)):
        images = evidence.images[seed]
        predicted = cells[seed].predictions.predicted[CORRECTED]
        own, given = (np.eye(k, dtype=np.float32)[labels] for labels in (images.labels, predicted))
        doubtful = images.rivals * np.isin(images.strata, strata)[:, None]
        agreed = np.isin(images.strata, AGREED)[:, None]

        def count(values: np.ndarray, weights=weights, own=own) -> np.ndarray:
            """Sum values `(n, k)` over each label's images: `(draws, k, k)`."""
            pairs = (own[:, :, None] * values[:, None]).reshape(len(own), -1)
            return (weights @ pairs).reshape(-1, k, k)

        total = total + weights @ own
        clear = clear + weights @ (own * agreed)
        taken_clear = taken_clear + count(given * agreed)
        taken = taken + count(given * doubtful)
        had = had + count(doubtful)
    with np.errstate(divide="ignore", invalid="ignore"):
        anyhow = had * taken_clear / clear[:, :, None]
        lost = (taken - np.where(had, anyhow, 0)).sum(axis=2) / total
    lost[:, total[0] < FEWEST_IMAGES] = np.nan
    return lost - median_of_others(lost)
