"""The public functions: each a few lines over the code that does the work.

All of them take names, paths or objects, print nothing, report to `progress`, and raise
`FerError` for what a user can fix. The commands of the same names parse their arguments,
call one of these, and print the result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image

    from fer_analysis.auditing.audit import Audit
    from fer_analysis.config import RunConfig
    from fer_analysis.data.label_map import Given
    from fer_analysis.data.load import LoadedData
    from fer_analysis.evaluation.comparison import Comparison
    from fer_analysis.evaluation.evaluation import Evaluation
    from fer_analysis.exporting.export_run import Export
    from fer_analysis.faces.face import Face
    from fer_analysis.prediction.film_result import FilmPredictions
    from fer_analysis.prediction.predictions import Prediction, Predictions, Unreadable
    from fer_analysis.progress import Progress
    from fer_analysis.report.write import Report
    from fer_analysis.robustness.comparison import StressComparison
    from fer_analysis.robustness.stress_test import StressTest
    from fer_analysis.run import Run
    from fer_analysis.saliency.analysis import SaliencyAnalysis
    from fer_analysis.second_opinion.agreement import Agreement
    from fer_analysis.second_opinion.page import RelabelPage
    from fer_analysis.study.design import Study
    from fer_analysis.study.diagnosis import Diagnosis
    from fer_analysis.study.differences import Differences
    from fer_analysis.study.join import Joined
    from fer_analysis.study.run_study import StudyStatus


def load_data(
    source: str | Path | None = None,
    *,
    overrides: tuple[str, ...] = (),
    pictures: str | Path | None = None,
    augmented_by: str | Path | RunConfig | None = None,
    conditions: bool = False,
    progress: Progress | None = None,
    **options: object,
) -> LoadedData:
    """Read a data set, or let the package draw one.

    Args:
        source: A CSV, a folder, or `synthetic`; the variable `FER2013_DIR` if None.
        overrides: `KEY=VALUE` texts of the sections data and, for `augmented_by`, augmentation,
            e.g. `data.size=48`.
        pictures: A folder for `samples.png`, faces of every label.
        augmented_by: A config whose augmentation `augmented.png` shows, in the same folder.
        conditions: Draw `conditions.png` too, a face under every condition and severity.
        progress: Receives tasks and notices.
        **options: Keys of a config's `data` section, e.g. `layout="csv"`, `size=48`,
            `protocol="kaggle"`, `validation_share=0.2`; of `synthetic` those of
            `data.synthetic.generate`, e.g. `n=500`.

    Raises:
        FerError: If no data is named, it cannot be read, or an option is not what it should be.

    Example:
        >>> loaded = load_data("synthetic", n=300)
        >>> len(loaded.dataset)
        300
    """
    from fer_analysis.config import check_sections
    from fer_analysis.evaluation.open_run import data_section, read_data

    check_sections(overrides, "data", *(("augmentation",) if augmented_by is not None else ()))
    own = tuple(text for text in overrides if text.startswith("data."))
    loaded = read_data(data_section(source, own, **options), progress)
    if pictures is None:
        return loaded
    from fer_analysis.config import load_augmentation
    from fer_analysis.figures.data import save_figures
    from fer_analysis.progress import Progress

    augmentation = None if augmented_by is None else load_augmentation(augmented_by, overrides)
    drawn = save_figures(
        loaded.dataset, Path(pictures), augmentation=augmentation, conditions=conditions
    )
    for file in drawn:
        (progress or Progress()).wrote(file)
    return loaded


def train(
    config: str | Path | RunConfig | None = None,
    *,
    data: str | Path | LoadedData | None = None,
    seed: int | None = None,
    run_dir: str | Path | None = None,
    resume: str | Path | Run | None = None,
    exclude: str | Path | None = None,
    issues: Sequence[str] = (),
    relabel: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Run:
    """Train a run, or go on with one that was interrupted.

    After Ctrl-C the finished epochs are kept and drawn; `resume` goes on from there, to the
    result that the uninterrupted run would have had.

    Args:
        config: Path of a YAML file, the name of a shipped config, or a config.
        data: Other data than the config's: a path, `synthetic`, or what `load_data` returned.
        seed: Of weights, order and augmentation; the config's if None.
        run_dir: The new run's directory; by default `runs/<time>-<model>`.
        resume: A run to go on with; it takes no other arguments than `data` and, in `overrides`,
            when to stop (`training.epochs`, `training.early_stopping.patience`).
        exclude: A list of faces (a CSV with a column `id`) that are not trained on; other splits
            stay whole.
        issues: With `exclude`, where the list is an `audit.csv`: only images with one of these.
        relabel: A list of faces with the labels (`id,label`) that they are trained with.
        overrides: `KEY=VALUE` texts that change the config.
        progress: Receives tasks, notices, and every epoch.

    Returns:
        The finished run; `run.result()` has its row of Table 1.

    Raises:
        FerError: If the config, the data or the directory is not what it should be.

    Example:
        >>> run = train("tiny", overrides=("training.epochs=1",), run_dir="runs/first")
        >>> run.result()["epochs"]
        1
    """
    from fer_analysis.progress import Progress
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly
    from fer_analysis.training.begin import begin
    from fer_analysis.training.face_lists import as_overrides

    progress = progress or Progress()
    begun = begin(
        config,
        data,
        seed=seed,
        run_dir=run_dir,
        resume=resume,
        overrides=overrides,
        lists=as_overrides(exclude, relabel, issues),
        progress=progress,
    )
    run = begun.run
    if run.is_complete:
        progress.notice(f"{run.path} is complete already")
        return run
    import_tensorflow_quietly()
    from fer_analysis.figures.training import save_figures
    from fer_analysis.training.logs import log_pictures
    from fer_analysis.training.train import train as train_run

    begun.announce(progress)
    try:
        with progress.training(begun.config) as listener:
            train_run(begun.config, begun.data, run, listener)
    except KeyboardInterrupt:
        progress.notice(
            f"stopped; finished epochs are safe, go on with: fer train --resume {run.path}"
        )
        save_figures(run)
        raise
    save_figures(run)
    log_pictures(run, begun.config)
    return run


def ensemble(
    *runs: str | Path | Run,
    run_dir: str | Path | None = None,
    progress: Progress | None = None,
) -> Run:
    """Make one run of several: its probabilities are the mean of theirs.

    Deep ensembles, after Lakshminarayanan, Pritzel & Blundell 2017. The result is a run
    directory that every function takes: evaluate it, put it to the stress test, export it, or
    name it as a teacher. Images that any member was trained on count as trained on.

    Args:
        *runs: Two or more RUNs with the same labels in the same order.
        run_dir: The new run's directory; by default `runs/<time>-ensemble`.
        progress: Receives a task.

    Raises:
        FerError: If there are too few, one is a bare model file, or they do not fit together.

    Example:
        >>> import fer_analysis as fer
        >>> both = fer.ensemble("runs/first", "runs/second", run_dir="runs/both")
        >>> fer.evaluate(both).accuracy
    """
    from fer_analysis.result_folders import new_run_folder
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    import_tensorflow_quietly()
    from fer_analysis.progress import Progress
    from fer_analysis.training.ensemble import make_ensemble

    with (progress or Progress()).task(f"joining {len(runs)} networks"):
        return make_ensemble(runs, Path(run_dir) if run_dir else new_run_folder("ensemble"))


def open_run(run: str | Path | None = "bundled") -> Run:
    """Open a run: its files, its config, its history, its results.

    Args:
        run: A run directory (or its name below `runs/`), a `.keras` file, or `bundled`, the
            network that comes with the package; None takes the newest run.

    Raises:
        FerError: If it is none of these.

    Example:
        >>> import fer_analysis as fer
        >>> fer.open_run("bundled").config().model.name
        'residual'
    """
    from fer_analysis.run import Run

    return Run.open(run)


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
    from fer_analysis.evaluation.score import saving, score
    from fer_analysis.figures.evaluation_set import save_pictures
    from fer_analysis.progress import Progress

    if guard and label_map:
        raise FerError("a guard is made of the run's own data: leave the label map out")
    progress = progress or Progress()
    if guard:
        run, data = _with_guard(run, data, tuple(overrides), progress)
    evaluation, images = score(
        run,
        data=data,
        split=split,
        predictions=predictions,
        tta=tta,
        logit_adjustment=logit_adjustment,
        exclude=exclude,
        issues=issues,
        relabel=relabel,
        label_map=label_map,
        overrides=tuple(overrides),
        progress=progress,
    )
    with progress.task("comparing images for copies") as update:
        promises = measure_promises(evaluation, images, progress=update)
    with saving(evaluation) as folder:
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
    from fer_analysis.files import replacing_folder

    comparison = compare_runs(
        runs,
        data=data,
        split=split,
        label_map=label_map,
        overrides=tuple(overrides),
        progress=progress,
    )
    if out is None or not comparison.pairs:
        return comparison
    with replacing_folder(out) as new:
        comparison.save(new)
        save(comparison_figure(comparison), new / "comparison.png")
    if progress is not None:
        progress.wrote(Path(out), "comparison.json, comparison.png")
    return dataclasses.replace(comparison, folder=Path(out))


def stress(
    run: str | Path | Run | None = "bundled",
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    conditions: Sequence[str] = (),
    severities: Sequence[int] = (),
    n: int = 1000,
    seed: int = 0,
    predictor: str | Callable[[np.ndarray], np.ndarray] | None = None,
    input_size: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
    label_map: Given | None = None,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> StressTest:
    """Test a network under conditions: noise, blur, light, turned heads, masks.

    Predictions are saved one condition and severity at a time: the same call goes on after an
    interruption. The result and its pictures are written to `stress/<split>` in the run's folder.

    Args:
        run: A run directory, a `.keras` file, `bundled`, a `Run`; None takes the newest run.
        data: Other data than the run's own; with `predictor`, `FER2013_DIR` if None.
        split: Which part of it; by default test, else validation. Images that are among the
            training images are left out.
        conditions: Names of conditions, e.g. `["surgical_mask"]`; all of them if empty.
        severities: Of 1 to 5; all of them if empty.
        n: Images, drawn at random with each label's share; all if there are no more.
        seed: Of the draw and of the conditions.
        predictor: Instead of a run, anyone's network: a function, or `module:function`, from
            images (uint8, `(n, h, w, 1)`) to probabilities of the data's labels (`(n, k)`).
        input_size: Height and width that the run's model takes, if they are not the data's.
        scale: What it takes for black and white, if not 0 and 255.
        label_map: How labels of the data are labels of the run's network; see `evaluate`.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives tasks and notices.

    Raises:
        FerError: If the run, the data or an argument is not what it should be.

    Example:
        >>> import fer_analysis as fer
        >>> found = fer.stress("bundled", data="synthetic", conditions=["dark"], n=100)
        >>> found.summary["overall"]["all"]["accuracy"]
        Estimate(value=...)
    """
    from fer_analysis.errors import FerError
    from fer_analysis.evaluation.open_run import open_run
    from fer_analysis.figures.stress import save_figures
    from fer_analysis.progress import Progress
    from fer_analysis.robustness.networks import network_of_function, network_of_run
    from fer_analysis.robustness.run_stress import open_split, run_stress

    progress, overrides = progress or Progress(), tuple(overrides)
    if predictor is None:
        opened, loaded, split = open_run(
            run, data, split, overrides, label_map=label_map, progress=progress
        )
        network = network_of_run(opened, input_size=input_size, scale=scale)
    elif label_map or input_size or scale:
        raise FerError(
            "a predictor takes the data's own images and gives its labels: no label map, input "
            "size or scale"
        )
    else:
        loaded, split = open_split(data, split, overrides, progress=progress)
        network = network_of_function(predictor, loaded.dataset.part(split).images[:16])
    found = run_stress(
        network,
        loaded,
        split,
        conditions=conditions,
        severities=severities,
        n=n,
        seed=seed,
        progress=progress,
    )
    found.save(found.folder)
    save_figures(found, found.folder)
    progress.wrote(found.folder, "stress.json, stress.csv, heat_map.png, curves.png, faces.png")
    return found


def compare_stress(
    tests: Sequence[StressTest],
    *,
    out: str | Path | None = "runs/stress",
    progress: Progress | None = None,
) -> StressComparison:
    """Compare networks under the same conditions, on the same images.

    Args:
        tests: What `stress` returned for each network; the first is the reference.
        out: Where `stress_comparison.json` and its picture go; None to save nothing.
        progress: Receives where they are.

    Raises:
        FerError: If their conditions, severities or images differ.

    Example:
        >>> import fer_analysis as fer
        >>> tests = [fer.stress(run, data="synthetic") for run in ("bundled", "runs/first")]
        >>> fer.compare_stress(tests).pairs[0]["groups"]["all"]
        Estimate(value=...)
    """
    import dataclasses

    from fer_analysis.figures import save
    from fer_analysis.figures.stress import CURVES, curves_figure
    from fer_analysis.robustness.comparison import compare_stress as compare_tests

    comparison = compare_tests(tests)
    if out is None:
        return comparison
    comparison.save(out)
    save(curves_figure(tests), Path(out) / CURVES)
    if progress is not None:
        progress.wrote(Path(out), f"stress_comparison.json, {CURVES}")
    return dataclasses.replace(comparison, folder=Path(out))


def explain(
    run: str | Path | Run | None = "bundled",
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    label: str | None = None,
    n: int = 50,
    target: str = "true",
    method: str = "integrated_gradients",
    options: Mapping[str, object] | None = None,
    regions: str | Path | None = None,
    checks: str = "quick",
    others: Sequence[str | Path | Run] = (),
    label_map: Given | None = None,
    seed: int = 0,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> SaliencyAnalysis:
    """Compute where a run looks, label by label, and whether that can be believed.

    The result and its pictures are written to `saliency/<split>` in the run's folder, all at
    once. Ctrl-C keeps the labels that are finished; the result is then not `complete`.

    Args:
        run: A run directory, a `.keras` file, `bundled`, a `Run`; None takes the newest run.
        data: Other data than the run's own.
        split: Which part of it; by default test, else validation.
        label: The label to explain; None for all of them.
        n: Images of each label.
        target: Whose logit is explained: `true`, `predicted`, `contrast` (the true label's less
            the strongest other one) or a label.
        method: A saliency method, e.g. `gradient`.
        options: The method's own, e.g. `{"steps": 64}`.
        regions: A file of face regions of your own; None takes the template.
        checks: `none` (maps alone), `quick` (all controls, the costly ones on a few images of
            each label) or `full`.
        others: Runs whose maps of the same images are compared with this run's.
        label_map: How labels of the data are labels of the network; see `evaluate`.
        seed: Of everything random.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives tasks and notices.

    Raises:
        FerError: If a run, the data or an argument is not what it should be.

    Example:
        >>> found = explain("runs/first", label="disgust", method="gradient")
        >>> found.finding("disgust").by_maps.region
    """
    from fer_analysis.evaluation.open_run import open_run
    from fer_analysis.files import replacing_folder
    from fer_analysis.run import Run
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    opened = [e if isinstance(e, Run) else Run.open(e) for e in (run, *others)]
    for each in opened:
        each.trained_model_file()
    import_tensorflow_quietly()
    run, loaded, split = open_run(
        opened[0], data, split, overrides, label_map=label_map, progress=progress
    )
    from fer_analysis.figures.saliency_folder import save_figures
    from fer_analysis.saliency.explain_run import explain_run

    analysis = explain_run(
        run,
        loaded,
        split,
        label=label,
        n=n,
        target=target,
        method=method,
        options=options,
        regions=regions,
        checks=checks,
        others=opened[1:],
        seed=seed,
        progress=progress,
    )
    with replacing_folder(run.saliency_folder(split)) as folder:
        analysis.save(folder)
        save_figures(analysis, folder, progress=progress)
    if progress:
        progress.wrote(run.saliency_folder(split), "overview.png, a page for each label, …")
    return analysis


def find_faces(
    image: str | Path | np.ndarray | PIL.Image.Image, *, size: int = 48
) -> tuple[Face, ...]:
    """Find the faces in a picture, and crop them as the networks of FER-2013 expect them.

    The detector is YuNet, run by OpenCV (`pip install 'fer-analysis[photos]'`). Nothing leaves
    the machine.

    Args:
        image: A file (turned as its camera was held), a PIL image, or an array uint8
            `(h, w)`, `(h, w, 1)` (grey) or `(h, w, 3)`, whose channels are RGB. OpenCV's own
            frames are BGR: pass `frame[..., ::-1]`.
        size: Height and width of the crops, in pixels.

    Returns:
        The faces from left to right, each with `box` (left, top, width, height), `size`,
        `tilt`, `score`, `eyes` and `crop`, uint8 `(size, size)`; none if there is none.

    Raises:
        FerError: If the file cannot be read, the array is no picture, or OpenCV is missing.

    Example:
        >>> import fer_analysis as fer
        >>> import numpy as np
        >>> faces = fer.find_faces("party.jpg")
        >>> fer.predict(np.stack([face.crop for face in faces]))
    """
    from fer_analysis.faces.find import find_faces

    return find_faces(image, size=size)


def predict(
    images: str | Path | Sequence[str | Path | np.ndarray | PIL.Image.Image] | np.ndarray,
    *,
    run: str | Path | Run | None = "bundled",
    faces: str = "auto",
    saliency: bool = False,
    draw: bool = False,
    keras: bool = False,
    promise: str = "overall",
    sets: bool = False,
    out: str | Path | None = None,
    each: Callable[[Prediction | Unreadable], None] | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Predict the expression label of each face in pictures.

    An image that cannot be read, or shows no face, is passed over and named in the result.

    Args:
        images: Files, folders of files (searched to any depth), an array uint8 `(n, h, w)`,
            `(n, h, w, 1)` (grey) or `(n, h, w, 3)` (RGB), of any height and width, or a list
            of pictures as `find_faces` takes them. OpenCV's frames are BGR: pass
            `frame[..., ::-1]`.
        run: Whose network: a run directory, a `.keras` file, an exported network, `bundled`, a
            `Run`; None takes the newest run. Not the first argument, since it mostly is the
            bundled one.
        faces: `auto` takes images of at most 100 pixels of the shorter side, and those of one
            tight face, whole, and finds the faces in the others; `always` finds them in all;
            `never` takes each image for one cropped face.
        saliency: Also draw where the network looked on each face.
        draw: Also draw each photo with its faces' boxes, labels and probabilities.
        keras: Use the Keras file of `bundled`, not its LiteRT form, which starts without
            TensorFlow and gives the same labels but for a few faces in a thousand.
        promise: For which answers "4 of 5 are correct" was shown: `overall`, for all of them, or
            `by-label`, for those of each predicted label; a label for which it was not shown is
            always unsure.
        sets: Also give each face a set of labels that holds the true one in 9 of 10 cases: of
            all faces, or (with `by-label`) of the faces of each true label.
        out: The folder of these pictures; by default each file's folder.
        each: Called with each image as soon as its batch is predicted.
        progress: Receives a task, and a notice for each picture that could not be written.

    Returns:
        A sequence with `label`, `probabilities`, `unsure`, `reason` and `labels` (the label set)
        of each face; `face` is where it is in its image, None where that was taken whole.

    Raises:
        FerError: If there is no image, the run has no network, no thresholds by label or sets are
            kept with it, or `always` has no detector.

    Example:
        >>> import fer_analysis as fer
        >>> for prediction in fer.predict(["face.jpg", "faces/"]):
        ...     print(prediction.image, prediction.label, prediction.unsure)
    """
    import numpy as np

    from fer_analysis.prediction.predict import predict_images
    from fer_analysis.run import Run

    if isinstance(images, str | Path):
        images = [images]
    if not isinstance(images, np.ndarray):
        images = [Path(image) if isinstance(image, str) else image for image in images]
    return predict_images(
        run if isinstance(run, Run) else Run.open(run),
        images,
        faces=faces,
        saliency=saliency,
        draw=draw,
        keras=keras,
        promise=promise,
        sets=sets,
        out=None if out is None else Path(out),
        each=each,
        progress=progress,
    )


