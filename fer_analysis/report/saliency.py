"""Where it looks, label by label: mean maps and the regions that `fer saliency` found."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.files import from_text, read_json
from fer_analysis.report.saved_run import Subject
from fer_analysis.report.sprites import MAP_SIDE, SIDE, face_uri, opacity, overlay_uri
from fer_analysis.text import short

KEYS = ("by_maps", "by_occlusion", "maps_reason", "occlusion_reason", "humans", "study")


def looks(subject: Subject, faces: bool) -> dict | None:
    """Return what is known of where a run looks; None without saliency maps.

    Args:
        subject: The run.
        faces: Whether pictures may be shown.

    Returns:
        `description` of the maps, `n`, `marks` (the checks that the method failed), and `labels`,
        one each in the labels' order: `n`, the answers of `humans.csv` (empty texts without),
        `map` and `face`, pictures as data URIs (None without).
    """
    saliency = subject.saliency
    if saliency is None:
        return None
    folder = subject.results.saliency_folder(subject.split)
    meta = read_json(folder / "meta.json") or {}
    answers = _answers(folder / "humans.csv")
    labels = []
    for label, name in enumerate(saliency.label_names):
        rows = saliency.labels == label
        row = answers.get(name, {})
        told = {key: short(row.get(key) or "") for key in KEYS}
        pictures = _pictures(subject, rows) if faces and rows.any() else (None, None)
        labels.append({"n": int(rows.sum()), **told, "face": pictures[0], "map": pictures[1]})
    return {
        "description": short(saliency.description, 200),
        "n": len(saliency),
        "marks": [short(mark, 200) for mark in meta.get("marks", [])],
        "labels": labels,
    }


def _pictures(subject: Subject, rows: np.ndarray) -> tuple[str | None, str | None]:
    """Return the mean face and the mean map of a label's explained images."""
    saliency = subject.saliency.take(rows)
    strength = saliency.strength.astype(float)
    totals = strength.sum(axis=(1, 2), keepdims=True)
    mean = np.divide(strength, totals, where=totals > 0, out=np.zeros_like(strength)).mean(axis=0)
    drawn = overlay_uri(opacity(mean).reshape(MAP_SIDE, MAP_SIDE))
    found = rows_of(saliency.ids, subject.evaluation.ids)
    found = found[found >= 0]
    if subject.images is None or not len(found):
        return None, drawn
    face = subject.images[found].mean(axis=0)
    return (face_uri(face) if min(face.shape) >= SIDE // 2 else None), drawn


def _answers(file: Path) -> dict[str, dict]:
    try:
        with open(file, newline="", encoding="utf-8") as opened:
            rows = list(csv.DictReader(opened))
    except OSError:
        return {}
    return {
        from_text(row.get("label") or ""): {
            key: from_text(value or "") for key, value in row.items() if isinstance(key, str)
        }
        for row in rows
    }
