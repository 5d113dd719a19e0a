"""The arrays of a stress test: predictions of the same images, clean and under conditions."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from fer_analysis.conditions import CONDITIONS


@dataclass(frozen=True, eq=False)
class Tested:
    """Predictions of the same images, clean and under conditions.

    Args:
        meta: Of which run, data and split this is, ready for JSON: `run`, `split`, `data` (its
            fingerprint), `split_data` (the split's), `protocol`, `label_notes` (what was made of
            the data's own labels, a line each), `leak_free` (the images that were drawn from),
            `seed`, `seen` (conditions that the network was trained on), `rule_from` and
            `guard_from` (the images that the rule and the guard were fitted on), `fitted_here`
            (whether these are of this split), `made_from` (see `PredictionStore`).
        label_names: The k labels.
        ids: str `(n,)`.
        labels: int64 `(n,)`.
        clean: float32 `(n, k)`, probabilities of the images as they are.
        cells: (condition, severity) -> probabilities `(n, k)`.
        changes: (size, direction) of an invisible change -> probabilities `(n, k)`.
        temperature: Makes the probabilities honest on clean images; None where there is none.
        rule: The network's rule of when to answer; None where there is none.
        examples: int64 `(e,)`, rows of images that are kept.
        example_images: uint8 `(e, h, w, 1)`.
        refused: bool `(1 + cells, n)`, which pictures the guard refuses: clean, then in the order
            of `cells`; None where there is no guard.
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
    refused: np.ndarray | None = None
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """The network's name."""
        return self.meta["run"]

    @property
    def where(self) -> str:
        """The split for a title, with the protocol where labels are not the data's own."""
        protocol = self.meta.get("protocol", "")
        return f"{self.meta['split']} split" + (f", {protocol} protocol" if "+" in protocol else "")

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

    def refused_in(self, condition: str | None = None, severity: int = 0) -> np.ndarray | None:
        """Return which pictures the guard refuses, bool `(n,)`; None without a guard."""
        if self.refused is None:
            return None
        cells = list(self.cells)
        return self.refused[0 if condition is None else 1 + cells.index((condition, severity))]

    def take(self, rows: np.ndarray) -> Self:
        """Return the test of the images at `rows` (positions), without example images."""
        return dataclasses.replace(
            self,
            ids=self.ids[rows],
            labels=self.labels[rows],
            clean=self.clean[rows],
            cells={key: value[rows] for key, value in self.cells.items()},
            changes={key: value[rows] for key, value in self.changes.items()},
            refused=None if self.refused is None else self.refused[:, rows],
            examples=self.examples[:0],
            example_images=self.example_images[:0],
        )
