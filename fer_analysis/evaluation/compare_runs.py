"""From runs, tables and predictions to a comparison of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.label_map import Given
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.comparison import ComparedRun, Comparison
from fer_analysis.evaluation.evaluate_run import predict_split
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.evaluation.open_run import OTHER_DATA, open_run
from fer_analysis.evaluation.paired import Contender, align, compare_pair, spread
from fer_analysis.evaluation.score import score_predictions
from fer_analysis.models.exported import exported_file, is_exported, read_exported
from fer_analysis.progress import Progress
from fer_analysis.run import Run

Comparable = str | Path | Run | Evaluation


@dataclass(frozen=True, eq=False)
class _Entry:
    """One run: its name, path, training result, config and seed, and its predictions.

    A bare model, a table or predictions in memory have neither result nor config: their origin is
    used in place of a config. An exported network, and an ensemble, have the config of their
    (first) run and a form of their own.
    """

    name: str
    path: str
    evaluation: Evaluation
    result: dict | None = None
    config: str = ""
    seed: int | None = None
    trained_on: str = ""
    form: str = ""
    pictures: tuple[tuple[int, ...], np.ndarray] | None = None

    @property
    def but_for_its_seed(self) -> tuple[str, str, str]:
        """What the seeds of one config have in common."""
        return self.config, self.trained_on, self.form


def compare_runs(
    runs: Sequence[Comparable | None],
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    label_map: Given | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Comparison:
    """Compare runs on the same images.

    Args:
        runs: Run directories, `.keras` files, `bundled`, tables of predictions (`.csv`), `Run`s
            or `Evaluation`s; the newest run where there is none. The first is the reference.
            Runs that differ only in their seed, on the same data, are taken together.
        data: Other data than the runs' own.
        split: The split; by default the one that `open_run` chooses.
        label_map: How the data's labels are those of the networks; see `open_run`.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives tasks; notices of the data are left out, they would repeat, but for
            that of data that a run was not trained on.

    Raises:
        FerError: If the runs were not scored on the same split and images.
    """
    progress = progress or Progress()
    names = _without_others(_distinct(runs), progress)
    how = {"label_map": label_map, "progress": progress}
    entries = [_entry(name, data, split, overrides, **how) for name in names]
    known = [entry.name for entry in entries]
    entries = [
        replace(entry, name=_long_name(run, index)) if known.count(entry.name) > 1 else entry
        for index, (entry, run) in enumerate(zip(entries, names, strict=True))
    ]
    if len(splits := sorted({e.evaluation.split for e in entries})) > 1:
        raise FerError(
            f"these runs have no split in common by default ({', '.join(splits)}): "
            f"choose one, e.g. --split {splits[-1]}"
        )
    contenders, pairs = _compare(entries)
    for text in _other_pictures(entries):
        progress.notice(text)
    return Comparison(
        split=splits[0],
        runs=tuple(ComparedRun(e.name, e.path, e.result, metrics(e.evaluation)) for e in entries),
        spreads={images: [spread(c) for c in group] for images, group in contenders.items()},
        pairs=tuple(pairs),
    )


class _Quiet(Progress):
    """Passes tasks on, and drops notices but that of other data, where it names the run."""

    def __init__(self, progress: Progress, name: str):
        self.task, self._tell, self._name = progress.task, progress.notice, name

    def notice(self, text: str) -> None:
        if text.startswith(OTHER_DATA):
            self._tell(f"{self._name}: {text}")


def _distinct(runs: Sequence[Comparable | None]) -> list[Comparable | None]:
    """Return the runs, each place once."""
    if not runs:
        return [None]
    places = {
        Path(run).resolve() if isinstance(run, str | Path) else id(run): run
        for run in reversed(runs)
    }
    return list(places.values())[::-1]


RESULT_FILES = (".html", ".json", ".md", ".png", ".txt")
"""Files of results, which stand among runs."""


def _without_others(runs: list[Comparable | None], progress: Progress) -> list[Comparable | None]:
    """Return the runs without folders and files that are none, as `runs/*` names them as well."""
    others = [run for run in runs if isinstance(run, str | Path) and _is_no_run(Path(run))]
    if not others or len(others) == len(runs):
        return runs
    progress.notice(f"passed over, no run with a model: {', '.join(map(str, others))}")
    return [run for run in runs if run not in others]


def _is_no_run(path: Path) -> bool:
    if path.is_dir():
        run = (path / "config.yaml").is_file() and (path / "model.keras").is_file()
        exported = exported_file(path)
        return not run and not (exported and is_exported(exported))
    return path.is_file() and path.suffix in RESULT_FILES


def _long_name(run: Comparable | None, index: int) -> str:
    """Return the caller's name of a run whose short name is not unique."""
    return str(run) if isinstance(run, str | Path) else f"run {index + 1}"


