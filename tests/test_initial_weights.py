"""Training that starts from another run's weights, and what is known of its images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from fer_layouts import write_layout
from small_bundle import SMALL, fer

from fer_analysis.config import load_config
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.models import MODELS
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.run import Run
from fer_analysis.training.initial_weights import load_initial_weights

pytestmark = pytest.mark.usefixtures("quick_pictures")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def fresh(k: int = 7, *overrides: str):
    options = load_config("tiny", [*SMALL[1::2], *overrides]).model.options()
    return MODELS["self_built"]((48, 48, 1), k, **options)


def test_all_weights_are_taken_where_the_labels_are_the_same(trained):
    names = load_model(Path("run/model.keras"))[1]
    model = fresh()
    initial = load_initial_weights("run", model, names)
    theirs = load_model(Path("run/model.keras"))[0].get_weights()
    assert not initial.new_head
    assert all((a == b).all() for a, b in zip(model.get_weights(), theirs, strict=True))


@pytest.mark.parametrize("names", [LABELS[::-1], LABELS[:3]], ids=["another order", "fewer"])
def test_other_labels_get_a_last_layer_of_their_own(trained, names):
    model = fresh(len(names))
    before = [weights.copy() for weights in model.get_weights()]
    assert load_initial_weights("run", model, names).new_head
    *body, kernel, bias = model.get_weights()
    theirs = load_model(Path("run/model.keras"))[0].get_weights()
    assert all((a == b).all() for a, b in zip(body, theirs[:-2], strict=True))
    assert (kernel == before[-2]).all()
    assert (bias == before[-1]).all()


def test_another_network_is_refused_with_what_differs(trained):
    names = load_model(Path("run/model.keras"))[1]
    with pytest.raises(FerError, match="another network") as error:
        load_initial_weights("run", fresh(7, "model.dense=[9]"), names)
    assert "Dense" in " ".join(error.value.problems)


def test_a_run_starts_there_and_its_images_count_as_trained_on(trained):
    write_layout(generate(n=210, seed=1), Path("other"), "csv")
    start = ["--set", "training.initial_weights=run", "--set", "training.learning_rate=1e-12"]
    fer("train", "tiny", "--data", "other", "--run-dir", "second", *SMALL, *start)
    first, second = Run(Path("run")), Run(Path("second"))
    own = load_data("other").dataset.part("train").images[:20]
    answers = [np.array(load_model(run.model_file)[0](own.astype("f4"))) for run in (first, second)]
    np.testing.assert_allclose(*answers, atol=1e-3)
    for data in ("fer", "other"):
        assert second.leaked(load_data(data).dataset.part("train").pixel_hashes()).all()
    assert not first.leaked(load_data("other").dataset.part("train").pixel_hashes()).all()
    assert json.loads(second.environment_file.read_text())["initial_weights"]["run"] == "run"


def test_images_are_unknown_if_those_of_the_first_run_are(trained):
    shutil.copy("run/model.keras", "mine.keras")
    start = ["--set", "training.initial_weights=mine.keras"]
    fer("train", "tiny", "--data", "fer", "--run-dir", "second", *SMALL, *start)
    assert Run(Path("second")).leaked(np.array([b"0" * 32])) is None


def test_a_run_is_not_continued_from_other_weights(trained):
    start = ["--set", "training.initial_weights=run/model.keras"]
    fer("train", "tiny", "--data", "fer", "--run-dir", "second", *SMALL, *start)
    second = Run(Path("second"))
    for file in (second.result_file, second.model_file, second.history_file):
        file.unlink()
    model, names = load_model(Path("run/model.keras"))
    model.layers[-3].set_weights([weights + 1 for weights in model.layers[-3].get_weights()])
    save_model(model, Path("run/model.keras"), names)
    result = fer("train", "--resume", "second", code=1)
    assert "started from other weights" in result.output
