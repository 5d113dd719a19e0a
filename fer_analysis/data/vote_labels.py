"""Labels by annotators' votes instead of the data's own: FER-2013 becomes FER+'s benchmark.

The rule is that of Barsoum et al. 2016 and of the program that they published: an option that only
one annotator chose does not count; of the votes that count more than half must be on one option;
images without such a majority, or with one for `unknown` or `NF` (no face), are left out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.votes import NO_LABELS
from fer_analysis.errors import FerError

BY_VOTES = "+votes"
"""Ending of the protocol's name where labels are by votes: such figures are not comparable with
those on the data's own labels."""

NO_VOTES, NO_MAJORITY = "without votes", "without a majority"


@dataclass(frozen=True)
class VoteLabels:
    """What labelling by votes did.

    Args:
        left_out: Reason -> split -> number of images.
        relabelled: Split -> how many of the images that are kept had another label before.
        kept: Split -> how many are kept.
        own: Id -> the label that the data itself has, of the images that are left out too.
    """

    left_out: Mapping[str, Mapping[str, int]]
    relabelled: Mapping[str, int]
    kept: Mapping[str, int]
    own: Mapping[str, str] = field(default_factory=dict, repr=False)

    def total(self, split: str | None = None) -> dict[str, int]:
        """Return reason -> number of images, of a split or of all."""
        found = {reason: in_split(counts, split) for reason, counts in self.left_out.items()}
        return {reason: count for reason, count in found.items() if count}

    def told(self, split: str | None = None) -> str:
        """Return a line for readers of figures, on a split or on all."""
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.total(split).items())
        left = f"; left out: {reasons}" if reasons else ""
        return (
            f"labels by the annotators' votes: {in_split(self.kept, split):,} images, "
            f"{in_split(self.relabelled, split):,} of them with another label than the data's "
            f"own{left}; the votes are no reference beside them"
        )

    def as_dict(self) -> dict:
        """Return it ready for JSON."""
        left_out = {reason: dict(counts) for reason, counts in self.left_out.items()}
        return {
            "left_out": left_out,
            "relabelled": dict(self.relabelled),
            "kept": dict(self.kept),
        }


def in_split(counts: Mapping[str, int], split: str | None) -> int:
    """Return the number of a split, or of all."""
    return sum(counts.values()) if split is None else counts.get(split, 0)


def counted(votes: np.ndarray, least_votes: int) -> np.ndarray:
    """Return votes without those for options that fewer annotators chose than `least_votes`."""
    return np.where(votes >= least_votes, votes, 0)


def vote_targets(dataset: FaceDataset, least_votes: int) -> np.ndarray:
    """Return the shares of the votes for labels, float32 `(n, k)`.

    Args:
        dataset: Images labelled by `label_by_votes`, so that each has a vote for a label.
        least_votes: As there.
    """
    votes = counted(dataset.votes[:, : len(dataset.label_names)], least_votes)
    return (votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)


def label_by_votes(
    dataset: FaceDataset, *, minimum_share: float, least_votes: int
) -> tuple[FaceDataset, VoteLabels]:
    """Give each image the label that annotators chose, and leave out those without one.

    Args:
        dataset: Images with votes. Its splits stay as they are.
        minimum_share: The first choice must have more than this share of the votes that count;
            a tie never is one.
        least_votes: An option counts if at least so many annotators chose it.

    Returns:
        The images, with the labels and those options that are expressions (FER+: contempt), and
        what was done.

    Raises:
        FerError: If there are no votes, or no image is left.
    """
    if dataset.votes is None:
        raise FerError(
            "data.labels: votes: the data has no annotators' votes; put FER+'s fer2013new.csv "
            "beside FER-2013's CSV, or name it: --set data.votes=PATH (folders of images also "
            "need the CSV: beside the votes, or --set data.votes_of=PATH)"
        )
    names = tuple(name for name in dataset.vote_names if name not in NO_LABELS)
    first, reasons = _first_choices(dataset, minimum_share, least_votes)
    keep = reasons == ""
    if not keep.any():
        raise FerError("data.labels: votes: no image has a label by its votes")
    relabelled = (first != dataset.labels) & keep
    labelled = dataclasses.replace(dataset, labels=first, label_names=names).take(keep)
    return labelled, VoteLabels(
        {
            reason: by_split(reasons == reason, dataset)
            for reason in (NO_MAJORITY, *NO_LABELS.values(), NO_VOTES)
            if (reasons == reason).any()
        },
        relabelled=by_split(relabelled, dataset),
        kept=by_split(keep, dataset),
        own=dict(zip(dataset.ids.tolist(), _names_of(dataset), strict=True)),
    )


def _names_of(dataset: FaceDataset) -> list[str]:
    return [dataset.label_names[label] for label in dataset.labels.tolist()]


def _first_choices(
    dataset: FaceDataset, minimum_share: float, least_votes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's first choice (0 without one), and why it is left out (else empty)."""
    votes = counted(dataset.votes, least_votes)
    most, first = votes.max(axis=1), votes.argmax(axis=1)
    single = (votes == most[:, None]).sum(axis=1) == 1
    decided = single & (most > minimum_share * votes.sum(axis=1))
    no_label = [name in NO_LABELS for name in dataset.vote_names]
    none = decided & np.array(no_label)[first]
    reasons = np.full(len(dataset), "", dtype="U40")
    reasons[none] = np.array([NO_LABELS.get(name, "") for name in dataset.vote_names])[first[none]]
    reasons[~decided] = NO_MAJORITY
    reasons[dataset.votes.sum(axis=1) == 0] = NO_VOTES
    return np.where(reasons == "", first, 0), reasons


def by_split(mask: np.ndarray, dataset: FaceDataset) -> dict[str, int]:
    """Return split -> number of its images in a mask."""
    return {split: int((mask & (dataset.split == split)).sum()) for split in dataset.splits}
