"""Fonts for names in any script: a font of this machine that has the characters, or their codes."""

from __future__ import annotations

import functools

from matplotlib import font_manager, rcParams

_replaced: set[str] = set()
_fallbacks: list[str] = []


def drawable(text: str) -> str:
    """Return a text that matplotlib can draw; fonts that it needs are added to the family.

    Characters that no installed font has become their code points (`\\u5f00`), so that two names
    stay different; `take_replaced` returns their names.

    Args:
        text: Any text.
    """
    if text.isascii():
        return text
    kept = "".join(c if _find_font(c) else ascii(c)[1:-1] for c in text)
    if kept != text:
        _replaced.add(text)
    return kept


def families() -> list[str]:
    """Return the font family of every figure, with the fallbacks that names so far needed."""
    return list(dict.fromkeys([*rcParams["font.family"], *_fallbacks]))


def take_replaced() -> list[str]:
    """Return the names that could not be drawn since the last call, sorted."""
    names = sorted(_replaced)
    _replaced.clear()
    return names


@functools.cache
def _find_font(character: str) -> bool:
    """Return whether a font has a character, and add that font as a fallback."""
    if not character.isprintable():
        return False
    own = font_manager.findfont(font_manager.FontProperties(family=["DejaVu Sans"]))
    if _has(own, character):
        return True
    for family in rcParams["font.family"]:
        for entry in _entries():
            if entry.name == family and _has(entry.fname, character):
                return True
    found = next((e for e in _entries() if _has(e.fname, character)), None)
    if found is None:
        return False
    _fallbacks.append(found.name)
    rcParams["font.family"] = [*rcParams["font.family"], found.name]
    return True


@functools.cache
def _entries() -> list[font_manager.FontEntry]:
    """Return the upright fonts of normal weight, in an order that does not depend on the disk."""
    usable = [e for e in font_manager.fontManager.ttflist if e.style == "normal"]
    return sorted(usable, key=lambda e: (abs(_weight(e) - 400), e.name, e.fname))


def _weight(entry: font_manager.FontEntry) -> int:
    return entry.weight if isinstance(entry.weight, int) else 400


@functools.lru_cache(maxsize=256)
def _characters(path: str) -> frozenset[int]:
    try:
        return frozenset(font_manager.get_font(path).get_charmap())
    except (OSError, RuntimeError):  # a damaged font file is skipped
        return frozenset()


def _has(path: str, character: str) -> bool:
    return ord(character) in _characters(path)
