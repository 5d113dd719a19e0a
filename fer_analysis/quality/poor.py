"""Which pictures of a data set are poor: outside what is usual for every label."""

from __future__ import annotations

import numpy as np

from fer_analysis.quality.guard import WORDS, comparable
from fer_analysis.quality.template import FaceTemplate

FAR = 3.5
"""Deviations from the middle from which a picture is poor: 1.96 of them leave out 2.5 % a side."""

_SMALLEST = 0.1
"""Smallest deviation, on the scale of `quality.guard.comparable`."""


def poor_pictures(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Tell which pictures are poor: blurred, small, dark, cut, upside down.

    Middle and deviation of each measure are the medians over the labels of each label's own: one
    label whose pictures are all spoilt does not move what is usual, and where all labels' pictures
    are spoilt alike, that is what is usual.

    Args:
        images: uint8 `(n, h, w, 1)`.
        labels: int64 `(n,)`.

    Returns:
        bool `(n,)`.
    """
    poor = np.zeros(len(images), bool)
    groups = [labels == label for label in np.unique(labels)]
    if not groups:
        return poor
    # The mean face of all labels alike, however many images each has.
    faces = [FaceTemplate.of(images[own]).mean for own in groups]
    found = comparable(images, FaceTemplate(np.median(faces, axis=0).astype(np.float32)))
    for name, values in found.items():
        ends = np.array([np.quantile(values[own], (0.025, 0.5, 0.975)) for own in groups])
        middle = np.median(ends[:, 1])
        deviations = np.median(np.diff(ends, axis=1), axis=0) / 1.96
        below, above = WORDS[name]
        if below:
            poor |= middle - values > FAR * max(deviations[0], _SMALLEST)
        if above:
            poor |= values - middle > FAR * max(deviations[1], _SMALLEST)
    return poor
