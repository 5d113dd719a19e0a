"""Guards, each on a planted case and on one that must pass in silence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from fer_layouts import faces, write_layout

from fer_analysis.cli import main
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.evaluation import pitfalls
from fer_analysis.evaluation.evaluation import Evaluation

SMALL = ["--set", "training.epochs=1", "--set", "model.dense=[8]", "--set", "model.filters=[4,4]"]


def evaluation(true, predicted, split="test", names=("cat", "dog", "owl")):
    true = np.array(true)
    return Evaluation(
        true, np.eye(len(names))[np.array(predicted)], np.arange(len(true)), split, names
    )


def fer(*words):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, f"{result.output}\n{result.exception!r}"
    return result


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def test_a_split_that_chose_the_model_is_marked_and_a_test_is_warned_of():
    chosen = np.arange(10) < 9
    notes, warnings = pitfalls.selected_on(chosen, "validation")
    assert notes[0].startswith("selected on this split")
    assert warnings == []
    notes, warnings = pitfalls.selected_on(chosen, "test")
    assert "this is not a test: 9 of 10 of its images" in warnings[0]
    for harmless in (None, np.zeros(10, bool), np.arange(10) < 2, np.zeros(0, bool)):
        assert pitfalls.selected_on(harmless, "test") == ([], [])


def test_a_test_split_made_of_the_validation_images_is_found(own_folder):
    """Planted: the same images, once as the run's validation and once under the name of a test."""
    dataset = generate(n=140, seed=0)
    write_layout(dataset, Path("fer"), "csv")
    swapped = replace(
        dataset,
        split=np.array(
            [{"validation": "test", "test": "validation"}.get(s, s) for s in dataset.split]
        ),
    )
    write_layout(swapped, Path("swapped"), "csv")
    fer("train", "tiny", "--data", "fer", "--run-dir", "run", *SMALL)
    honest = json.loads(fer("evaluate", "run", "--json").stdout)
    assert honest["warnings"] == []
    validation = json.loads(fer("evaluate", "run", "--split", "validation", "--json").stdout)
    assert validation["notes"][0].startswith("selected on this split")
    assert validation["warnings"] == []
    result = fer("evaluate", "run", "--data", "swapped")
    assert "warning: this is not a test" in result.stdout


def test_a_test_that_is_passed_better_than_validation():
    validation = evaluation([0] * 500, [0] * 300 + [1] * 200, "validation")
    better = evaluation([0] * 500, [0] * 400 + [1] * 100)
    told = pitfalls.better_than_validation(better, validation)
    assert "test accuracy 80.0 % of 500 is better than validation, 60.0 % of 500" in told[0]
    chance = evaluation([0] * 500, [0] * 315 + [1] * 185)
    assert pitfalls.better_than_validation(chance, validation) == []
    assert pitfalls.better_than_validation(validation, better) == [], "worse is no surprise"


def test_predictions_that_depend_on_the_batch():
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1), dtype=np.uint8)

    def alone(batch):
        return np.stack([batch.mean(axis=(1, 2, 3)) / 255, 1 - batch.mean(axis=(1, 2, 3)) / 255], 1)

    def among_others(batch):
        share = batch.mean(axis=(1, 2, 3))
        share = share / share.sum()
        return np.stack([share, 1 - share], 1)

    assert pitfalls.batch_dependence(alone, images) == []
    told = pitfalls.batch_dependence(among_others, images)
    assert "predictions depend on the batch" in told[0]
    assert pitfalls.batch_dependence(among_others, images[:1]) == [], "one image has no others"


def test_a_model_that_looks_at_the_whole_batch_is_found(own_folder):
    """Planted: a network that normalises by the batch's own mean, as if it were still training."""
    import keras
    from keras import layers, ops

    from fer_analysis.models.storage import save_model

    inputs = keras.Input((48, 48, 1))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    x = x - ops.mean(x, axis=0, keepdims=True)
    outputs = layers.Softmax(name="probabilities")(layers.Dense(7, name="logits")(x))
    model = keras.Model(inputs, outputs)
    save_model(model, Path("planted.keras"), FER_LABELS)
    write_layout(generate(n=140, seed=0), Path("fer"), "csv")
    named = fer("evaluate", "planted.keras", "--data", "fer").stdout
    assert "depend on the batch" in named

    # Saved by Keras alone, a model does not say which output is which label.
    model.save("unnamed.keras")
    unnamed = " ".join(fer("evaluate", "unnamed.keras", "--data", "fer").stdout.split())
    order = "the model does not name its labels: taken in this order: angry, disgust, fear,"
    assert order in unnamed
    assert "does not name" not in named


