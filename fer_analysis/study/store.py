"""Where finished cells are found: a folder for each, or all that were kept in one file."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import read_json, replacing, write_json
from fer_analysis.study.cell_result import CellResult
from fer_analysis.study.design import Cell
from fer_analysis.study.kept import load_kept

STORE = Path("runs/cells")
"""Where cells are stored unless another folder is named."""
RESULT, PREDICTIONS, TRAINING = "cell.json", "predictions.npz", "run"
BEGUN = "inputs.json"
"""With what a training that is not deleted yet began: see `inputs`."""


class CellStore:
    """A folder of cells: those that were run here, and those that were kept elsewhere.

    Args:
        folder: The folder, which need not exist yet; `STORE` if None.
    """

    def __init__(self, folder: str | Path | None = None):
        self.folder = STORE if folder is None else Path(folder)

    def find(self, cell: Cell) -> CellResult | None:
        """Return the result of a cell; None if it is not finished."""
        folder = self.folder_of(cell)
        facts = read_json(folder / RESULT)
        if facts and "fingerprints" in facts:
            return CellResult(facts, folder / PREDICTIONS)
        return self._kept.get(cell.portable_key)

    def is_under_way(self, cell: Cell) -> bool:
        """Tell whether a cell was begun and is not finished."""
        return self.find(cell) is None and (self.folder_of(cell) / TRAINING).is_dir()

    def folder_of(self, cell: Cell) -> Path:
        """Return the folder that a cell is run in."""
        return self.folder / cell.key

    def training_of(self, cell: Cell) -> Path:
        """Return the run directory of a cell's training."""
        return self.folder_of(cell) / TRAINING

    def begun_file(self, cell: Cell) -> Path:
        """Return the file that says with what a cell's training began."""
        return self.folder_of(cell) / BEGUN

    def write(self, cell: Cell, probabilities: dict[str, np.ndarray], facts: dict) -> None:
        """Write a finished cell; the facts last, since they mark it as finished.

        Args:
            cell: The cell.
            probabilities: Split -> float32 `(n, k)`; stored as float16.
            facts: See `CellResult`.
        """
        folder = self.folder_of(cell)
        with replacing(folder / PREDICTIONS) as temporary:
            halves = {name: values.astype(np.float16) for name, values in probabilities.items()}
            np.savez_compressed(temporary, **halves)
        write_json(folder / RESULT, facts)

    def all_facts(self) -> list[dict]:
        """Return the facts of all finished cells, whatever study they belong to."""
        run_here = (read_json(file) for file in sorted(self.folder.glob(f"*/{RESULT}")))
        kept = (result.facts for result in self._kept.values())
        return [facts for facts in (*run_here, *kept) if facts]

    def none_fits(self) -> str:
        """Return where cells were looked for in vain, and what is there."""
        n = len(self.all_facts())
        there = f"{n:,} cells with other settings or of other data" if n else "no cells"
        return f"in {self.folder} ({there if self.folder.is_dir() else 'no such folder'})"

    def portable(self) -> dict[str, CellResult]:
        """Return all finished cells by their portable keys; those that were run here first.

        Raises:
            FerError: If a cell was run by a version that did not record its portable key.
        """
        found, unnamed = {}, []
        for file in sorted(self.folder.glob(f"*/{RESULT}")):
            facts = read_json(file)
            if not facts or "fingerprints" not in facts:
                continue
            if "key" in facts:
                found[facts["key"]] = CellResult(facts, file.parent / PREDICTIONS)
            else:
                unnamed.append(f"cell '{facts['name']}', seed {facts['seed']}")
        if unnamed:
            raise FerError(
                f"{self.folder}: {len(unnamed)} cells of an earlier version, the first: "
                f"{unnamed[0]}; `fer study keep STUDY --out FOLDER` makes a store to be joined"
            )
        return {**self._kept, **found}

    @cached_property
    def _kept(self) -> dict[str, CellResult]:
        return load_kept(self.folder)
