"""Whether the images that a cell is scored on were trained on: in its study, or by a network.

A cell that starts from another network, or learns from one, knows what that network was shown,
the images that the study leaves out included. Its figures are then none on unseen images.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_analysis.config.schema import RunConfig
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.run import Run
from fer_analysis.study.inputs import networks_of

Seen = dict[str, dict[str, list[int]] | None]
"""Role of a network -> split -> how many of its scored images the network was trained on, and how
many there are; None where its training images are not known."""


def leak_free(data: LoadedData) -> np.ndarray:
    """Tell which validation images are leak-free for every cell: in no fold of the training."""
    dataset = data.dataset
    if not dataset.has("validation"):
        return np.zeros(0, bool)
    trained_on = np.isin(dataset.split, ("train", "fold"))
    hashes = dataset.take(trained_on).pixel_hashes()
    return ~np.isin(dataset.part("validation").pixel_hashes(), hashes)


def seen_by_networks(config: RunConfig, data: LoadedData) -> Seen:
    """Count the scored images of a cell that its other networks were trained on.

    Args:
        config: Of the cell.
        data: Its data, the fold left out.
    """
    names = networks_of(config)
    if not names:
        return {}
    hashes = {"fold": data.dataset.part("fold").pixel_hashes()}
    if data.dataset.has("validation"):
        hashes["validation"] = data.dataset.part("validation").pixel_hashes()[leak_free(data)]
    return {role: _seen(name, hashes) for role, name in names.items()}


def _seen(name: str, hashes: dict[str, np.ndarray]) -> dict[str, list[int]] | None:
    try:
        run = Run.open(name)
        leaked = {split: run.leaked(own) for split, own in hashes.items()}
    except FerError:
        return None
    if any(each is None for each in leaked.values()):
        return None
    return {split: [int(each.sum()), len(each)] for split, each in leaked.items()}


def warnings_of(cell: str, config: RunConfig, seeds: Sequence[Seen]) -> tuple[str, ...]:
    """Say which networks of a cell know the images that it is scored on, a sentence each.

    Args:
        cell: Its name.
        config: Of one of its seeds.
        seeds: What `seen_by_networks` returned for each of its seeds.
    """
    said, names = [], networks_of(config)
    for role in dict.fromkeys(role for seen in seeds for role in seen):
        name = names[role]
        found = [seen.get(role) for seen in seeds]
        if any(each is None for each in found):
            said.append(
                f"cell '{cell}': it is not known which images {name} ({role}) was trained on: "
                "perhaps not a comparison on unseen images"
            )
            continue
        known, n = (_over_seeds(found, place) for place in (0, 1))
        if known:
            said.append(
                f"cell '{cell}': {name} ({role}) was trained on {known:,} of the {n:,} images that "
                "it is scored on: not a comparison on unseen images"
            )
    return tuple(said)


def _over_seeds(found: Sequence[dict[str, list[int]]], place: int) -> int:
    """Add up over the folds; validation images, on which every seed is scored, count once."""
    folds = sum(each["fold"][place] for each in found)
    return folds + max(each.get("validation", [0, 0])[place] for each in found)
