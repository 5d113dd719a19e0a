"""What every test shares: quiet TensorFlow and a cache of its own."""

from __future__ import annotations

import os

import pytest

import fer_analysis  # noqa: F401  before TensorFlow: it chooses TensorFlow's kernels

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep tests out of the user's cache."""
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))
