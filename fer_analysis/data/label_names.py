"""The many spellings of FER-2013's seven labels."""

from __future__ import annotations

from collections.abc import Iterable

from fer_analysis.data.dataset import FER_LABELS

SYNONYMS = {
    "angry": ("anger",),
    "disgust": ("disgusted",),
    "fear": ("fearful", "afraid", "scared"),
    "happy": ("happiness", "joy"),
    "sad": ("sadness",),
    "surprise": ("surprised",),
    "neutral": ("neutrality",),
}
_LABEL_OF = {word: label for label, words in SYNONYMS.items() for word in (label, *words)}


def fer_label(name: str) -> str | None:
    """Return the FER-2013 label that `name` spells, in any case, or None."""
    return _LABEL_OF.get(name.strip().lower())


def label_names(names: Iterable[str]) -> tuple[str, ...]:
    """Return the labels of a data set whose label folders are called `names`.

    Exactly the seven of FER-2013, however spelt, come in FER-2013's order; any others keep
    their names, in alphabetical order.
    """
    names = set(names)
    if {fer_label(name) for name in names} == set(FER_LABELS):
        return FER_LABELS
    return tuple(sorted(names, key=lambda name: (name.casefold(), name)))
