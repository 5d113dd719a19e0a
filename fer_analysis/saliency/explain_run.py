"""The whole analysis of where a run looks: maps, controls, checks, comparison with other runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.data.regions.files import read_regions
from fer_analysis.data.regions.template import Regions, template
from fer_analysis.errors import FerError, did_you_mean, shown
from fer_analysis.evaluation.evaluate_run import evaluate_run, open_model
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.files import content_hash
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.saliency import dominance, faithfulness, sanity
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import summaries
from fer_analysis.saliency.explain import check_question, explain, explain_by_label, prepare
from fer_analysis.saliency.findings import RegionFinding
from fer_analysis.saliency.maps import SaliencyMaps, joined
from fer_analysis.saliency.methods.fills import mean_face
from fer_analysis.saliency.region_evidence import NETWORKS, OF_EACH, examine
from fer_analysis.saliency.region_occlusion import CONTROLS
from fer_analysis.saliency.stability import stability

CHECKS = ("none", "quick", "full")
"""How much of the maps is checked."""

QUICK = 5
"""Images of each label that the costly checks take unless they are asked for in full."""

THRESHOLDS = {
    "lead": dominance.LEAD,
    "fewest_images": dominance.FEWEST,
    "alike": sanity.ALIKE,
    "random_networks": NETWORKS,
    "controls_of_each_region": CONTROLS,
    "ranking_grain_pixels": faithfulness.GRAIN,
}


@dataclass(frozen=True, eq=False)
class _Subject:
    """The run that is explained, its images and its predictions of them."""

    run: Run
    model: keras.Model
    part: FaceDataset
    evaluation: Evaluation
    regions: Regions
    face: np.ndarray
    seed: int
    progress: Progress


def explain_run(
    run: Run,
    data: LoadedData,
    split: str,
    *,
    label: str | None = None,
    n: int = 50,
    target: str = "true",
    method: str = "integrated_gradients",
    options: Mapping[str, object] | None = None,
    regions: str | Path | None = None,
    checks: str = "quick",
    others: Sequence[Run] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> SaliencyAnalysis:
    """Compute where a run looks, label by label, and whether that can be believed.

    Ctrl-C keeps the labels whose maps are finished; the analysis then is marked as incomplete.

    Args:
        run: The run, as `open_run` returned it.
        data: Its data.
        split: Which part of it.
        label: The label to explain; None for all of them.
        n: Images of each label.
        target: Whose logit is explained, one of `TARGETS` or a label.
        method: A name in `METHODS`.
        options: The method's own.
        regions: A file of regions; None takes the template.
        checks: One of `CHECKS`.
        others: Runs whose maps of the same images are compared with this run's.
        seed: Of everything random.
        progress: Receives tasks and notices.

    Raises:
        FerError: If a label, target, method, option, check or file is not what it should be.
    """
    if checks not in CHECKS:
        raise FerError(f"checks: unknown '{shown(checks)}'{did_you_mean(checks, CHECKS)}")
    progress, options = progress or Progress(), dict(options or {})
    part = data.dataset.part(split)
    question = {"n": n, "target": target, "method": method, **options}
    check_question(part, label=label, **question)
    subject = _open(run, data, split, part, regions, seed, progress)
    maps, interrupted = _maps(subject, label, question)
    findings, checked, compared = (), {}, []
    try:
        if checks != "none" and not interrupted:
            findings = _findings(subject, maps, question)
            checked = _checks(subject, maps, QUICK if checks == "quick" else None)
            compared = _stability(subject, maps, others)
    except KeyboardInterrupt:
        interrupted = True
    if interrupted:
        kept = ", ".join(maps.label_names[i] for i in np.unique(maps.labels))
        progress.notice(f"interrupted: kept {kept}, without controls or checks")
        findings, checked, compared = (), {}, []
    images = part.images[maps.rows]
    return SaliencyAnalysis(
        maps=maps,
        images=images,
        regions=subject.regions,
        labels=tuple(summaries(maps, images, subject.regions)),
        findings=tuple(findings),
        checks=checked,
        stability=tuple(compared),
        meta=_meta(subject, data, maps, checks, not interrupted),
    )


def _open(run, data, split, part, regions, seed, progress) -> _Subject:
    with progress.task("predicting") as update:
        evaluation = evaluate_run(run, data, split, progress=update)
    size = part.images.shape[1:3]
    return _Subject(
        run=run,
        model=open_model(run, part.label_names),
        part=part,
        evaluation=evaluation,
        regions=read_regions(regions, *size) if regions else template(*size),
        face=mean_face(part.images),
        seed=seed,
        progress=progress,
    )


def _maps(subject: _Subject, label: str | None, question: dict) -> tuple[SaliencyMaps, bool]:
    """Return the maps of all labels that were finished, and whether Ctrl-C cut that short."""
    finished, interrupted = [], False
    with subject.progress.task(question["method"]) as update:
        maps = explain_by_label(
            subject.model,
            subject.part,
            subject.evaluation.probabilities,
            label=label,
            seed=subject.seed,
            progress=update,
            **question,
        )
        try:
            for each in maps:
                finished.append(each)
        except KeyboardInterrupt:
            if not finished:
                raise
            interrupted = True
    return joined(finished), interrupted


def _findings(subject: _Subject, maps: SaliencyMaps, question: dict) -> list[RegionFinding]:
    """Compare every label with its controls."""
    others = None
    if not set(np.unique(maps.labels)) >= set(np.unique(subject.part.labels)):
        # The null of all labels needs a few maps of each, where only some are explained.
        few = question | {"n": min(OF_EACH, question["n"])}
        probabilities = subject.evaluation.probabilities
        others = explain(subject.model, subject.part, probabilities, seed=subject.seed, **few)
    with subject.progress.task("controls") as update:
        return examine(
            subject.model,
            maps,
            subject.part.images[maps.rows],
            subject.regions,
            ranking=(subject.evaluation.labels, subject.evaluation.probabilities),
            others=others,
            face=subject.face,
            seed=subject.seed,
            progress=lambda _: update,
        )


def _checks(subject: _Subject, maps: SaliencyMaps, of_each: int | None) -> dict:
    """Check the method itself, on some images of each label (None: all)."""
    labels = np.unique(maps.labels)
    rows = np.concatenate([np.flatnonzero(maps.labels == k)[:of_each] for k in labels])
    some, images = maps.take(rows), subject.part.images[maps.rows[rows]]
    with subject.progress.task("faithfulness") as update:
        faithful = faithfulness.faithfulness(
            subject.model,
            images,
            some.weights,
            some.strength,
            face=subject.face,
            seed=subject.seed,
            progress=update,
        )
    with subject.progress.task("sanity") as update:
        method = prepare(some, subject.face, faster=True)
        sane = sanity.cascading_randomisation(
            subject.model, images, some.weights, method, seed=subject.seed, progress=update
        )
    return {"faithfulness": faithful, "sanity": sane}


def _stability(subject: _Subject, maps: SaliencyMaps, others: Sequence[Run]) -> list[dict]:
    """Compute the same images' maps by the other runs, and compare them."""
    if not others:
        return []
    method, found = prepare(maps, subject.face, faster=True), {subject.run.name: maps}
    images = subject.part.images[maps.rows]
    with subject.progress.task("other runs") as update:
        for number, other in enumerate(others, start=1):
            model = open_model(other, subject.part.label_names)
            theirs = method(model, images, maps.weights)
            found[f"{number}: {other.name}"] = dataclasses.replace(maps, maps=theirs)
            update(number, len(others))
    return stability(found, subject.regions)


def _meta(
    subject: _Subject, data: LoadedData, maps: SaliencyMaps, checks: str, complete: bool
) -> dict:
    labels = np.unique(maps.labels)
    return {
        "run": subject.run.name,
        "split": maps.split,
        "data": data.fingerprint,
        "model": content_hash(subject.run.trained_model_file()),
        "method": maps.method,
        "options": maps.options,
        "target": maps.target,
        "seed": subject.seed,
        "n": {maps.label_names[k]: int((maps.labels == k).sum()) for k in labels},
        "regions": subject.regions.source,
        "checks": checks,
        "thresholds": THRESHOLDS,
        "complete": complete,
        "label_notes": list(data.label_notes(maps.split)),
    }
