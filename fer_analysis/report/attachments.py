"""What lies beside the runs: an audit of the data, studies."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.exclusions import exclusions, read_issues
from fer_analysis.files import read_json
from fer_analysis.study.differences import OVERALL
from fer_analysis.text import short, short_names

DIAGNOSIS, CHANGES = "diagnosis.json", "changes.json"


def read_studies(
    folders: Sequence[Path], evaluation: Evaluation
) -> tuple[dict | None, list[dict], list[dict]]:
    """Read what `fer diagnose` and `fer study show` wrote.

    Args:
        folders: Of either; no more than one diagnosis.
        evaluation: Of the run.

    Returns:
        The diagnosis, None without one; its pictures; and for each study what its cells change.

    Raises:
        FerError: If a folder holds neither, or is of other labels, or there are two diagnoses.
    """
    diagnosis, pictures, changed = None, [], []
    for folder in folders:
        found = [name for name in (DIAGNOSIS, CHANGES) if (folder / name).is_file()]
        if not found:
            raise FerError(
                f"{folder}: neither {DIAGNOSIS} nor {CHANGES}; `fer diagnose STUDY --out FOLDER` "
                "and `fer study show STUDY --out FOLDER` write such folders"
            )
        if DIAGNOSIS in found:
            if diagnosis:
                raise FerError(f"{folder}: a second diagnosis; a page shows one")
            diagnosis = _read_diagnosis(folder, evaluation)
            pictures = _pictures(folder)
        if CHANGES in found:
            changed.append(_read_changes(folder, evaluation))
    return diagnosis, pictures, changed


def _same_labels(folder: Path, labels: Sequence[str], evaluation: Evaluation) -> None:
    names = short_names(labels)
    if names != evaluation.label_names:
        raise FerError(
            f"{folder}: a study of other labels ({', '.join(names)}; "
            f"the run's: {', '.join(evaluation.label_names)})"
        )


def _read_changes(folder: Path, evaluation: Evaluation) -> dict:
    """Return `changes.json` with texts shortened; `figures` names the columns that are shown."""
    told = read_json(folder / CHANGES)
    rows = told["cells"]
    labels = [name for name in rows[0]["figures"] if name not in OVERALL]
    _same_labels(folder, labels, evaluation)
    figures = {"accuracy": "accuracy", "macro_f1": "macro-F1", "ece": "calibration error"}
    figures |= {name: f"recall of {short(name, 40)}" for name in told["watched"]}
    return told | {
        "question": short(told["question"], 200),
        "study": short(told["study"], 80),
        "n": max(row["n"] for row in rows),
        "figures": figures,
        "cells": [row | {"cell": short(row["cell"], 80)} for row in rows],
        "against": short(told["against"], 80),
    }


def _read_diagnosis(folder: Path, evaluation: Evaluation) -> dict:
    diagnosis = read_json(folder / DIAGNOSIS)
    names = short_names([row["label"] for row in diagnosis["labels"]])
    _same_labels(folder, [row["label"] for row in diagnosis["labels"]], evaluation)
    new = dict(zip((row["label"] for row in diagnosis["labels"]), names, strict=True))
    for row in diagnosis["labels"]:
        row["against"] = [short(sentence, 500) for sentence in row["against"]]
    for key in ("labels", "doses", "agreement"):
        for row in diagnosis.setdefault(key, []):
            row["label"] = new.get(row["label"], short(row["label"], 40))
    return diagnosis


def _pictures(folder: Path) -> list[dict]:
    """Return the drawn tables of a diagnosis folder that hold no face: (alt text, data URI)."""
    told = {"equal": "recall as it is, and where all labels have as many training images"}
    files = sorted(folder.glob("confusion_*.png")) + sorted(folder.glob("equal.png"))
    return [
        {
            "alt": told.get(
                file.stem,
                f"what {short(file.stem.removeprefix('confusion_'), 40)} is taken for, "
                "before and after each change",
            ),
            "width": 760,
            "uri": f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}",
        }
        for file in files
    ]


def read_audit(folder: Path, evaluation: Evaluation) -> tuple[dict, dict[str, set[str]]]:
    """Read what `fer audit` wrote, and what its issues do to this evaluation.

    Returns:
        `n`, `fingerprint`, `issues` (`name`, `meaning`, `n`, `among`, `share`, `interval`,
        `effect`: the row of `exclusions` for the split that is evaluated, None where none of
        its images has the issue) and `together`, the effect of all; and issue -> ids.

    Raises:
        FerError: If there is none, or it is of other data.
    """
    audit = read_json(folder / "audit.json")
    if audit is None or not isinstance(audit.get("issues"), dict):
        raise FerError(f"{folder}: no audit.json; `fer audit --out FOLDER` writes such a folder")
    file = folder / "audit.csv"
    found = read_issues(file) if file.is_file() and file.stat().st_size else {}
    effects = {row["issue"]: row for row in exclusions(evaluation, found)}
    issues = [
        {
            "name": short(name.replace("_", " "), 40),
            "meaning": short(row.get("meaning", ""), 80),
            "n": row["n"],
            "among": row["among"],
            "share": row.get("share"),
            "interval": row.get("interval"),
            "effect": effects.get(name),
        }
        for name, row in audit["issues"].items()
    ]
    told = {
        "n": audit["n"],
        "fingerprint": short(audit.get("fingerprint", ""), 40),
        "issues": issues,
        "together": effects.get("all together"),
        "notes": [short(note, 300) for note in audit.get("notes", [])],
    }
    return told, found
