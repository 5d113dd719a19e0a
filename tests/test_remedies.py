"""Remedies by hand: real label frequencies, losses on three logits, and what stacking gives."""

from __future__ import annotations

import dataclasses
import math
from functools import partial

import keras
import numpy as np
import pytest

from fer_analysis.config import load_config, parse_config
from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.logit_adjustment import adjust
from fer_analysis.models import build_model
from fer_analysis.models.predict import logits_model
from fer_analysis.remedies import REMEDIES
from fer_analysis.remedies.recipe import Recipe
from fer_analysis.training.batches import Batches, mixed
from fer_analysis.training.preparation import length_doubts, make_recipe

pytestmark = pytest.mark.compiled

LOGITS = np.array([[1.0, 2.0, 3.0]], np.float32)
LOG_P = np.array([1.0, 2.0, 3.0]) - math.log(math.exp(1) + math.exp(2) + math.exp(3))


def recipe(counts=(6, 3, 1), votes=None) -> Recipe:
    labels = np.repeat(np.arange(len(counts)), counts)
    n, k = len(labels), len(counts)
    names = tuple("abcdefg"[:k])
    images = np.arange(n, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 1), np.uint8)
    faces = FaceDataset(
        images=images,
        labels=labels,
        label_names=names,
        ids=np.arange(n).astype(str),
        split=np.full(n, "train"),
        votes=votes,
        vote_names=() if votes is None else (*names, "NF"),
    )
    return Recipe(
        train=faces,
        validation=faces,
        targets=np.eye(k, dtype=np.float32)[labels],
        showings=np.array(counts),
        prior=np.array(counts) / n,
        augmentation=Augmentation(
            shift=0, rotation=0, zoom=0, horizontal_flip=False, vertical_flip=False
        ),
        loss=partial(keras.losses.categorical_crossentropy, from_logits=True),
        optimizer=lambda steps: keras.optimizers.SGD(0.1),
        epochs=1,
        batch_size=4,
        monitor="loss",
        patience=None,
        stop_on_collapse=False,
        seed=0,
    )


def apply(name, start, **options):
    return REMEDIES[name](start, **options)


def loss(changed, target):
    targets = np.eye(len(changed.showings), dtype=np.float32)[[target]]
    return float(np.array(changed.loss(targets, LOGITS))[0])


def shown(changed, epoch=0):
    """Return how often an epoch really shows each image."""
    return np.bincount(changed.order(epoch), minlength=len(changed.train))


@pytest.mark.parametrize(
    ("name", "power", "expected"),
    [
        ("balanced_sampling", 1, [4, 3, 3]),
        ("balanced_sampling", 0.5, [5, 3, 2]),  # roots 2.45, 1.73, 1 in shares of 10
        ("balanced_sampling", 0, [6, 3, 1]),
        ("expansion", 1, [6, 6, 6]),
        ("expansion", 0.5, [6, 4, 2]),  # roots of 6x6, 3x6, 1x6
        ("expansion", 0, [6, 3, 1]),
    ],
)
def test_samplers_show_each_label_as_often_as_worked_by_hand(name, power, expected):
    changed = apply(name, recipe(), power=power)
    for epoch in range(3):
        counts = shown(changed, epoch)
        assert np.bincount(changed.train.labels, counts).tolist() == expected
        for label in range(3):
            own = counts[changed.train.labels == label]
            assert own.max() - own.min() <= 1, "no image is favoured within its label"
    np.testing.assert_allclose(changed.prior, np.array(expected) / sum(expected))
    assert changed.steps == math.ceil(sum(expected) / 4)


def test_expansion_tells_that_it_sets_the_length_of_an_epoch(faces):
    sized = ["training.images_per_epoch=64"]
    for more, count in ((["remedies.expansion=true"], 1), (["remedies.balanced_sampling=true"], 0)):
        config = load_config("tiny", [*sized, *more])
        made = make_recipe(config, faces.part("train"), faces.part("validation"))
        told = length_doubts(config.training, made)
        assert len(told) == count
        assert all("and not the 64 of training.images_per_epoch" in line for line in told)


def test_the_batches_hold_what_the_sampler_promises():
    changed = apply("balanced_sampling", recipe(counts=(500, 90, 10)))
    targets = np.concatenate([targets.numpy() for _, targets in Batches(changed).epoch(0)])
    assert targets.sum(axis=0).tolist() == [200, 200, 200]


