"""The evidence of studies: what every cell predicts for every image, and resampled recalls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from fer_analysis.config.schema import RunConfig
from fer_analysis.data.vote_shares import STRATA, stratum, vote_shares
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.statistics.bootstrap import DRAWS
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.seen import Seen, warnings_of
from fer_analysis.study.tallies import Tallies, ratio

PLAIN, CORRECTED = 0, 1
"""Predictions as they are, and prior-corrected (logit adjustment, tau = 1)."""
REMEMBERED = 100
"""Cells whose counts are kept, 1.6 MB each with seven labels: a study may have thousands, and a
diagnosis asks for the counts of most of them once."""
RIVAL = 0.2
"""From this share of the votes on, another label is a rival of an image's own."""


@dataclass(frozen=True, eq=False)
class ScoredCell:
    """What one cell predicts for the images that it is scored on.

    Args:
        config: Of the cell.
        counts: int64 `(k,)`, images of each label that it was trained on.
        predictions: For the n images.
        seen: What other networks that it learnt from know of its images: see `seen`.
    """

    config: RunConfig
    counts: np.ndarray
    predictions: CellPredictions
    seen: Seen = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class ScoredImages:
    """The images that the cells of one seed are scored on: its fold, and leak-free validation.

    Args:
        labels: int64 `(n,)`.
        strata: int64 `(n,)`, positions in `STRATA`; None without annotators' votes.
        rivals: bool `(n, k)`, other labels that some annotators gave; None without votes.
        shared: bool `(n,)`, validation images, on which every seed is scored.
        poor: bool `(n,)`, pictures that are poor; None where they were not looked at.
    """

    labels: np.ndarray
    strata: np.ndarray | None
    rivals: np.ndarray | None
    shared: np.ndarray
    poor: np.ndarray | None = None

    @classmethod
    def of(
        cls,
        labels: np.ndarray,
        votes: np.ndarray | None,
        shared: np.ndarray,
        k: int,
        poor: np.ndarray | None = None,
    ) -> ScoredImages:
        """Make them of annotators' votes, int64 `(n, m)` with the k labels first."""
        if votes is None:
            return cls(labels, None, None, shared, poor)
        rivals = (vote_shares(votes)[:, :k] >= RIVAL) & (np.arange(k) != labels[:, None])
        return cls(labels, stratum(votes, labels, k), rivals, shared, poor)

    def only(self, kept: np.ndarray) -> ScoredImages:
        """Return some of the images: a mask, bool `(n,)`."""
        arrays = (self.labels, self.strata, self.rivals, self.shared, self.poor)
        return ScoredImages(*(None if array is None else array[kept] for array in arrays))