def predict_film(
    film: str | Path | int,
    *,
    run: str | Path | Run | None = "bundled",
    every: int | None = None,
    fps: float = 25.0,
    draw: bool = False,
    out: str | Path | None = None,
    each: Callable[[dict], None] | None = None,
    progress: Progress | None = None,
) -> FilmPredictions:
    """Predict the expressions of the faces in a film, over time.

    Faces are found in each frame, followed by the overlap of their boxes, and each one's
    probabilities are averaged over the last second. Memory does not grow with the film's length.
    Ctrl-C ends it and keeps what was predicted. Nothing leaves the machine; showing people's faces
    to such a program may need their consent.

    Args:
        film: A file that OpenCV reads, a folder of pictures (in the order of their names), or a
            camera's number.
        run: Whose network; see `predict`.
        every: Look at every so many frames; by default at 5 a second, of a camera at all.
        fps: Frames a second of a folder of pictures.
        draw: Also write the film with the faces' boxes and labels (`annotated.mp4`).
        out: The folder of the results; by default one below `runs/`.
        each: Called with each row of `timeline.csv` as it is written.
        progress: Receives a task and notices.

    Returns:
        `tracks`: for each face its times, its frames and as how many independent ones they count,
        its average probabilities; `rows()`: each frame; `folder`: the files.

    Raises:
        FerError: If the film cannot be opened, OpenCV is missing, or `out` holds something else.

    Example:
        >>> import fer_analysis as fer
        >>> for track in fer.predict_film("interview.mp4").tracks:
        ...     print(track.track, track.label, track.start, track.end)
    """
    from fer_analysis.prediction.predict_film import predict_film
    from fer_analysis.run import Run

    return predict_film(
        run if isinstance(run, Run) else Run.open(run),
        film,
        every=every,
        fps=fps,
        draw=draw,
        out=None if out is None else Path(out),
        each=each,
        progress=progress,
    )


