"""The paper in one call: train, evaluate, explain, and write every figure, table and claim."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.progress import Progress

if TYPE_CHECKING:
    from fer_analysis.data.load import LoadedData
    from fer_analysis.evaluation.evaluation import Evaluation
    from fer_analysis.reproduction.networks import Reproduced
    from fer_analysis.reproduction.plan import Plan
    from fer_analysis.reproduction.result import Reproduction
    from fer_analysis.run import Run

RESULTS = "results"
"""The folder of figures, table and claims, beside the runs."""

EVALUATION_SECONDS, SALIENCY_SECONDS = 30, 150
"""What evaluating a network and explaining one took on two cores; a fifth for a quick look."""


def reproduce(
    data: str | Path | LoadedData | None = None,
    *,
    recipe: str = "repaired",
    quick: bool = False,
    mobilenet: str | Path | Run | None = None,
    self_built: str | Path | Run | None = None,
    study: str | Path | None = None,
    faces: bool = False,
    seed: int | None = None,
    out: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Reproduction:
    """Reproduce the paper (Tao 2023): its networks, figures, Table 1 and claims beside ours.

    Called again, it goes on where it was interrupted, and uses what is finished.

    Args:
        data: A CSV, a folder, `synthetic`, or data read before; `FER2013_DIR` if None.
        recipe: `repaired` (the recipe mended so that it trains), `paper` (to the letter: it
            collapses) or `best` (the same networks with remedies, which find disgust).
        quick: Smaller and shorter trainings, in minutes, for a look.
        mobilenet: A finished run of this recipe on this data, instead of training one.
        self_built: The same.
        study: A folder that `diagnose` wrote of a study of this data, for the claim about too
            few images.
        faces: Show photographs of people on the page too; drawn faces always are.
        seed: Of weights, order and augmentation; the configs' if None.
        out: The folder; by default `runs/reproduction-<data>-<recipe>`.
        overrides: `KEY=VALUE` texts that change both configs. A recipe that they change in more
            than seed, precision or devices decides no claim about the networks.
        progress: Receives the expected time first, then tasks, trainings and notices.

    Returns:
        Table 1 and the claims; `folder` has them with the figures, `index.html` and `summary.md`.

    Raises:
        FerError: If the data, an argument or a given run is not what it should be.

    Example:
        >>> import fer_analysis as fer
        >>> found = fer.reproduce("synthetic", quick=True)
        >>> found.verdicts
        {'holds': 0, 'does not': 0, 'not decided': 17}
    """
    from fer_analysis.reproduction.make_plan import make_plan

    progress = progress or Progress()
    plan = make_plan(
        data,
        recipe=recipe,
        quick=quick,
        out=out,
        seed=seed,
        overrides=tuple(overrides),
        given={"mobilenet": mobilenet, "self_built": self_built},
        study=study,
        progress=progress,
    )
    return carry_out(plan, faces=faces, progress=progress)


def carry_out(plan: Plan, *, faces: bool = False, progress: Progress) -> Reproduction:
    """Train, evaluate, explain and write what a plan says; see `reproduce`.

    Args:
        plan: The plan.
        faces: Whether photographs may be on the page.
        progress: Receives the expected time first.
    """
    from fer_analysis.reproduction.cause import other_faces
    from fer_analysis.reproduction.networks import evaluate, explain, obtain_run
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    for remark in plan.remarks:
        progress.notice(remark)
    if problem := other_faces(plan):
        progress.notice(problem)
    import_tensorflow_quietly()
    _tell_time(plan, progress)
    networks = {}
    for network in plan.configs:
        run = obtain_run(plan, network, progress)
        networks[network] = evaluate(plan, network, run, progress)
    explained = networks["self_built"]
    analysis, missing = explain(plan, explained.run, progress)
    if missing:
        progress.notice(f"no saliency: {missing}")
    result = _result(plan, networks, (analysis, missing), _bundled(plan, progress))
    return _write(plan, networks, analysis, result, faces=faces, progress=progress)


def _tell_time(plan: Plan, progress: Progress) -> None:
    """Report how long the trainings that are not finished will take, before they start."""
    from fer_analysis.run import Run
    from fer_analysis.text import duration
    from fer_analysis.training.timing import training_seconds

    rest = len(plan.configs) * EVALUATION_SECONDS + SALIENCY_SECONDS
    seconds, trainings = rest / (5 if plan.quick else 1), 0
    for network, config in plan.configs.items():
        run = Run(plan.folder / network)
        if network in plan.given or run.is_complete:
            continue
        trainings += 1
        whole = training_seconds(config, plan.data.dataset, steps=5)
        done = len(run.history()) if run.history_file.is_file() else 0
        seconds += whole * max(0, 1 - done / config.training.epochs)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    progress.notice(
        f"about {duration(seconds)} on these {cores} cores, {trainings} of "
        f"{len(plan.configs)} networks to train"
    )


def _bundled(plan: Plan, progress: Progress) -> Evaluation | None:
    """Return the bundled network's predictions, of other architecture; None where it has none."""
    from fer_analysis.errors import FerError
    from fer_analysis.evaluation.evaluate_run import predict_split
    from fer_analysis.evaluation.open_run import open_run

    if plan.synthetic:
        return None
    try:
        run, data, split = open_run("bundled", plan.data, plan.split)
        return predict_split(run, data, split, progress=progress)
    except FerError as error:  # other labels than FER-2013's, another size
        progress.notice(f"bundled: {error}")
        return None


def _result(
    plan: Plan,
    networks: Mapping[str, Reproduced],
    explained: tuple,
    other: Evaluation | None,
) -> Reproduction:
    from fer_analysis.reproduction import other_claims
    from fer_analysis.reproduction.cause import cause_claims
    from fer_analysis.reproduction.network_claims import network_claims
    from fer_analysis.reproduction.result import Reproduction
    from fer_analysis.reproduction.table import table_1
    from fer_analysis.text import command

    return Reproduction(
        recipe=plan.recipe,
        quick=plan.quick,
        synthetic=plan.synthetic,
        fingerprint=plan.data.fingerprint,
        runs={network: str(each.run.path) for network, each in networks.items()},
        collapses={each.name: each.collapse for each in networks.values() if each.collapse},
        remarks=plan.remarks,
        table=table_1(plan, networks),
        claims=(
            *network_claims(plan, networks),
            *other_claims.region_claims(plan, networks["self_built"], *explained),
            *other_claims.data_claims(plan),
            *cause_claims(plan),
            *other_claims.proposal_claims(plan, networks, other),
        ),
        changed=plan.changed,
        command=command(*plan.command()),
    )


def _write(
    plan: Plan,
    networks: Mapping[str, Reproduced],
    analysis,
    result: Reproduction,
    *,
    faces: bool,
    progress: Progress,
) -> Reproduction:
    """Write the results' folder as a whole."""
    import dataclasses

    from fer_analysis.files import replacing_folder, write_text
    from fer_analysis.reproduction.draw import draw_figures
    from fer_analysis.reproduction.page import page, summary
    from fer_analysis.reproduction.result import PAGE, SUMMARY

    folder = plan.folder / RESULTS
    with replacing_folder(folder) as new:
        figures = draw_figures(plan, networks, analysis, new)
        result.save(new)
        write_text(new / PAGE, page(plan, result, figures, faces=faces))
        write_text(new / SUMMARY, summary(result, figures))
    progress.wrote(folder, f"{PAGE}, figures, table, claims")
    return dataclasses.replace(result, folder=folder)