@pytest.mark.parametrize("told, factor, offset", [("0 to 1", 1 / 255, 0), ("-1 to 1", 2 / 255, -1)])
def test_a_model_trained_on_scaled_pixels_is_found(told, factor, offset):
    """Planted: half of the images are dark; what a network learnt of scaled pixels is a limit."""
    labels = np.arange(200) % 2
    images = np.where(labels, 200, 50).astype(np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1))
    images = images.astype(np.uint8)

    def scaled(pixels):
        bright = np.asarray(pixels, np.float32).mean(axis=(1, 2, 3)) > 125 * factor + offset
        return np.stack([~bright, bright], axis=1).astype(np.float32)

    def raw(pixels):
        bright = np.asarray(pixels, np.float32).mean(axis=(1, 2, 3)) > 125
        return np.stack([~bright, bright], axis=1).astype(np.float32)

    (warning,) = pitfalls.pixel_range(scaled, images, labels)
    assert warning.startswith(f"the model seems to be trained on pixels from {told}: of 200 images")
    assert pitfalls.pixel_range(raw, images, labels) == []
    assert pitfalls.pixel_range(scaled, images[:2], labels[:2]) == []


def test_oversampling_before_the_split():
    """Planted: the rarest label was copied, and then all images were divided."""
    dataset = faces(140)
    rows = np.arange(140)
    disgust = np.flatnonzero(dataset.labels == 1)[:3]
    copied = dataset.take(np.concatenate([rows[dataset.labels != 1], np.repeat(disgust, 20)]))
    split = np.where(np.random.default_rng(0).random(len(copied)) < 0.3, "test", "train")
    copied = replace(copied, split=split, ids=np.arange(len(copied)).astype(str))
    told = pitfalls.oversampled_before_split(copied, "test")
    assert len(told) == 1
    assert told[0].startswith("disgust was oversampled before the split")
    assert pitfalls.oversampled_before_split(copied, "train") == []
    # Copies within training alone are a remedy, not a leak; and a leak alone is no oversampling.
    within = replace(copied, split=np.where(copied.labels == 1, "train", split))
    assert pitfalls.oversampled_before_split(within, "test") == []
    assert pitfalls.oversampled_before_split(faces(140), "test") == []


def test_labels_in_another_order():
    """Planted: predictions in alphabetical order, read in FER-2013's."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 7, 700)
    right = np.where(rng.random(700) < 0.6, true, rng.integers(0, 7, 700))
    order = sorted(range(7), key=lambda label: FER_LABELS[label])
    alphabetical = np.argsort(order)[right]
    told = pitfalls.label_order(evaluation(true, alphabetical, names=FER_LABELS))
    assert len(told) == 1
    # Alphabetical: neutral, sad, surprise stand where sad, surprise, neutral are expected.
    for pair in (
        "'sad' seems to mean neutral",
        "'surprise' seems to mean sad",
        "'neutral' seems to mean surprise",
    ):
        assert pair in told[0]
    accuracy = 100 * (right == true).mean()
    assert f"accuracy is {accuracy:.1f} % instead" in told[0]
    assert pitfalls.label_order(evaluation(true, right, names=FER_LABELS)) == []


def test_a_poor_model_is_not_taken_for_a_misread_one():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 7, 700)
    poor = [
        np.zeros(700, int),
        rng.integers(0, 7, 700),
        np.where(true == 1, 0, true),
        np.where(rng.random(700) < 0.6, 4, 0),  # sad or angry, at random
        np.where(rng.random(700) < 0.5, 1, 5),
        np.where(rng.random(700) < 0.3, true, np.where(rng.random(700) < 0.5, 3, 4)),
    ]
    for predicted in poor:
        assert pitfalls.label_order(evaluation(true, predicted, names=FER_LABELS)) == []
