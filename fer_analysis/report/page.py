"""Everything that the page says, as one dictionary; the templates only lay it out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.config import RunConfig
from fer_analysis.data.dataset import OFFICIAL_NAMES
from fer_analysis.evaluation.model_card import read_card, tidy_command
from fer_analysis.evaluation.summary import summary_lines
from fer_analysis.report import charts
from fer_analysis.report.attachments import read_audit, read_studies
from fer_analysis.report.commands import Asked, suggested
from fer_analysis.report.comparison import contests
from fer_analysis.report.faces import PER_CELL, cells
from fer_analysis.report.headline import mistaken_for, shown_causes, verdict
from fer_analysis.report.saliency import looks
from fer_analysis.report.saved_run import Subject
from fer_analysis.report.sprites import Sheets
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.text import short, short_names


@dataclass(frozen=True)
class Extras:
    """What lies beside the runs.

    Args:
        studies: Folders of `fer diagnose` and `fer study show`.
        audit: A folder of `fer audit`.
        faces: Whether any picture of or from a face may be shown.
        per_cell: No more faces than this for each cell.
    """

    studies: tuple[Path, ...] = ()
    audit: Path | None = None
    faces: bool = True
    per_cell: int = PER_CELL


def page(subjects: list[Subject], extras: Extras, asked: Asked) -> dict:
    """Return what the templates need: the first run in full, the others beside it.

    Raises:
        FerError: If the audit or the study is of other data, or the runs of other images.
    """
    first = subjects[0]
    evaluation, metrics = first.evaluation, first.metrics
    audit, issues = read_audit(extras.audit, evaluation) if extras.audit else (None, {})
    diagnosis, pictures, differences = read_studies(extras.studies, evaluation)
    with_faces = extras.faces and first.images is not None
    maps = first.saliency if with_faces else None
    sheets = Sheets(first.images, maps, evaluation.ids) if with_faces else None
    shown = cells(evaluation, sheets, issues, extras.per_cell)
    against = contests(subjects, sheets, issues, extras.per_cell) if len(subjects) > 1 else []
    names = evaluation.label_names
    look = looks(first, with_faces)
    clean = metrics["leak_free"]
    same_network = diagnosis is None or _same_network(diagnosis, evaluation)
    fingerprint = first.run.environment().get("data", {}).get("fingerprint")
    return {
        "name": short(first.name, 80),
        "split": told_split(evaluation),
        "n": len(evaluation),
        "names": names,
        "verdict": verdict(evaluation, metrics, diagnosis, same_network=same_network),
        "sentences": [short(s, 400) for s in summary_lines(evaluation)],
        "metrics": metrics,
        "blocks": ["all", "leak_free"] if clean and clean["n"] < metrics["n"] else ["all"],
        "confusion": evaluation.confusion.tolist(),
        "shares": np.nan_to_num(evaluation.row_normalised_confusion).tolist(),
        "people": metrics["all"]["annotators"],
        "cells": shown,
        "sheets": sheets.encode() if sheets else [],
        "has_maps": bool(maps),
        "faces_missing": "" if with_faces else first.faces_missing,
        "maps_missing": first.maps_missing,
        "labels": _labels(evaluation, diagnosis, look),
        "looks": look,
        "calibration": _calibration(first, clean),
        "annotators_chart": _annotators(first),
        "curves": _curves(first),
        "audit": audit,
        "diagnosis": diagnosis,
        "diagnosis_charts": charts.diagnosis_charts(diagnosis) if diagnosis else [],
        "diagnosis_pictures": pictures,
        "same_data": diagnosis is None or diagnosis.fingerprint == fingerprint,
        "studies": [
            {
                "differences": given,
                "n": max(row.n for row in given.cells),
                "chart": charts.differences_chart(given),
                "same_data": given.fingerprint == fingerprint,
            }
            for given in differences
        ],
        "same_network": same_network,
        "contests": against,
        "contest_charts": [
            charts.comparison_chart(c["sets"], f"{evaluation.split} split") for c in against
        ],
        "runs": [
            {
                "name": short(s.name, 80),
                "metrics": s.metrics,
                "verdict": verdict(s.evaluation, s.metrics),
            }
            for s in subjects
        ],
        "origin": origin(first),
        "commands": suggested(asked, first.name, first.split, _config(first)),
        "no_faces": not extras.faces,
    }


def _same_network(diagnosis: Diagnosis, evaluation) -> bool:
    """Tell whether a diagnosis was made of these very predictions, by its recalls."""
    judged = [np.nan if r.recall.value is None else r.recall.value for r in diagnosis.labels]
    own = [e.recall for e in (evaluation.leak_free, evaluation) if e is not None]
    return any(np.allclose(judged, recall, atol=1e-6, equal_nan=True) for recall in own)


def told_split(evaluation) -> str:
    """Return a split by the name that people who know the data set use."""
    if evaluation.protocol == "official" and evaluation.split in OFFICIAL_NAMES:
        return OFFICIAL_NAMES[evaluation.split]
    return f"{evaluation.split} split"


def _labels(evaluation, diagnosis: Diagnosis | None, look: dict | None) -> list[dict]:
    """Return what the cards say of each label beside its figures."""
    return [
        {
            "name": name,
            "mistaken": mistaken_for(evaluation, label),
            "causes": shown_causes(diagnosis, label),
            "fails": bool(diagnosis and diagnosis.labels[label].fails),
            "look": look["labels"][label] if look else None,
        }
        for label, name in enumerate(evaluation.label_names)
    ]


def _calibration(subject: Subject, clean: dict | None) -> dict:
    block = clean if clean and clean["n"] else subject.metrics["all"]
    kind = "leak-free images" if block is clean else "all images"
    calibration = block["calibration"]
    title = f"{subject.split} split, {kind}"
    return {
        "key": "leak_free" if block is clean else "all",
        "figures": calibration,
        "images": kind,
        "chart": charts.calibration_chart(calibration, title),
    }


def _annotators(subject: Subject) -> dict | None:
    block = subject.metrics["all"]["annotators"]
    if not block:
        return None
    names = dict(zip(subject.metrics["label_names"], subject.evaluation.label_names, strict=True))
    block = block | {
        "labels": [row | {"label": names[row["label"]]} for row in block["labels"]],
        "differences": [
            row | {"true": names[row["true"]], "predicted": names[row["predicted"]]}
            for row in block["differences"]
        ],
    }
    return charts.annotators_chart(subject.evaluation, block, f"{subject.split} split, all images")


def _curves(subject: Subject) -> dict | None:
    run = subject.run.origin
    if not run.history_file.is_file():
        return None
    history = run.history()
    if not history:
        return None
    result = run.result() if run.is_complete else {}
    best = result.get("best_epoch") or max(history, key=lambda r: r["validation_accuracy"])["epoch"]
    return {
        "chart": charts.curves_chart(history, best, short(subject.name, 80)),
        "result": {
            key: result.get(key)
            for key in ("epochs", "best_epoch", "seconds", "images_per_second", "stopped_because")
        },
        "last": history[-1],
    }


def origin(subject: Subject) -> dict:
    """Return where the run comes from: command, seed, versions, data, config; None if unknown."""
    run = subject.run.origin
    environment = subject.run.environment()
    data = environment.get("data", {})
    packages = environment.get("packages", {})
    config, settings = None, _config(subject)
    if settings:
        source = settings.data.source
        where = settings.data.model_copy(update={"source": source and Path(source).name})
        config = settings.model_copy(update={"data": where}).to_yaml()
    card = read_card(subject.run) if run.config_file.is_file() else None
    return {
        "command": short(tidy_command(environment["command"]), 400)
        if "command" in environment
        else None,
        "seed": environment.get("seed"),
        "model": card and card["model"],
        "parameters": card and card["parameters"],
        "minutes": card and card["minutes"],
        "note": card and card.get("note"),
        "versions": {
            "fer_analysis": environment.get("fer_analysis"),
            "python": environment.get("python"),
            **packages,
        },
        "processor": environment.get("processor"),
        "cores": environment.get("cores"),
        "commit": environment.get("git_commit"),
        "dirty": environment.get("git_dirty"),
        "fingerprint": data.get("fingerprint"),
        "layout": data.get("layout"),
        "protocol": data.get("protocol"),
        "counts": data.get("counts", {}),
        "names": short_names(data.get("label_names", [])),
        "config": config and short_lines(config),
    }


def _config(subject: Subject) -> RunConfig | None:
    """Return the config that the run was trained with; None of a bare model."""
    return subject.run.origin.config() if subject.run.origin.config_file.is_file() else None


def short_lines(text: str, most: int = 400) -> str:
    """Return a text with no line longer than a page takes."""
    return "\n".join(short(line, 300) for line in text.splitlines()[:most])
