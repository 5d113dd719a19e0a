"""What every test shares: quiet TensorFlow, a cache of its own, quick pictures, a trained run."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import pytest
from fer_layouts import write_layout
from matplotlib.figure import Figure
from PIL import Image
from small_bundle import SMALL, fer

from fer_analysis.data.synthetic.generate import generate

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Keep tests out of the user's cache."""
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def quick_pictures(request, monkeypatch):
    """Build every figure, but render none, except in tests marked `pictures`.

    For modules that go through the command line again and again: rendering takes most of the time
    of `evaluate` and `explain`.
    """
    if request.node.get_closest_marker("pictures"):
        return
    with io.BytesIO() as buffer:
        Image.new("L", (1, 1)).save(buffer, "PNG")
        pixel = buffer.getvalue()
    monkeypatch.setattr(Figure, "savefig", lambda _, path, **options: Path(path).write_bytes(pixel))


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
