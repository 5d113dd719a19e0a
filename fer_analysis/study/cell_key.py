"""The key of a cell: a hash of its settings that new options and new defaults do not change."""

from __future__ import annotations

import functools
import hashlib
import json

from fer_analysis.config import parse_config
from fer_analysis.config.schema import SYNTHETIC

VERSION = 1
"""To be raised whenever the same cell would give other results."""

LATER = "2"
"""What is added to the keys of the cells that alone give other results since."""

LEFT_OUT = {
    "augmentation": {"shift": 0.2, "zoom": 0.2, "vertical_flip": True},
    "training": {"epochs": 100, "learning_rate": 0.01},
    "training.schedule": {"name": "constant"},
}
"""The defaults of version 1, where they have changed since: what is left out of a key."""

LEFT_OUT_OF_MODELS = {"mobilenet": {"momentum": 0.99, "offset": 0.0}}


@functools.lru_cache(4096)
def cell_key(settings: str, threads: int, *, portable: bool = False) -> str:
    """Return a short hash of all that a cell's result depends on.

    Args:
        settings: The cell's config as JSON, without values that are defaults.
        threads: Number of threads that it runs with.
        portable: Leave out where the data is stored.
    """
    values = json.loads(settings)
    config = parse_config(values)
    full = config.model_dump(mode="json")
    sections = {**LEFT_OUT, "model": LEFT_OUT_OF_MODELS.get(config.model.name, {})}
    for section, left_out in sections.items():
        _put(values, full, section.split("."), left_out)
    for options in values.get("manipulations", {}).values():
        if options.get("sha256"):  # a list is known by its content, wherever it is
            options.pop("faces")
    if portable and values.get("data", {}).get("source") != SYNTHETIC:
        values.get("data", {}).pop("source", None)
    since = f" {LATER}" if _gives_other_results_now(values) else ""
    what = f"{VERSION}{since} {threads} {json.dumps(values, sort_keys=True)}"
    return hashlib.blake2b(what.encode(), digest_size=8).hexdigest()


def _gives_other_results_now(values: dict) -> bool:
    """Tell whether a cell is one of those that gave other results before.

    Votes stayed with the images when labels were permuted, and what teachers answer was no part of
    the labels' frequencies.
    """
    remedies = values.get("remedies", {})
    votes = "soft_labels" in remedies or "vote_targets" in values.get("data", {})
    permuted = "permute_labels" in values.get("manipulations", {})
    return "distillation" in remedies or (permuted and votes)


def _put(values: dict, full: dict, path: list[str], left_out: dict) -> None:
    """Write a section's values, but for those to be left out, as if these were the defaults."""
    name, *inner = path
    section = values.setdefault(name, {})
    if inner:
        _put(section, full[name], inner, left_out)
    for key, value in () if inner else left_out.items():
        if full[name][key] == value:
            section.pop(key, None)
        else:
            section[key] = full[name][key]
    if not section:
        del values[name]
