"""Shares of labels over time for each track, from rows that are read one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 240
"""Intervals of time, at most."""

TRACKS = 12
"""Tracks, at most: the longest."""


@dataclass(frozen=True)
class Timeline:
    """What a film's faces were predicted as, over time.

    Args:
        label_names: The k labels.
        tracks: The t tracks.
        edges: float64 `(bins + 1,)`, seconds.
        counts: int64 `(t, bins, k + 1)`, frames of each label; the last are those that are unsure.
        left_out: How many shorter tracks are not in it.
    """

    label_names: tuple[str, ...]
    tracks: tuple[int, ...]
    edges: np.ndarray
    counts: np.ndarray
    left_out: int = 0


def timeline(
    rows: Iterable[Mapping[str, str]],
    label_names: Sequence[str],
    lengths: Mapping[int, int],
    *,
    seconds: float,
) -> Timeline:
    """Count a film's rows.

    Args:
        rows: With `seconds`, `track`, `label` and `unsure`.
        label_names: The labels.
        lengths: Track -> its frames.
        seconds: The film's last time.
    """
    longest = sorted(lengths, key=lambda track: -lengths[track])[:TRACKS]
    tracks = sorted(longest)
    at = {track: index for index, track in enumerate(tracks)}
    most = max(lengths.values(), default=1)
    bins = max(1, min(BINS, most))
    edges = np.linspace(0, max(seconds, 1e-3), bins + 1)
    counts = np.zeros((len(tracks), bins, len(label_names) + 1), dtype=np.int64)
    position = {name: index for index, name in enumerate(label_names)}
    for row in rows:
        if int(row["track"]) in at:
            time = float(row["seconds"])
            label = -1 if row["unsure"] == "true" else position[row["label"]]
            place = min(int(np.searchsorted(edges, time, side="right")) - 1, bins - 1)
            counts[at[int(row["track"])], place, label] += 1
    left_out = len(lengths) - len(tracks)
    return Timeline(tuple(label_names), tuple(tracks), edges, counts, left_out)
