"""What every test shares: quiet TensorFlow, a cache of its own, quickness, a trained run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from fer_layouts import write_layout
from quick import quick
from small_bundle import SMALL, fer

from fer_analysis.data.synthetic.generate import generate

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep tests out of the user's cache."""
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Be quick, also in fixtures, except where a mark says that the test needs the real thing."""
    quick(
        pictures=item.get_closest_marker("pictures") is None,
        steps=item.get_closest_marker("compiled") is None,
    )


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory):
    """Train one small run on a CSV with votes: the folder of `fer` (data) and `run`."""
    folder = tmp_path_factory.mktemp("trained")
    write_layout(generate(n=210, seed=0), folder / "fer", "csv", votes=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE_DIR", str(folder / "cache"))
        patch.chdir(folder)
        fer("train", "tiny", "--data", "fer", "--run-dir", "run", *SMALL)
    return folder


@pytest.fixture
def trained(trained_once, own_folder):
    """A copy of that run in the current folder; returns the folder of the data."""
    for name in ("fer", "run"):
        shutil.copytree(trained_once / name, name)
    config = Path("run/config.yaml")
    config.write_text(config.read_text().replace(str(trained_once), str(Path.cwd())))
    return Path("fer")


@pytest.fixture(scope="module")
def browser():
    """Start a headless Chromium; only for tests that are marked with `needs_chromium`."""
    from chromium import CHROMIUM, playwright

    # Chromium as root wants no sandbox; the page is our own.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=root)
        yield browser
        browser.close()
