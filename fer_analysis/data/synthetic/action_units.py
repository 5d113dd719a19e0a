"""Expressions as facial action units: what each moves, where it shows, and annotators' votes."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.regions.template import REGIONS

ACTIONS: dict[int, tuple[dict[str, float], tuple[str, ...]]] = {
    1: ({"brow_inner": -5.2, "brow_mid": -1.8, "creases": 0.5}, ("brows", "forehead")),
    2: ({"brow_outer": -4.2, "brow_mid": -2.6, "creases": 0.5}, ("brows", "forehead")),
    4: (
        {"brow_inner": 2.8, "brow_mid": 2.2, "brow_outer": 1.2, "knit": 2.3, "frown": 1.0},
        ("brows",),
    ),
    5: ({"lid_up": 2.5, "lid_down": 1.0}, ("eyes",)),
    6: ({"lid_down": -1.2, "lid_up": -0.3, "cheek": 1.0}, ("eyes", "cheeks")),
    7: ({"lid_up": -1.3, "lid_down": -0.9}, ("eyes",)),
    9: (
        {"wrinkle": 1.0, "brow_inner": 1.0, "fold": 0.6, "snarl": 1.0, "open_up": 1.2},
        ("nose", "upper lip"),
    ),
    10: ({"open_up": 3.2, "fold": 0.9, "snarl": 0.7}, ("upper lip", "mouth")),
    12: (
        {"corner": -5.2, "width": 2.1, "fold": 0.8, "open_up": 0.7, "open_down": 1.8},
        ("mouth",),
    ),
    15: ({"corner": 6.2, "width": -0.4, "droop": 1.0}, ("mouth",)),
    16: ({"open_down": 2.6, "lip": 0.2}, ("mouth",)),
    17: ({"chin": 1.0, "lift": -1.6}, ("chin", "mouth")),
    18: ({"width": -4.7, "lip": 0.9}, ("mouth",)),
    19: ({"open_down": 2.9, "tongue": 1.0}, ("mouth",)),
    20: ({"width": 2.9, "corner": 1.3, "open_down": 1.6, "open_up": 0.8}, ("mouth",)),
    23: ({"lip": -1.0, "width": -2.6}, ("mouth",)),
    25: ({"open_up": 1.0, "open_down": 1.3}, ("mouth",)),
    26: ({"open_down": 6.5, "open_up": 1.2, "jaw": 2.6, "width": -2.2}, ("mouth", "chin")),
    43: ({"lid_up": -2.9, "lid_down": -1.6}, ("eyes",)),
}
"""Action unit (FACS number) -> what it moves at full strength, in pixels or as the opacity of a
wrinkle, and the regions in which that shows."""

UNITS = tuple(ACTIONS)

_FORMS = {
    "angry": "4+5+7+23, 4+7+10+25, 4+5+20+25, L4+R5+18, R4+L5+16, 4+7+26, 4+17+43, 5+15+23",
    "disgust": "9+15+16, 9+10+25, 9+19+43, L7+L10+R15, R7+R10+L15, 10+17+43, 4+19+26, 7+9+18",
    "fear": "1+2+4+5+20+26, 1+5+20, 1+4+20+43, 1+2+4+5+18, 1+4+15+26, L1+L5+L20, R1+R4+R20+16, "
    "2+4+5+25",
    "happy": "6+12, 12+25+26, 5+12, 12+43, L6+L12, R12+L2, 6+12+19, 6+17+20",
    "sad": "1+4+15, 1+15+43, 1+4+17, 15+17+43, L15+1, R15+R43+4, 1+4+20+25, 1+18+43",
    "surprise": "1+2+5+26, 1+2+26, 5+26, 1+2+5+23, 5+18, L2+L5+26, R1+R2+18, 1+2+26+43",
    "neutral": ", 43, L43, R43, 25, 18, L2+R4, 17+23",
}
FORMS = {label: tuple(forms.split(", ")) for label, forms in _FORMS.items()}
"""Label -> action units of each form it can take; `L` and `R` confine a unit to the half that
is left or right in the image. The first is the EMFACS prototype, which every label uses by
default (Ekman & Friesen 1983); no two entries of the table are equal."""

MOST_FORMS = min(len(forms) for forms in FORMS.values())

_PERCENT = {
    "angry": (87, 3, 1, 0, 2, 1, 3, 1, 1, 1),
    "disgust": (5, 86, 1, 0, 2, 0, 2, 2, 1, 1),
    "fear": (1, 1, 86, 0, 2, 6, 2, 0, 1, 1),
    "happy": (0, 0, 0, 92, 0, 1, 4, 1, 1, 1),
    "sad": (2, 1, 2, 0, 86, 0, 6, 1, 1, 1),
    "surprise": (0, 0, 6, 1, 0, 89, 2, 0, 1, 1),
    "neutral": (1, 0, 0, 2, 5, 1, 87, 2, 1, 1),
}
VOTE_NAMES = (*FER_LABELS, "contempt", "unknown", "NF")
VOTES = np.array([_PERCENT[label] for label in FER_LABELS]) / 100
"""Share of annotators that choose each of `VOTE_NAMES` for a clear face, float64 `(7, 10)`."""


def units(form: str) -> np.ndarray:
    """Return a form such as `4+L10` as strengths, float32 `(2, units)`: left half, right half."""
    strengths = np.zeros((2, len(UNITS)), np.float32)
    for name in filter(None, form.split("+")):
        sides = {"L": slice(0, 1), "R": slice(1, 2)}.get(name[0], slice(None))
        strengths[sides, UNITS.index(int(name.strip("LR")))] = 1
    return strengths


UNIT_REGIONS = np.array([[name in ACTIONS[unit][1] for name in REGIONS] for unit in UNITS])
"""Whether an action unit shows in a region, bool `(units, regions)`."""