def test_which_images_are_left_out_changes_by_epoch_and_repeats_by_seed():
    changed = apply("balanced_sampling", recipe(counts=(500, 90, 10)))
    assert not np.array_equal(shown(changed, 0), shown(changed, 1))
    again = apply("balanced_sampling", recipe(counts=(500, 90, 10)))
    assert np.array_equal(changed.order(1), again.order(1))


def test_a_label_without_images_is_never_shown():
    start = recipe(counts=(6, 0, 2))
    for name in ("balanced_sampling", "expansion"):
        changed = apply(name, start)
        assert changed.showings[1] == 0
        assert changed.prior[1] == 0
        assert changed.order(0).size == changed.showings.sum()


def test_label_smoothing():
    changed = apply("label_smoothing", recipe(), amount=0.3)
    np.testing.assert_allclose(changed.targets[-1], [0.1, 0.1, 0.8], rtol=1e-6)
    np.testing.assert_allclose(changed.prior, [0.7 * 0.6 + 0.1, 0.7 * 0.3 + 0.1, 0.7 * 0.1 + 0.1])
    # (0.1, 0.1, 0.8) . (2.4076, 1.4076, 0.4076)
    assert float(changed.loss(changed.targets[-1:], LOGITS)[0]) == pytest.approx(0.7076, abs=1e-4)


def test_focal_loss():
    # (1 - 0.6652)^2 * 0.4076
    assert loss(apply("focal_loss", recipe(), gamma=2), 2) == pytest.approx(0.0457, abs=1e-4)
    assert loss(apply("focal_loss", recipe(), gamma=0), 2) == pytest.approx(0.4076, abs=1e-4)


def test_every_loss_is_averaged_over_the_batch_so_that_the_learning_rate_keeps_its_meaning():
    """One SGD step on a batch of one image, and on the same image eight times."""
    for name in ("focal_loss", "class_weights", "logit_adjustment", "label_smoothing"):
        changed = apply(name, recipe())
        moved = []
        for copies in (1, 8):
            inputs = keras.Input((3,))
            model = keras.Model(inputs, keras.layers.Dense(3, kernel_initializer="ones")(inputs))
            model.compile(keras.optimizers.SGD(0.1), changed.loss, jit_compile=False)
            model.train_on_batch(np.repeat(LOGITS, copies, 0), np.eye(3)[[2] * copies])
            moved.append(model.get_weights()[0])
        np.testing.assert_allclose(moved[0], moved[1], rtol=1e-5)
        assert not np.allclose(moved[0], 1)


def test_class_weights():
    # Frequencies .6, .3, .1; inverse weights scaled so that their mean over images is 1.
    changed = apply("class_weights", recipe(), power=1)
    for label, weight in enumerate([1 / 1.8, 1 / 0.9, 1 / 0.3]):
        assert loss(changed, label) == pytest.approx(-LOG_P[label] * weight, rel=1e-5)
    np.testing.assert_allclose(changed.prior, [1 / 3] * 3)
    root = apply("class_weights", recipe(), power=0.5)
    weights = np.array([0.6, 0.3, 0.1]) ** -0.5
    weights /= np.array([0.6, 0.3, 0.1]) @ weights
    assert loss(root, 2) == pytest.approx(-LOG_P[2] * weights[2], rel=1e-5)


def test_class_weights_of_soft_targets_weigh_each_label_s_share():
    """300 images with half of a rare label, 700 with the other: what the loss leads to."""
    start = recipe(counts=(700, 300))
    targets = np.where(start.targets[:, 1:] > 0, [0.4, 0.6], [1.0, 0.0]).astype(np.float32)
    start = dataclasses.replace(start, targets=targets)
    changed = apply("class_weights", dataclasses.replace(start, prior=start.frequencies()), power=1)
    np.testing.assert_allclose(changed.prior, [0.5, 0.5])
    # The constant logit that this loss likes best is the log-odds of the recorded prior.
    odds = np.linspace(-1, 1, 201)
    losses = [
        float(np.array(changed.loss(targets, np.tile(np.float32([0, z]), (1000, 1)))).mean())
        for z in odds
    ]
    assert odds[int(np.argmin(losses))] == pytest.approx(0, abs=0.011)


