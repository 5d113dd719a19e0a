"""Where it looks, label by label: mean maps and the regions that `fer saliency` found."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.report.sprites import (
    PERCENTILE,
    SIDE,
    face_uri,
    in_steps,
    overlay_uri,
    softened,
)
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.text import short

KEYS = ("by_maps", "by_occlusion", "maps_reason", "occlusion_reason", "humans")


def saliency_by_label(run: SavedRun, faces: bool) -> dict | None:
    """Return what is known of where a run looks; None without saliency maps.

    Args:
        run: The run.
        faces: Whether pictures may be shown.

    Returns:
        `description` of the maps, `n`, `highest` (where the colours of every label end; 1 is
        spread evenly), `marks` (the checks that the method failed), and `labels`,
        one each in the labels' order: `n`, the regions found (empty texts where none was looked
        for), `map` and `face`, pictures as data URIs (None without).
    """
    analysis = run.saliency
    if analysis is None:
        return None
    maps, means = analysis.maps, _means(analysis.maps)
    highest = max((float(np.percentile(mean, PERCENTILE)) for mean in means.values()), default=1.0)
    found = {row["label"]: row for row in analysis.human_rows()}
    labels = []
    for label, name in enumerate(maps.label_names):
        rows = maps.labels == label
        regions = {key: short(found.get(name, {}).get(key) or "") for key in KEYS}
        face, drawn = None, None
        if faces and label in means:
            face, drawn = _face(run, rows), overlay_uri(_opacity(means[label], highest))
        labels.append({"n": int(rows.sum()), **regions, "face": face, "map": drawn})
    return {
        "description": short(maps.description, 200),
        "n": len(maps),
        "highest": highest,
        "marks": [short(mark, 200) for mark in analysis.marks],
        "labels": labels,
    }


def _means(maps: SaliencyMaps) -> dict[int, np.ndarray]:
    """Return each explained label's mean map, softened; 1 is as if spread evenly."""
    means = {}
    for label in np.unique(maps.labels).tolist():
        strength = maps.take(maps.labels == label).strength.astype(float)
        level = strength.mean(axis=(1, 2), keepdims=True)
        parts = np.divide(strength, level, where=level > 0, out=np.zeros_like(strength))
        means[label] = softened(parts.mean(axis=0))
    return means


def _opacity(mean: np.ndarray, highest: float) -> np.ndarray:
    """Return how opaque a mean map is drawn: from spread evenly to the highest of all labels."""
    return in_steps((mean - 1) / max(highest - 1, 1e-9))


def _face(run: SavedRun, rows: np.ndarray) -> str | None:
    """Return the mean face of a label's explained images; None where they are not there."""
    found = rows_of(run.saliency.maps.ids[rows], run.evaluation.ids)
    found = found[found >= 0]
    if run.images is None or not len(found):
        return None
    face = run.images[found].mean(axis=0)
    return face_uri(face) if min(face.shape) >= SIDE // 2 else None
