"""What a network does under conditions, and where it looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    import numpy as np

    from fer_analysis.data.label_map import Given
    from fer_analysis.data.load import LoadedData
    from fer_analysis.progress import Progress
    from fer_analysis.robustness.comparison import StressComparison
    from fer_analysis.robustness.stress_test import StressTest
    from fer_analysis.run import Run
    from fer_analysis.saliency.analysis import SaliencyAnalysis


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

    progress, overrides = progress or Progress(), listed(overrides)
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
        conditions=listed(conditions),
        severities=listed(severities),
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
        FerError: If their data, split, seed, conditions or severities differ.

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
    from fer_analysis.robustness.comparison import named_apart

    tests = named_apart(tests)
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
    from fer_analysis.evaluation.open_run import check_same_size, open_run
    from fer_analysis.files import replacing_folder
    from fer_analysis.run import Run
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    opened = [e if isinstance(e, Run) else Run.open(e) for e in (run, *listed(others))]
    check_same_size(opened)
    import_tensorflow_quietly()
    run, loaded, split = open_run(
        opened[0], data, split, listed(overrides), label_map=label_map, progress=progress
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
