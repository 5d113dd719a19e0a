"""Opening the data of a config: files of any layout, or faces drawn by the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.duplicates.cached import find_copies
from fer_analysis.data.folds import hold_out_fold
from fer_analysis.data.label_map import MAPPED, Given, map_labels
from fer_analysis.data.load import LoadedData, load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.data.vote_labels import BY_VOTES, label_by_votes
from fer_analysis.errors import FerError

if TYPE_CHECKING:
    from pydantic import BaseModel

_FOLDS = ("folds", "fold", "fold_seed")
_LABELS = ("labels", "vote_targets", "minimum_share", "least_votes")
"""Keys of a `data` section that say what is made of the images once they are read."""


def open_data(
    section: BaseModel, *, progress: Callable[[int, int], None] | None = None
) -> LoadedData:
    """Read or draw the data that a config's `data` section describes.

    Args:
        section: The section; its fields are the keyword arguments of `load_data`, or, where
            its source is `synthetic`, of `generate`; `labels` says whether annotators' votes
            replace the labels; `folds`, `fold` and `fold_seed` give the part of the training
            images that becomes the split `fold`.
        progress: Called with (done, total) while files are read.

    Raises:
        FerError: If the data cannot be read, or not divided into this number of folds.
    """
    loaded = leave_out(open_whole(section, progress=progress), section)
    return replace(loaded, section=section)


def open_whole(
    section: BaseModel, *, progress: Callable[[int, int], None] | None = None
) -> LoadedData:
    """Read or draw the data as `open_data` does, without dividing it into folds."""
    options = section.model_dump(exclude={*_FOLDS, *_LABELS})
    source = options.pop("source")
    if source == "synthetic":
        loaded = _drawn(options)
    else:
        loaded = load_data(source, **options, progress=progress)
    return _labelled_by_votes(loaded, section) if section.labels == "votes" else loaded


def _labelled_by_votes(loaded: LoadedData, section: BaseModel) -> LoadedData:
    """Label data by its votes. Splits were made before: they are those of its own labels."""
    dataset, facts = label_by_votes(
        loaded.dataset, minimum_share=section.minimum_share, least_votes=section.least_votes
    )
    account = loaded.account
    if account is not None:
        left_out = {**account.left_out, **facts.total()}
        account = replace(account, read=len(dataset), left_out=left_out)
    made = _with_other_labels(loaded, dataset, BY_VOTES, facts.told())
    return replace(made, account=account, vote_labels=facts)


def with_labels_of(loaded: LoadedData, network: tuple[str, ...], given: Given) -> LoadedData:
    """Translate data to the labels of a network.

    Args:
        loaded: The data.
        network: The network's labels, in its order.
        given: See `label_map.read_label_map`.

    Raises:
        FerError: If a label has no counterpart, or is unknown.
    """
    dataset, done = map_labels(loaded.dataset, network, given)
    return replace(_with_other_labels(loaded, dataset, MAPPED, done.told()), label_map=done)


def _with_other_labels(
    loaded: LoadedData, dataset: FaceDataset, ending: str, told: str
) -> LoadedData:
    """Return data whose labels were replaced; no figure of it is comparable with published ones."""
    return replace(
        loaded,
        dataset=dataset,
        protocol=loaded.protocol + ending,
        fingerprint=dataset.fingerprint(),
        notices=(*loaded.notices, told),
        comparable=False,
    )


def leave_out(loaded: LoadedData, section: BaseModel) -> LoadedData:
    """Leave out the fold that a `data` section names, if any; images are not copied.

    Args:
        loaded: What `open_whole` returned for the section.
        section: The section.

    Raises:
        FerError: If the data cannot be divided into this number of folds.
    """
    if section.folds is None:
        return loaded
    return _without_fold(loaded, section.folds, section.fold, section.fold_seed)


def _drawn(options: dict) -> LoadedData:
    dataset = generate(**options)
    return LoadedData(
        dataset=dataset,
        layout="synthetic",
        protocol="synthetic",
        fingerprint=dataset.fingerprint(),
        notices=(),
        comparable=False,
    )


def _without_fold(loaded: LoadedData, folds: int, fold: int, seed: int) -> LoadedData:
    dataset = loaded.dataset
    # Every face was drawn separately; similar as they are, there are no copies.
    drawn = loaded.layout == "synthetic"
    groups = np.arange(len(dataset)) if drawn else _copies(dataset)
    _check_sizes(groups[dataset.split == "train"], folds)
    dataset = hold_out_fold(dataset, groups, folds=folds, fold=fold, seed=seed)
    left_out, trained_on = ((dataset.split == name).sum() for name in ("fold", "train"))
    notice = (
        f"fold {fold} (of 0 to {folds - 1}) is left out of training: {left_out:,} of "
        f"{left_out + trained_on:,} images, split 'fold'"
    )
    return replace(
        loaded,
        dataset=dataset,
        fingerprint=dataset.fingerprint(),
        notices=(*loaded.notices, notice),
    )


def _check_sizes(groups: np.ndarray, folds: int) -> None:
    """Refuse folds of which one would hold most images.

    Raises:
        FerError: If copies link so many images that their fold has three times its share and a
            third of all, or three quarters of all.
    """
    n = len(groups)
    largest = int(np.unique(groups, return_counts=True)[1].max(initial=0))
    if largest > n * max(min(3 / folds, 3 / 4), 1 / 3):
        raise FerError(
            f"{largest:,} of {n:,} training images are linked by chains of near-duplicates "
            f"(frames of a film?) and stay in one fold: {folds} folds are not possible; "
            "`fer audit` lists the near-duplicates, leave most of them out of the data"
        )


def _copies(dataset: FaceDataset) -> np.ndarray:
    """Return groups of copies, int64 `(n,)`; test images do not link others.

    So the folds are the same whether or not the data has a test split.
    """
    known = dataset.split != "test"
    groups = np.arange(len(dataset))
    groups[known] = np.flatnonzero(known)[find_copies(dataset.images[known]).groups]
    return groups
