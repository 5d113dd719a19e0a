"""Saliency methods: axioms on small networks whose answer is known."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fer_analysis.errors import FerError
from fer_analysis.models import build_model
from fer_analysis.saliency import METHODS
from fer_analysis.saliency.methods.cam import cam_layer, layer_cam
from fer_analysis.saliency.methods.fills import fill
from fer_analysis.saliency.methods.gradient import gradient
from fer_analysis.saliency.methods.gradients import scores
from fer_analysis.saliency.methods.integrated_gradients import (
    TOLERANCE,
    integrated_gradients,
    residuals,
)
from fer_analysis.saliency.methods.occlusion import occlusion
from fer_analysis.saliency.methods.smoothgrad import smoothgrad

pytestmark = pytest.mark.compiled

RNG = np.random.default_rng(0)


def network(*hidden: keras.Layer, shape=(14, 13, 1), labels=3) -> keras.Model:
    """Return a network with `hidden` layers that keeps the models' contract."""
    keras.utils.set_random_seed(1)
    x = inputs = keras.Input(shape)
    # On the whole more for than against a label: Grad-CAM shows nothing that speaks against.
    start = keras.initializers.RandomNormal(0.05, 0.1)
    logits = keras.layers.Dense(labels, kernel_initializer=start, name="logits")
    for layer in (*hidden, keras.layers.Flatten(), logits):
        x = layer(x)
    return keras.Model(inputs, keras.layers.Softmax(name="probabilities")(x))


def smooth_network() -> keras.Model:
    layers = keras.layers
    return network(
        layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3, padding="same", activation="softplus"),
        layers.BatchNormalization(),
        layers.Dropout(0.5),
    )


