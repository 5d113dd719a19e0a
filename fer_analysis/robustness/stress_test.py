"""StressTest: a stress test as a result, with all its figures and files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import read_json, replacing, write_csv, write_json
from fer_analysis.robustness.changes import NAMES
from fer_analysis.robustness.store import PredictionStore
from fer_analysis.robustness.summary import summarize
from fer_analysis.robustness.table import table_rows
from fer_analysis.robustness.tested import Tested
from fer_analysis.statistics.estimate import to_json
from fer_analysis.text import estimate, html_table

META = ("run", "split", "data", "leak_free", "seed", "seen", "rule_from", "guard_from", "made_from")
LATER = ("protocol", "label_notes", "fitted_here", "split_data")
"""Facts that saved tests of earlier versions do not have."""

STRESS, TABLE, ARRAYS = "stress.json", "stress.csv", "stress.npz"


@dataclass(frozen=True, eq=False)
class StressTest(Tested):
    """A network's predictions under conditions; every figure derives from its arrays."""

    @cached_property
    def summary(self) -> dict:
        """Every figure; see `fer_analysis.robustness.summary.summarize`."""
        return summarize(self)

    def as_dict(self) -> dict:
        """Return what was found, ready for JSON."""
        return to_json(
            self.meta
            | {
                "n": len(self),
                "label_names": list(self.label_names),
                "severities": list(self.severities),
                "temperature": self.temperature,
                "rule": self.rule,
                **self.summary,
            }
        )

    def save(self, folder: str | Path) -> None:
        """Write `stress.json` (every figure), `stress.csv` (a row a cell) and all predictions."""
        folder = Path(folder)
        arrays = {
            "ids": self.ids,
            "labels": self.labels,
            "clean": self.clean,
            "examples": self.examples,
            "example_images": self.example_images,
        }
        if self.refused is not None:
            arrays["refused"] = self.refused
        with replacing(folder / ARRAYS) as temporary:
            np.savez_compressed(temporary, **arrays)
        store = PredictionStore(folder, self.meta["made_from"])
        for key, found in (self.cells | self.changes).items():
            if store.get(*key) is None:
                store.put(found, *key)
        write_csv(folder / TABLE, table_rows(self.summary))
        write_json(folder / STRESS, self.as_dict())

    @classmethod
    def load(cls, folder: str | Path) -> StressTest:
        """Read what `save` wrote.

        Raises:
            FerError: If the files are missing or damaged.
        """
        folder = Path(folder)
        saved = read_json(folder / STRESS)
        if saved is None:
            raise FerError(f"{folder / STRESS}: no stress test there; make it with `fer stress`")
        try:
            with np.load(folder / ARRAYS, allow_pickle=False) as archive:
                arrays = dict(archive)
            store = PredictionStore(folder, saved["made_from"])
            names = [row["condition"] for row in saved["conditions"]]
            cells = list(product(names, saved["severities"]))
            found = {key: _like(store.get(*key), arrays["clean"]) for key in (*cells, *NAMES)}
            return cls(
                meta={key: saved[key] for key in META + LATER if key in saved or key in META},
                label_names=tuple(saved["label_names"]),
                cells={key: found[key] for key in cells},
                changes={key: found[key] for key in NAMES},
                temperature=saved["temperature"],
                rule=saved["rule"],
                refused=arrays.get("refused"),
                folder=folder,
                **{key: arrays[key] for key in ("ids", "labels", "clean")},
                **{key: arrays[key] for key in ("examples", "example_images")},
            )
        except Exception as error:  # a damaged archive makes zip and numpy raise nearly anything
            raise FerError(f"{folder}: damaged; run `fer stress` again") from error

    def _repr_html_(self) -> str:
        rows = [
            [row["condition"].replace("_", " "), row["kind"], estimate(row["accuracy"])]
            for row in self.summary["conditions"]
        ]
        clean = estimate(self.summary["clean"]["accuracy"])
        title = f"{self.name}, {self.where}: {len(self):,} images, clean {clean}"
        return html_table(title, ["condition", "kind", "mean accuracy"], rows)


def _like(found: np.ndarray | None, clean: np.ndarray) -> np.ndarray:
    if found is None or found.shape != clean.shape:
        raise ValueError("predictions are missing")
    return found
