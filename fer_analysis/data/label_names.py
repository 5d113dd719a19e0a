"""The many spellings of a label: FER-2013's seven, and those of other data sets."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
RAF_DB = {
    1: "surprise",
    2: "fear",
    3: "disgust",
    4: "happy",
    5: "sad",
    6: "angry",
    7: "neutral",
}
"""RAF-DB's basic expressions (Li, Deng & Du 2017)."""

AFFECTNET = {
    0: "neutral",
    1: "happy",
    2: "sad",
    3: "surprise",
    4: "fear",
    5: "disgust",
    6: "angry",
    7: "contempt",
}
"""AffectNet's expressions (Mollahosseini, Hasani & Mahoor 2017)."""

_NUMBERINGS = (
    ("FER-2013's codes", dict(enumerate(FER_LABELS)), 7, ""),
    ("AffectNet's", AFFECTNET, 7, " (--layout affectnet_numbers)"),
    ("RAF-DB's", RAF_DB, 7, " (--layout rafdb_numbers)"),
)
"""Whose numbers, their labels, how many of them folders must have, and how they are asked for."""

_NUMBER = re.compile(r"^\d+[ .:)]+(?=\D)")
"""The prefix of a numbered label, after `_spelling`."""
_UNSEEN = ("Cf", "Cc")
"""Unicode categories of invisible characters: zero-width, direction, control."""


@dataclass(frozen=True)
class Labels:
    """The labels of a data set.

    Args:
        names: In order.
        of: Folder name -> label.
        notices: Which folders became one label, and what else a user should know.
    """

    names: tuple[str, ...]
    of: Mapping[str, str]
    notices: tuple[str, ...]


def fer_label(name: str) -> str | None:
    """Return the FER-2013 label that `name` spells, in any case, numbered or not, or None."""
    return _LABEL_OF.get(_NUMBER.sub("", _spelling(name)))


def label_key(name: str) -> str:
    """Return a key that is equal for all spellings of a label: case, separators, synonyms."""
    return fer_label(name) or _spelling(name)


def find_label(name: str, label_names: Sequence[str]) -> int | None:
    """Return the position of the label that `name` spells; None if it is none of them."""
    if name in label_names:
        return list(label_names).index(name)
    keys = [label_key(each) for each in label_names]
    return keys.index(label_key(name)) if label_key(name) in keys else None


def name_labels(folders: Iterable[str]) -> Labels:
    """Return the labels of a data set whose label folders have these names.

    Names that differ in case, in Unicode form, in invisible characters or in the separators
    between words are one label, and so are synonyms of FER-2013's labels. Exactly the seven of
    FER-2013, in any spelling, numbered or not, are in FER-2013's order; any others keep their
    names, in alphabetical order (numbers in numerical order).

    Args:
        folders: Names of folders, repeated or not; of several spellings of a label the first is
            used, except for FER-2013's.
    """
    folders = list(dict.fromkeys(folders))
    spelt: dict[str, list[str]] = {}
    for name in folders:
        spelt.setdefault(label_key(name), []).append(name)
    if set(spelt) == set(FER_LABELS):
        names, chosen = FER_LABELS, {key: key for key in spelt}
    else:
        chosen = {key: _chosen(key, names) for key, names in spelt.items()}
        names = tuple(sorted(chosen.values(), key=_order))
    of = {name: chosen[key] for key, group in spelt.items() for name in group}
    notices = tuple(
        f"one label '{chosen[key]}': the folders {', '.join(map(_shown, group))}"
        for key, group in spelt.items()
        if len(group) > 1
    )
    return Labels(names, of, notices + _codes(names))


def printable(name: str) -> str:
    """Return a name of a file or folder as text: bytes that are no UTF-8, and control
    characters, are escaped."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(ascii(c)[1:-1] if unicodedata.category(c) == "Cc" else c for c in text)


def _spelling(name: str) -> str:
    """Return a key that is equal for all spellings of a name."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in _UNSEEN)
    return " ".join(re.split(r"[\s_-]+", unicodedata.normalize("NFC", text))).strip()


def _chosen(key: str, names: list[str]) -> str:
    if len({printable(name) for name in names}) > 1 and key in FER_LABELS:
        return key
    text = unicodedata.normalize("NFC", printable(names[0])).strip()
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN) or ascii(names[0])


def _order(name: str) -> tuple:
    return (0, int(name), name) if name.isdecimal() else (1, name.casefold(), name)


def _shown(name: str) -> str:
    return f"'{name}'" if name.isascii() and name == name.strip() else ascii(name)


def _codes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return a notice of whose numbers labels may be: that is never guessed."""
    if {f"class{number:03}" for number in range(1, 8)} <= {name.lower() for name in names}:
        return (
            f"the labels {names[0]} to {names[-1]} are kept as names, since the folders do not say "
            "which is which; AffectNet's are passed on so: --layout affectnet_numbers reads them "
            "as AffectNet's numbers in their order (class001 neutral, class002 happy, …)",
        )
    if not all(name.isascii() and name.isdecimal() for name in names):
        return ()
    numbers = {int(name) for name in names}
    found = [
        f"{whose}: {', '.join(table[number] for number in sorted(numbers))}{how}"
        for whose, table, least, how in _NUMBERINGS
        if numbers <= set(table) and len(numbers) >= least and min(numbers) == min(table)
    ]
    if not found:
        return ()
    return (
        f"the labels are the numbers {names[0]} to {names[-1]} and are kept as names, since it is "
        f"not known whose they are; in order, {'; '.join(found)}",
    )
