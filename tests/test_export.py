"""Exported networks: the same answers, what they lose, and files that are not what they say."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from small_bundle import fer

import fer_analysis as package
from fer_analysis.config import load_config
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.exporting.parity import loses, parity
from fer_analysis.files import content_hash
from fer_analysis.models.exported import exported_predictor, read_exported
from fer_analysis.models.predict import predictor
from fer_analysis.models.storage import save_model
from fer_analysis.run import WEIGHTS, Run

DATA = ("--data", "synthetic", "--set", "data.n=100")
HUGE = 1e6
"""A weight of a pixel that is always 0: in 8 bits nothing is left of the others."""


def linear_network(images, labels, names, dead: float):
    """Return a network that predicts these images correctly, fitted by least squares."""
    padded = np.pad(images[..., 0], ((0, 0), (1, 1), (1, 1))).reshape(len(images), -1)
    wanted = 4 * np.eye(len(names))[labels]
    weights = np.linalg.pinv(padded.astype(float)) @ wanted
    weights[0] = dead  # a pixel of the border
    pixels = keras.Input((48, 48, 1), name="pixels")
    flat = keras.layers.Flatten()(keras.layers.ZeroPadding2D(1)(pixels))
    logits = keras.layers.Dense(len(names), name="logits")(flat)
    model = keras.Model(pixels, keras.layers.Softmax(name="probabilities")(logits))
    model.get_layer("logits").set_weights([weights, np.zeros(len(names))])
    return model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """`good.keras`, `spoilt.keras`, and `run`, a run directory with the good one."""
    folder = tmp_path_factory.mktemp("made")
    part = package.load_data("synthetic", n=100).dataset.part("validation")
    for name, dead in {"good": 0.0, "spoilt": HUGE}.items():
        model = linear_network(part.images, part.labels, part.label_names, dead)
        save_model(model, folder / f"{name}.keras", part.label_names)
    (folder / "run").mkdir()
    shutil.copyfile(folder / "good.keras", folder / "run" / "model.keras")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("FER2013_DIR", raising=False)
        (folder / "run/config.yaml").write_text(load_config("quick").to_yaml())
    (folder / "run/of_tomorrow.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def exported(made):
    """The good network as a LiteRT file with 8-bit weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        fer("export", "good.keras", "--out", "light", *DATA)
    return made / "light"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.delenv("FER2013_DIR", raising=False)
    monkeypatch.chdir(tmp_path)


FORMATS = [
    ("litert", "none"),
    ("litert", "full"),
    pytest.param(
        "onnx",
        "none",
        marks=pytest.mark.skipif(
            any(importlib.util.find_spec(n) is None for n in ("tf2onnx", "onnxruntime")),
            reason="the extra 'onnx' is not installed",
        ),
    ),
    ("saved_model", "none"),
]


@pytest.mark.parametrize(("to", "quantize"), FORMATS)
def test_every_format_gives_the_networks_answers(made, to, quantize):
    words = ("--to", to, "--quantize", quantize, "--out", "out", *DATA, "--json")
    told = json.loads(fer("export", made / "good.keras", *words).stdout)
    assert told["within_tolerance"] is True
    found = told["parity"]
    assert found["same_label"] == found["n"] == 10
    assert found["accuracy"]["keras"] == found["accuracy"]["exported"] == 1
    assert found["accuracy"]["difference"]["value"] == 0
    assert found["largest_difference"] < (0.1 if quantize == "full" else 1e-4)
    assert all(rate > 0 for rates in found["images_per_second"].values() for rate in rates.values())
    if to == "saved_model":
        refused = fer("predict", ".", "--run", "out", code=1)
        assert "a TensorFlow SavedModel, which is not read" in refused.stderr
        return
    images = package.load_data("synthetic", n=100).dataset.part("train").images
    model = keras.saving.load_model(made / "good.keras", compile=False)
    file = next(f for f in Path("out").iterdir() if f.suffix in (".tflite", ".onnx"))
    expected = predictor(model)(images)
    tolerance = 0.2 if quantize == "full" else 1e-4
    assert np.abs(exported_predictor(file)(images) - expected).max() < tolerance


