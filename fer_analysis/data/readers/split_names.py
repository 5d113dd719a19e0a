"""Names of folders that hold a split: known ones, and those that look like one."""

from __future__ import annotations

import re
import unicodedata

from fer_analysis.data.dataset import DIVISION, OFFICIAL_SPLITS

SPLIT_WORDS = {
    "train": (
        *("train", "training", "trn"),
        *("entrainement", "entrenamiento", "addestramento", "treino", "treinamento"),
        *("обучение", "训练", "訓練", "学習", "훈련"),
    ),
    "validation": (
        *("val", "valid", "validate", "validation", "validating", "dev", "devel", "development"),
        *("eval", "evaluate", "evaluation", "publictest"),
        *("validierung", "validacion", "validacao", "validazione", "валидация"),
        *("验证", "驗證", "検証", "검증"),
    ),
    "test": (
        *("test", "tests", "testing", "tst", "privatetest"),
        *("prueba", "teste", "тест", "测试", "測試", "テスト", "테스트"),
    ),
}
"""Split -> possible names of its folder, in any case, with any separators between the words, and
with `_BEFORE` and `_AFTER` around it."""

OFFICIAL_FOLDERS = {
    **{name.lower(): split for name, split in OFFICIAL_SPLITS.items()},
    "fer2013train": "train",
    "fer2013valid": "validation",
    "fer2013test": "test",
}
"""Folders that scripts write for FER-2013's own Training, PublicTest and PrivateTest."""

_BEFORE = ("fer2013plus", "fer2013", "ferplus", "fer")
_AFTER = (
    "set",
    "data",
    "dataset",
    "split",
    "images",
    "image",
    "imgs",
    "faces",
    "folder",
    "class",
    "集",
)
_PARTS = {"fold", "folds", "split", "splits", "subset", "holdout", "heldout"}
_PARTS |= {"trainval", "trainvalid", "traintest", "valtest", "public", "private"}
_PARTS |= {"unlabeled", "unlabelled", "nolabel"}
_SPLIT_OF = {word: split for split, words in SPLIT_WORDS.items() for word in words}


def split_of(name: str) -> str | None:
    """Return the split of a folder of this name, or None."""
    word = _letters(name)
    for before in ("", *_BEFORE):
        for after in ("", *_AFTER):
            if word.startswith(before) and word.endswith(after):
                split = _SPLIT_OF.get(word.removeprefix(before).removesuffix(after))
                if split:
                    return split
    return None


def is_official(name: str) -> bool:
    """Return whether a folder is named as FER-2013's own Training, PublicTest or PrivateTest."""
    return _letters(name) in OFFICIAL_FOLDERS


def looks_like_split(name: str) -> bool:
    """Return whether a name contains a word for a split, known (`split_of`) or not."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+", _plain(name))
    return (
        split_of(name) is not None
        or re.search(r"(?i)\b(set|part)[\W_]*\d+$", name) is not None
        or any(word.casefold() in _PARTS or split_of(word) for word in words)
    )


def expected() -> str:
    """Return the known names for a message."""
    return f"{', '.join(DIVISION)} or another usual name of these"


def _plain(name: str) -> str:
    """Return the name in composed letters without accents."""
    parts = unicodedata.normalize("NFKD", name)
    return unicodedata.normalize("NFC", "".join(c for c in parts if ord(c) not in _ACCENTS))


_ACCENTS = range(0x300, 0x370)
"""Combining accents of Latin letters; in other scripts such marks change the letter."""


def _letters(name: str) -> str:
    return "".join(c for c in _plain(name).casefold() if c.isalnum())
