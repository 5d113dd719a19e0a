"""The human reference: action units of each expression, and what humans rely on.

The action units are those of EMFACS-7 (Friesen & Ekman 1983); what humans rely on was measured by
gaze and with faces shown in part (Eisenbarth & Alpers 2011, Wegrzyn et al. 2017, Calvo et al.
2018). Agreement is not a score: a network may be correct for other reasons, and humans saw other
faces, larger and posed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """What the literature says of one label.

    Args:
        units: The action units of the expression.
        shown: The regions in which they show.
        humans: What humans rely on, in words.
        relied_on: The same as regions.
    """

    units: str
    shown: tuple[str, ...]
    humans: str
    relied_on: tuple[str, ...]


REFERENCES: dict[str, Reference] = {
    "angry": Reference("4+5+7+23", ("brows", "eyes", "mouth"), "brows, eyes", ("brows", "eyes")),
    "disgust": Reference(
        "9+15+16", ("nose", "upper lip", "mouth"), "nose, upper lip", ("nose", "upper lip")
    ),
    "fear": Reference(
        "1+2+4+5+20+26",
        ("forehead", "brows", "eyes", "mouth", "chin"),
        "eyes (and mouth)",
        ("eyes", "mouth"),
    ),
    "happy": Reference(
        "6+12", ("cheeks", "eyes", "mouth"), "mouth corners, cheeks", ("mouth", "cheeks")
    ),
    "sad": Reference(
        "1+4+15", ("forehead", "brows", "mouth"), "eyes, inner brow", ("eyes", "brows")
    ),
    "surprise": Reference(
        "1+2+5+26",
        ("forehead", "brows", "eyes", "mouth", "chin"),
        "eyes and mouth",
        ("eyes", "mouth"),
    ),
    "neutral": Reference("", (), "", ()),
}
"""Label -> what the literature says of it; regions are those of the template."""