def test_a_network_that_8_bits_spoil_is_told_and_exits_with_1(made):
    result = fer("export", made / "spoilt.keras", "--out", "out", *DATA, "-v", code=1)
    assert "loses more than 0.5 points" in result.stderr
    assert "accuracy 1" in result.stdout, "of 7 labels one is predicted"
    fer("export", made / "spoilt.keras", "--out", "out", *DATA, "--tolerance", "100")
    fer("export", made / "spoilt.keras", "--out", "out", *DATA, "--quantize", "none")


def test_parity_by_hand():
    sure, other = np.array([0.9, 0.1]), np.array([0.4, 0.6])
    labels = np.array([0, 0, 1, 1])
    own = np.stack([sure, sure, sure[::-1], sure[::-1]]).astype(np.float32)
    theirs = np.stack([other, sure, sure[::-1], sure[::-1]]).astype(np.float32)
    evaluation = Evaluation(
        labels=labels,
        probabilities=own,
        ids=np.array(list("abcd")),
        split="validation",
        label_names=("a", "b"),
        protocol="",
        comparable=True,
        leaked=None,
    )
    images = np.zeros((4, 8, 8, 1), np.uint8)
    found = parity(evaluation, images, lambda x: own[: len(x)], lambda x: theirs[: len(x)])
    assert found["accuracy"]["exported"] == 0.75
    assert found["accuracy"]["difference"]["value"] == -0.25
    assert [row["exported"] for row in found["labels"]] == [0.5, 1]
    assert found["same_label"] == 3
    assert found["largest_difference"] == pytest.approx(0.5)
    assert loses(found, 24)
    assert not loses(found, 26)
    assert loses(found | {"finite": False}, 100)


def test_an_exported_folder_or_file_is_a_run(exported, made):
    before = {file.name: file.read_bytes() for file in exported.iterdir()}
    part = package.load_data("synthetic", n=100).dataset.part("validation")
    for run in (exported, exported / "model.tflite"):
        told = json.loads(fer("evaluate", run, *DATA, "--split", "validation", "--json").stdout)
        assert told["all"]["accuracy"]["value"] == 1
    compared = fer("compare", made / "good.keras", exported, *DATA, "--split", "validation")
    assert "passed over" not in compared.stderr and "good-litert" in compared.stdout
    stress = fer(
        "stress", exported, *DATA, "--split", "validation", "--condition", "dark", "--severity", "1"
    )
    assert "dark" in stress.stdout
    for i, image in enumerate(part.images):
        Image.fromarray(image[..., 0]).save(f"{i:02}.png")
    rows = json.loads(fer("predict", ".", "--run", exported, "--json").stdout)["images"]
    assert [row["label"] for row in rows] == [part.label_names[i] for i in part.labels]
    verbose = fer("predict", "00.png", "--run", exported, "-v")
    assert "network: LiteRT, 8-bit weights" in verbose.stderr
    for words in (["--saliency"], ["--keras"]):
        refused = fer("predict", "00.png", "--run", exported, *words, code=1)
        assert "need the Keras model" in refused.stderr
    assert "exported already" in fer("export", exported, code=1).stderr
    assert {file.name: file.read_bytes() for file in exported.iterdir()} == before
    array = package.predict(part.images, run=exported)
    assert [each.label for each in array] == [row["label"] for row in rows]


def test_records_go_along_whatever_they_are_called(made, monkeypatch):
    monkeypatch.delenv("FER2013_DIR", raising=False)
    result = fer("export", made / "run", "--out", "out")
    assert "not compared with the Keras model" in result.stderr
    written = {"model.tflite", "export.json", "config.yaml", "of_tomorrow.json"}
    assert {file.name for file in Path("out").iterdir()} == written
    assert read_exported(Path("out/model.tflite")).parity is None


def test_an_export_replaces_an_earlier_one_and_nothing_of_the_users(made):
    """Neither beside an export, nor where a file of theirs has the name `export.json`."""
    fer("export", made / "run", "--out", "out")
    Path("out/app.py").write_text("mine")
    before = {file.name: file.read_bytes() for file in Path("out").iterdir()}
    words = ("export", made / "good.keras", "--out", "out", *DATA)
    refused = fer(*words, code=1).stderr
    assert "has files that are not an exported network's (app.py, of_tomorrow.json)" in refused
    assert {file.name: file.read_bytes() for file in Path("out").iterdir()} == before
    for name in ("app.py", "of_tomorrow.json"):
        Path("out", name).unlink()
    fer(*words)
    assert {file.name for file in Path("out").iterdir()} == {"model.tflite", "export.json"}
    Path("mine").mkdir()
    Path("mine/export.json").write_text("{}")
    refused = fer("export", made / "good.keras", "--out", "mine", code=1).stderr
    assert "something other than an exported network" in refused


