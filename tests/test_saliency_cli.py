"""`fer saliency` from end to end, on a network that was never trained."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Annotated

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import Field

from fer_analysis.cli import main
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.models import build_model
from fer_analysis.models.storage import save_model
from fer_analysis.saliency import METHODS
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.saliency.methods.gradient import gradient

DATA = ["--data", "synthetic", "--set", "data.n=140", "--method", "gradient"]
MOST = (
    "overview.png",
    "bars.png",
    "regions.png",
    "happy.png",
    "maps.npz",
    "index.csv",
    "regions.csv",
    "meta.json",
)


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("net.keras", "twin.keras")):
        keras.utils.set_random_seed(seed)
        model = build_model("self_built", (48, 48, 1), 7, filters=(4, 4), dense=(8,))
        save_model(model, Path(name), FER_LABELS)


def fer(*words, code=0):
    result = CliRunner().invoke(main, ["saliency", *map(str, words)])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result


def results():
    """The one folder of results; its name ends in a key of model and data."""
    (folder,) = Path("runs").glob("net-synthetic-????????/saliency/test")
    return folder


def test_maps_controls_checks_and_a_second_run():
    text = fer("net.keras", "twin.keras", *DATA, "--n", 2, "-v").stdout
    for name in (*MOST, "humans.csv", "faithfulness.json", "sanity.json", "stability.json"):
        assert (results() / name).stat().st_size > 0, name
    assert "too few maps" in text and "sanity, " in text and "run by run" in text
    meta = json.loads((results() / "meta.json").read_text())
    assert meta["complete"] and meta["n"]["happy"] == 2 and meta["method"] == "gradient"
    with open(results() / "regions.csv") as file:
        row = next(csv.DictReader(file))
    assert {
        "enrichment",
        "low",
        "high",
        "shifted_low",
        "null: the edges",
        "mean: drop_low",
        "blur: recall_alone",
        "dominant_by_maps",
    } <= set(row)
    sanity = json.loads((results() / "sanity.json").read_text())
    assert 12 < sanity["n"] <= 14 and len(sanity["stages"]) == 4

    maps = SaliencyMaps.load(results() / "maps.npz")
    fer("net.keras", *DATA, "--n", 2, "--label", "happy", "--checks", "none")
    again = SaliencyMaps.load(results() / "maps.npz")
    happy = maps.labels == FER_LABELS.index("happy")
    np.testing.assert_array_equal(again.ids, maps.ids[happy])
    np.testing.assert_allclose(again.maps, maps.maps[happy], rtol=1e-3, atol=1e-7)
    # What is not checked any more is not left lying about.
    assert not {"stability.json", "sanity.json"} & {file.name for file in results().iterdir()}


def test_one_label_own_regions_and_contrast():
    Path("own.yaml").write_text("top: [0, 24, 0, 48]\nbottom: [24, 48, 0, 48]\n")
    words = ["--label", "happy", "--regions", "own.yaml", "--target", "contrast", "--n", 4]
    fer("net.keras", *DATA, *words)
    maps = SaliencyMaps.load(results() / "maps.npz")
    happy = FER_LABELS.index("happy")
    assert (maps.targets == happy).all() and (maps.against != happy).all()
    others = maps.probabilities.copy()
    others[:, happy] = 0
    np.testing.assert_array_equal(maps.against, others.argmax(axis=1))
    assert maps.weights.sum() == 0
    assert "less the strongest other one" in maps.description
    with open(results() / "regions.csv") as file:
        regions = [row["region"] for row in csv.DictReader(file)]
    assert regions == ["top", "bottom", "background"]


def stops_at_the_third_label(model, images, targets, *, batch_size=128, progress=None):
    """A method whose user loses patience."""
    if np.argmax(targets[0]) == 2:
        raise KeyboardInterrupt
    return gradient(model, images, targets)


def test_interrupting_keeps_the_finished_labels(monkeypatch):
    monkeypatch.setitem(METHODS._entries, "gradient", f"{__name__}:stops_at_the_third_label")
    result = fer("net.keras", *DATA, "--n", 1, code=130)
    assert "kept angry, disgust" in result.stderr
    maps = SaliencyMaps.load(results() / "maps.npz")
    assert sorted(set(maps.labels)) == [0, 1]
    assert not json.loads((results() / "meta.json").read_text())["complete"]
    assert (results() / "disgust.png").exists() and not (results() / "sanity.json").exists()
    assert not (results() / "fear.png").exists()


def planted(
    model,
    images,
    targets,
    *,
    reach: Annotated[int, Field(ge=1, le=9)] = 3,
    batch_size: int = 128,
    progress=None,
):
    """A method that a user has added."""
    return gradient(model, images, targets)


def test_a_method_that_is_added_to_the_table_has_options_help_and_limits(monkeypatch):
    monkeypatch.setitem(METHODS._entries, "planted", f"{__name__}:planted")
    assert "planted: reach=3" in " ".join(fer("--help").stdout.split())
    words = ["--method", "planted", "--n", 1, "--checks", "none"]
    for option, message in (
        ("reach=10", "planted: reach: input should be less than or equal to 9, received 10"),
        ("rech=2", "planted: unknown option 'rech' (did you mean 'reach'"),
        ("reach=true", "planted: reach: input should be a valid integer, received True"),
    ):
        assert message in fer("net.keras", *DATA, *words, "--option", option, code=1).stderr
    told = json.loads(fer("net.keras", *DATA, *words, "--option", "reach=5", "--json").stdout)
    assert told["options"] == {"reach": 5}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "hapy"], "unknown target 'hapy' (did you mean 'happy'"),
        (["--option", "steps"], "--option: expected NAME=VALUE, received 'steps'"),
        (["--option", "steps=3"], "gradient: unknown option 'steps' (it has none)"),
        (["--label", "joy"], "unknown label 'joy'"),
        (["nosuch"], "nosuch: no such run; expected a run directory"),
        (
            ["--method", "occlusion", "--option", "patch=big"],
            "occlusion: patch: input should be a valid integer, received 'big'",
        ),
        (
            ["--method", "smoothgrad", "--option", "noise=["],
            "smoothgrad: noise: input should be a valid number, received '['",
        ),
        (
            ["--method", "integrated_gradients", "--option", "baseline=black"],
            "baseline: input should be 'mean' or 'blur', received 'black'",
        ),
        (
            ["--method", "layer_cam", "--option", "layer=conv2d_9"],
            "layer 'conv2d_9': no such layer with a map; expected ",
        ),
    ],
)
def test_mistakes_are_one_line(words, message):
    result = fer("net.keras", *DATA, *words, code=1)
    assert message in result.stderr and "Traceback" not in result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert len(said) == 1


def test_a_number_out_of_range_is_refused_with_the_range():
    assert "'--n': 0 is not in the range" in fer("net.keras", "--n", "0", code=2).stderr


def test_a_layer_that_tells_no_regions_is_refused():
    model = build_model("self_built", (48, 48, 1), 7, filters=(4, 4, 4), dense=(8,))
    save_model(model, Path("deep.keras"), FER_LABELS)
    coarse = [layer.name for layer in model.layers if len(layer.output.shape) == 4][-1]
    result = fer("deep.keras", *DATA, "--method", "grad_cam", "--option", f"layer={coarse}", code=1)
    assert f"layer '{coarse}': its map of 6x6 tells no regions of a face" in result.stderr
