"""StressTest: a network's predictions under conditions; every figure derives from its arrays."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np

from fer_analysis.conditions import CONDITIONS
from fer_analysis.errors import FerError
from fer_analysis.files import read_json, replacing, write_csv, write_json
from fer_analysis.robustness.changes import NAMES
from fer_analysis.robustness.store import PredictionStore
from fer_analysis.robustness.summary import summarize
from fer_analysis.robustness.table import table_rows
from fer_analysis.statistics.estimate import to_json
from fer_analysis.text import estimate, html_table

META = ("run", "split", "data", "leak_free", "seed", "seen", "rule_from", "made_from")
STRESS, TABLE, ARRAYS = "stress.json", "stress.csv", "stress.npz"


@dataclass(frozen=True, eq=False)
class StressTest:
    """Predictions of the same images, clean and under conditions.

    Args:
        meta: Of which run, data and split this is, ready for JSON: `run`, `split`, `data` (its
            fingerprint), `leak_free` (the images that were drawn from), `seed`, `seen`
            (conditions that the network was trained on), `rule_from` (the images that the rule
            was fitted on), `made_from` (see `PredictionStore`).
        label_names: The k labels.
        ids: str `(n,)`.
        labels: int64 `(n,)`.
        clean: float32 `(n, k)`, probabilities of the images as they are.
        cells: (condition, severity) -> probabilities `(n, k)`.
        changes: (size, direction) of a change that nobody sees -> probabilities `(n, k)`.
        temperature: Makes the probabilities honest on clean images; None where there is none.
        rule: The network's rule of when to answer; None where there is none.
        examples: int64 `(e,)`, rows of images that are kept.
        example_images: uint8 `(e, h, w, 1)`.
        folder: Where it is saved; None if it is not.
    """

    meta: dict
    label_names: tuple[str, ...]
    ids: np.ndarray
    labels: np.ndarray
    clean: np.ndarray
    cells: dict[tuple[str, int], np.ndarray]
    changes: dict[tuple[str, str], np.ndarray]
    temperature: float | None
    rule: dict | None
    examples: np.ndarray
    example_images: np.ndarray
    folder: Path | None = field(default=None)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """The network's name."""
        return self.meta["run"]

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions, in the order of their table."""
        present = {name for name, _ in self.cells}
        return tuple(name for name in CONDITIONS if name in present)

    @property
    def severities(self) -> tuple[int, ...]:
        """The severities."""
        return tuple(sorted({severity for _, severity in self.cells}))

    def correct(self, condition: str | None = None, severity: int = 0) -> np.ndarray:
        """Return which images are predicted correctly, bool `(n,)`; the clean ones if None."""
        found = self.clean if condition is None else self.cells[condition, severity]
        return found.argmax(axis=1) == self.labels

    def take(self, rows: np.ndarray) -> StressTest:
        """Return the test of the images at `rows` (positions), without example images."""
        return dataclasses.replace(
            self,
            ids=self.ids[rows],
            labels=self.labels[rows],
            clean=self.clean[rows],
            cells={key: value[rows] for key, value in self.cells.items()},
            changes={key: value[rows] for key, value in self.changes.items()},
            examples=self.examples[:0],
            example_images=self.example_images[:0],
        )

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
        with replacing(folder / ARRAYS) as temporary:
            np.savez_compressed(temporary, **arrays)
        store = PredictionStore(folder, self.meta["made_from"])
        for key, found in (self.cells | self.changes).items():
            if store.get(*key) is None:
                store.put(found, *key)
        write_csv(folder / TABLE, table_rows(self))
        write_json(folder / STRESS, self.as_dict())

    @classmethod
    def load(cls, folder: str | Path) -> StressTest:
        """Read what `save` wrote.

        Raises:
            FerError: If the files are missing or damaged.
        """
        folder = Path(folder)
        told = read_json(folder / STRESS)
        if told is None:
            raise FerError(f"{folder / STRESS}: no stress test there; make it with `fer stress`")
        try:
            with np.load(folder / ARRAYS, allow_pickle=False) as archive:
                arrays = dict(archive)
            store = PredictionStore(folder, told["made_from"])
            names = [row["condition"] for row in told["conditions"]]
            cells = list(product(names, told["severities"]))
            found = {key: _like(store.get(*key), arrays["clean"]) for key in (*cells, *NAMES)}
            return cls(
                meta={key: told[key] for key in META},
                label_names=tuple(told["label_names"]),
                cells={key: found[key] for key in cells},
                changes={key: found[key] for key in NAMES},
                temperature=told["temperature"],
                rule=told["rule"],
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
        title = f"{self.name}, {self.meta['split']}: {len(self):,} images, clean {clean}"
        return html_table(title, ["condition", "kind", "mean accuracy"], rows)


def _like(found: np.ndarray | None, clean: np.ndarray) -> np.ndarray:
    if found is None or found.shape != clean.shape:
        raise ValueError("predictions are missing")
    return found
