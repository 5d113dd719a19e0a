"""The key of a cell: a hash of its settings that new options and new defaults do not change."""

from __future__ import annotations

import functools
import hashlib
import json

from fer_analysis.config import parse_config
from fer_analysis.config.schema import SYNTHETIC

VERSION = 1
"""To be raised whenever the same cell would give other results."""

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
    what = f"{VERSION} {threads} {json.dumps(values, sort_keys=True)}"
    return hashlib.blake2b(what.encode(), digest_size=8).hexdigest()


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