def export(
    run: str | Path | Run | None = "bundled",
    *,
    to: str = "litert",
    quantize: str | None = None,
    out: str | Path | None = None,
    data: str | Path | LoadedData | None = None,
    tolerance: float = 0.5,
    overrides: Sequence[str] = (),
    progress: Progress | None = None,
) -> Export:
    """Write a run's network in a format that runs without TensorFlow, and measure what it loses.

    Beside the network are its labels, temperature, threshold and everything else that is known
    of the run. The folder, or the file in it, is a RUN for `predict`, `evaluate` and `stress`,
    but for a SavedModel.

    Args:
        run: A run directory, a `.keras` file, `bundled` or a `Run`; None takes the newest run.
        to: `litert`, `onnx` or `saved_model`.
        quantize: `dynamic` (8-bit weights, LiteRT's default), `full` (8-bit activations too) or
            `none`.
        out: The folder; by default `export/<to>-<quantize>` in the run's folder.
        data: Other data than the run's own, whose validation images the network is compared on.
        tolerance: Points of accuracy that it may lose; see `Export.within_tolerance`.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If the run has no network, it cannot be converted, or a package is missing.

    Example:
        >>> import fer_analysis as fer
        >>> exported = fer.export("runs/first", to="litert")
        >>> fer.predict("faces/", run=exported.folder)
    """
    from fer_analysis.exporting.export_run import export_run
    from fer_analysis.run import Run

    exported = export_run(
        run if isinstance(run, Run) else Run.open(run),
        to=to,
        quantize=quantize,
        out=None if out is None else Path(out),
        data=data,
        tolerance=tolerance,
        overrides=tuple(overrides),
        progress=progress,
    )
    if progress is not None:
        progress.wrote(exported.folder, f"{exported.file.name}, export.json")
    return exported


