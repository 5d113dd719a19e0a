"""Labels in doubt by confident learning (Northcutt, Jiang & Chuang 2021), compared with votes."""

from __future__ import annotations

import numpy as np

from fer_analysis.auditing.issues import Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_shares import CONFIDENT, label_is_first_choice, strongest_other
from fer_analysis.statistics.intervals import proportion

FIRST = 0.1
"""The share of the issues, the strongest, whose precision is given separately."""


def confident_labels(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the label that each image confidently has.

    A network is confident of a label where its probability is at least the mean probability of
    that label on the images that carry it: the threshold is low for a label that the network
    rarely predicts, and high for one that it predicts often. Of several, the most probable counts.

    Args:
        labels: int64 `(n,)`, the given labels, 0 to k - 1.
        probabilities: `(n, k)`, of networks that were not trained on these images.

    Returns:
        int64 `(n,)`, -1 where the network is confident of none.
    """
    probabilities = np.asarray(probabilities, np.float64)
    k = probabilities.shape[1]
    own = probabilities[np.arange(len(labels)), labels]
    count = np.bincount(labels, minlength=k)
    mean = np.bincount(labels, own, minlength=k) / np.maximum(count, 1)
    # Without an image of a label there is no threshold for it: never confident.
    needed = np.where(count > 0, mean, np.inf)
    confident = np.where(probabilities >= needed, probabilities, -1)
    return np.where(confident.max(axis=1) >= 0, confident.argmax(axis=1), -1)


def label_issues(dataset: FaceDataset, probabilities: np.ndarray) -> Issues:
    """Return training images that confidently have another label, the widest margin first.

    These are the images off the diagonal of the confident joint, as far as the other
    label is the more probable one too; ranked by how much more (the normalised margin).

    Args:
        dataset: The images.
        probabilities: `(t, k)`, out-of-fold probabilities of the training images, in order.
    """
    train = np.flatnonzero(dataset.split == "train")
    labels = dataset.labels[train]
    probabilities = np.asarray(probabilities, np.float64)
    confident = confident_labels(labels, probabilities)
    image = np.arange(len(labels))
    margin = probabilities[image, confident] - probabilities[image, labels]
    flagged = np.flatnonzero((confident >= 0) & (margin > 0))
    flagged = flagged[np.argsort(-margin[flagged], kind="stable")]
    missed = probabilities.argmax(axis=1) != labels
    return Issues(
        "label_issue",
        train[flagged],
        margin[flagged],
        dataset.split == "train",
        suggested=confident[flagged],
        ranked=True,
        facts={
            "out_of_fold_accuracy": float((~missed).mean()),
            "against_votes": None
            if dataset.votes is None
            else agreement_with_votes(dataset, train[flagged], confident[flagged], train[missed]),
        },
    )


def agreement_with_votes(
    dataset: FaceDataset, rows: np.ndarray, suggested: np.ndarray, missed: np.ndarray
) -> dict:
    """Return how often annotators' votes confirm label issues, compared with all images.

    Votes confirm an issue in the wide sense where another option got more votes than the
    label, and in the narrow sense where it is a mismatch (`CONFIDENT` of the votes on one other
    label). Lift: precision over the share of that among all training images with votes.
    Issues gather where labels are bad anyway; the lift within labels, over what images of the
    same labels chosen at random would give, leaves that out.

    Args:
        dataset: The images, with votes.
        rows: int64 `(m,)`, the images with an issue, the strongest first.
        suggested: int64 `(m,)`, the label suggested for each.
        missed: int64, all training images that the networks get wrong, for comparison.

    Returns:
        Counts, shares as estimates, and lifts.
    """
    voted = dataset.votes.sum(axis=1) > 0
    other, share = strongest_other(dataset.votes, dataset.labels, len(dataset.label_names))
    senses = {
        "another_first_choice": ~label_is_first_choice(dataset.votes, dataset.labels),
        "mismatch": share >= CONFIDENT,
    }
    everyone, issues = np.flatnonzero(voted & (dataset.split == "train")), rows[voted[rows]]
    strongest = rows[: max(round(FIRST * len(rows)), 1)]
    parts = {"all": rows, "strongest_tenth": strongest, "merely_misclassified": missed}
    result = {}
    for sense, wrong in senses.items():
        figures = {
            name: _precision(dataset, wrong, p[voted[p]], everyone) for name, p in parts.items()
        }
        base = float(wrong[everyone].mean()) if len(everyone) else None
        result[sense] = {"base_rate": base, **figures}
    wrong = senses["another_first_choice"]
    result["another_first_choice"]["by_label"] = {
        name: _precision(
            dataset, wrong, *(p[dataset.labels[p] == label] for p in (issues, everyone))
        )
        for label, name in enumerate(dataset.label_names)
    }
    agreed = wrong[issues] & (other[issues] == suggested[voted[rows]])
    result["suggestion_is_first_label"] = _share(agreed)
    return result


def _precision(dataset: FaceDataset, wrong, part, everyone) -> dict:
    """Return which share of `part` is wrong, and its ratio to the share of `everyone`."""
    figures = _share(wrong[part])
    if not len(part) or not wrong[everyone].any():
        return {**figures, "lift": None, "lift_within_labels": None}
    of_label = np.bincount(dataset.labels[everyone])
    rate = np.bincount(dataset.labels[everyone], wrong[everyone]) / np.maximum(of_label, 1)
    precision, expected = figures["share"].value, float(rate[dataset.labels[part]].mean())
    return {
        **figures,
        "lift": precision / float(wrong[everyone].mean()),
        "lift_within_labels": precision / expected if expected else None,
    }


def _share(confirmed: np.ndarray) -> dict:
    n, hits = len(confirmed), int(confirmed.sum())
    return {"n": n, "confirmed": hits, "share": proportion(hits, n)}