def kinked_network() -> keras.Model:
    layers = keras.layers
    return network(
        layers.Rescaling(1 / 64, offset=-2),
        layers.Conv2D(6, 3, activation="relu6"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
    )


def pixels(n: int, shape=(14, 13, 1)) -> np.ndarray:
    return RNG.integers(0, 256, (n, *shape)).astype(np.uint8)


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_the_contract(name):
    images, targets, seen = pixels(7), np.arange(7) % 3, []
    report = lambda *progress: seen.append(progress)  # noqa: E731
    maps = METHODS[name](smooth_network(), images, targets, progress=report)
    assert maps.shape == (7, 14, 13) and maps.dtype == np.float32
    assert np.isfinite(maps).all() and np.abs(maps).max() > 0
    assert seen[-1] == (7, 7)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("batch_size", [1, 3, 50])
def test_maps_depend_on_no_batch_size_and_no_chance(name, batch_size):
    model, images, targets = smooth_network(), pixels(7), np.arange(7) % 3
    maps = METHODS[name](model, images, targets)
    again = METHODS[name](model, images, targets, batch_size=batch_size)
    np.testing.assert_allclose(again, maps, rtol=1e-4, atol=1e-3 * np.abs(maps).max())


@pytest.mark.parametrize("name", METHODS)
def test_a_network_for_any_size_has_the_maps_of_its_twin_for_one(name):
    keras.utils.set_random_seed(2)
    kinds = {"stem": 4, "widths": (4, 6), "blocks": (1, 1)}
    one = build_model("residual", (48, 48, 1), 3, **kinds)
    any_size = build_model("residual", (None, None, 1), 3, **kinds)
    any_size.set_weights(one.get_weights())
    images, targets = pixels(3, (48, 48, 1)), np.arange(3)
    maps = METHODS[name](one, images, targets)
    assert np.abs(maps).max() > 0
    again = METHODS[name](any_size, images, targets)
    np.testing.assert_allclose(again, maps, rtol=1e-4, atol=1e-3 * np.abs(maps).max())


def test_gradient_is_the_slope_of_the_logit():
    model, images, targets = smooth_network(), pixels(3), np.array([2, 0, 1])
    logits = keras.Model(model.input, model.get_layer("logits").output)
    maps = gradient(model, images, targets)
    step = 2.0  # grey levels: single precision drowns a smaller difference
    for image, target, found in zip(images.astype(np.float32), targets, maps, strict=True):
        moves = np.eye(image.size, dtype=np.float32).reshape(-1, *image.shape) * step
        above, below = (np.asarray(logits(image + sign * moves))[:, target] for sign in (1, -1))
        slope = (above - below).reshape(found.shape) / (2 * step)
        np.testing.assert_allclose(found, slope, rtol=1e-2, atol=1e-2 * np.abs(slope).max())


def test_gradient_of_a_linear_model_is_its_weights():
    model, targets = network(shape=(14, 13, 2)), np.array([0, 1, 2, 1])
    weights = model.get_layer("logits").get_weights()[0]
    maps = gradient(model, pixels(4, (14, 13, 2)), targets)
    expected = weights.T.reshape(3, 14, 13, 2).sum(axis=-1)[targets]
    np.testing.assert_allclose(maps, expected, rtol=1e-6, atol=1e-7)


def test_a_model_with_new_weights_has_new_maps():
    model, images, targets = network(), pixels(2), np.array([0, 1])
    before = gradient(model, images, targets)
    layer = model.get_layer("logits")
    layer.set_weights([2 * weights for weights in layer.get_weights()])
    np.testing.assert_array_equal(gradient(model, images, targets), 2 * before)


def test_smoothgrad_of_a_linear_model_is_its_gradient_exactly():
    model, images, targets = network(), pixels(5), np.array([0, 1, 2, 1, 0])
    exact = gradient(model, images, targets)
    np.testing.assert_array_equal(smoothgrad(model, images, targets), exact)


def test_smoothgrad_without_noise_is_the_gradient_and_with_noise_follows_the_seed():
    model, images, targets = smooth_network(), pixels(3), np.array([0, 1, 2])
    exact = gradient(model, images, targets)
    still = smoothgrad(model, images, targets, noise=0)
    np.testing.assert_allclose(still, exact, rtol=1e-4, atol=1e-5 * np.abs(exact).max())
    first, again, other = (smoothgrad(model, images, targets, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3 * np.abs(exact).max()


def test_smoothgrad_scales_its_noise_to_each_image_and_wraps_any_method():
    images = np.array([0, 100], np.uint8)[:, None, None, None] + np.zeros((2, 40, 40, 1), np.uint8)
    images[1, 0, 0] = 0  # the first image is flat, the second spans 100 grey levels
    seen = []

    def spread(model, copies, targets, *, batch_size):
        seen.append((copies - np.repeat(images, 8, axis=0)).reshape(2, -1).std(axis=1))
        return np.repeat(targets, 1600).reshape(-1, 40, 40).astype(np.float32)

    maps = smoothgrad(None, images, np.array([3, 4]), samples=8, noise=0.2, method=spread)
    assert (maps == np.array([3, 4])[:, None, None]).all()
    np.testing.assert_allclose(seen[0], [0, 20], rtol=0.03)


def test_smoothgrad_refuses_what_makes_no_mean():
    with pytest.raises(FerError, match="samples=0"):
        smoothgrad(network(), pixels(1), np.array([0]), samples=0)


def test_weights_of_the_logits_explain_a_difference():
    model, images = smooth_network(), pixels(3)
    weights = np.array([[1, -1, 0]] * 3)
    one, other = (gradient(model, images, np.full(3, label)) for label in (0, 1))
    found = gradient(model, images, weights)
    np.testing.assert_allclose(found, one - other, atol=1e-5 * np.abs(one).max())


def test_smoothgrad_takes_the_name_of_a_method_but_its_own():
    model, images, targets = smooth_network(), pixels(2), np.array([0, 1])
    # Of all images, however few of them are taken at a time.
    options = {"noise": 0, "samples": 2, "batch_size": 2}
    found = smoothgrad(model, images, targets, method="occlusion", **options)
    expected = occlusion(model, images, targets)
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
    with pytest.raises(FerError, match="cannot smooth itself"):
        smoothgrad(model, images, targets, method="smoothgrad")


@pytest.mark.parametrize("baseline", ["mean", "blur"])
def test_integrated_gradients_share_out_the_difference_of_logits(baseline):
    model, images, targets = kinked_network(), pixels(8), np.arange(8) % 3
    maps = integrated_gradients(model, images, targets, baseline=baseline)
    difference = scores(model, images, targets) - scores(model, fill(images, baseline), targets)
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), difference, atol=0.02)
    assert np.median(residuals(model, images, targets, maps, baseline=baseline)) < 0.01


def test_the_shares_are_near_those_of_many_more_steps():
    model, images, targets = kinked_network(), pixels(4), np.arange(4) % 3
    exact = integrated_gradients(model, images, targets, steps=2000, batch_size=2001)
    apart = [
        np.abs(integrated_gradients(model, images, targets, steps=steps, doublings=0) - exact).sum()
        for steps in (4, 16, 64)
    ]
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.05 * np.abs(exact).sum()


def test_steps_are_doubled_where_a_map_misses_its_sum_and_nowhere_else():
    model, images, targets = kinked_network(), pixels(12), np.arange(12) % 3

    def maps(steps: int, doublings: int) -> np.ndarray:
        return integrated_gradients(model, images, targets, steps=steps, doublings=doublings)

    coarse, fine, found = maps(4, 0), maps(8, 0), maps(4, 1)
    missed = residuals(model, images, targets, coarse) > TOLERANCE
    assert 0 < missed.sum() < 12
    np.testing.assert_allclose(found[missed], fine[missed], atol=1e-4)
    np.testing.assert_allclose(found[~missed], coarse[~missed], atol=1e-4)


def test_integrated_gradients_reach_through_mobilenet():
    model = build_model("mobilenet", (32, 32, 1), 3, alpha=0.25, dense=(8,), offset=1.0)
    images, targets = pixels(3, (32, 32, 1)), np.array([0, 1, 2])
    maps = integrated_gradients(model, images, targets)
    assert np.median(residuals(model, images, targets, maps)) < 0.01


def linear_case():
    """Return a linear network, images, targets, and the weights of each image's target."""
    model, images, targets = network(), pixels(4), np.array([0, 1, 2, 1])
    weights = model.get_layer("logits").get_weights()[0].T.reshape(3, 14, 13)[targets]
    return model, images, targets, weights


def test_a_linear_network_is_shared_out_by_weight_times_difference():
    model, images, targets, weights = linear_case()
    face = np.full((14, 13, 1), 100, np.float32)
    expected = weights * (images[..., 0] - 100.0)
    found = integrated_gradients(model, images, targets, steps=1, face=face)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    assert residuals(model, images, targets, found, face=face).max() < 1e-4
    # A patch of one pixel hides one pixel: the drop is the same.
    hidden = occlusion(model, images, targets, patch=1, stride=1, face=face)
    np.testing.assert_allclose(hidden, expected, rtol=1e-3, atol=1e-2)


def test_occlusion_is_the_mean_drop_of_the_patches_that_hide_a_pixel():
    model, images, targets, weights = linear_case()
    face = np.zeros((14, 13, 1), np.float32)
    worth = weights * images[..., 0]
    found = occlusion(model, images, targets, patch=14, stride=14, face=face)
    # One patch, or two where the image is one column narrower than the patch: all of it.
    expected = np.broadcast_to(worth.sum(axis=(1, 2))[:, None, None], found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-3)


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (occlusion, {"patch": 4, "stride": 5}, "stride=5"),
        (occlusion, {"fill_with": "grey"}, "unknown fill 'grey'"),
        (integrated_gradients, {"steps": 0}, "steps=0"),
        (integrated_gradients, {"doublings": -1}, "doublings=-1"),
        (integrated_gradients, {"baseline": "black"}, "unknown fill 'black'"),
    ],
)
def test_options_that_make_no_map_are_refused(method, options, message):
    with pytest.raises(FerError, match=message):
        method(network(), pixels(1), np.array([0]), **options)


