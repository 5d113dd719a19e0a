"""From finished cells, or from a lone run, to the evidence that a diagnosis needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.quality.poor import poor_pictures
from fer_analysis.run import Run
from fer_analysis.study.cell import cell_data, changed_inputs, fingerprints, whole_data
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.cell_result import CellResult
from fer_analysis.study.design import BASE, Cell, Study
from fer_analysis.study.resampling import ScoredCell, ScoredImages, StudyEvidence
from fer_analysis.study.seen import leak_free, seen_by_networks
from fer_analysis.study.store import CellStore


def collect(studies: Sequence[Study], store: CellStore, *, votes: bool = True) -> StudyEvidence:
    """Read the predictions of the finished cells of studies; they share a base.

    Args:
        studies: At least one.
        store: Where cells are stored.
        votes: False to ignore annotators' votes.

    Raises:
        FerError: If the studies differ in their base or in what a cell's name means, no base
            cell is finished, or a cell was trained on other data.
    """
    _check_bases(studies)
    every = [cell for study in studies for cell in study.cells]
    done = finished_cells(every, store)
    check_inputs(every, store, studies[0].name)
    cells: dict[str, dict[int, ScoredCell]] = {BASE: {}}
    images: dict[int, ScoredImages] = {}
    label_names = ()
    for seed in sorted({cell.seed for cell in done}):  # each seed's data is read once
        results = {cell: result for cell, result in done.items() if cell.seed == seed}
        data = cell_data(next(iter(results)).config)
        label_names = data.dataset.label_names
        clean = leak_free(data)
        images[seed] = _images(data, clean, votes=votes)
        for cell, result in results.items():
            if seed in cells.setdefault(cell.name, {}):
                raise FerError(f"two of these studies mean different things by '{cell.name}'")
            cells[cell.name][seed] = _scored(cell, result, data, clean)
    if not cells[BASE]:
        names = " ".join(study.name for study in studies)
        raise FerError(
            f"{names}: no base cell is finished {store.none_fits()}: "
            f"fer study run {studies[0].name}"
        )
    whole = whole_data(studies[0].base_config)
    return StudyEvidence(
        label_names,
        images,
        cells,
        fingerprint=whole.fingerprint,
        fingerprints=fingerprints(whole),
    )


def _check_bases(studies: Sequence[Study]) -> None:
    first = {cell.seed: cell.key for cell in studies[0].cells if cell.name == BASE}
    for study in studies:
        if any(c.key != first.get(c.seed, c.key) for c in study.cells if c.name == BASE):
            raise FerError(f"studies {studies[0].name} and {study.name} have different base cells")


def finished_cells(cells: Sequence[Cell], store: CellStore) -> dict[Cell, CellResult]:
    """Return the results of those cells that are finished.

    A cell is not if its votes, or a network that it learnt from, have another content since.

    Args:
        cells: Of studies; a cell may occur more than once.
        store: Where cells are stored.

    Raises:
        FerError: If one of them was trained on other data than its config names now; the
            message names both fingerprints of each split that differs.
    """
    found = {cell: result for cell in dict.fromkeys(cells) if (result := store.find(cell))}
    done = {cell: result for cell, result in found.items() if not changed_inputs(cell, result)}
    problems = []
    for seed in sorted({cell.seed for cell in done}):
        own = {cell: result for cell, result in done.items() if cell.seed == seed}
        now = fingerprints(cell_data(next(iter(own)).config))
        for cell, result in own.items():
            if differences := _differences(result.facts["fingerprints"], now):
                problems.append(f"cell '{cell.name}', seed {seed}: {', '.join(differences)}")
    if problems:
        source = next(iter(done)).config.data.source
        raise FerError(
            f"{store.folder}: cells that were trained on other data than {source}; name their "
            "data with --data, or another folder with --store",
            _first(problems),
        )
    return done


def changed_cells(cells: Sequence[Cell], store: CellStore) -> list[str]:
    """Return the cells that were trained with other votes or networks, a line each."""
    found = {cell: result for cell in dict.fromkeys(cells) if (result := store.find(cell))}
    lines = [
        f"cell '{cell.name}', seed {cell.seed}: {', '.join(differences)}"
        for cell, result in found.items()
        if (differences := changed_inputs(cell, result))
    ]
    return _first(lines)


def check_inputs(cells: Sequence[Cell], store: CellStore, study: str) -> None:
    """Refuse finished cells that were trained with other votes or networks than those of now.

    Raises:
        FerError: Naming them.
    """
    if lines := changed_cells(cells, store):
        raise FerError(
            f"{store.folder}: cells that were trained with other votes or networks than those of "
            f"now; fer study run {study} trains them again",
            lines,
        )


def _first(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return lines[:_MOST] + ([f"and {more} more cells"] if more > 0 else [])


_MOST = 5
"""Cells that a message names."""


def _differences(then: dict[str, str], now: dict[str, str]) -> list[str]:
    return [
        f"{split} split {then.get(split, 'not there')}, now {now.get(split, 'not there')}"
        for split in dict.fromkeys((*then, *now))
        if then.get(split) != now.get(split)
    ]


def _images(data: LoadedData, clean: np.ndarray, *, votes: bool) -> ScoredImages:
    fold = data.dataset.part("fold")
    parts = [fold, *([data.dataset.part("validation").take(clean)] if clean.size else [])]
    labels = np.concatenate([part.labels for part in parts])
    known = votes and fold.votes is not None
    given = np.concatenate([part.votes for part in parts]) if known else None
    shared = np.arange(len(labels)) >= len(fold)
    poor = poor_pictures(np.concatenate([part.images for part in parts]), labels)
    return ScoredImages.of(labels, given, shared, len(data.dataset.label_names), poor)


def _scored(cell: Cell, result: CellResult, data: LoadedData, clean: np.ndarray) -> ScoredCell:
    given = result.predictions()
    parts = [given["fold"], *([given["validation"].only(clean)] if clean.size else [])]
    counts = np.array(result.facts["training_counts"])
    seen = result.facts.get("seen")
    if seen is None:  # of a version that did not count
        seen = seen_by_networks(cell.config, data)
    return ScoredCell(cell.config, counts, CellPredictions.joined(parts), seen)


def collect_run(
    run: Run, data: LoadedData, evaluation: Evaluation, *, votes: bool = True
) -> StudyEvidence:
    """Return the evidence of a lone run: that of a study of one cell and one seed.

    Args:
        run: A finished run.
        data: The data that it was evaluated on.
        evaluation: Its predictions; only leak-free images count, where that is known.
        votes: False to ignore annotators' votes.

    Raises:
        FerError: If the run has no record of how frequent the labels were in its training.
    """
    scored = evaluation if evaluation.leak_free is None else evaluation.leak_free
    k = len(scored.label_names)
    config = run.origin.config()
    given = scored.votes if votes else None
    pictures = data.dataset.part(evaluation.split).images
    if evaluation.leaked is not None:
        pictures = pictures[~evaluation.leaked]
    poor = poor_pictures(pictures, scored.labels)
    images = ScoredImages.of(scored.labels, given, np.zeros(len(scored), bool), k, poor)
    predictions = CellPredictions.of(scored.probabilities, run.prior())
    cell = ScoredCell(config, _training_counts(run, data), predictions)
    used = {evaluation.split: data.fingerprints[evaluation.split]}
    return StudyEvidence(
        scored.label_names,
        {config.seed: images},
        {BASE: {config.seed: cell}},
        fingerprint=data.fingerprint,
        fingerprints=used,
    )


def _training_counts(run: Run, data: LoadedData) -> np.ndarray:
    """Return the run's training counts; those of the data where the run has no record."""
    if counts := run.training_counts():
        return np.array(counts)
    k = len(data.dataset.label_names)
    if not data.dataset.has("train"):
        return np.zeros(k, np.int64)
    return np.bincount(data.dataset.part("train").labels, minlength=k)
