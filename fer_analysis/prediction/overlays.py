"""Where a network looked on each answered face: one picture a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.figures.overlay import save_overlay
from fer_analysis.prediction.answer_files import Answer
from fer_analysis.prediction.classifier import Classifier
from fer_analysis.prediction.find_images import OVERLAY, Found
from fer_analysis.saliency import METHODS

METHOD = "smoothgrad"


class Overlays:
    """Writes pictures, each under a name of its own.

    Args:
        classifier: The network whose answers are explained.
        folder: Where the pictures go, below it as the images lie; None puts each beside its
            image, as `<image>.saliency.png`.
    """

    def __init__(self, classifier: Classifier, folder: Path | None = None):
        self._classifier, self._folder = classifier, folder
        self._written: dict[Path, Path] = {}

    def write(self, answer: Answer) -> Path:
        """Explain the logit of the most probable label, and return the picture's path.

        Raises:
            OSError: If it cannot be written.
        """
        # One at a time: the method's noise depends on the place among the images it is given.
        saliency = METHODS[METHOD](
            self._classifier.model, answer.image[None], np.array([answer.label])
        )
        name = self._classifier.label_names[answer.label]
        unsure = ", unsure" if answer.sure is False else ""
        caption = f"{name} {answer.probabilities[answer.label]:.2f}{unsure}"
        path = self._place(answer.found)
        save_overlay(path, answer.image[..., 0], saliency[0], caption, METHOD)
        return path

    def _place(self, file: Found) -> Path:
        if self._folder is None:
            return file.path.with_name(file.path.name + OVERLAY)
        path = self._folder / file.place.parent / (file.place.name + OVERLAY)
        number = 2
        # Images of one name from several folders; the same file twice is one picture.
        while self._written.setdefault(path, file.path) != file.path:
            path = path.with_name(f"{file.place.name}-{number}{OVERLAY}")
            number += 1
        return path
