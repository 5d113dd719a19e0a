"""The whole audit of a data set: copies, pixels, votes, and label issues."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.auditing.audit import Audit
from fer_analysis.auditing.confident_learning import label_issues
from fer_analysis.auditing.duplicate_issues import duplicate_issues
from fer_analysis.auditing.out_of_fold import OutOfFold, out_of_fold
from fer_analysis.auditing.pixel_issues import pixel_issues
from fer_analysis.auditing.vote_issues import vote_issues
from fer_analysis.data.duplicates.cached import Copies, find_copies
from fer_analysis.data.duplicates.search import NO_PAIRS, exact_groups
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.progress import Progress

MANY, SHARE = 50, 0.05
"""A group of copies of more images than the first, and than this share of all, is reported."""


def audit_data(
    data: LoadedData,
    *,
    probabilities: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Find all kinds of issues of a data set.

    Args:
        data: The data.
        probabilities: `(t, k)`, out-of-fold probabilities of the training images, in order;
            without them there are no label issues.
        progress: Receives the task of comparing all pairs of images.
    """
    dataset, notes = data.dataset, []
    if data.layout == "synthetic":
        notes.append("near-duplicates were not searched: drawn faces are all alike")
        copies = Copies(exact_groups(dataset.images), NO_PAIRS)
    else:
        with (progress or Progress()).task("comparing all pairs") as update:
            copies = find_copies(dataset.images, progress=update)
    largest = int(np.bincount(copies.groups).max(initial=0))
    if largest > max(MANY, SHARE * len(dataset)):
        notes.append(
            f"{largest:,} images are linked as copies: frames of a film, or faces in front of one "
            "background, look like near-duplicates to this search"
        )
    groups = duplicate_issues(dataset, copies) + pixel_issues(dataset) + vote_issues(dataset)
    if dataset.votes is None:
        notes.append("no annotators' votes: no-face images, ties and mismatches are unknown")
    if data.vote_labels:
        notes.append("labels by the votes: images without one were left out before the audit")
    if probabilities is None:
        notes.append("no out-of-fold probabilities: label issues are unknown (--folds 6)")
    else:
        groups.append(label_issues(dataset, probabilities))
    return Audit.of(data, groups, notes)


def check_arguments(
    folds: int | None, probabilities: str | Path | None, overrides: tuple[str, ...]
) -> None:
    """Refuse arguments that contradict each other or would be ignored.

    Raises:
        FerError: Saying which.
    """
    if folds and probabilities:
        raise FerError("--folds makes probabilities and --probabilities reads them: choose one")
    for text in overrides:
        if text.partition("=")[0].strip() in ("data.folds", "data.fold"):
            raise FerError(f"--set {text}: an audit takes all images; --folds K divides them")
    if not folds and any(not text.startswith("data.") for text in overrides):
        raise FerError("--set of anything but data.… is for the networks of --folds")


def find_probabilities(
    data: LoadedData,
    folder: Path,
    *,
    folds: int | None,
    probabilities: str | Path | None,
    seed: int | None,
    overrides: tuple[str, ...],
    progress: Progress,
) -> np.ndarray | None:
    """Return out-of-fold probabilities: trained now, from a file, from an earlier audit, or None.

    Args:
        data: The data.
        folder: The audit's folder; it has an earlier audit's probabilities.
        folds: Train this number of networks.
        probabilities: A file to read.
        seed: Of the networks; that of their config if None.
        overrides: `KEY=VALUE` texts for the networks of `folds`.
        progress: Receives the trainings and notices.

    Raises:
        FerError: If the file is of other data.
    """
    kept = folder / OutOfFold.FILE
    if folds:
        if seed is not None:
            overrides = (*overrides, f"seed={seed}")
        made = out_of_fold(data, overrides, folds=folds, folder=folder, progress=progress)
        made.save(kept)
        return made.probabilities
    path = Path(probabilities or kept)
    if not probabilities and not path.exists():
        return None
    try:
        found = OutOfFold.load(path)
        found.check(data, path)
    except FerError as error:
        if probabilities:
            raise
        progress.notice(f"{error}; not used")
        return None
    progress.notice(f"out-of-fold probabilities: {path} ({found.folds} folds)")
    return found.probabilities
