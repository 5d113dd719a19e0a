"""Networks that take images of another size than 48 pixels: the data is read at theirs."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from fer_layouts import write_layout
from report_pages import Page
from small_bundle import fer

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.models import build_model
from fer_analysis.models.storage import save_model
from fer_analysis.saliency.maps import SaliencyMaps


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with `data`, and networks for 64 and for 48 pixels that were evaluated on it."""
    folder = tmp_path_factory.mktemp("sizes")
    write_layout(generate(n=140, seed=0), folder / "data", "csv")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for side in (64, 48):
            keras.utils.set_random_seed(side)
            model = build_model("self_built", (side, side, 1), 7, filters=(4, 4), dense=(8,))
            save_model(model, Path(f"net{side}.keras"), FER_LABELS)
            fer("evaluate", f"net{side}.keras", "--data", "data", "--split", "test")
    return folder


def test_the_page_finds_the_faces_that_each_network_was_given(place, monkeypatch):
    monkeypatch.chdir(place)
    told = fer("report", "net64.keras", "net48.keras", "--data", "data", "--out", "page.html")
    assert "no faces" not in told.stderr
    page = Page(Path("page.html").read_text())
    assert len(page.all("span", role="img")) >= 20
    assert len(page.all("details", **{"class": "side"})) == 2


def test_maps_are_of_the_network_s_size_and_are_not_compared_with_another(place, monkeypatch):
    monkeypatch.chdir(place)
    words = "--data", "data", "--split", "test", "--method", "gradient", "--checks", "none"
    fer("saliency", "net64.keras", *words, "--label", "happy", "--n", 1)
    (folder,) = Path("runs").glob("net64-data-*/saliency/test")
    maps = SaliencyMaps.load(folder / "maps.npz").maps
    assert maps.shape[1:] == (64, 64)
    assert np.isfinite(maps).all()
    told = fer("saliency", "net64.keras", "net48.keras", *words, code=1).stderr
    assert "net48.keras: takes images of 48 x 48 pixels, and net64.keras of 64 x 64" in told