def _entry(run, data, split, overrides, *, label_map, progress: Progress) -> _Entry:
    if isinstance(run, Evaluation):
        path = run.folder.parents[1] if run.folder is not None else Path("predictions")
        return _Entry(path.name, str(path), run, config=f"predictions {id(run)}")
    if isinstance(run, str | Path) and str(run).endswith(".csv"):
        quiet = _Quiet(progress, str(run))
        evaluation, _ = score_predictions(
            run, data=data, split=split, overrides=overrides, progress=quiet
        )
        path = evaluation.folder.parents[1]
        return _Entry(Path(run).stem, str(path), evaluation, config=str(Path(run).resolve()))
    trained = run if isinstance(run, Run) else Run.open(run)
    result, config, seed = None, str(trained.model_file.resolve()), None
    origin = trained.origin
    if origin.is_directory and origin.config_file.is_file():
        result = origin.result() if origin.is_complete else None
        seed = origin.config().seed
        config = origin.config().model_copy(update={"seed": 0}).to_yaml()
    quiet = _Quiet(progress, str(run) if isinstance(run, str | Path) else trained.name)
    opened, loaded, split = open_run(
        trained, data, split, overrides, label_map=label_map, progress=quiet
    )
    path = trained.path if trained.is_directory else opened.path
    evaluation = predict_split(opened, loaded, split, progress=quiet)
    name = trained.name if origin.is_directory else trained.model_file.stem
    return _Entry(
        name,
        str(path),
        evaluation,
        result=result,
        config=config,
        seed=seed,
        trained_on=trained.environment().get("data", {}).get("fingerprint", ""),
        form=_form(trained),
        pictures=_pictures(loaded.dataset.part(split)),
    )


def _pictures(part: FaceDataset) -> tuple[tuple[int, ...], np.ndarray]:
    order = np.argsort(part.ids, kind="stable")
    return part.images.shape[1:], part.pixel_hashes(order)


def _other_pictures(entries: list[_Entry]) -> list[str]:
    """Say of which runs the pictures are others than the first's, where ids and labels agree.

    Pictures of different sizes are not compared: networks of other sizes see the same faces so.
    """
    known = [entry for entry in entries if entry.pictures is not None]
    found = []
    for entry in known[1:]:
        (size, hashes), (first_size, first) = entry.pictures, known[0].pictures
        if size == first_size and (differ := int((hashes != first).sum())):
            found.append(
                f"{entry.name} and {known[0].name}: ids and labels agree, {differ:,} of "
                f"{len(first):,} pictures do not; --data compares on one data set"
            )
    return found


def _form(run: Run) -> str:
    """Return how a network came from its config, where not by training alone."""
    if run.is_exported:
        return read_exported(run.model_file).form
    members = run.environment().get("members", ())
    return f"ensemble of {len(members)}" if members else ""


def _compare(entries: list[_Entry]) -> tuple[dict, list[dict]]:
    """Return the contenders on each set of images, and the comparison of each with the first."""
    groups = _groups(entries)
    whole = align([entry.evaluation for entry in entries])
    sets = {"all images": whole}
    if all(e.leaked is not None for e in whole):
        clean = ~np.any([e.leaked for e in whole], axis=0)
        if 0 < clean.sum() < len(clean):
            sets["leak-free images"] = [e.take(clean) for e in whole]
    contenders = {
        images: [Contender(name, tuple(parts[i] for i in group)) for name, group in groups]
        for images, parts in sets.items()
    }
    pairs = [
        {name: compare_pair(group[0], group[other]) for name, group in contenders.items()}
        for other in range(1, len(groups))
    ]
    return contenders, pairs


def _groups(entries: list[_Entry]) -> list[tuple[str, list[int]]]:
    """Return names and positions of the runs that differ only in their seed, on the same data."""
    alike: dict[tuple, list[int]] = {}
    for index, entry in enumerate(entries):
        # A run and its copy, with one config and one seed, are not two seeds.
        seeds = [e.seed for e in entries if e.but_for_its_seed == entry.but_for_its_seed]
        key = (*entry.but_for_its_seed, index if seeds.count(entry.seed) > 1 else None)
        alike.setdefault(key, []).append(index)
    groups = list(alike.values())
    names = [_group_name([entries[i].name for i in group]) for group in groups]
    return [
        (name if names.count(name) == 1 else _first_of([entries[i].name for i in group]), group)
        for name, group in zip(names, groups, strict=True)
    ]


def _group_name(names: list[str]) -> str:
    """Return what names have in common, or the first and how many more there are."""
    common = os.path.commonprefix(names).rstrip("-_. ")
    if len(names) > 1 and sum(letter.isalpha() for letter in common) >= 3:
        return common
    return _first_of(names)


def _first_of(names: list[str]) -> str:
    """Return the first of names, and how many more there are."""
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