def test_logit_adjustment_in_the_loss():
    # e^1 * .6, e^2 * .3, e^3 * .1 = 1.6310, 2.2167, 2.0086; sum 5.8563
    changed = apply("logit_adjustment", recipe())
    assert loss(changed, 2) == pytest.approx(math.log(5.8563 / 2.0086), abs=1e-4)
    np.testing.assert_allclose(changed.prior, [1 / 3] * 3)


def test_logit_adjustment_after_training_undoes_the_frequencies():
    evaluation = Evaluation(
        labels=[2], probabilities=[[0.6, 0.3, 0.1]], ids=["x"], split="test", label_names="abc"
    )
    adjusted = adjust(evaluation, [0.6, 0.3, 0.1], 1)
    np.testing.assert_allclose(adjusted.probabilities, [[1 / 3] * 3], rtol=1e-6)
    half = adjust(evaluation, [0.6, 0.3, 0.1], 0.5).probabilities[0]
    np.testing.assert_allclose(half, np.sqrt([0.6, 0.3, 0.1]) / np.sqrt([0.6, 0.3, 0.1]).sum())
    assert "tau = 1" in adjusted.notes[0]
    with pytest.raises(FerError, match="prior: expected a share for each of 3 labels"):
        adjust(evaluation, [0.5, 0.5], 1)


@pytest.mark.parametrize("tau", [0.5, 1, 1.5])
def test_both_logit_adjustments_are_one_correction(tau):
    """What the loss has corrected is not corrected again after training.

    A face that tells nothing: a network trained with the loss says prior^(1 - tau).
    """
    changed = apply("logit_adjustment", recipe(), tau=tau)
    says = np.array([0.6, 0.3, 0.1]) ** (1 - tau)
    evaluation = Evaluation(
        labels=[2], probabilities=[says / says.sum()], ids=["x"], split="test", label_names="abc"
    )
    after = adjust(evaluation, changed.prior, 1)
    np.testing.assert_allclose(after.probabilities, [[1 / 3] * 3], rtol=1e-6)


def test_a_label_without_images_is_neither_weighted_nor_adjusted():
    start = recipe(counts=(6, 0, 2))
    for name in ("class_weights", "logit_adjustment"):
        changed = apply(name, start)
        assert changed.prior[1] == 0
        assert changed.prior.sum() == pytest.approx(1)
    adjusted = apply("logit_adjustment", start)
    # e^1 * .75, e^2 * 1, e^3 * .25
    sums = math.exp(1) * 0.75 + math.exp(2) + math.exp(3) * 0.25
    assert loss(adjusted, 2) == pytest.approx(math.log(sums / (math.exp(3) * 0.25)), abs=1e-5)


def test_balanced_sampling_leaves_logit_adjustment_nothing_to_do():
    changed = apply("logit_adjustment", apply("balanced_sampling", recipe(counts=(6, 3, 3))))
    assert loss(changed, 2) == pytest.approx(0.4076, abs=1e-4)


def test_soft_labels_follow_the_votes():
    votes = np.zeros((10, 4), np.int64)
    votes[0] = [1, 3, 0, 6]  # six saw no face: they do not count
    votes[1] = [0, 0, 0, 10]  # nobody chose a label: the label stays
    changed = apply("soft_labels", recipe(votes=votes), weight=0.5)
    np.testing.assert_allclose(changed.targets[0], [0.5 + 0.5 * 0.25, 0.5 * 0.75, 0])
    np.testing.assert_allclose(changed.targets[1], [1, 0, 0])
    np.testing.assert_allclose(changed.targets.sum(axis=1), 1)
    np.testing.assert_allclose(changed.prior, changed.targets.mean(axis=0), rtol=1e-6)
    with pytest.raises(FerError, match="no annotators' votes; .*data.votes=PATH"):
        apply("soft_labels", recipe())


def test_mixup_blends_images_and_targets_alike():
    images = np.array([0, 100], np.float32)[:, None, None, None]
    blended, targets = mixed(images, np.eye(2, dtype=np.float32), np.array([0.25, 1], np.float32))
    np.testing.assert_allclose(np.array(blended).ravel(), [75, 100])
    np.testing.assert_allclose(targets, [[0.25, 0.75], [0, 1]])