def test_what_cannot_be_exported_is_a_line(made, monkeypatch):
    Path("mine").mkdir()
    Path("mine/thesis.txt").write_text("")
    for words, said in {
        ("--to", "onnx", "--quantize", "full"): "quantize full: not for onnx",
        ("--out", "mine"): "something other than an exported network",
        ("--quantize", "full"): "no data",
    }.items():
        assert said in fer("export", made / "good.keras", *words, code=1).stderr
    monkeypatch.setattr("fer_analysis.models.exported.find_spec", lambda name: None)
    missing = fer("export", made / "good.keras", "--to", "onnx", "--out", "out", code=1).stderr
    assert "requires the package 'tf2onnx': pip install 'fer-analysis[onnx]'" in missing
    assert not Path("out").exists()


def test_a_damaged_export_is_a_line(exported):
    def line(change) -> str:
        shutil.rmtree("copy", ignore_errors=True)
        shutil.copytree(exported, "copy")
        change(Path("copy/model.tflite"), Path("copy/export.json"))
        result = fer("predict", "face.png", "--run", "copy/model.tflite", code=1)
        [text] = result.stderr.splitlines()
        return text

    def rubbish(file, description):
        file.write_bytes(b"\x1c\x00\x00\x00TFL3" + b"\x00" * 40)
        told = json.loads(description.read_text()) | {"content": content_hash(file)}
        description.write_text(json.dumps(told))

    def changed(**values):
        return lambda file, text: text.write_text(json.dumps(json.loads(text.read_text()) | values))

    Image.fromarray(np.arange(2304, dtype=np.uint8).reshape(48, 48)).save("face.png")
    assert "not the file that" in line(lambda file, text: file.write_bytes(b"TFL3"))
    assert "no export.json beside it" in line(lambda file, text: text.unlink())
    assert "damaged" in line(lambda file, text: text.write_text("{"))
    assert "damaged" in line(lambda file, text: text.write_text("[]"))
    assert "label_names: received" in line(changed(label_names=[1, 2]))
    assert "temperature: received" in line(changed(temperature="hot"))
    assert "gives 7 outputs for 2 labels" in line(changed(label_names=["a", "b"]))
    assert "cannot be loaded" in line(rubbish)


@pytest.fixture
def shipped():
    if not (WEIGHTS / "model.tflite").is_file():
        pytest.skip("this checkout comes without a network")
    return Run.open("bundled")


def test_the_shipped_light_form_is_of_the_shipped_network(shipped):
    light = shipped.light()
    assert light.is_exported
    described = read_exported(light.model_file)
    card = json.loads((WEIGHTS / "card.json").read_text())
    assert described.parity == card["litert"]
    assert not loses(described.parity, 0.5)
    kept = card["calibration"]["plain"]
    assert (described.temperature, described.rule) == (kept["temperature"], kept["answers"])
    assert light.model_file.stat().st_size < 4_000_000


def test_predicting_by_it_imports_nothing_heavy(shipped):
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (60, 50), dtype=np.uint8)).save("face.png")
    code = (
        "import sys\n"
        "sys.argv = ['fer', 'predict', 'face.png', '--csv']\n"
        "from fer_analysis.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'tensorflow', 'keras', 'scipy', 'matplotlib', 'pydantic', 'yaml', 'jinja2', "
        "'onnxruntime', 'cv2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "XNNPACK" not in done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_its_answers_are_those_of_the_keras_file(shipped):
    images = package.load_data("synthetic", n=100).dataset.images[:40]
    light, full = package.predict(images), package.predict(images, keras=True)
    for one, other in zip(light, full, strict=True):
        assert list(one.probabilities.values()) == pytest.approx(
            list(other.probabilities.values()), abs=0.06
        )
