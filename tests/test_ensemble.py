"""Several runs as one: the mean of their probabilities, and what is known of their images."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from fer_layouts import write_layout
from small_bundle import fer

import fer_analysis
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.models import MODELS
from fer_analysis.models.ensemble import ensemble_model, is_ensemble
from fer_analysis.models.predict import logits_model
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.run import Run
from fer_analysis.training.acceleration import accelerate

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 48, 48, 1)).astype(np.float32)
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def network(seed: int, size: int = 48) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return MODELS["residual"]((size, size, 1), 7, stem=4, widths=[4], blocks=[1])


def constant(*probabilities: float) -> keras.Model:
    """Return a network that gives the same probabilities for every image."""
    model = MODELS["self_built"]((48, 48, 1), 3, filters=[2], dense=[2])
    logits = model.get_layer("logits")
    logits.set_weights([np.zeros((2, 3)), np.log(probabilities)])
    return model


def test_probabilities_are_the_mean_not_that_of_the_logits():
    model = ensemble_model([constant(0.9, 0.05, 0.05), constant(0.1, 0.8, 0.1)])
    np.testing.assert_allclose(model(IMAGES)[0], [0.5, 0.425, 0.075], atol=1e-6)
    np.testing.assert_allclose(
        np.exp(logits_model(model)([IMAGES])[0]), [0.5, 0.425, 0.075], atol=1e-6
    )


def test_members_are_not_changed_and_the_file_gives_the_same():
    members = [network(0), network(1), network(2)]
    alone = [np.array(member(IMAGES)) for member in members]
    save_model(ensemble_model(members), Path("three.keras"), LABELS)
    model, names = load_model(Path("three.keras"))
    assert names == LABELS
    assert is_ensemble(model)
    assert not is_ensemble(members[0])
    np.testing.assert_allclose(model(IMAGES), np.mean(alone, axis=0), atol=1e-6)
    for member, before in zip(members, alone, strict=True):
        np.testing.assert_array_equal(member(IMAGES), before)


def test_as_a_teacher_in_bfloat16_it_says_nearly_the_same():
    model = logits_model(ensemble_model([network(0), network(1)]))
    rounded = accelerate(model, "bfloat16")
    np.testing.assert_allclose(rounded([IMAGES]), model([IMAGES]), atol=0.05)
    assert rounded([IMAGES]).dtype == "float32"


def test_other_sizes_do_not_fit():
    with pytest.raises(FerError, match=r"different sizes: .*32x32"):
        ensemble_model([network(0), network(1, size=32)])


@pytest.fixture
def second(trained):
    """A run on other data, beside the trained one."""
    shutil.copytree("run", "second")
    write_layout(generate(n=210, seed=1), Path("other"), "csv")
    data = load_data("other")
    run = Run(Path("second"))
    run.write_hashes(data.dataset.part("train").pixel_hashes(), np.empty(0, "S32"))
    model, names = load_model(run.model_file)
    model.set_weights([weights * 1.01 for weights in model.get_weights()])
    save_model(model, run.model_file, names)
    return run


def test_what_any_member_was_trained_on_is_not_leak_free(second):
    run = fer_analysis.ensemble("run", "second", run_dir="both")
    for data in ("fer", "other"):
        assert run.leaked(load_data(data).dataset.part("train").pixel_hashes()).all()
    members = run.environment()["members"]
    assert [member["run"] for member in members] == ["run", "second"]
    assert len({member["fingerprint"] for member in members}) == 2


def test_it_is_a_run_for_the_other_commands(second):
    fer("ensemble", "run", "second", "--run-dir", "both")
    told = json.loads(fer("evaluate", "both", "--split", "validation", "--json").stdout)
    assert told["all"]["n"] == len(load_data("fer").dataset.part("validation"))
    assert "ensemble" in fer("saliency", "both", "--method", "grad_cam", code=1).stderr
    assert "not trained" in fer("train", "--resume", "both", code=1).stderr
    assert "exists already" in fer("ensemble", "run", "second", "--run-dir", "both", code=1).stderr


def test_what_does_not_fit_is_one_line(second):
    assert "2 runs or more" in fer("ensemble", "run", code=1).stderr
    assert "same network" in fer("ensemble", "run", "run", code=1).stderr
    assert "bare model file" in fer("ensemble", "run", "run/model.keras", code=1).stderr
    model, names = load_model(second.model_file)
    save_model(model, second.model_file, names[::-1])
    error = fer("ensemble", "run", "second", "--run-dir", "both", code=1).stderr
    assert "second tells neutral, surprise" in error
    assert not Path("both").exists()


def test_members_of_different_data_are_told(second):
    alike = fer("ensemble", "run", "second", "--run-dir", "alike").stderr
    assert "different data" not in alike
    facts = json.loads(second.environment_file.read_text())
    own = facts["data"]["fingerprint"]
    facts["data"]["fingerprint"] = theirs = load_data("other").fingerprint
    facts["prior"] = [1 / 7] * 7
    second.write_environment(facts)
    config = second.config_file
    config.write_text(config.read_text().replace(f"{Path.cwd()}/fer", f"{Path.cwd()}/other"))
    both = f"run on fer (fingerprint {own}); second on other (fingerprint {theirs})"
    made = " ".join(fer("ensemble", "run", "second", "--run-dir", "both").stderr.split())
    assert f"trained on different data: {both}; without --data, commands use that of run" in made
    fer("ensemble", "run", "alike", "both", "--run-dir", "nested")
    members = Run(Path("nested")).data_of_members()
    assert members[theirs].startswith("both on other") and "run, alike, both" in members[own]
    refused = fer("evaluate", "both", "--logit-adjustment", 1, code=1).stderr
    assert "an ensemble whose members were not all trained with the same" in refused
    words = ["evaluate", "both", "--split", "validation"]
    told = " ".join(fer(*words).stderr.split())
    assert f"different data: {both}; what is used now has fingerprint {own}" in told
    told = " ".join(fer(*words, "--data", "other").stderr.split())
    assert f"what is used now has fingerprint {theirs}" in told
    assert "results go to runs/both-other-" in told and "than the run was trained on" not in told


def test_lists_of_faces_of_any_member_are_noted(second):
    facts = json.loads(second.environment_file.read_text())
    sentence = "trained without 3 faces of doubtful.csv"
    facts["data"]["face_lists"] = [
        {"kind": "exclude_faces", "file": "doubtful.csv", "sha256": "0", "sentence": sentence}
    ]
    second.write_environment(facts)
    both = fer_analysis.ensemble("run", "second", run_dir="both")
    assert both.face_list_notes() == [f"{sentence} (of second alone)"]
    first = Run(Path("run"))
    first.write_environment(first.environment() | {"data": facts["data"]})
    assert fer_analysis.ensemble("run", "second", run_dir="all").face_list_notes() == [sentence]
