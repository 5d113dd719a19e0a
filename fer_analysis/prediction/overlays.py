"""Where a network looked on each face: one picture an image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.figures.overlay import save_overlay
from fer_analysis.prediction.batches import Classified
from fer_analysis.prediction.classifier import Classifier
from fer_analysis.prediction.find_images import OVERLAY, Found
from fer_analysis.saliency import METHODS

METHOD = "smoothgrad"


class Overlays:
    """Writes pictures, each under a name of its own.

    Args:
        classifier: The network that is explained.
        folder: Where the pictures go, in the same tree as the images; None puts each next to
            its image, as `<image>.saliency.png`. Required for images that are not files.
    """

    def __init__(self, classifier: Classifier, folder: Path | None = None):
        self._classifier, self._folder = classifier, folder
        self._written: dict[Path, Path] = {}

    def write(self, item: Classified) -> Path:
        """Explain the logit of the most probable label, and return the picture's path.

        Raises:
            OSError: If it cannot be written.
        """
        # One at a time: the method's noise depends on the place among the images it is given.
        saliency = METHODS[METHOD](self._classifier.model, item.image[None], np.array([item.label]))
        name = self._classifier.label_names[item.label]
        unsure = ", unsure" if item.unsure else ""
        caption = f"{name} {item.probabilities[item.label]:.2f}{unsure}"
        path = self._place(item.source)
        save_overlay(path, item.image[..., 0], saliency[0], caption=caption, method=METHOD)
        return path

    def _place(self, file: Found | int) -> Path:
        if isinstance(file, int):
            return self._folder / f"{file}{OVERLAY}"
        if self._folder is None:
            return file.path.with_name(file.path.name + OVERLAY)
        path = self._folder / file.place.parent / (file.place.name + OVERLAY)
        number = 2
        # Images of one name from several folders; the same file twice is one picture.
        while self._written.setdefault(path, file.path) != file.path:
            path = path.with_name(f"{file.place.name}-{number}{OVERLAY}")
            number += 1
        return path
