"""Which conditions a network has seen in training: its own, its members' and its start's."""

from __future__ import annotations

import contextlib

from fer_analysis.errors import FerError
from fer_analysis.files import content_hash
from fer_analysis.run import Run

START = "initial weights"
"""The role of the network that a run started from, in the record of its sources."""


def trained_conditions(run: Run) -> frozenset[str]:
    """Return the conditions that a network was trained on, as far as that is on record.

    Args:
        run: Its config counts, the members of an ensemble, and what it started from.
    """
    origin = run.origin
    if not origin.is_directory or not origin.config_file.is_file():
        return frozenset()
    mixture = origin.config().augmentation.build().mixture
    own = frozenset(mixture.weights if mixture else ())
    environment = origin.environment()
    members = [member.get("conditions", ()) for member in environment.get("members", ())]
    start = environment.get("sources", {}).get(START)
    return own.union(*members, _of_start(origin, start) if start else ())


def _of_start(run: Run, record: dict) -> frozenset[str]:
    """Return the conditions of a run's start, where they are not recorded of its files."""
    if "conditions" in record:
        return frozenset(record["conditions"])
    with contextlib.suppress(FerError):
        start = Run.open(run.config().training.initial_weights)
        if content_hash(start.trained_model_file()) == record.get("fingerprint"):
            return trained_conditions(start)
    return frozenset()
