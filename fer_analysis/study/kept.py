"""Kept cells: the predictions of many cells in two files that can be passed on.

No image, no weights and no path; some two bytes an image. Cells are found by a key that does not
depend on where the data is stored. Studies that keep their cells in one folder share its two
files, and a cell that several studies have is stored once.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import replacing, write_text
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.cell_result import CellResult

FACTS, ARRAYS = "cells.json", "cells.npz"
SPLITS = ("fold", "validation")
"""Splits whose predictions a cell keeps, in the order of the arrays."""


def load_kept(folder: Path) -> dict[str, CellResult]:
    """Read the kept cells of a folder.

    Args:
        folder: Where `save_kept` wrote; it need not exist.

    Returns:
        Portable key of a cell -> its result.

    Raises:
        FerError: If the files are damaged, or one of them is missing.
    """
    if not (folder / FACTS).is_file():
        return {}
    try:
        facts = json.loads((folder / FACTS).read_text())["cells"]
        with open(folder / ARRAYS, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return _divided(facts, arrays)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise FerError(
            f"{folder}: {FACTS} and {ARRAYS} are damaged or do not belong together "
            f"({type(error).__name__}); `fer study keep STUDY --out FOLDER` writes such files"
        ) from error


def _divided(facts: dict[str, dict], arrays: dict[str, np.ndarray]) -> dict[str, CellResult]:
    start = dict.fromkeys(SPLITS, 0)
    results = {}
    for key, about in facts.items():
        kept = {}
        for split, figures in about["figures"].items():
            end = start[split] + figures["n"]
            rows = slice(start[split], end)
            kept[split] = CellPredictions(
                arrays[f"{split}_predicted"][:, rows],  # as small as it is stored: there are many
                arrays[f"{split}_confidence"][rows].astype(np.float32),
            )
            start[split] = end
        results[key] = CellResult(about, kept=kept)
    if any(end != len(arrays[f"{split}_confidence"]) for split, end in start.items()):
        raise ValueError("the number of predictions is not the number of images")
    return results


def save_kept(folder: Path, cells: dict[str, CellResult]) -> None:
    """Keep cells in a folder, together with those that it has already.

    Predicted labels are stored as uint8 (256 labels at most), confidences as float16.

    Args:
        folder: A store for cells that are passed on.
        cells: Portable key of a cell -> its result.

    Raises:
        FerError: If the folder's files are damaged.
    """
    every = {**load_kept(folder), **cells}
    every = dict(sorted(every.items(), key=lambda item: (item[1].facts["seed"], item[0])))
    predictions = [result.predictions() for result in every.values()]
    arrays = {}
    for split in SPLITS:
        parts = [given[split] for given in predictions if split in given]
        joined = CellPredictions.joined(parts) if parts else CellPredictions.none()
        arrays[f"{split}_predicted"] = joined.predicted.astype(np.uint8)
        arrays[f"{split}_confidence"] = joined.confidence.astype(np.float16)
    with replacing(folder / ARRAYS) as temporary:
        np.savez_compressed(temporary, **arrays)
    lines = (f"{json.dumps(key)}: {json.dumps(r.facts)}" for key, r in every.items())
    write_text(folder / FACTS, '{"cells": {\n' + ",\n".join(lines) + "\n}}\n")
