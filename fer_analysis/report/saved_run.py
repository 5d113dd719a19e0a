"""A run as the report sees it: what was saved of it, and its faces if they are still there."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.ids import rows_of
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import fingerprint_of_saved
from fer_analysis.evaluation.evaluation import PREDICTIONS, Evaluation
from fer_analysis.evaluation.metrics import load_metrics
from fer_analysis.evaluation.metrics import metrics as metrics_of
from fer_analysis.evaluation.open_run import name_of
from fer_analysis.report.commands import Request, evaluate
from fer_analysis.result_folders import with_key
from fer_analysis.run import Run
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.text import short_names

DEFAULT_SPLITS = ("test", "validation", "fold", "given", "train")
"""Where no split is named, the first of these that has been predicted."""


@dataclass(frozen=True, eq=False)
class SavedRun:
    """One run and one split of it.

    Args:
        name: What the run is called.
        asked: How the user named it, for the commands that the page suggests.
        run: The run; `results` is the folder of its results.
        results: The run itself, or its results on other data.
        evaluation: Its saved predictions, label names shortened.
        metrics: Its `metrics.json`, label names as they are.
        images: uint8 `(n, h, w)`, the faces in the evaluation's order; None where they are missing.
        faces_missing: Why there are no faces; empty where there are.
        saliency: Its saved saliency of this split, None without.
        data_fingerprint: Of the data that was evaluated; None where unknown.
        maps_missing: Why saved saliency is left out; empty where there are none.
        dataset: All splits of the data that was predicted, where the faces come from.
    """

    name: str
    asked: str
    run: Run
    results: Run
    evaluation: Evaluation
    metrics: dict
    images: np.ndarray | None = None
    faces_missing: str = ""
    saliency: SaliencyAnalysis | None = None
    data_fingerprint: str | None = None
    maps_missing: str = ""
    dataset: FaceDataset | None = None

    @property
    def split(self) -> str:
        return self.evaluation.split

    def with_faces(self, data: LoadedData) -> SavedRun:
        """Return the run with its images, or why they are not its own."""
        try:
            images = self._own(data)
            return dataclasses.replace(self, images=images, faces_missing="", dataset=data.dataset)
        except FerError as error:
            return dataclasses.replace(self, images=None, faces_missing=str(error))

    def without_faces(self, reason: str) -> SavedRun:
        """Return the run without a single image."""
        return dataclasses.replace(self, images=None, faces_missing=reason, dataset=None)

    def _own(self, data: LoadedData) -> np.ndarray:
        part = data.dataset.part(self.split)
        rows = rows_of(self.evaluation.ids, part.ids)
        same = self.data_fingerprint in (None, data.fingerprint)
        if not same or (rows < 0).any() or (part.labels[rows] != self.evaluation.labels).any():
            raise FerError("the data is not what was predicted; name that with --data PATH")
        return part.images[rows, ..., 0]


def open_run(name: str | Path | Run | None) -> Run:
    """Open a RUN, or a folder with saved predictions and nothing else.

    Raises:
        FerError: If it is neither.
    """
    if isinstance(name, Run):
        return name
    if name is not None and (with_key(Path(name)) / "evaluation").is_dir():
        return Run(with_key(Path(name)))
    return Run.open(name)


def splits_of(run: Run) -> list[str]:
    """Return the splits that have saved predictions, in the order of `DEFAULT_SPLITS`."""
    return [s for s in DEFAULT_SPLITS if (run.evaluation_folder(s) / PREDICTIONS).is_file()]


def other_run(saved: SavedRun) -> str | None:
    """Return another run beside this one with predictions of the same images; None without."""
    for folder in sorted(saved.run.path.parent.glob("*/")):
        run, split = Run(folder), saved.split
        if folder == saved.run.path or split not in splits_of(run):
            continue
        fingerprint = fingerprint_of_saved(run.evaluation_folder(split))
        if fingerprint is not None and fingerprint == saved.data_fingerprint:
            return str(folder)
    return None


def results_of(run: Run, data: LoadedData | None) -> Run:
    """Return where a run's results are: in itself, or on other data in a folder of its own.

    Args:
        run: The run.
        data: Other data; None without.
    """
    if data is None or run.is_own(data.fingerprint) or not run.model_file.is_file():
        return run
    saved = [fingerprint_of_saved(run.evaluation_folder(split)) for split in splits_of(run)]
    if data.fingerprint in saved:
        return run
    return run.for_data(name_of(data), data.fingerprint)


def common_split(runs: list[Run], request: Request) -> str:
    """Return the split to report on: the one asked for, or the first that all have saved.

    Args:
        runs: Where the results of the runs are, see `results_of`.
        request: What the page should show.

    Raises:
        FerError: If a run has no saved predictions of it; the message has the command for it.
    """
    split, of_data = request.split, f" of {request.data}" if request.data else ""
    problems = [
        f"{name}: no saved predictions{of_data}; make them with {evaluate(request, name, split)}"
        for name, run in zip(request.runs, runs, strict=True)
        if not splits_of(run) or (split and split not in splits_of(run))
    ]
    if problems:
        raise FerError("nothing to report on", problems)
    shared = [s for s in splits_of(runs[0]) if all(s in splits_of(run) for run in runs)]
    if not shared:
        splits = "; ".join(f"{run.name}: {', '.join(splits_of(run))}" for run in runs)
        raise FerError(f"these runs have no predicted split in common ({splits})")
    return split or shared[0]


def read_run(
    asked: str, run: Run, results: Run, split: str, request: Request | None = None
) -> SavedRun:
    """Read what was saved of a run's split.

    Args:
        asked: How the user named the run.
        run: The run.
        results: Where its results are, see `results_of`.
        split: The split.
        request: What the page should show, for the commands that errors name.

    Raises:
        FerError: If it is damaged, or figures and predictions are of different makes.
    """
    folder = results.evaluation_folder(split)
    again = evaluate(request or Request((asked,)), asked, split)
    if not run.made(folder):
        raise FerError(
            f"{folder}: predictions of another model than the run's as it is now; make them again "
            f"with {again}"
        )
    evaluation = Evaluation.load(folder)
    metrics = load_metrics(folder) or metrics_of(evaluation)
    if not len(evaluation):
        raise FerError(f"{folder}: predictions of no image; there is nothing to report on")
    if metrics["n"] != len(evaluation) or metrics["all"]["correct"] != int(
        evaluation.correct.sum()
    ):
        raise FerError(
            f"{folder}: metrics.json is not of these predictions; make both again with {again}"
        )
    names = short_names(evaluation.label_names)
    extras = short_names(evaluation.vote_names[len(names) :])
    votes = (*names, *extras) if evaluation.votes is not None else ()
    evaluation = dataclasses.replace(evaluation, label_names=names, vote_names=votes)
    fingerprint = fingerprint_of_saved(folder)
    saliency, maps_missing = _saliency(results, evaluation, fingerprint)
    return SavedRun(
        name=run.name,
        asked=asked,
        run=run,
        results=results,
        evaluation=evaluation,
        metrics=metrics,
        saliency=saliency,
        maps_missing=maps_missing,
        data_fingerprint=fingerprint,
        faces_missing="the faces were not looked for",
    )


def _saliency(
    results: Run, evaluation: Evaluation, fingerprint: str | None
) -> tuple[SaliencyAnalysis | None, str]:
    """Return the saved saliency of a split, or why it is not of this evaluation."""
    folder = results.saliency_folder(evaluation.split)
    if not folder.is_dir():
        return None, ""
    try:
        analysis = SaliencyAnalysis.load(folder)
    except FerError as error:
        return None, str(error)
    of = analysis.meta.get("data")
    if of and fingerprint and of != fingerprint:
        return None, f"the saved saliency maps are of other data ({of}; here {fingerprint})"
    if not results.is_of(analysis.meta.get("model")):
        return None, "the saved saliency maps are of an earlier state of the network"
    if len(analysis.maps.label_names) != len(evaluation.label_names):
        return None, "the saved saliency maps are of other labels"
    return analysis, ""
