"""Models from elsewhere: what is opened, what it becomes, and what is refused in a line."""

from __future__ import annotations

import json
import zipfile

import keras
import numpy as np
import pytest
from keras import layers

from fer_analysis.errors import FerError
from fer_analysis.models.model_file import CONFIG, WEIGHTS, read_model_file
from fer_analysis.models.predict import logits_model, predictor
from fer_analysis.models.storage import load_model, save_model

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 1), dtype=np.uint8)


def network(*last, shape=(16, 16, 1), inputs=1):
    """Return a network that ends in the layers given."""
    keras.utils.set_random_seed(0)
    entries = [keras.Input(shape, name=f"face_{i}") for i in range(inputs)]
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(layers.Rescaling(1 / 255)(entries[0])))
    for layer in last:
        x = layer(x)
    return keras.Model(entries if inputs > 1 else entries[0], x)


def two_answers():
    """Return a network with a dict of two outputs."""
    model = network(layers.Dense(3, activation="softmax"))
    return keras.Model(model.inputs[0], {"emotion": model.output, "age": model.output})


def opened(model, tmp_path):
    model.save(tmp_path / "m.keras")
    return load_model(tmp_path / "m.keras")[0]


def softmax(logits):
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "last",
    [
        [layers.Dense(3)],
        [layers.Dense(3, activation="softmax")],
        [layers.Dense(3, name="scores"), layers.Softmax()],
        [layers.Dense(3), layers.Activation("softmax")],
        [layers.Dense(3), layers.Activation("linear")],
        [layers.Dense(3), layers.Softmax(), layers.Dropout(0.5)],
    ],
)
def test_every_end_becomes_logits_and_a_softmax(last, tmp_path):
    model = network(*last)
    expected = np.array(model(IMAGES.astype(np.float32)))
    if not np.allclose(expected.sum(axis=1), 1):  # logits, of whatever signs
        expected = softmax(expected)
    found = opened(model, tmp_path)
    np.testing.assert_allclose(predictor(found)(IMAGES), expected, atol=1e-6)
    np.testing.assert_allclose(softmax(predictor(logits_model(found))(IMAGES)), expected, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_one_tensor_in_a_list_or_dict_is_that_tensor(channels, tmp_path):
    plain = network(layers.Dense(3), layers.Softmax(), shape=(16, 16, channels))
    expected = np.array(plain(np.repeat(IMAGES, channels, axis=3).astype(np.float32)))
    face, answer = plain.input, plain.output
    for given, given_out in (
        (face, {"emotion": answer}),
        (face, [answer]),
        ({face.name: face}, answer),
        ([face], {"emotion": answer}),
    ):
        found = opened(keras.Model(given, given_out), tmp_path)
        np.testing.assert_allclose(predictor(found)(IMAGES), expected, rtol=1e-5)
        assert found.input is found.inputs[0] and found.output is found.outputs[0]


def test_a_network_for_colour_sees_grey_three_times(tmp_path):
    model = network(layers.Dense(3, activation="softmax"), shape=(16, 16, 3))
    expected = np.array(model(np.repeat(IMAGES, 3, axis=3).astype(np.float32)))
    found = opened(model, tmp_path)
    assert found.input_shape == (None, 16, 16, 1)
    np.testing.assert_allclose(predictor(found)(IMAGES), expected, rtol=1e-5)
    assert any(isinstance(layer, layers.Conv2D) for layer in found.layers), "still flat"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (network(layers.Dense(3, activation="sigmoid")), "neither probabilities nor logits"),
        (network(layers.Dense(3, activation="tanh")), "ends in 'tanh'.*expected a softmax"),
        (network(layers.Dense(1)), "2 labels or more"),
        (network(layers.Dense(3), shape=(16, 16, 2)), "expected 1 channel or 3"),
        (network(layers.Dense(3), shape=(16, 12, 1)), "expected square"),
        (network(layers.Dense(3), inputs=2), "has 2 inputs; expected one"),
        (two_answers(), "has 2 outputs; expected one"),
    ],
)
def test_other_networks_are_a_line(model, message, tmp_path):
    with pytest.raises(FerError, match=message):
        opened(model, tmp_path)


def test_the_size_of_images_is_that_of_a_network_with_channels_last(tmp_path):
    for shape, size in {(1, 16, 16): None, (16, 16, 1): 16, (16, 16, 3): 16}.items():
        entry = keras.Input(shape)
        keras.Model(entry, layers.Dense(3)(layers.Flatten()(entry))).save(tmp_path / "m.keras")
        assert read_model_file(tmp_path / "m.keras").size == size


def test_a_network_that_diverged_is_refused(tmp_path):
    model = network(layers.Dense(3))
    model.layers[-1].bias.assign([0, np.nan, 0])
    with pytest.raises(FerError, match="diverged: weights of '.*bias' are not finite"):
        opened(model, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PK\x03\x04 and no more", "damaged or truncated"),
        (b"a,b\n", "not a Keras archive"),
    ],
)
def test_files_of_another_kind_are_told_apart(content, message, tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(FerError, match=message):
        load_model(path)


def archive(path, config, weights=b"x" * 100, **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(CONFIG, config if isinstance(config, bytes) else json.dumps(config))
        file.writestr(WEIGHTS, weights)
        for name, content in more.items():
            file.writestr(f"{name}.json", json.dumps(content))
    return path


def described(kind, **settings):
    layer = {"module": "keras.layers", "class_name": kind, "config": settings}
    return {"class_name": "Functional", "module": "keras", "config": {"layers": [layer]}}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (b" " * 100_000_000, "unpacks to"),
        ([], "does not describe a Keras model"),
        (described("Lambda", name="harm"), "'harm' carries code"),
        (described("Dense", name="wide", units=10**9), "'wide' has units 1,000,000,000"),
    ],
)
def test_archives_are_looked_at_before_they_are_opened(config, message, tmp_path):
    with pytest.raises(FerError, match=message):
        read_model_file(archive(tmp_path / "m.keras", config))


@pytest.mark.parametrize("names", [["a", "a"], "ab", [1, 2], ["a", " "]])
def test_label_names_are_checked(names, tmp_path):
    path = archive(tmp_path / "m.keras", described("Dense"), fer_analysis={"label_names": names})
    with pytest.raises(FerError, match="expected label_names"):
        read_model_file(path)


def test_what_is_saved_names_no_default_argument_and_keeps_the_rest(tmp_path):
    model = network(layers.Dense(3, kernel_initializer="he_normal", use_bias=False))
    save_model(model, tmp_path / "m.keras", tuple("abc"))
    file = read_model_file(tmp_path / "m.keras")
    dense = next(e for e in file.config["config"]["layers"] if e["class_name"] == "Dense")
    assert dense["config"]["kernel_initializer"]["class_name"] == "HeNormal"
    assert dense["config"]["kernel_initializer"]["config"] == {}
    assert dense["config"]["use_bias"] is False
    assert "quantization_config" not in json.dumps(file.config)
    assert (file.size, file.label_names) == (16, tuple("abc"))
    found = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(predictor(found)(IMAGES), predictor(model)(IMAGES))