@dataclass(frozen=True, eq=False)
class StudyEvidence:
    """The predictions of all finished cells of some studies.

    Args:
        label_names: The k labels.
        images: Seed -> its images.
        cells: Cell -> seed -> its predictions. The first cell is the base.
        fingerprint: Of the data set that all seeds divide.
        fingerprints: Of each of its splits that the cells use.
        drawn: Seed -> how often each of its images is drawn, `(n, 1 + DRAWS)`, where these are
            some of the images that it was drawn for; drawn for them alone if None.
    """

    label_names: tuple[str, ...]
    images: dict[int, ScoredImages]
    cells: dict[str, dict[int, ScoredCell]]
    fingerprint: str
    fingerprints: dict[str, str] = field(default_factory=dict)
    drawn: dict[int, np.ndarray] | None = None

    def require(self, cell: str) -> None:
        """Raise a FerError unless a cell of this name is finished."""
        if cell not in self.cells:
            raise FerError(f"no finished cell '{cell}'{did_you_mean(cell, self.cells)}")

    def warnings(self, cell: str) -> tuple[str, ...]:
        """Say why a cell's figures are none on unseen images, or perhaps none: see `seen`."""
        scored = tuple(self.cells[cell].values())
        return warnings_of(cell, scored[0].config, [each.seen for each in scored])

    def on_unseen(self, subject: str) -> StudyEvidence:
        """Return it without the cells that have warnings; the base and the subject stay."""
        stay = (next(iter(self.cells)), subject)
        kept = {n: own for n, own in self.cells.items() if n in stay or not self.warnings(n)}
        return self if len(kept) == len(self.cells) else replace(self, cells=kept)

    @property
    def has_votes(self) -> bool:
        """Whether the images have annotators' votes."""
        return all(images.strata is not None for images in self.images.values())

    @property
    def has_poor_pictures(self) -> bool:
        """Whether pictures were looked at, and some are poor."""
        found = [images.poor for images in self.images.values()]
        return all(poor is not None for poor in found) and any(poor.any() for poor in found)

    def only(self, kept: dict[int, np.ndarray]) -> StudyEvidence:
        """Return the same of some images: seed -> a mask, bool `(n,)`.

        They keep their draws: a shared image that one seed keeps and another does not is the same.
        """
        return replace(
            self,
            drawn={seed: drawn[kept[seed]] for seed, drawn in self._draws.items()},
            images={seed: images.only(kept[seed]) for seed, images in self.images.items()},
            cells={
                name: {
                    seed: replace(scored, predictions=scored.predictions.only(kept[seed]))
                    for seed, scored in seeds.items()
                }
                for name, seeds in self.cells.items()
            },
        )

    @cached_property
    def _draws(self) -> dict[int, np.ndarray]:
        """Seed -> how often each of its images is drawn, `(n, 1 + DRAWS)`; column 0: once each."""
        if self.drawn is not None:
            return self.drawn
        rng = np.random.default_rng(0)
        shared = None
        weights = {}
        for seed, images in self.images.items():
            drawn = rng.poisson(1.0, (DRAWS, len(images.labels))).astype(np.float32)
            if shared is None:
                shared = drawn[:, images.shared]
            drawn[:, images.shared] = shared  # the same for all seeds
            once = np.ones((drawn.shape[1], 1), np.float32)
            weights[seed] = np.concatenate([once, drawn.T], axis=1)
        return weights

    def tallies(self, cell: str, seeds: Sequence[int] | None = None) -> Tallies:
        """Count correct predictions of a cell, as they are and in `DRAWS` resamples.

        Seeds are resampled, and within each its images: Poisson weights (Hanley & MacGibbon 2006),
        validation images once for all seeds. All cells use the same draws, so that
        differences between cells are paired. Validation images, on which every seed is scored,
        count once in all.

        Args:
            cell: Its name.
            seeds: Only of these seeds; all that the cell has if None.
        """
        seeds = tuple(self.cells[cell] if seeds is None else seeds)
        found = self._counted.pop((cell, seeds), None) or self._count(cell, seeds)
        if len(self._counted) >= REMEMBERED:
            del self._counted[next(iter(self._counted))]
        self._counted[cell, seeds] = found  # the last of all: used most recently
        return found

    def recall(self, cell: str, kind: int, seeds: Sequence[int] | None = None) -> np.ndarray:
        """Return a cell's recalls, float64 `(k,)`: the first row of `tallies`, without resamples.

        Args:
            cell: Its name.
            kind: `PLAIN` or `CORRECTED`.
            seeds: Only of these seeds; all that the cell has if None.
        """
        seeds, k = tuple(self.cells[cell] if seeds is None else seeds), len(self.label_names)
        correct, total = np.zeros(k), np.zeros(k)
        for seed in seeds:
            images = self.images[seed]
            each = np.where(images.shared, 1 / len(seeds), 1.0)
            hit = self.cells[cell][seed].predictions.predicted[kind] == images.labels
            correct += np.bincount(images.labels, each * hit, k)
            total += np.bincount(images.labels, each, k)
        return ratio(correct, total)

    @cached_property
    def settings(self) -> dict[str, dict]:
        """Cell -> its config as JSON, without seed and data: what cells may differ in."""
        out = {"seed", "data"}
        return {c: self.config(c).model_dump(mode="json", exclude=out) for c in self.cells}

    @cached_property
    def _counted(self) -> dict[tuple[str, tuple[int, ...]], Tallies]:
        return {}

    def _count(self, cell: str, seeds: tuple[int, ...]) -> Tallies:
        k = len(self.label_names)
        counts = np.zeros((2, len(STRATA) * k * k, 1 + DRAWS))
        for seed, drawn in zip(seeds, self._seeds_drawn(seeds).T, strict=True):
            predictions = self.cells[cell][seed].predictions
            for kind in (PLAIN, CORRECTED):
                for place, sums in self._sums(seed, predictions.predicted[kind], len(seeds)):
                    counts[kind][place] += drawn * sums
        counts = np.moveaxis(counts.reshape(2, len(STRATA), k, k, 1 + DRAWS), -1, 1)
        correct = np.einsum("tdskk->tdsk", counts).copy()
        return Tallies(correct, counts[PLAIN].sum(axis=3), counts.sum(axis=2))

    def _sums(
        self, seed: int, predicted: np.ndarray, seeds: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Count the images of a seed by stratum, label and prediction in each draw.

        Images of a kind are brought together and summed: many times as quick as products with
        their indicators.

        Yields:
            For own images, then for those that all seeds share: the places of the kinds that
            there are, and their sums, `(kinds, 1 + DRAWS)`.
        """
        images, k = self.images[seed], len(self.label_names)
        strata = 0 if images.strata is None else images.strata
        place = (strata * k + images.labels) * k + predicted
        for which, share in ((~images.shared, 1.0), (images.shared, 1 / seeds)):
            rows = np.flatnonzero(which)
            rows = rows[np.argsort(place[rows], kind="stable")]
            if len(rows):
                kinds, starts = np.unique(place[rows], return_index=True)
                sums = np.add.reduceat(self._draws[seed][rows], starts, axis=0)
                yield kinds, sums.astype(float) * share

    def weights(self, seeds: Sequence[int]) -> Iterator[tuple[int, np.ndarray]]:
        """Yield each seed with the weights of its images, float32 `(1 + DRAWS, n)`; row 0: all 1.

        Args:
            seeds: Resampled together: in a draw some count twice and others not at all.
        """
        for seed, drawn in zip(seeds, self._seeds_drawn(seeds).T, strict=True):
            each = np.where(self.images[seed].shared, 1 / len(seeds), 1.0).astype(np.float32)
            yield seed, (self._draws[seed] * each[:, None] * drawn.astype(np.float32)).T

    def _seeds_drawn(self, seeds: Sequence[int]) -> np.ndarray:
        """Return how often each seed is drawn, `(1 + DRAWS, seeds)`; row 0: once each."""
        chosen = np.random.default_rng([1, *seeds]).multinomial(
            len(seeds), np.full(len(seeds), 1 / len(seeds)), size=DRAWS
        )
        return np.concatenate([np.ones((1, len(seeds))), chosen])

    def config(self, cell: str) -> RunConfig:
        """Return a cell's config, that of its first seed."""
        return next(iter(self.cells[cell].values())).config

    def training_counts(self, cell: str) -> np.ndarray:
        """Return how many images of each label a cell was trained on, in its first seed."""
        return next(iter(self.cells[cell].values())).counts

    def common(self, *cells: str) -> tuple[int, ...]:
        """Return the seeds that all of these cells have."""
        return tuple(s for s in self.images if all(s in self.cells[cell] for cell in cells))
