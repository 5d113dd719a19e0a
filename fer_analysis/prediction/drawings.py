"""Photos with the faces that were found in them: boxes, labels, probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from fer_analysis.data.readers.drawn import DRAWING
from fer_analysis.faces.find import as_rgb
from fer_analysis.figures.face_boxes import BoxedFace, draw_faces
from fer_analysis.files import replacing
from fer_analysis.prediction.find_images import Found
from fer_analysis.prediction.places import Places
from fer_analysis.prediction.predictions import Prediction

QUALITY = 92
"""Of the JPEG files."""


class Drawings:
    """Writes a picture for each photo, `<image>.faces.jpg`.

    Args:
        folder: See `places.Places`.
    """

    def __init__(self, folder: Path | None = None):
        self._places = Places(DRAWING, folder)

    def write(self, source: Found | int, image: object, faces: Sequence[Prediction]) -> Path:
        """Draw the faces of one photo, and return the picture's path.

        Args:
            source: The file, or its position.
            image: The same as `faces.find.as_rgb` takes it.
            faces: The predictions of its faces.

        Raises:
            OSError: If it cannot be written.
        """
        drawn = draw_faces(as_rgb(image), [boxed(each) for each in faces if each.face])
        path = self._places.place(source)
        with replacing(path) as temporary:
            Image.fromarray(drawn).save(temporary, quality=QUALITY)
        return path


def boxed(prediction: Prediction) -> BoxedFace:
    """Return what is drawn of a prediction."""
    text = f"{prediction.label} {100 * prediction.probability:.0f} %"
    if prediction.unsure:
        text = f"unsure ({prediction.label}?)"
    return BoxedFace(prediction.face.box, text, bool(prediction.unsure))
