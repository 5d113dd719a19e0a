"""The evidence of studies: what every cell answers to every image, and recalls drawn again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer_analysis.config.schema import RunConfig
from fer_analysis.data.load import LoadedData
from fer_analysis.data.vote_shares import STRATA, stratum, vote_shares
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.statistics.bootstrap import DRAWS
from fer_analysis.study.cell import CellResult, data_of, fingerprint_of, finished
from fer_analysis.study.cell_predictions import Answers
from fer_analysis.study.design import BASE, Cell, Study

PLAIN, CORRECTED = 0, 1
"""Predictions as they are, and with the labels' frequencies in training divided out."""
RIVAL = 0.2
"""Share of the annotators who have to give another label before it is a face's rival."""


@dataclass(frozen=True, eq=False)
class Scored:
    """What one cell answers to the images that it is scored on.

    Args:
        config: Of the cell.
        counts: int64 `(k,)`, images of each label that it was trained on.
        answers: To the n images.
    """

    config: RunConfig
    counts: np.ndarray
    answers: Answers


@dataclass(frozen=True, eq=False)
class Faces:
    """The images that the cells of one seed are scored on: its fold, and leak-free validation.

    Args:
        labels: int64 `(n,)`.
        strata: int64 `(n,)`, places in `STRATA`; None without annotators' votes.
        rivals: bool `(n, k)`, other labels that some annotators gave; None without votes.
        shared: bool `(n,)`, validation images, on which every seed is scored.
    """

    labels: np.ndarray
    strata: np.ndarray | None
    rivals: np.ndarray | None
    shared: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, votes: np.ndarray | None, shared: np.ndarray, k: int) -> Faces:
        """Make them of annotators' votes, int64 `(n, m)` with the k labels first."""
        if votes is None:
            return cls(labels, None, None, shared)
        rivals = (vote_shares(votes)[:, :k] >= RIVAL) & (np.arange(k) != labels[:, None])
        return cls(labels, stratum(votes, labels, k), rivals, shared)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that the finished cells of some studies say.

    Args:
        label_names: The k labels.
        faces: Seed -> its images.
        cells: Cell -> seed -> its answers. The first cell is the base.
        fingerprint: Of the data that all seeds divide.
    """

    label_names: tuple[str, ...]
    faces: dict[int, Faces]
    cells: dict[str, dict[int, Scored]]
    fingerprint: str

    def require(self, cell: str) -> None:
        """Raise a FerError unless a cell of this name is finished."""
        if cell not in self.cells:
            raise FerError(f"no finished cell '{cell}'{did_you_mean(cell, self.cells)}")

    @property
    def has_votes(self) -> bool:
        """Whether annotators' votes lie beside the images."""
        return all(faces.strata is not None for faces in self.faces.values())

    @cached_property
    def _draws(self) -> dict[int, np.ndarray]:
        """Seed -> how often each of its images is drawn, `(1 + DRAWS, n)`; first: once each."""
        rng = np.random.default_rng(0)
        shared = None
        weights = {}
        for seed, faces in self.faces.items():
            drawn = rng.poisson(1.0, (DRAWS, len(faces.labels))).astype(np.float32)
            if shared is None:
                shared = drawn[:, faces.shared]
            drawn[:, faces.shared] = shared  # the same faces, whatever seed answers
            weights[seed] = np.concatenate([np.ones((1, drawn.shape[1]), np.float32), drawn])
        return weights

    def tallies(self, cell: str, seeds: Sequence[int] | None = None) -> Tallies:
        """Count right answers of a cell, once as they are and `DRAWS` times drawn again.

        Seeds are drawn, and within each its images: Poisson weights (Hanley & MacGibbon 2006),
        validation images once for all seeds. The same draws serve every cell, so that
        differences between cells are paired. Validation images, which every seed answers,
        count once in all.

        Args:
            cell: Its name.
            seeds: Of these seeds alone; all that the cell has if None.
        """
        seeds = tuple(self.cells[cell] if seeds is None else seeds)
        if (cell, seeds) not in self._counted:
            self._counted[cell, seeds] = self._count(cell, seeds)
        return self._counted[cell, seeds]

    @cached_property
    def _counted(self) -> dict[tuple[str, tuple[int, ...]], Tallies]:
        return {}

    def _count(self, cell: str, seeds: tuple[int, ...]) -> Tallies:
        k = len(self.label_names)
        right = np.zeros((2, 1 + DRAWS, len(STRATA), k))
        total = np.zeros((1 + DRAWS, len(STRATA), k))
        confusion = np.zeros((2, 1 + DRAWS, k, k))
        for seed, weights in self.weights(seeds):
            faces, answers = self.faces[seed], self.cells[cell][seed].answers
            strata = np.zeros_like(faces.labels) if faces.strata is None else faces.strata
            place = np.eye(len(STRATA) * k, dtype=np.float32)[strata * k + faces.labels]
            for kind in (PLAIN, CORRECTED):
                hits = (answers.predicted[kind] == faces.labels).astype(np.float32)
                right[kind] += (weights @ (place * hits[:, None])).reshape(total.shape)
                pair = np.eye(k * k, dtype=np.float32)[faces.labels * k + answers.predicted[kind]]
                confusion[kind] += (weights @ pair).reshape(confusion[kind].shape)
            total += (weights @ place).reshape(total.shape)
        return Tallies(right, total, confusion)

    def weights(self, seeds: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each seed with how much its images count, float32 `(1 + DRAWS, n)`; first: once.

        Args:
            seeds: Drawn again together: in a draw some count twice and others not at all.
        """
        chosen = np.random.default_rng([1, *seeds]).multinomial(
            len(seeds), np.full(len(seeds), 1 / len(seeds)), size=DRAWS
        )
        chosen = np.concatenate([np.ones((1, len(seeds))), chosen]).astype(np.float32)
        for index, seed in enumerate(seeds):
            each = np.where(self.faces[seed].shared, 1 / len(seeds), 1.0).astype(np.float32)
            yield seed, self._draws[seed] * each * chosen[:, [index]]

    def config(self, cell: str) -> RunConfig:
        """Return a cell's config, that of its first seed."""
        return next(iter(self.cells[cell].values())).config

    def training_counts(self, cell: str) -> np.ndarray:
        """Return how many images of each label a cell was trained on, in its first seed."""
        return next(iter(self.cells[cell].values())).counts

    def common(self, *cells: str) -> tuple[int, ...]:
        """Return the seeds that all of these cells have."""
        return tuple(s for s in self.faces if all(s in self.cells[cell] for cell in cells))


@dataclass(frozen=True, eq=False)
class Tallies:
    """Right answers and images of each label in each stratum; first as they are, then drawn again.

    Args:
        right: `(2, 1 + DRAWS, strata, k)`: plain, corrected.
        total: `(1 + DRAWS, strata, k)`.
        confusion: `(2, 1 + DRAWS, k, k)`, rows are true labels.
    """

    right: np.ndarray
    total: np.ndarray
    confusion: np.ndarray

    def recall(self, kind: int, strata: Sequence[int] | None = None) -> np.ndarray:
        """Return recalls, float64 `(1 + DRAWS, k)`; NaN where there are no images.

        Args:
            kind: `PLAIN` or `CORRECTED`.
            strata: Of images in these strata alone.
        """
        rows = slice(None) if strata is None else list(strata)
        return _ratio(self.right[kind][:, rows].sum(axis=1), self.total[:, rows].sum(axis=1))

    def precision(self, kind: int) -> np.ndarray:
        """Return which share of the faces called so has each label, `(1 + DRAWS, k)`; or NaN.

        Args:
            kind: `PLAIN` or `CORRECTED`.
        """
        confusion = self.confusion[kind]
        return _ratio(np.einsum("dkk->dk", confusion), confusion.sum(axis=1))

    def share(self, strata: Sequence[int]) -> np.ndarray:
        """Return which share of each label's images lies in some strata, `(1 + DRAWS, k)`."""
        return _ratio(self.total[:, list(strata)].sum(axis=1), self.total.sum(axis=1))

    @property
    def n(self) -> np.ndarray:
        """Different images of each label, int64 `(k,)`."""
        return np.rint(self.total[0].sum(axis=0)).astype(int)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def collect(studies: Sequence[Study], store: Path, *, votes: bool = True) -> Evidence:
    """Read what the finished cells of studies say; they share a base.

    Args:
        studies: At least one.
        store: Where cells lie.
        votes: False to do as if there were no annotators' votes.

    Raises:
        FerError: If the studies differ in their base or in what a cell's name means, or no base
            cell is finished.
    """
    bases = [{c.seed: c for c in study.cells if c.name == BASE} for study in studies]
    for study, base in zip(studies, bases, strict=True):
        if any(base[s].key != bases[0][s].key for s in base if s in bases[0]):
            raise FerError(f"studies {studies[0].name} and {study.name} have different base cells")
    done: dict[int, dict[Cell, CellResult]] = {}
    for cell in dict.fromkeys(cell for study in studies for cell in study.cells):
        if result := finished(cell, store):
            done.setdefault(cell.seed, {})[cell] = result
    cells: dict[str, dict[int, Scored]] = {BASE: {}}
    faces: dict[int, Faces] = {}
    label_names = ()
    for seed, results in sorted(done.items()):  # each seed's data is read once
        data = data_of(next(iter(results)).config)
        label_names = data.dataset.label_names
        clean = _clean(data)
        faces[seed] = _faces(data, clean, votes=votes)
        for cell, result in results.items():
            if result.facts["data"] != data.fingerprint:
                raise FerError(f"cell '{cell.name}' was trained on other data than there is now")
            if seed in cells.setdefault(cell.name, {}):
                raise FerError(f"two of these studies mean different things by '{cell.name}'")
            cells[cell.name][seed] = _scored(cell, result, clean)
    if not cells[BASE]:
        names = " ".join(study.name for study in studies)
        raise FerError(f"{names}: no base cell is finished: fer study run {studies[0].name}")
    config = next(iter(cells[BASE].values())).config
    return Evidence(label_names, faces, cells, fingerprint_of(config))


def _clean(data: LoadedData) -> np.ndarray:
    """Tell which validation images are leak-free for every cell: not in any fold of Training."""
    dataset = data.dataset
    if not dataset.has("validation"):
        return np.zeros(0, bool)
    taught = np.isin(dataset.split, ("train", "fold"))
    hashes = dataset.take(taught).pixel_hashes()
    return ~np.isin(dataset.part("validation").pixel_hashes(), hashes)


def _faces(data: LoadedData, clean: np.ndarray, *, votes: bool) -> Faces:
    fold = data.dataset.part("fold")
    parts = [fold, *([data.dataset.part("validation").take(clean)] if clean.size else [])]
    labels = np.concatenate([part.labels for part in parts])
    known = votes and fold.votes is not None
    given = np.concatenate([part.votes for part in parts]) if known else None
    shared = np.arange(len(labels)) >= len(fold)
    return Faces.of(labels, given, shared, len(data.dataset.label_names))


def _scored(cell: Cell, result: CellResult, clean: np.ndarray) -> Scored:
    answers = result.answers()
    parts = [answers["fold"], *([answers["validation"].only(clean)] if clean.size else [])]
    counts = np.array(result.facts["training_counts"])
    return Scored(cell.config, counts, Answers.joined(parts))
