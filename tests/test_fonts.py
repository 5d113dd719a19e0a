"""Names in any script: drawn by a font that has them, or by their code points."""

from __future__ import annotations

import warnings

import pytest
from matplotlib import font_manager, rcParams
from matplotlib.figure import Figure

from fer_analysis.figures import fonts, plain, save

pytestmark = pytest.mark.pictures


def test_what_the_first_font_has_is_drawn_as_it_is():
    assert plain("glücklich, счастье") == "glücklich, счастье"
    assert fonts.take_replaced() == []


def test_what_no_font_has_stays_told_apart_and_is_reported(tmp_path, monkeypatch):
    own = [e for e in font_manager.fontManager.ttflist if e.name == "DejaVu Sans"]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    fonts._entries.cache_clear()
    fonts._find_font.cache_clear()
    try:
        names = [plain("开心"), plain("生气"), plain("a\u200bb")]
        assert names == [r"\u5f00\u5fc3", r"\u751f\u6c14", r"a\u200bb"]
        assert fonts.take_replaced() == ["a\u200bb", "开心", "生气"]
        assert fonts.take_replaced() == []
        figure = Figure()
        figure.text(0.1, 0.5, " ".join(names))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            save(figure, tmp_path / "figure.png")
    finally:
        fonts._entries.cache_clear()
        fonts._find_font.cache_clear()


def test_a_font_that_has_it_is_added_behind_the_first(monkeypatch):
    """STIX has mathematical letters that DejaVu Sans lacks; both come with matplotlib."""
    names = {e.name: e for e in font_manager.fontManager.ttflist}
    lacking = fonts._characters(names["DejaVu Sans"].fname)
    extra = sorted(fonts._characters(names["STIXGeneral"].fname) - lacking)
    character = next(chr(c) for c in extra if chr(c).isprintable() and c < 0x10000)
    monkeypatch.setitem(rcParams, "font.family", ["sans-serif"])
    fonts._find_font.cache_clear()
    assert plain(character) == character
    assert len(rcParams["font.family"]) == 2
    assert fonts.take_replaced() == []
