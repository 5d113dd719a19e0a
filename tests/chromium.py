"""A headless Chromium for pages of ours; importing this skips the tests where there is none."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

playwright = pytest.importorskip(
    "playwright.sync_api", reason="playwright is not installed: `pip install playwright`"
)
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("chrome")
AXE = importlib.util.find_spec("axe_playwright_python")

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on the path: `apt-get install chromium`"
)
