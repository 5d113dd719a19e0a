"""What lies beside the runs: an audit of the data, a diagnosis of a study."""

from __future__ import annotations

import base64
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.exclusion import exclusions, read_issues
from fer_analysis.files import read_json
from fer_analysis.report.text import short, short_names


def read_diagnosis(folder: Path, evaluation: Evaluation) -> dict:
    """Read what `fer diagnose` wrote.

    Raises:
        FerError: If there is none, or it is of other labels.
    """
    diagnosis = read_json(folder / "diagnosis.json")
    if diagnosis is None or not isinstance(diagnosis.get("labels"), list):
        raise FerError(
            f"{folder}: no diagnosis.json; `fer diagnose STUDY --out FOLDER` writes such a folder"
        )
    names = short_names([row["label"] for row in diagnosis["labels"]])
    if names != evaluation.label_names:
        raise FerError(
            f"{folder}: a diagnosis of other labels ({', '.join(names)}; "
            f"the run's: {', '.join(evaluation.label_names)})"
        )
    new = dict(zip((row["label"] for row in diagnosis["labels"]), names, strict=True))
    for key in ("labels", "doses", "agreement"):
        for row in diagnosis.setdefault(key, []):
            row["label"] = new.get(row["label"], short(row["label"], 40))
    return diagnosis


def diagnosis_pictures(folder: Path) -> list[dict]:
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
