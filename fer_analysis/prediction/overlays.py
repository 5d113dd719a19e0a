"""Where a network looked on each face: one picture a face."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.data.readers.drawn import OVERLAY
from fer_analysis.figures.overlay import save_overlay
from fer_analysis.prediction.batches import Classified
from fer_analysis.prediction.classifier import Classifier
from fer_analysis.prediction.places import Places
from fer_analysis.saliency import METHODS

METHOD = "smoothgrad"


class Overlays:
    """Writes pictures, each under a name of its own.

    Args:
        classifier: The network that is explained.
        folder: See `places.Places`; the name is `<image>.saliency.png`, and of faces in a photo
            `<image>.face2.saliency.png`.
    """

    def __init__(self, classifier: Classifier, folder: Path | None = None):
        self._classifier, self._places = classifier, Places(OVERLAY, folder)

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
        path = self._places.place(item.source, f".face{item.seen.number}" if item.seen.face else "")
        save_overlay(path, item.image[..., 0], saliency[0], caption=caption, method=METHOD)
        return path
