"""Predicting a split, and comparing runs on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    import numpy as np

    from fer_analysis.data.label_map import Given
    from fer_analysis.data.load import LoadedData
    from fer_analysis.evaluation.comparison import Comparison
    from fer_analysis.evaluation.evaluation import Evaluation
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run


def evaluate(
    run: str | Path | Run | None = "bundled",
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    predictions: str | Path | None = None,
    tta: bool = False,
    logit_adjustment: float | None = None,
    exclude: str | Path | None = None,
    issues: Sequence[str] = (),
    relabel: str | Path | None = None,
    guard: bool = False,
    slices: bool = False,
    label_map: Given | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Evaluation:
    """Predict a split, and save the predictions with their figures and pictures.

    Args:
        run: A run directory, a `.keras` file, `bundled` or a `Run`; None takes the newest run.
        data: Other data than the run's own: a path, `synthetic`, or data read before.
        split: The split; test if the data has one, else validation.
        predictions: Instead of a run, a table of predictions made elsewhere (`.csv`).
        tta: Average over ten mirrored and shifted views.
        logit_adjustment: Prior-corrected predictions: 1 as if all labels were equally frequent.
        exclude: A list of faces (a CSV with a column `id`, e.g. an `audit.csv`): score without
            them; figures are named by it.
        issues: With `exclude`, where the list has issues: only images with one of these.
        relabel: A list of faces with labels (`id,label`): score against these labels.
        guard: Also learn, from the run's own validation images, which pictures the network must
            not be asked about; `predict` refuses them from then on.
        slices: Also compare images by light, sharpness, noise, turn …, within labels; read the
            result with `evaluation.slices.Slices.load(evaluation.folder)`.
        label_map: How labels of the data are labels of the network, where they are not the same:
            pairs (`{"happiness": "happy", "contempt": None}`), `happiness=happy` texts, or a YAML
            or CSV file of them. Names and usual forms that both have need no pair.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Returns:
        The predictions; `folder` says where they, `metrics.json`, the pictures and
        `promises.json` are saved. The last is how the threshold of "unsure", those by label, and
        label sets fare on these images: `evaluation.promises.Promises.load(folder)`.

    Raises:
        FerError: If the run, its data or the split is missing, or they do not fit together.

    Example:
        >>> import fer_analysis as fer
        >>> evaluation = fer.evaluate("bundled", data="synthetic", split="validation")
        >>> evaluation.accuracy
        0.15...
    """
    from fer_analysis.errors import FerError
    from fer_analysis.evaluation.promises import measure_promises
    from fer_analysis.evaluation.score import check_arguments, saving, score
    from fer_analysis.figures.evaluation_set import save_pictures
    from fer_analysis.progress import Progress

    if guard and label_map:
        raise FerError("a guard is made of the run's own data: leave the label map out")
    if guard and predictions is not None:
        raise FerError("a guard is made of a run's own images: a table of predictions has no run")
    check_arguments(exclude, listed(issues), logit_adjustment)
    progress = progress or Progress()
    if guard:
        run, data = _with_guard(run, data, listed(overrides), progress)
    evaluation, images = score(
        run,
        data=data,
        split=split,
        predictions=predictions,
        tta=tta,
        logit_adjustment=logit_adjustment,
        exclude=exclude,
        issues=listed(issues),
        relabel=relabel,
        label_map=label_map,
        overrides=listed(overrides),
        progress=progress,
    )
    with progress.task("comparing images for copies") as update:
        promises = measure_promises(evaluation, images, progress=update)
    with saving(evaluation, images) as folder:
        save_pictures(evaluation, images, folder)
        if promises:
            promises.save(folder)
        if slices:
            _save_slices(evaluation, images, folder)
    progress.wrote(evaluation.folder, "metrics.json, predictions.npz, pictures, …")
    return evaluation


def _save_slices(evaluation: Evaluation, images: np.ndarray | None, folder: Path) -> None:
    """Divide the images that a model is judged by into slices; save and draw them."""
    from fer_analysis.auditing.pixel_issues import pixel_flags
    from fer_analysis.errors import FerError
    from fer_analysis.evaluation.metrics import clean_block
    from fer_analysis.evaluation.slices import slices_of
    from fer_analysis.figures.slices import save_figures

    if images is None:
        raise FerError("slices are made of the images: name the data of these predictions")
    judged, _, name = clean_block(evaluation)
    if judged is not evaluation:
        images = images[~evaluation.leaked]
    found = slices_of(judged, images, flags=pixel_flags(images), name=name)
    found.save(folder)
    save_figures(found, judged, images, folder)


def _with_guard(run, data, overrides: tuple[str, ...], progress: Progress | None):
    """Make a run's guard; return the run and its data, opened."""
    from fer_analysis.evaluation.make_guard import make_guard
    from fer_analysis.evaluation.open_run import open_run

    opened, loaded, _ = open_run(run, data, "validation", overrides, progress=progress)
    if make_guard(opened, loaded, progress=progress) and progress is not None:
        progress.wrote(opened.guard_file, "which pictures the network is not asked about")
    return opened, loaded


def compare(
    *runs: str | Path | Run | Evaluation,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    out: str | Path | None = "runs/comparison",
    label_map: Given | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Comparison:
    """Compare runs on the same images: paired tests and differences with intervals.

    Args:
        *runs: Run directories, `.keras` files, `bundled`, tables of predictions (`.csv`), `Run`s
            or `Evaluation`s; the newest run if there is none. The first is the reference; runs
            that differ only in their seed are taken together.
        data: Other data than the runs' own.
        split: The split; test if the data has one, else validation.
        out: The folder for `comparison.json` and its picture; None to save nothing.
        label_map: How labels of the data are labels of the networks; see `evaluate`.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Returns:
        The runs, their spreads over seeds, and how each pair differs. With one run there is no
        pair, and nothing is saved.

    Raises:
        FerError: If a run is missing, or they were not scored on the same images.

    Example:
        >>> import fer_analysis as fer
        >>> comparison = fer.compare("runs/mobilenet", "runs/self_built", split="validation")
        >>> comparison.verdicts
        ['validation split, all images: self_built compared with mobilenet: -3.1 (-4.9 ...']
    """
    import dataclasses

    from fer_analysis.evaluation.compare_runs import compare_runs
    from fer_analysis.figures import save
    from fer_analysis.figures.comparison import comparison_figure
    from fer_analysis.files import updating_folder

    comparison = compare_runs(
        runs,
        data=data,
        split=split,
        label_map=label_map,
        overrides=listed(overrides),
        progress=progress,
    )
    if out is None or not comparison.pairs:
        return comparison
    with updating_folder(out) as new:
        comparison.save(new)
        save(comparison_figure(comparison), new / "comparison.png")
    if progress is not None:
        progress.wrote(Path(out), "comparison.json, comparison.png")
    return dataclasses.replace(comparison, folder=Path(out))
