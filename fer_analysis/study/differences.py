"""What each cell of a study changes: figures beside the base's, with intervals of differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.files import read_json, write_csv, write_json
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.verdict_rule import FEWEST_IMAGES
from fer_analysis.text import html_table, points

OVERALL = {"accuracy": "accuracy", "macro_f1": "macro-F1", "ece": "calibration error"}
"""Figures of all labels together and their names; recalls follow, by the label's name."""
FILE = "differences.json"


@dataclass(frozen=True)
class Figure:
    """One figure of one cell.

    Args:
        value: With its percentile interval.
        difference: To the same figure of the reference cell, paired (same seeds, images and
            draws), its interval simultaneous over the cells, and n the images that it is of; None
            for the reference itself, and for a cell that shares no seed with it.
        unseen: Whether neither cell, as far as is known, learnt from a network that was trained
            on images that they are scored on.
    """

    value: Estimate
    difference: Estimate | None = None
    unseen: bool = True

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the difference excludes 0, on unseen images enough to tell."""
        ends = self.difference and self.difference.interval
        if not ends or not self.unseen or self.is_of_few:
            return False
        return ends[0] > 0 or ends[1] < 0

    @property
    def is_of_few(self) -> bool:
        """Whether the difference is one of too few images to tell."""
        n = self.difference and self.difference.n
        return n is not None and n < FEWEST_IMAGES

    def in_points(self) -> str:
        """Return the difference in points, with its interval."""
        difference = self.difference or Estimate(None)
        return points(difference.value, difference.interval)


@dataclass(frozen=True)
class CellFigures:
    """The figures of one cell.

    Args:
        cell: Its name.
        seeds: Number of seeds.
        n: Images that it is scored on.
        training_images: `(k,)`, images of each label that it was trained on.
        figures: Name of `OVERALL`, or of a label (its recall as predicted) -> the figure.
        warnings: Why they are no figures on unseen images, or perhaps none; a sentence each.
    """

    cell: str
    seeds: int
    n: int
    training_images: tuple[int, ...]
    figures: dict[str, Figure]
    warnings: tuple[str, ...] = ()

    def rows(self) -> list[dict]:
        """Return a row for each figure, for CSV."""
        return [
            {"cell": self.cell, "seeds": self.seeds, "n": self.n, "figure": name}
            | {"value": figure.value.value, "low": figure.value.low, "high": figure.value.high}
            | _columns(figure.difference or Estimate(None))
            | {"warnings": "; ".join(self.warnings)}
            for name, figure in self.figures.items()
        ]


def _columns(difference: Estimate) -> dict[str, float | None]:
    return {
        "difference": difference.value,
        "difference_low": difference.low,
        "difference_high": difference.high,
    }


@dataclass(frozen=True)
class Differences:
    """What the finished cells of a study change.

    Args:
        study: Its name.
        question: What it asks.
        reference: The cell that the others are compared with.
        watched: Labels whose recalls are shown beside the overall figures.
        fingerprint: Of the data set.
        fingerprints: Of each of its splits that were used.
        cells: The figures of each cell.
        notes: What their intervals leave out, a sentence each.
    """

    study: str
    question: str
    reference: str
    watched: tuple[str, ...]
    fingerprint: str
    fingerprints: dict[str, str]
    cells: tuple[CellFigures, ...]
    notes: tuple[str, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(name for name in self.cells[0].figures if name not in OVERALL)

    @property
    def others(self) -> tuple[CellFigures, ...]:
        """The cells that are compared with the reference."""
        return tuple(row for row in self.cells if row.cell != self.reference)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of all cells."""
        return tuple(text for row in self.cells for text in row.warnings)

    @property
    def columns(self) -> dict[str, str]:
        """The figures that are shown with their differences, and their titles."""
        return OVERALL | {name: f"recall of {name}" for name in self.watched}

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON; undefined figures are None."""
        return asdict(self)

    def save(self, folder: Path) -> None:
        """Write `differences.json` (everything) and `differences.csv` to a folder."""
        write_json(folder / FILE, self.as_dict())
        rows = [row for cell in self.cells for row in cell.rows()]
        write_csv(folder / "differences.csv", rows)

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Tell whether the differences of a study were saved in a folder."""
        return (folder / FILE).is_file()

    @classmethod
    def load(cls, folder: Path) -> Differences:
        """Read what `save` wrote.

        Raises:
            FerError: If there is nothing, or something damaged.
        """
        given = read_json(folder / FILE)
        if given is None:
            raise FerError(f"{folder}: no {FILE}; `fer study show STUDY --out FOLDER` writes it")
        try:
            cells = tuple(_cell(row) for row in given["cells"])
            rows = {name: tuple(given.get(name, ())) for name in ("watched", "notes")}
            return cls(**given | rows | {"cells": cells})
        except (KeyError, TypeError, AttributeError) as error:
            raise FerError(
                f"{folder / FILE}: not of this version; `fer study show` writes it again"
            ) from error

    def renamed(self, names: Mapping[str, str]) -> Differences:
        """Return them with other names for the labels, e.g. shortened ones.

        Args:
            names: Label -> its new name.
        """
        cells = tuple(
            replace(row, figures={names.get(k, k): figure for k, figure in row.figures.items()})
            for row in self.cells
        )
        return replace(self, cells=cells, watched=tuple(names[name] for name in self.watched))

    def _repr_html_(self) -> str:
        """Return the differences as a table, for notebooks."""
        rows = [
            (row.cell, *(row.figures[name].in_points() for name in self.columns))
            for row in self.others
        ]
        about = f"{self.question} Differences to '{self.reference}' in points"
        about = ". ".join((about, *self.warnings, *self.notes))
        return html_table(about, ("cell", *self.columns.values()), rows)


def _cell(row: dict) -> CellFigures:
    figures = {
        name: Figure(
            Estimate.from_dict(figure["value"]),
            figure["difference"] and Estimate.from_dict(figure["difference"]),
            figure.get("unseen", True),
        )
        for name, figure in row["figures"].items()
    }
    given = {
        "figures": figures,
        "training_images": tuple(row["training_images"]),
        "warnings": tuple(row.get("warnings", ())),
    }
    return CellFigures(**row | given)
