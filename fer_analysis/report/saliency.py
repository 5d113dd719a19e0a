"""Where it looks, label by label: mean maps and the regions that `fer saliency` found."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.report.sprites import MAP_SIDE, SIDE, face_uri, opacity, overlay_uri
from fer_analysis.text import short

KEYS = ("by_maps", "by_occlusion", "maps_reason", "occlusion_reason", "humans")


def saliency_by_label(run: SavedRun, faces: bool) -> dict | None:
    """Return what is known of where a run looks; None without saliency maps.

    Args:
        run: The run.
        faces: Whether pictures may be shown.

    Returns:
        `description` of the maps, `n`, `marks` (the checks that the method failed), and `labels`,
        one each in the labels' order: `n`, the regions found (empty texts where none was looked
        for), `map` and `face`, pictures as data URIs (None without).
    """
    analysis = run.saliency
    if analysis is None:
        return None
    maps = analysis.maps
    found = {row["label"]: row for row in analysis.human_rows()}
    labels = []
    for label, name in enumerate(maps.label_names):
        rows = maps.labels == label
        regions = {key: short(found.get(name, {}).get(key) or "") for key in KEYS}
        face, drawn = _pictures(run, rows) if faces and rows.any() else (None, None)
        labels.append({"n": int(rows.sum()), **regions, "face": face, "map": drawn})
    return {
        "description": short(maps.description, 200),
        "n": len(maps),
        "marks": [short(mark, 200) for mark in analysis.marks],
        "labels": labels,
    }


def _pictures(run: SavedRun, rows: np.ndarray) -> tuple[str | None, str | None]:
    """Return the mean face and the mean map of a label's explained images."""
    maps = run.saliency.maps.take(rows)
    strength = maps.strength.astype(float)
    totals = strength.sum(axis=(1, 2), keepdims=True)
    mean = np.divide(strength, totals, where=totals > 0, out=np.zeros_like(strength)).mean(axis=0)
    drawn = overlay_uri(opacity(mean).reshape(MAP_SIDE, MAP_SIDE))
    found = rows_of(maps.ids, run.evaluation.ids)
    found = found[found >= 0]
    if run.images is None or not len(found):
        return None, drawn
    face = run.images[found].mean(axis=0)
    return (face_uri(face) if min(face.shape) >= SIDE // 2 else None), drawn