def test_activation_maps_come_from_the_deepest_layer_that_tells_regions():
    own = build_model("self_built", (48, 48, 1), 7, filters=(4, 4, 4, 4), dense=(8,))
    convolutions = [layer.name for layer in own.layers if "conv" in layer.name]
    assert cam_layer(own) == convolutions[2]  # 48, 24, 12, 6
    mobile = build_model("mobilenet", (48, 48, 1), 7, alpha=0.25, dense=(8,))
    assert cam_layer(mobile) == "conv_pw_3_relu"
    with pytest.raises(
        FerError, match=f"{convolutions[3]}.*6x6.*at least 12x12.*{convolutions[2]}"
    ):
        layer_cam(own, pixels(1, (48, 48, 1)), np.array([0]), layer=convolutions[3])
    with pytest.raises(FerError, match="no such layer"):
        cam_layer(own, "conv")
    with pytest.raises(FerError, match="would tell no regions; use another method"):
        cam_layer(network(keras.layers.Conv2D(2, 3, strides=2)))


def test_layer_cam_lights_up_where_the_layer_does():
    pick = keras.layers.Conv2D(1, 1, use_bias=False)
    model = network(pick)
    pick.set_weights([np.ones((1, 1, 1, 1))])
    weights = np.ones((182, 3), np.float32)
    model.get_layer("logits").set_weights([weights, np.zeros(3)])
    images = np.zeros((1, 14, 13, 1), np.float32)
    images[0, 3, 4] = 7
    found = layer_cam(model, images, np.array([1]))
    assert found[0, 3, 4] == pytest.approx(7) and found.sum() == pytest.approx(7)
