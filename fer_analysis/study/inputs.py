"""What a cell is trained with besides its settings and images: votes, and other networks.

Both are named by paths, whose content may change; a cell's key cannot tell. So their fingerprints
are kept with a finished cell, and compared with those of now.
"""

from __future__ import annotations

import hashlib

from fer_analysis.config.schema import RunConfig
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.files import content_hash
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.remedies import REMEDIES
from fer_analysis.run import Run

_WITH_VOTES = ("soft_labels", "remove_disputed")
"""Remedies and manipulations of the package that read votes; others, added to it, may."""


def networks_of(config: RunConfig) -> dict[str, str]:
    """Return the RUNs that a training starts from or learns from, by their role."""
    found = {}
    if config.training.initial_weights:
        found["initial weights"] = config.training.initial_weights
    if distillation := config.remedies.distillation:
        found |= {f"teacher {place}": name for place, name in enumerate(distillation.teachers, 1)}
    return found


def reads_votes(config: RunConfig) -> bool:
    """Tell whether a training may depend on the annotators' votes, its labels aside."""
    if config.data.vote_targets != "majority":
        return True
    return any(
        name in _WITH_VOTES or not table.module(name).startswith("fer_analysis.")
        for table, section in ((REMEDIES, config.remedies), (MANIPULATIONS, config.manipulations))
        for name, _ in section.chosen()
    )


def inputs_of(config: RunConfig, data: LoadedData) -> dict:
    """Return the fingerprints of a training's votes and other networks, ready for JSON.

    Args:
        config: Of a cell.
        data: Its data.

    Returns:
        `votes`, and `networks` by their role (None where there is no such file now); without
        those that the training does not use.
    """
    found = {}
    votes = data.dataset.votes
    if votes is not None and reads_votes(config):
        own = votes[data.dataset.split == "train"].astype("<i8")
        found["votes"] = hashlib.blake2b(own.tobytes(), digest_size=8).hexdigest()
    if names := networks_of(config):
        found["networks"] = {role: _fingerprint(name) for role, name in names.items()}
    return found


def _fingerprint(name: str) -> str | None:
    try:
        return content_hash(Run.open(name).trained_model_file())
    except (FerError, OSError):  # whoever trains with it says what is wrong
        return None


def changes(then: dict, now: dict) -> list[str]:
    """Return what of a training's inputs has another content now, a few words each.

    What is no longer there cannot be compared, and changes nothing of what was trained with it.

    Args:
        then: What `inputs_of` returned when it was trained; empty where that is not on record.
        now: What it returns now.
    """
    before, after = (
        {"votes": each.get("votes"), **each.get("networks", {})} for each in (then, now)
    )
    return [
        f"{what} {before[what]}, now {after[what]}"
        for what in before
        if before[what] and after.get(what) and before[what] != after[what]
    ]
