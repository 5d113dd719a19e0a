"""Everything on the page, as one dictionary; the templates only format it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import OFFICIAL_NAMES
from fer_analysis.evaluation.summary import summary_lines
from fer_analysis.report import charts
from fer_analysis.report.attachments import read_audit, read_studies, same_data
from fer_analysis.report.commands import Request, Subject, suggested
from fer_analysis.report.comparison import comparisons
from fer_analysis.report.conditions import conditions_of, why_left_out
from fer_analysis.report.faces import cells
from fer_analysis.report.facts import AGREEMENT, Facts, facts_of
from fer_analysis.report.headline import headline, mistaken_for, shown_causes
from fer_analysis.report.origin import config_of, origin
from fer_analysis.report.own_pages import PAGE, own_pages
from fer_analysis.report.placed import samples_of, sprites_of
from fer_analysis.report.saliency import saliency_by_label
from fer_analysis.report.saved_run import SavedRun, other_run
from fer_analysis.report.tiles import tiles
from fer_analysis.report.training import curves, structure, table_1
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences
from fer_analysis.text import short

SECTIONS = {
    "top": "Headline",
    "numbers": "Numbers",
    "confusions": "Confusions and faces",
    "labels": "Labels",
    "calibration": "Calibration",
    "training": "Training",
    "conditions": "Conditions",
    "audit": "Data",
    "why": "Why",
    "remedies": "Remedies",
    "runs": "Runs",
    "origin": "Origin",
}
"""Sections: id -> its name in the side bar."""


def page(
    runs: list[SavedRun],
    request: Request,
    *,
    faces: bool = True,
    per_cell: int | None = None,
    out: Path = Path(PAGE),
) -> dict:
    """Return what the templates need: the first run in full, the others compared with it.

    Args:
        runs: The runs, read.
        request: What the page should show, with the folders of attachments.
        faces: Whether any picture of or from a face may be shown.
        per_cell: No more faces than this for each cell; None for as many as the page takes.
        out: Where the page will be, for links to the other runs' pages.

    Raises:
        FerError: If the audit or the study is of other data, or the runs of other images.
    """
    first = runs[0]
    evaluation, metrics = first.evaluation, first.metrics
    audit, issues, rows = _audit(first, request.audit) if request.audit else (None, {}, ())
    diagnosis, differences = read_studies(request.studies, evaluation)
    with_faces = faces and first.images is not None
    maps = first.saliency.maps if with_faces and first.saliency else None
    facts = facts_of(first, rows)
    sprites = sprites_of(first, facts, maps) if with_faces else None
    shown = cells(evaluation, sprites, issues, facts, per_cell=per_cell)
    samples = samples_of(first, facts, sprites) if sprites else []
    compared = comparisons(runs, sprites, issues, facts, per_side=per_cell) if len(runs) > 1 else []
    names = evaluation.label_names
    saliency = saliency_by_label(first, with_faces)
    clean = metrics["leak_free"]
    same_network = diagnosis is None or _same_network(diagnosis, evaluation)
    trained_on = first.run.environment().get("data", {})
    conditions = conditions_of(first)
    commands = suggested(request, _subject(first))
    return {
        "name": short(first.name, 80),
        "split": split_name(evaluation),
        "n": len(evaluation),
        "names": names,
        "sections": SECTIONS,
        "headline": headline(evaluation, metrics, diagnosis, same_network=same_network),
        "sentences": [short(s, 400) for s in summary_lines(evaluation)],
        "metrics": metrics,
        "blocks": ["all", "leak_free"] if clean and clean["n"] < metrics["n"] else ["all"],
        "confusion": evaluation.confusion.tolist(),
        "shares": np.nan_to_num(evaluation.row_normalised_confusion).tolist(),
        "people": metrics["all"]["annotators"],
        "cells": shown,
        "sprites": sprites.encode() if sprites else [],
        "has_maps": bool(maps),
        "exact_names": metrics["label_names"],
        "filters": _filters(shown, facts, names),
        "faces_missing": "" if with_faces else first.faces_missing,
        "maps_missing": first.maps_missing,
        "labels": _labels(evaluation, diagnosis, saliency),
        "saliency": saliency,
        "calibration": _calibration(first, clean),
        "annotators_chart": _annotators(first),
        "curves": curves(first),
        "table_1": table_1(runs),
        "structure": structure(first),
        "samples": samples,
        "conditions": conditions,
        "conditions_missing": why_left_out(first),
        "tiles": tiles(evaluation, metrics, conditions, commands),
        "audit": audit,
        "diagnosis": diagnosis,
        "diagnosis_charts": charts.diagnosis_charts(diagnosis) if diagnosis else [],
        "same_data": diagnosis is None or _same_data(diagnosis, trained_on),
        "studies": [
            {
                "differences": given,
                "n": max(row.n for row in given.cells),
                "chart": charts.differences_chart(given),
                "same_data": _same_data(given, trained_on),
            }
            for given in differences
        ],
        "same_network": same_network,
        "comparisons": compared,
        "own_pages": own_pages(runs, request, out),
        "comparison_charts": [
            charts.comparison_chart(c["sets"], f"{evaluation.split} split") for c in compared
        ],
        "runs": [
            {
                "name": short(each.name, 80),
                "metrics": each.metrics,
                "headline": headline(each.evaluation, each.metrics),
            }
            for each in runs
        ],
        "origin": origin(first, request),
        "commands": commands,
        "no_faces": not faces,
    }


def _subject(saved: SavedRun) -> Subject:
    config = config_of(saved) if saved.run.is_directory else None
    return Subject(
        saved.name,
        saved.split,
        network=config is not None or saved.run.model_file.is_file(),
        config=config,
        other=other_run(saved),
    )


def _filters(shown: list[dict], facts: Facts, names: tuple[str, ...]) -> dict[str, list[tuple]]:
    """Return what faces can be found by: (value, text) of each choice."""
    marks = sorted({mark for cell in shown for each in cell["faces"] for mark in each["marks"]})
    return {
        "names": list(enumerate(names)),
        "marks": [(mark, mark) for mark in marks],
        "agreement": list(AGREEMENT.items()) if facts.agreement else [],
        "conditions": list(enumerate(facts.conditions)),
        "slices": list(enumerate(facts.slices)),
    }


def _audit(saved: SavedRun, folder: Path) -> tuple:
    own = saved.run.environment().get("data", {})
    evaluated = saved.data_fingerprint or own.get("fingerprint")
    splits = own.get("fingerprints", {}) if evaluated == own.get("fingerprint") else {}
    return read_audit(folder, saved.evaluation, splits, evaluated)


def _same_data(result: Diagnosis | Differences, trained_on: dict) -> bool:
    """Return whether a study's cells were trained on the run's data."""
    theirs = result.fingerprints, result.fingerprint
    return same_data(*theirs, trained_on.get("fingerprints", {}), trained_on.get("fingerprint"))


def _same_network(diagnosis: Diagnosis, evaluation) -> bool:
    """Return whether a diagnosis was made of these predictions, by its recalls."""
    judged = [np.nan if r.recall.value is None else r.recall.value for r in diagnosis.labels]
    own = [e.recall for e in (evaluation.leak_free, evaluation) if e is not None]
    return any(np.allclose(judged, recall, atol=1e-6, equal_nan=True) for recall in own)


def split_name(evaluation) -> str:
    """Return a split by the name that people who know the data set use."""
    if evaluation.protocol == "official" and evaluation.split in OFFICIAL_NAMES:
        return OFFICIAL_NAMES[evaluation.split]
    return f"{evaluation.split} split"


def _labels(evaluation, diagnosis: Diagnosis | None, saliency: dict | None) -> list[dict]:
    """Return the texts of each label's card."""
    return [
        {
            "name": name,
            "mistaken": mistaken_for(evaluation, label),
            "causes": shown_causes(diagnosis, label),
            "fails": bool(diagnosis and diagnosis.labels[label].fails),
            "saliency": saliency["labels"][label] if saliency else None,
        }
        for label, name in enumerate(evaluation.label_names)
    ]


def _calibration(saved: SavedRun, clean: dict | None) -> dict:
    block = clean if clean and clean["n"] else saved.metrics["all"]
    kind = "leak-free images" if block is clean else "all images"
    calibration = block["calibration"]
    title = f"{saved.split} split, {kind}"
    return {
        "key": "leak_free" if block is clean else "all",
        "figures": calibration,
        "images": kind,
        "chart": charts.calibration_chart(calibration, title),
    }


def _annotators(saved: SavedRun) -> dict | None:
    block = saved.metrics["all"]["annotators"]
    if not block:
        return None
    names = dict(zip(saved.metrics["label_names"], saved.evaluation.label_names, strict=True))
    block = block | {
        "labels": [row | {"label": names[row["label"]]} for row in block["labels"]],
        "differences": [
            row | {"true": names[row["true"]], "predicted": names[row["predicted"]]}
            for row in block["differences"]
        ],
    }
    return charts.annotators_chart(saved.evaluation, block, f"{saved.split} split, all images")