def write_report(
    runs: str | Path | Run | Sequence[str | Path | Run] | None = None,
    *,
    data: str | Path | None = None,
    split: str | None = None,
    studies: Sequence[str | Path] = (),
    audit: str | Path | None = None,
    faces: bool = True,
    per_cell: int | None = None,
    out: str | Path | None = None,
    force: bool = False,
    label_map: Given | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Report:
    """Write one page that leads from a figure to the faces behind it, and a model card.

    It is made from what the other functions saved: no model is loaded.

    Args:
        runs: One or more runs that were evaluated before, each a run directory, a `.keras` file,
            `bundled` or a `Run`; None takes the newest run. The first one is shown in full, the
            others are compared with it.
        data: The data that they were evaluated on, where it is not their own.
        split: Which evaluated split; by default test, else validation.
        studies: Folders that `diagnose` and `show_study` wrote.
        audit: The folder that `audit` wrote for the same data.
        faces: False leaves out every picture of a face and all that is drawn from one.
        per_cell: Faces of each cell of the confusion matrix, at most; by default all, on a page
            of up to 7,500.
        out: The HTML file; by default `report.html` in the first run's folder.
        force: Replace the file even if `write_report` did not make it.
        label_map: How labels of the data are labels of the networks, as it was given to
            `evaluate`.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives tasks and notices.

    Returns:
        The page's `path` (it also can be opened itself), its `model_card` and its `headline`.

    Raises:
        FerError: If nothing was evaluated, an attachment is of other data, or the file is not
            to be replaced.

    Example:
        >>> import fer_analysis as fer
        >>> report = fer.write_report("runs/first", audit="runs/audit-fer2013")
        >>> report.headline
        'disgust: 16 of 56 correct, ...'
    """
    from fer_analysis.data.label_map import read_label_map
    from fer_analysis.progress import Progress
    from fer_analysis.report.commands import Request
    from fer_analysis.report.write import write_page
    from fer_analysis.run import Run

    if runs is None or isinstance(runs, str | Path | Run):
        runs = [runs]
    runs = list(dict.fromkeys(runs)) or [None]
    opened = [run or Run.newest() for run in runs]
    request = Request(
        runs=tuple(str(run.path) if isinstance(run, Run) else str(run) for run in opened),
        data=None if data is None else str(data),
        split=split,
        studies=tuple(map(Path, studies)),
        audit=None if audit is None else Path(audit),
        label_map=None if label_map is None else read_label_map(label_map),
        overrides=tuple(overrides),
    )
    return write_page(
        opened,
        request,
        faces=faces,
        per_cell=per_cell,
        out=None if out is None else Path(out),
        force=force,
        overrides=overrides,
        progress=progress or Progress(),
    )


def audit(
    data: str | Path | LoadedData | None = None,
    *,
    folds: int | None = None,
    probabilities: str | Path | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Audit:
    """Look for what is wrong with a data set: copies, leaks, no faces, doubtful labels.

    The result and a contact sheet of each kind of issue are written to `out`. Networks of
    `folds` are kept there too: after Ctrl-C the same call goes on from the last epoch.

    Args:
        data: A path, `synthetic`, or what `load_data` returned; `FER2013_DIR` if None.
        folds: Train so many networks, each without one part of the training images, and compare
            the labels of that part with its predictions.
        probabilities: Out-of-fold probabilities that an earlier audit wrote; by default those in
            `out`, if they are of this data.
        out: The folder; by default `runs/audit-<data>`.
        seed: Of the networks of `folds` and of the choice of images in the contact sheets.
        overrides: `KEY=VALUE` texts: of the data section, and with `folds` of the networks' config.
        progress: Receives tasks, trainings and notices.

    Raises:
        FerError: If the data or an argument is not what it should be.

    Example:
        >>> found = audit("synthetic", out="runs/audit")
        >>> found.issues["exact_duplicate"]["n"]
        0
    """
    from fer_analysis.auditing.audit_data import audit_data, check_arguments, find_probabilities
    from fer_analysis.evaluation.open_run import name_of
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder

    progress = progress or Progress()
    check_arguments(folds, probabilities, overrides)
    loaded = data
    if data is None or isinstance(data, str | Path):
        own = tuple(text for text in overrides if text.startswith("data."))
        loaded = load_data(data, overrides=own, progress=progress)
    folder = Path(out or default_folder(f"audit-{name_of(loaded)}", loaded.fingerprint))
    found = find_probabilities(
        loaded,
        folder,
        folds=folds,
        probabilities=probabilities,
        seed=seed,
        overrides=overrides,
        progress=progress,
    )
    result = audit_data(loaded, probabilities=found, progress=progress)
    from fer_analysis.figures.audit import save_figures
    from fer_analysis.files import updating_folder

    with updating_folder(folder) as new:
        save_figures(result, new, seed=seed or 0)
        result.save(new)
    progress.wrote(folder, "audit.json, audit.csv, a contact sheet of each kind")
    return result


def run_study(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    only: str | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    jobs: int | None = None,
    ray: str | None = None,
    progress: Progress | None = None,
) -> StudyStatus:
    """Train the cells of a study that are not finished; started again, it goes on.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: The data set's path, or `synthetic`; cells are trained in processes of their own,
            which read it themselves. The study file's own, else `FER2013_DIR`, if None.
        only: Only the cells of this name.
        labels: What `{label}` stands for in the file's cells.
        base: Another base than the file's: a config, or a run's `config.yaml`.
        store: Where cells are stored; `runs/cells` if None.
        jobs: Cells at a time; as many as the machine has cores for if None.
        ray: Address of a Ray cluster to run on; None to run here.
        progress: Receives the expected cost, and each cell as it is finished.

    Returns:
        How many cells of each name are finished.

    Raises:
        FerError: If the study or its data cannot be read, or cells failed.

    Example:
        >>> import fer_analysis as fer
        >>> status = fer.run_study("matched", data="fer2013.csv", only="base")
        >>> fer.show_study("matched", data="fer2013.csv").watched
        ('disgust', 'fear')
    """
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import run_study as run
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=labels).only(only)
    return run(planned, CellStore(store), jobs=jobs, ray=ray, progress=progress)


def study_status(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
) -> StudyStatus:
    """Count the finished cells of a study; nothing is trained.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: As for `run_study`.
        labels: As for `run_study`.
        base: As for `run_study`.
        store: As for `run_study`.

    Raises:
        FerError: If the study or its data cannot be read.

    Example:
        >>> import fer_analysis as fer
        >>> status = fer.study_status("matched", data="fer2013.csv")
        >>> status.finished, status.n
    """
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import study_status as status
    from fer_analysis.study.store import CellStore

    return status(load_study(study, data, base=base, labels=labels), CellStore(store))


def keep_study(
    study: str | Path | Study,
    out: str | Path,
    *,
    data: str | Path | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> int:
    """Keep the predictions of a study's finished cells in two small files that can be shared.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        out: The folder: a store for `diagnose(store=...)` and `join_studies`. Several studies may
            share it.
        data: As for `run_study`.
        labels: As for `run_study`.
        base: As for `run_study`.
        store: As for `run_study`.
        progress: Receives where the files are.

    Returns:
        How many cells were kept.

    Raises:
        FerError: If no cell is finished, or one was trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> fer.keep_study("matched", "kept", data="fer2013.csv")
        42
    """
    from fer_analysis.progress import Progress
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import keep_study as keep
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=labels)
    kept = keep(planned, CellStore(store), Path(out))
    (progress or Progress()).wrote(Path(out), f"{kept:,} of {len(planned.cells):,} cells")
    return kept


def join_studies(
    stores: Sequence[str | Path],
    out: str | Path,
    *,
    progress: Progress | None = None,
) -> Joined:
    """Join the cells of one study that several machines ran, or of studies with the same base.

    Args:
        stores: Folders of `run_study(store=...)` or `keep_study`.
        out: The folder of the joined store; if it has cells, they are joined too.
        progress: Receives what could not be checked, and where the files are.

    Returns:
        How many cells there are, how many were found more than once, and how many have no record
        of their study.

    Raises:
        FerError: If a store has no cell, or naming the cells that do not belong with the others:
            of another base, other data or another contract of cells, or there twice with different
            predictions. Nothing is written then.

    Example:
        >>> import fer_analysis as fer
        >>> fer.join_studies(["machine1/cells", "machine2/cells"], "joined").cells
        >>> fer.diagnose("matched", data="fer2013.csv", store="joined")
    """
    from fer_analysis.progress import Progress
    from fer_analysis.study.join import join_stores

    progress = progress or Progress()
    joined = join_stores(stores, out)
    if joined.unknown:
        progress.notice(
            f"{joined.unknown:,} cells have no record of their study: their data was compared"
        )
    twice = f", {joined.twice:,} of them found more than once" if joined.twice else ""
    progress.wrote(Path(out), f"{joined.cells:,} cells{twice}")
    return joined


def show_study(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    reference: str = "base",
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Differences:
    """Compare the finished cells of a study with one of them, and save the result.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: As for `run_study`.
        reference: The cell that the others are compared with.
        labels: What `{label}` stands for, and the labels whose recalls are compared; the two
            with the lowest recall if empty.
        base: As for `run_study`.
        store: As for `run_study`.
        out: Folder for the result and its picture; `runs/study-<name>` if None.
        progress: Receives where the result is.

    Raises:
        FerError: If no base cell is finished, or cells were trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> differences = fer.show_study("remedies", data="fer2013.csv", labels=["disgust"])
        >>> {row.cell: row.figures["macro_f1"].difference for row in differences.others}
    """
    from fer_analysis.figures.study_folders import save_differences
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder
    from fer_analysis.study.collect import collect
    from fer_analysis.study.compare_cells import compare_cells
    from fer_analysis.study.design import load_study
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=labels)
    evidence = collect([planned], CellStore(store))
    result = compare_cells(planned, evidence, reference, labels)
    folder = Path(out or default_folder(f"study-{planned.name}", result.fingerprint))
    save_differences(result, folder)
    (progress or Progress()).wrote(folder, "differences.json, .csv and .png")
    return result


def diagnose(
    names: str | Path | Run | Study | Sequence[str | Path | Study] | None = None,
    *,
    data: str | Path | None = None,
    subject: str = "base",
    votes: bool = True,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    predictions: str | Path | None = None,
    split: str | None = None,
    counts: Mapping[str, int] | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find which labels a network fails on and why, and save the result.

    Args:
        names: Studies, whose finished cells are read together; or one RUN: a run directory, a
            `.keras` file, `bundled` or a `Run`; the newest run if None.
        data: The data set's path, or `synthetic`; the run's or the study's own if None.
        subject: The cell whose failures are examined.
        votes: False to ignore annotators' votes.
        labels: What `{label}` stands for in the cells of the study files.
        base: Another base than the study file's.
        store: Where cells are stored: a folder of `fer study run` or `fer study keep`;
            `runs/cells` if None.
        predictions: Instead of `names`, predictions of any network: a CSV with columns id, label
            and a probability for each label. Causes that need a training are not tested.
        split: With predictions: which split, where they are of several.
        counts: With predictions: label -> images that the network was trained on; those of the
            data's training split if None.
        out: Folder for the result and its pictures; `runs/diagnosis-<name>` if None.
        progress: Receives how far predictions and features of a lone run are.

    Raises:
        FerError: If there is no such study or run, no base cell is finished, or cells were
            trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> diagnosis = fer.diagnose(["matched", "dose"], data="fer2013.csv", store="answers")
        >>> {row.label: row.headline for row in diagnosis.failing}
        >>> fer.diagnose("bundled", data="fer2013.csv").follow_up
    """
    from fer_analysis.figures.study_folders import save_diagnosis
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder
    from fer_analysis.study.diagnose_names import diagnose_names
    from fer_analysis.study.diagnose_predictions import Table

    names = [] if names is None else names if isinstance(names, list | tuple) else [names]
    result, name = diagnose_names(
        names,
        data,
        subject=subject,
        votes=votes,
        labels=labels,
        base=base,
        store=store,
        table=Table(predictions, split, counts),
        progress=progress,
    )
    folder = Path(out or default_folder(f"diagnosis-{name}", result.fingerprint))
    save_diagnosis(result, folder)
    (progress or Progress()).wrote(folder, "diagnosis.json and three .csv, pictures")
    return result


def write_relabel_page(
    run: str | Path | Run | None = None,
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    faces: str | Path | None = None,
    audit: str | Path | None = None,
    issues: Sequence[str] = (),
    n: int | None = None,
    seed: int = 0,
    show: Sequence[str] = (),
    out: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> RelabelPage:
    """Write a page on which a person labels doubtful faces again.

    It is one HTML file that sends nothing. Its download is a list of faces, `id,label`, for
    `train(relabel=...)`, `evaluate(relabel=...)` and `agreement`.

    Args:
        run: Whose highest losses are asked about, and whose answer `show` can show: a run
            directory, a `.keras` file, `bundled` or a `Run`; the newest run if None and it is
            needed.
        data: Other data than the run's own; without a run, `FER2013_DIR` if None.
        split: Only faces of this split. For a list or an audit all of them if None; for a run test
            if the data has it, else validation.
        faces: Instead of the highest losses, the faces of a list (a CSV with a column `id`).
        audit: Instead of them, the folder of an audit: faces whose label it doubts.
        issues: With `faces` or `audit`, only faces with one of these issues.
        n: How many faces at most; 200 if None, and all of a list.
        seed: Of their order.
        show: Of `label` (the present one) and `model` (its answer); neither, so that the opinion is
            independent, if empty.
        out: The folder; by default `runs/relabel-<data>`.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If there is no such run, data, list or audit, or they do not fit together.

    Example:
        >>> page = write_relabel_page(audit="runs/audit-fer2013", data="fer2013.csv", n=50)
        >>> len(page.ids)
        50
    """
    from fer_analysis.progress import Progress
    from fer_analysis.second_opinion.write import write_relabel_page as write

    progress = progress or Progress()
    page = write(
        run,
        data=data,
        split=split,
        faces=faces,
        audit=audit,
        issues=issues,
        n=n,
        seed=seed,
        show=show,
        out=None if out is None else Path(out),
        overrides=tuple(overrides),
        progress=progress,
    )
    progress.wrote(page.path, f"{len(page.ids):,} faces")
    return page


def agreement(
    first: str | Path,
    second: str | Path,
    *,
    data: str | Path | LoadedData | None = None,
    out: str | Path | None = "runs/agreement",
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Agreement:
    """Measure how far two people agree on the labels of the same faces: Cohen's kappa.

    Args:
        first: A list of faces with labels (`id,label`), as the page of `write_relabel_page` saves
            it.
        second: Another person's, or the same person's a second time.
        data: The data, to compare both with the present labels.
        out: The folder for `agreement.json`, and the lists `differing.csv` and `agreed.csv`; None
            to save nothing.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If a list has no labels, or unknown ones, or the two have no face in common.

    Example:
        >>> found = agreement("mine.csv", "yours.csv", data="fer2013.csv")
        >>> found.summary["kappa"].value, found.summary["n"]
    """
    from fer_analysis.data.load import LoadedData
    from fer_analysis.data.read_face_list import read_face_list
    from fer_analysis.files import replacing_folder
    from fer_analysis.second_opinion.agreement import agree

    lists = [read_face_list(each) for each in (first, second)]
    loaded = data
    if data is not None and not isinstance(data, LoadedData):
        loaded = load_data(data, overrides=tuple(overrides), progress=progress)
    found = agree(*lists, loaded)
    if out is not None:
        with replacing_folder(out) as new:
            found.save(new)
        if progress is not None:
            progress.wrote(Path(out), "agreement.json, differing.csv, agreed.csv")
    return found
