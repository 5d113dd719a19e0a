"""Every model of the table keeps the contract; the faster twins compute the same."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fer_analysis.errors import FerError
from fer_analysis.models import MODELS, build_model
from fer_analysis.models.predict import logits_model, predictor
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.paper import MODELS as PAPER_MODELS
from fer_analysis.training.acceleration import (
    CentralDepthwiseConv2D,
    FusedBatchNormalization,
    PointwiseConv2D,
    TurnedDepthwiseConv2D,
    accelerate,
)

SMALL = {
    "mobilenet": {"alpha": 0.25, "dense": (8,)},
    "residual": {"stem": 4, "widths": (4, 8), "blocks": (1, 1)},
    "self_built": {"filters": (4, 4), "dense": (8,)},
}


def build(name, **options):
    keras.utils.set_random_seed(0)
    return MODELS[name]((48, 48, 1), 7, **(SMALL[name] | options))


def faces(n=5):
    return np.random.default_rng(0).integers(0, 256, (n, 48, 48, 1), dtype=np.uint8)


@pytest.mark.compiled
@pytest.mark.parametrize("name", list(MODELS))
def test_contract(name):
    model = build(name)
    assert model.input_shape == (None, 48, 48, 1)
    dense, softmax = model.layers[-2:]
    assert (dense.name, dense.units, type(dense)) == ("logits", 7, layers.Dense)
    assert (softmax.name, type(softmax)) == ("probabilities", layers.Softmax)
    assert not any(isinstance(layer, keras.Model) for layer in model.layers), "the graph is flat"
    random = [layer for layer in model.layers if "Random" in type(layer).__name__]
    assert not random
    probabilities = predictor(model)(faces())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("name", list(MODELS))
def test_raw_pixels_go_in(name):
    rescaling = [layer for layer in build(name).layers if isinstance(layer, layers.Rescaling)]
    assert len(rescaling) == 1


@pytest.mark.parametrize("name", PAPER_MODELS)
def test_the_study_s_head(name):
    model = build(name, dense=(16, 8, 4), dropout=0.5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds[-13:] == [
        "Dropout",
        "Flatten",
        *["Dense", "Activation", "Dropout"] * 3,
        "Dense",
        "Softmax",
    ]


@pytest.mark.parametrize("name", list(MODELS))
def test_saved_model_keeps_its_labels_and_loads_in_stock_keras(name, tmp_path):
    model, path = build(name), tmp_path / "model.keras"
    save_model(model, path, tuple("abcdefg"))
    loaded, names = load_model(path)
    assert names == tuple("abcdefg")
    stock = keras.saving.load_model(path, safe_mode=True)
    expected = predictor(model)(faces())
    for other in (loaded, stock):
        np.testing.assert_array_equal(predictor(other)(faces()), expected)
    assert list(tmp_path.iterdir()) == [path], "nothing temporary is left"


def test_files_that_are_no_model(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"nonsense")
    with pytest.raises(FerError, match="not a model that can be loaded"):
        load_model(path)
    inputs = keras.Input((4,))
    keras.Model(inputs, layers.Dense(2)(inputs)).save(path)
    with pytest.raises(FerError, match="takes .*expected square grey ones"):
        load_model(path)


@pytest.mark.compiled
@pytest.mark.parametrize("name", list(MODELS))
def test_the_accelerated_twin_predicts_the_same(name):
    model = build(name, **({"batch_normalization": True} if name == "self_built" else {}))
    twin = accelerate(model)
    np.testing.assert_allclose(predictor(twin)(faces()), predictor(model)(faces()), atol=1e-5)


@pytest.mark.parametrize("name", list(MODELS))
def test_the_twin_in_bfloat16_rounds_its_maps_and_keeps_its_weights(name):
    import tensorflow as tf

    model = build(name, **({"batch_normalization": True} if name == "self_built" else {}))
    twin = accelerate(model, "bfloat16")
    expected, found = predictor(model)(faces()), predictor(twin)(faces())
    assert 0 < np.abs(found - expected).max() < 0.05
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(twin(faces().astype(np.float32), training=True)[:, 0])
    gradients = tape.gradient(loss, [weight.value for weight in twin.trainable_weights])
    assert {str(weight.dtype) for weight in twin.weights} == {"float32"}
    assert {gradient.dtype.name for gradient in gradients} == {"float32"}
    convolutions = [layer for layer in twin.layers if isinstance(layer, layers.Conv2D)]
    assert {layer.compute_dtype for layer in convolutions} == {"bfloat16"}
    assert twin.get_layer("logits").compute_dtype == "float32"


def test_mobilenet_is_really_accelerated():
    kinds = [type(layer) for layer in accelerate(build("mobilenet")).layers]
    assert kinds.count(PointwiseConv2D) == 13
    assert kinds.count(FusedBatchNormalization) == 27
    assert kinds.count(CentralDepthwiseConv2D) == 1
    assert kinds.count(TurnedDepthwiseConv2D) == 0
    rounded = [type(layer) for layer in accelerate(build("mobilenet"), "bfloat16").layers]
    assert rounded.count(TurnedDepthwiseConv2D) == 12


@pytest.mark.parametrize("spatial", [(6, 6), (1, 1)])
def test_fused_normalisation_equals_keras_s(spatial):
    """Outputs, gradients and moving statistics of one training step."""
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(1).normal(3, 2, (8, *spatial, 5)).astype(np.float32))
    results = []
    for kind in (layers.BatchNormalization, FusedBatchNormalization):
        layer = kind(momentum=0.9)
        layer.build(x.shape)
        layer.gamma.assign([1.0, 2.0, 0.5, -1.0, 3.0])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.sin(y))
        gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
        results.append([y, *gradients, layer.moving_mean, layer.moving_variance])
    for stock, fused in zip(*results, strict=True):
        np.testing.assert_allclose(np.array(fused), np.array(stock), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("stock", "kind", "shape"),
    [
        (layers.Conv2D(3, 1, activation="relu", bias_initializer="ones"), PointwiseConv2D, (6, 6)),
        (layers.Conv2D(3, 1, use_bias=False), PointwiseConv2D, (1, 1)),
        (
            layers.DepthwiseConv2D(3, padding="same", bias_initializer="ones"),
            CentralDepthwiseConv2D,
            (1, 1),
        ),
        (
            layers.DepthwiseConv2D((5, 3), padding="same", use_bias=False, activation="relu"),
            CentralDepthwiseConv2D,
            (1, 1),
        ),
        (
            layers.DepthwiseConv2D((5, 3), padding="same", bias_initializer="ones"),
            TurnedDepthwiseConv2D,
            (6, 7),
        ),
        (
            layers.DepthwiseConv2D(3, strides=2, use_bias=False, activation="relu"),
            TurnedDepthwiseConv2D,
            (7, 7),
        ),
        (layers.DepthwiseConv2D(3, strides=2, padding="same"), TurnedDepthwiseConv2D, (6, 6)),
    ],
)
def test_faster_convolutions_equal_keras_s(stock, kind, shape):
    """Outputs and gradients."""
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(1).normal(size=(4, *shape, 5)).astype(np.float32))
    ours = kind.from_config(stock.get_config())
    for layer in (stock, ours):
        layer.build(x.shape)
    ours.set_weights(stock.get_weights())
    results = []
    for layer in (stock, ours):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
        results.append([y, *tape.gradient(y, [x, *(w.value for w in layer.trainable_weights)])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(np.array(a), np.array(b), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (3, 3)])
def test_depthwise_convolutions_that_see_more_than_their_centre_stay(size):
    inputs = keras.Input((*size, 4))
    outputs = layers.DepthwiseConv2D(3, padding="same", strides=1 if size == (3, 3) else 2)(inputs)
    kinds = {type(layer) for layer in accelerate(keras.Model(inputs, outputs)).layers}
    assert CentralDepthwiseConv2D not in kinds


def test_residual_takes_any_size_and_neither_brightness_nor_contrast_counts():
    model = build("residual")
    any_size = MODELS["residual"]((None, None, 1), 7, **SMALL["residual"])
    any_size.set_weights(model.get_weights())
    pixels = faces().astype(np.float32)
    expected = predictor(model)(pixels)
    np.testing.assert_allclose(predictor(any_size)(pixels), expected, atol=1e-6)
    assert predictor(any_size)(pixels[:, :32, :40]).shape == (5, 7)
    np.testing.assert_allclose(predictor(model)(pixels / 2 + 60), expected, atol=0.01)
    assert np.abs(predictor(model)(255 - pixels) - expected).max() > 0.01


def test_residual_blocks_add_to_what_they_are_given():
    model = build("residual")
    first = next(layer for layer in model.layers if isinstance(layer, layers.Add))
    shortcut, change = first.input
    last = change._keras_history.operation
    last.gamma.assign(np.zeros(4))
    ends = keras.Model(model.input, [shortcut, first.output])
    before, after = ends(faces().astype(np.float32))
    assert np.abs(before).max() > 0
    np.testing.assert_array_equal(before, after)


def test_residual_wants_blocks_for_each_width():
    with pytest.raises(FerError, match="expected one of each per stage"):
        build_model("residual", (48, 48, 1), 7, widths=(8, 8), blocks=(1,))


def test_mobilenet_starts_from_the_offset_that_is_asked_for():
    def offsets(model):
        norms = [la for la in model.layers if isinstance(la, layers.BatchNormalization)]
        return {float(value) for layer in norms for value in np.array(layer.beta)}

    assert offsets(build("mobilenet", offset=0.5)) == {0.5}
    assert offsets(build("mobilenet")) == {1.0}


def test_mobilenet_on_enlarged_images_keeps_a_map_to_flatten():
    def ends_in(model):
        return next(la for la in model.layers if isinstance(la, layers.Flatten)).input.shape[1:3]

    enlarged = build("mobilenet", enlarge=2)
    assert (ends_in(build("mobilenet")), ends_in(enlarged)) == ((1, 1), (3, 3))
    small, plain = faces(), build("mobilenet")
    pixels = [layer.output for layer in enlarged.layers if isinstance(layer, layers.UpSampling2D)]
    grown = keras.Model(enlarged.input, pixels)(small)
    assert grown.shape[1:3] == (96, 96)
    assert not any(isinstance(layer, layers.UpSampling2D) for layer in plain.layers)
    twin = predictor(accelerate(enlarged, "float32"))
    np.testing.assert_allclose(predictor(enlarged)(small), twin(small), atol=1e-5)


def test_logits_model_shares_the_weights():
    model = build("self_built")
    logits = predictor(logits_model(model))(faces())
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictor(model)(faces()), expected, rtol=1e-4)


def test_local_weights_for_the_backbone(tmp_path):
    donor = keras.applications.MobileNet(
        input_shape=(48, 48, 3), alpha=0.25, include_top=False, weights=None
    )
    path = tmp_path / "backbone.weights.h5"
    donor.save_weights(path)
    model = build("mobilenet", weights=str(path))
    first = next(layer for layer in model.layers if isinstance(layer, layers.Conv2D))
    np.testing.assert_array_equal(first.get_weights()[0], donor.layers[1].get_weights()[0])
    with pytest.raises(FerError, match=r"model.weights: no file nowhere.h5"):
        build("mobilenet", weights="nowhere.h5")


def test_options_that_make_no_network_are_one_line():
    with pytest.raises(FerError, match="^model: self_built does not fit its options: [^\n]+$"):
        build_model("self_built", (48, 48, 1), 7, filters=(-3,))
