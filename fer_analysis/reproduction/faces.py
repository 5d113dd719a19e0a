"""Which faces the figures show: rules, so that no face is picked by hand."""

from __future__ import annotations

import numpy as np

from fer_analysis.saliency.maps import SaliencyMaps

RULE = (
    "of each label the explained face that is predicted correctly with the median probability "
    "(of an even number the lower one); where none is correct, with the median probability of "
    "its own label"
)


def median_face(maps: SaliencyMaps, label: str) -> int | None:
    """Return the position of the face that stands for a label, by `RULE`.

    Args:
        maps: The explained images.
        label: A label.

    Returns:
        The position in `maps`; None without an image of the label.
    """
    index = maps.label_names.index(label)
    members = np.flatnonzero(maps.labels == index)
    correct = members[maps.predicted[members] == index]
    chosen = correct if len(correct) else members
    if not len(chosen):
        return None
    order = chosen[np.argsort(maps.probabilities[chosen, index], kind="stable")]
    return int(order[(len(order) - 1) // 2])
