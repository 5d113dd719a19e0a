"""The public functions: each a few lines over the room that does the work.

All of them take names, paths or objects, print nothing, report to `progress`, and raise
`FerError` for what a user can put right. The commands of the same names parse their arguments,
call one of these, and print the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_analysis.data.load import LoadedData
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run
    from fer_analysis.saliency.analysis import SaliencyAnalysis


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
    run, loaded, split = open_run(opened[0], data, split, overrides, progress=progress)
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
