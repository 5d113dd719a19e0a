"""Joining the cells of one study that several machines ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.study.cell_key import VERSION
from fer_analysis.study.cell_result import CellResult
from fer_analysis.study.kept import load_kept, save_kept
from fer_analysis.study.store import CellStore

_MOST = 8
"""Cells that a message names."""


@dataclass(frozen=True)
class Joined:
    """What was joined.

    Args:
        cells: Number of different cells.
        twice: How many of them were in several stores, and the same.
        unknown: How many have no record of their study: older ones.
    """

    cells: int
    twice: int
    unknown: int


def join_stores(folders: Sequence[str | Path], out: str | Path) -> Joined:
    """Join the finished cells of stores into one, as `fer study keep` writes it.

    Args:
        folders: Stores of `fer study run` or `fer study keep`, of one study or of studies with the
            same base.
        out: A folder for the joined store: new, or an earlier one, whose cells are joined too.

    Raises:
        FerError: If a store has no cell, or naming every cell that does not belong with the others:
            of a study with another base, trained on other data, made by another version of the
            contract of cells, or there twice with different predictions. Nothing is written then.
    """
    joined: dict[str, CellResult] = {}
    origin: dict[str, str] = {}
    problems, twice = [], 0
    stores = list(dict.fromkeys(map(Path, folders)))
    if Path(out) not in stores and load_kept(Path(out)):
        stores.insert(0, Path(out))
    for folder in stores:
        found = CellStore(folder).portable()
        if not found:
            raise FerError(f"{folder}: no finished cell in it")
        for key, result in found.items():
            if key not in joined:
                joined[key], origin[key] = result, str(folder)
            elif _same(joined[key], result):
                twice += 1
            else:
                problems.append(f"{_name(result)}: different in {origin[key]} and in {folder}")
    problems += _strangers(joined, origin)
    if problems:
        raise FerError("cells that cannot be joined", problems, most=_MOST)
    save_kept(Path(out), joined)
    unknown = sum("study" not in result.facts for result in joined.values())
    return Joined(len(joined), twice, unknown)


def _name(result: CellResult) -> str:
    return f"cell '{result.facts['name']}', seed {result.facts['seed']}"


def _same(one: CellResult, two: CellResult) -> bool:
    """Tell whether two results predict the same, to the precision of what is kept."""
    given, other = one.predictions(), two.predictions()
    return given.keys() == other.keys() and all(
        np.array_equal(given[split].predicted, other[split].predicted)
        and np.array_equal(
            given[split].confidence.astype(np.float16), other[split].confidence.astype(np.float16)
        )
        for split in given
    )


def _strangers(joined: dict[str, CellResult], origin: dict[str, str]) -> list[str]:
    """Return what does not belong with the first cell (of its kind), a line each."""
    problems = []
    first: dict[object, tuple[object, str]] = {}

    def check(what: str, where: object, value: object, result: CellResult, folder: str) -> None:
        expected, there = first.setdefault((what, where), (value, folder))
        if value != expected:
            problems.append(
                f"{_name(result)} in {folder}: {what} {value}, but {expected} in {there}"
            )

    for key, result in joined.items():
        facts, folder = result.facts, origin[key]
        contract = facts.get("contract", 1)
        if contract != VERSION:
            problems.append(
                f"{_name(result)} in {folder}: contract of cells {contract}, this is {VERSION}"
            )
        if "study" in facts:
            check("base", "study", facts["study"], result, folder)
        check("labels", "labels", ", ".join(facts["label_names"]), result, folder)
        for split, fingerprint in facts["fingerprints"].items():
            seed = None if split == "validation" else (facts["seed"], facts.get("study"))
            check(f"{split} split", seed, fingerprint, result, folder)
    return problems