def test_mixup_in_the_batches_keeps_pixels_and_targets_together():
    changed = apply("mixup", recipe(counts=(8, 8)), alpha=1)
    bright = dataclasses.replace(
        changed.train, images=(changed.train.labels * 200).astype(np.uint8)[:, None, None, None]
    )
    for images, targets in Batches(dataclasses.replace(changed, train=bright)).epoch(0):
        np.testing.assert_allclose(images.numpy().ravel(), 200 * targets.numpy()[:, 1], atol=1e-3)
        assert ((targets.numpy() > 0.01) & (targets.numpy() < 0.99)).any()
    again = [t.numpy() for _, t in Batches(changed).epoch(0)]
    for a, b in zip(again, [t.numpy() for _, t in Batches(changed).epoch(0)], strict=True):
        np.testing.assert_array_equal(a, b)


def differ(a, b):
    if isinstance(a, np.ndarray):
        return not np.array_equal(a, b)
    return getattr(a, "func", a) != getattr(b, "func", b)


def test_without_remedies_every_image_is_shown_once_under_cross_entropy(faces):
    plain = make_recipe(load_config("tiny"), faces.part("train"), faces.part("validation"))
    counts = np.bincount(plain.train.labels, minlength=7)
    assert sorted(plain.order(0)) == list(range(len(plain.train)))
    np.testing.assert_allclose(plain.prior, counts / counts.sum())
    assert (plain.targets == np.eye(7)[plain.train.labels]).all()
    three = dataclasses.replace(plain, showings=np.ones(3))
    assert loss(three, 2) == pytest.approx(0.4076, abs=1e-4)


@pytest.fixture(scope="module")
def faces():
    return generate(n=200, seed=0)


@pytest.mark.parametrize("name", list(REMEDIES))
def test_every_remedy_is_one_line_of_yaml_and_trains(name, faces):
    config = load_config("tiny", [f"remedies.{name}=true", "model.filters=[4]"])
    assert f"\n  {name}:" in config.to_yaml()
    assert parse_config(config.model_dump(mode="json")).remedies == config.remedies
    made = make_recipe(config, faces.part("train"), faces.part("validation"))
    plain = make_recipe(load_config("tiny"), faces.part("train"), faces.part("validation"))
    fields = ("targets", "showings", "prior", "loss", "mixup", "distillation")
    assert any(differ(getattr(made, field), getattr(plain, field)) for field in fields)
    model = logits_model(build_model("self_built", (48, 48, 1), 7, **config.model.options()))
    model.compile(made.optimizer(made.steps), made.loss, jit_compile=False)
    before = [weight.copy() for weight in model.get_weights()]
    history = model.fit(Batches(made).epoch(0), shuffle=False, verbose=0).history
    assert math.isfinite(history["loss"][0])
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    assert made.prior.shape == (7,)
    assert made.prior.sum() == pytest.approx(1)


def test_the_remedies_stack_in_the_table_s_order_whatever_the_file_s(faces):
    options = ["remedies.logit_adjustment=true", "remedies.balanced_sampling.power=0.5"]
    for overrides in (options, options[::-1]):
        chosen = load_config("tiny", overrides).remedies.chosen()
        assert [name for name, _ in chosen] == ["balanced_sampling", "logit_adjustment"]
        assert chosen[0][1] == {"power": 0.5}


@pytest.mark.parametrize(
    ("remedies", "expected"),
    [
        ({"balanced_samping": {}}, "unknown key (did you mean 'balanced_sampling'?"),
        ({"mixup": {"alfa": 1}}, "remedies.mixup.alfa: unknown key (did you mean 'alpha'?"),
        ({"mixup": {"alpha": -1}}, "remedies.mixup.alpha: input should be greater than 0"),
        ({"mixup": None}, "remedies.mixup: options are missing; {} or true takes the defaults"),
        ({"mixup": 3}, "remedies.mixup: "),
        ({"focal_loss": {"gamma": math.inf}}, "remedies.focal_loss.gamma: "),
        ({"class_weights": {"power": 2}}, "remedies.class_weights.power: "),
        ({"expansion": True, "balanced_sampling": True}, "exclude each other"),
        (["mixup"], "remedies: "),
    ],
)
def test_a_mistake_is_one_line(remedies, expected):
    with pytest.raises(FerError) as caught:
        parse_config({"model": {"name": "self_built"}, "remedies": remedies})
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_remedy_can_be_switched_off_again():
    assert load_config("mobilenet").remedies.chosen()
    assert load_config("mobilenet", ["remedies.label_smoothing=false"]).remedies.chosen() == []
