"""Training: stopping, the best epoch, collapse, schedules, checkpoints. Lists drive it."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import fer_analysis
from fer_analysis import api
from fer_analysis.config import EarlyStoppingConfig, TrainingConfig, load_config
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.models import MODELS
from fer_analysis.progress import Listener
from fer_analysis.run import Run
from fer_analysis.training import train, trainer
from fer_analysis.training.acceleration import accelerate
from fer_analysis.training.averaging import WeightAverage
from fer_analysis.training.batches import Batches
from fer_analysis.training.best_epoch import best_epoch
from fer_analysis.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from fer_analysis.training.collapse import at_chance, find_collapse, likely_cause
from fer_analysis.training.preparation import make_optimizer, make_recipe, schedule_doubts

pytestmark = pytest.mark.compiled


def row(epoch, *, loss=1.0, accuracy=0.5, validation_loss=1.0, validation_accuracy=0.5, labels=7):
    return {
        "epoch": epoch,
        "loss": loss,
        "accuracy": accuracy,
        "validation_loss": validation_loss,
        "validation_accuracy": validation_accuracy,
        "labels_predicted": labels,
    }


def follow(values, *, monitor="validation_loss", patience=2, epochs=100, keep="best"):
    """Feed one monitored value an epoch; return (epochs run, best epoch, reason)."""
    recipe = SimpleNamespace(
        patience=patience, epochs=epochs, stop_on_collapse=False, monitor=monitor
    )
    progress = Progress()
    for value in values:
        if reason := trainer._reason_to_stop(progress, recipe, None):
            return progress.epoch, progress.best_epoch, reason
        progress.history.append(row(progress.epoch + 1, **{monitor: value}))
        progress.best_epoch = best_epoch(progress.history, monitor=monitor, keep=keep)
    return progress.epoch, progress.best_epoch, trainer._reason_to_stop(progress, recipe, None)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3, 2, 1, 2, 2, 2], (5, 3, "early stopping")),
        ([3, 2, 2, 2, 2], (4, 2, "early stopping")),  # equal is no improvement
        ([3, 4, 2, 3, 1, 2], (6, 5, "")),
        ([float("nan"), 3, 2, 2, 2], (5, 3, "early stopping")),
    ],
)
def test_early_stopping_follows_the_losses(values, expected):
    assert follow(values) == expected


def test_patience_ends_a_training_of_which_the_last_weights_are_kept():
    assert follow([3, 2, 1, 2, 2, 2], keep="last") == (5, 5, "early stopping")


def test_accuracy_wants_to_rise_and_epochs_end():
    assert follow([0.1, 0.3, 0.2], monitor="validation_accuracy", epochs=3) == (
        3,
        2,
        "all epochs done",
    )
    assert follow([1] * 50, patience=None, epochs=50) == (50, 1, "all epochs done")


MAJORITY = {"train_majority": 0.25, "validation_majority": 0.25}


def collapsed(**values):
    values = {"loss": 1.81, "accuracy": 0.25, "validation_accuracy": 0.25, **values}
    return [row(epoch, **values) for epoch in (1, 2, 3)]


def test_one_label_for_everything_is_a_collapse():
    found = find_collapse(collapsed(labels=1), **MAJORITY)
    assert (found.kind, found.epoch) == ("one label", 3)
    assert "one label for every validation image" in found.evidence


def test_majority_accuracy_with_a_loss_that_stands_still_is_a_collapse():
    assert find_collapse(collapsed(labels=2), **MAJORITY).kind == "standstill"


def test_chance_is_what_an_epoch_shows():
    """Balanced sampling: 26 % correct in training is far from chance, 14 % is chance."""
    _, recipe = recipe_of(generate(n=300, seed=0), "remedies.balanced_sampling=true")
    assert trainer._judge(Progress(collapsed(labels=1, accuracy=0.26)), recipe) is None
    assert "14." in trainer._judge(Progress(collapsed(labels=1, accuracy=0.143)), recipe).evidence


def test_a_loss_that_falls_is_no_standstill():
    rows = collapsed(labels=2)
    rows[0]["loss"] = 1.9
    assert find_collapse(rows, **MAJORITY) is None


def test_two_epochs_are_too_few():
    assert find_collapse(collapsed(labels=1)[:2], **MAJORITY) is None


def test_a_run_of_any_length_says_that_it_is_no_better_than_chance():
    assert "one label" in at_chance(row(1, labels=1), validation_majority=0.25)
    told = at_chance(row(1, validation_accuracy=0.24), validation_majority=0.25)
    assert told.startswith("validation accuracy 24.0%;") and "25.0%" in told
    assert at_chance(row(1, validation_accuracy=0.3), validation_majority=0.25) is None


def test_slow_batch_statistics_are_no_collapse():
    """Training well while inference still says one label: MobileNet's first epochs."""
    assert find_collapse(collapsed(labels=1, accuracy=0.8), **MAJORITY) is None


def test_a_run_that_recovered_is_no_collapse():
    rows = [*collapsed(labels=1), row(4, loss=1.5, accuracy=0.4, validation_accuracy=0.4)]
    assert find_collapse(rows, **MAJORITY) is None


def test_a_loss_that_is_no_number_is_named_at_once():
    assert find_collapse([row(1, loss=float("nan"))], **MAJORITY).kind == "diverged"


def test_the_cause_names_what_the_recipe_shows():
    recipe = {"kind": "one label", "optimizer": "adam", "vertical_flip": True, "shift": 0.2}
    assert "learning rate of 0.01 is high" in likely_cause(learning_rate=0.01, **recipe)
    assert "upside down" in likely_cause(learning_rate=0.001, **recipe)
    recipe["vertical_flip"] = False
    assert "shift" in likely_cause(learning_rate=0.001, **recipe)


def rates(steps_an_epoch=10, **values):
    """Return the learning rate at each step of four epochs."""
    training = TrainingConfig.model_validate({"epochs": 4, "learning_rate": 1, **values})
    optimizer = make_optimizer(training, steps_an_epoch)
    optimizer.build([keras.Variable(0.0)])
    result = []
    for step in range(40):
        optimizer.iterations.assign(step)
        result.append(float(optimizer.learning_rate))
    return np.array(result)


def test_schedules():
    assert (rates(schedule={"name": "constant"}) == 1).all()
    cosine = rates(schedule={"name": "cosine"})
    np.testing.assert_allclose(cosine, (1 + np.cos(np.pi * np.arange(40) / 40)) / 2, atol=1e-6)
    warm = rates(schedule={"name": "cosine", "warmup_epochs": 1})
    np.testing.assert_allclose(warm[:10], np.arange(10) / 10, atol=1e-6)
    assert warm.argmax() == 10
    assert warm[39] < 0.01
    steps = rates(schedule={"name": "exponential", "decay": 0.5, "every": 2, "staircase": True})
    assert (steps == [1] * 20 + [0.5] * 20).all()


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ({"name": "cosine", "decay": 0.5}, ["decay has no effect: the schedule is cosine"]),
        ({"name": "constant", "warmup_epochs": 1}, ["warmup_epochs has no effect: the"]),
        ({"name": "exponential", "warmup_epochs": 1}, ["warmup_epochs has no effect: the"]),
        ({"name": "cosine", "warmup_epochs": 4}, ["warmup_epochs: 4 of 4 epochs: training ends"]),
        ({"name": "cosine", "warmup_epochs": 3, "decay": 0.95}, []),
        ({"name": "exponential", "decay": 0.5, "staircase": True}, []),
    ],
)
def test_a_schedule_that_is_not_what_it_seems_is_told(schedule, said):
    told = schedule_doubts(TrainingConfig(epochs=4, schedule=schedule))
    assert len(told) == len(said)
    for line, start in zip(told, said, strict=True):
        assert line.startswith(f"training.schedule.{start}")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("adam", "Adam"), ("adamw", "AdamW"), ("sgd", "SGD"), ("rmsprop", "RMSprop")],
)
def test_optimizers(name, kind):
    training = TrainingConfig(optimizer=name, learning_rate=0.5)
    optimizer = make_optimizer(training, 1)
    assert type(optimizer).__name__ == kind
    assert float(optimizer.learning_rate) == 0.5


@pytest.fixture(scope="module")
def faces():
    return generate(n=300, seed=0)


def recipe_of(faces, *overrides):
    config = load_config("tiny", ["training.epochs=2", "model.filters=[4]", *overrides])
    return config, make_recipe(config, faces.part("train"), faces.part("validation"))


def test_an_epoch_shows_every_image_once_with_its_own_transform(faces):
    _, recipe = recipe_of(faces)
    seen = [
        np.concatenate(list(parts))
        for parts in zip(
            *((images.numpy(), targets.numpy()) for images, targets in Batches(recipe).epoch(3)),
            strict=True,
        )
    ]
    order = recipe.order(3)
    assert sorted(order) == list(range(len(recipe.train)))
    transforms = recipe.augmentation.transforms(len(order), 48, 48, seed=recipe.seed, epoch=3)
    expected = recipe.augmentation.apply(recipe.train.images[order].astype(np.float32), transforms)
    np.testing.assert_allclose(seen[0], expected, atol=1e-3)
    assert (seen[1].argmax(axis=1) == recipe.train.labels[order]).all()


def test_epochs_differ_and_repeat(faces):
    _, recipe = recipe_of(faces)
    first = next(iter(Batches(recipe).epoch(0)))[0].numpy()
    assert (first == next(iter(Batches(recipe).epoch(0)))[0].numpy()).all()
    assert not (first == next(iter(Batches(recipe).epoch(1)))[0].numpy()).all()


def test_image_sizes_share_the_epochs(faces):
    _, recipe = recipe_of(
        faces, "training.epochs=5", "training.image_sizes=[24, 48]", "augmentation.erasing=0.5"
    )
    sides = [next(iter(Batches(recipe).epoch(epoch)))[0].shape[1:3] for epoch in range(5)]
    assert sides == [(24, 24)] * 3 + [(48, 48)] * 2
    none = recipe_of(
        faces,
        *(f"augmentation.{name}=0" for name in ("shift", "rotation", "zoom")),
        "augmentation.horizontal_flip=false",
        "training.image_sizes=[24]",
    )[1]
    assert next(iter(Batches(none).epoch(0)))[0].shape[1:3] == (24, 24)


def test_networks_of_one_size_say_so(faces):
    config, _ = recipe_of(faces, "training.image_sizes=[24, 48]")
    model = MODELS["self_built"]((48, 48, 1), 7, **config.model.options())
    with pytest.raises(FerError, match="self_built takes images of one size only"):
        train.trained_twin(model, config)


def test_the_average_is_the_one_of_its_formula():
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    model.set_weights([np.float32([[1.0]])])
    average, expected = WeightAverage(model, 0.5), 1.0
    for step, value in enumerate([5.0, -3.0, 8.0, 2.0, 7.0], start=1):
        model.set_weights([np.float32([[value]])])
        average.update(step)
        kept = min(0.5, (1 + step) / (10 + step))
        expected = kept * expected + (1 - kept) * value
    assert float(average.variables[0].numpy().item()) == pytest.approx(expected, rel=1e-5)
    assert float(model.get_weights()[0].item()) == 7, "the trained weights are left alone"


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("average", [0.9, 0])
def test_the_average_is_what_is_judged_and_saved_in_float32(faces, tmp_path, average, precision):
    config, recipe = recipe_of(faces, f"training.weight_averaging={average}", "training.epochs=1")
    model = MODELS["self_built"]((48, 48, 1), 7, **config.model.options())
    twin = accelerate(model, precision)
    progress, *_ = trainer.fit(
        recipe, model, Run.create(config, tmp_path / "run"), Ear(), twin=twin
    )
    differ = any(
        (a != b).any() for a, b in zip(model.get_weights(), twin.get_weights(), strict=True)
    )
    assert differ == bool(average)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    logits = model(recipe.validation.images.astype(np.float32))
    accuracy = (np.array(logits).argmax(axis=1) == recipe.validation.labels).mean()
    assert accuracy == pytest.approx(progress.history[0]["validation_accuracy"])


class Ear:
    """A listener that remembers."""

    def __init__(self):
        self.steps, self.rows, self.collapses = [], [], []

    def batch(self, epoch, step, steps, logs):
        self.steps.append((epoch, step, steps))

    def epoch(self, row, is_best):
        self.rows.append((row, is_best))

    def collapse(self, collapse):
        self.collapses.append(collapse)


def test_fit_keeps_the_best_epoch_and_tells_the_listener(faces, tmp_path):
    config, recipe = recipe_of(faces)
    run, ear = Run.create(config, tmp_path / "run"), Ear()
    keras.utils.set_random_seed(0)
    model = MODELS["self_built"]((48, 48, 1), 7, **config.model.options())
    progress, reason, collapse = trainer.fit(recipe, model, run, ear, twin=model)
    assert reason == "all epochs done"
    assert collapse is None
    assert [r["epoch"] for r, _ in ear.rows] == [1, 2]
    assert ear.steps[-1][0] == 2
    assert ear.steps[-1][1] == ear.steps[-1][2] == -(-len(recipe.train) // 64)
    assert run.history() == progress.history
    for each in progress.history:
        assert each["cross_entropy"] == pytest.approx(each["loss"], rel=1e-4), "no remedy"
    best = max(progress.history, key=lambda r: r["validation_accuracy"])
    assert best["epoch"] == progress.best_epoch
    validation = recipe.validation
    logits = model(validation.images.astype(np.float32))
    accuracy = (np.array(logits).argmax(axis=1) == validation.labels).mean()
    assert accuracy == pytest.approx(best["validation_accuracy"])
    assert best["validation_accuracy"] == max(r["validation_accuracy"] for r in progress.history)


def test_the_plain_cross_entropy_is_of_the_label_whatever_the_target():
    logits = np.array([[0.0, np.log(3)], [np.log(3), 0.0]], np.float32)
    soft = np.array([[0.1, 0.9], [0.3, 0.7]], np.float32)
    found = np.array(trainer.cross_entropy(soft, logits))
    np.testing.assert_allclose(found, [-np.log(0.75), -np.log(0.25)], rtol=1e-6)


def test_a_learning_rate_that_explodes_is_named_and_stops(faces, tmp_path):
    config, recipe = recipe_of(
        faces, "training.optimizer=sgd", "training.learning_rate=1e30", "training.epochs=5"
    )
    run, ear = Run.create(config, tmp_path / "run"), Ear()
    model = MODELS["self_built"]((48, 48, 1), 7, **config.model.options())
    progress, reason, collapse = trainer.fit(recipe, model, run, ear, twin=model)
    assert reason == "diverged"
    assert collapse.kind == "diverged"
    assert progress.epoch == 1


def test_checkpoint_round_trip_and_damage(tmp_path):
    def make():
        inputs = keras.Input((3,))
        x = keras.layers.Dropout(0.5)(inputs)
        model = keras.Model(inputs, keras.layers.Dense(2)(x))
        optimizer = keras.optimizers.Adam()
        optimizer.build(model.trainable_variables)
        return model, optimizer

    path = tmp_path / "checkpoint.npz"
    model, optimizer = make()
    optimizer.apply([np.ones_like(v) for v in model.trainable_variables], model.trainable_variables)
    model(np.ones((1, 3)), training=True)  # moves dropout's generator
    before = Progress([row(1), row(2, loss=float("nan"))], 1, [w + 1 for w in model.get_weights()])
    average = WeightAverage(make()[0], 0.9)
    save_checkpoint(path, model, optimizer, before, average)
    other, other_optimizer = make()
    other_average = WeightAverage(other, 0.9)
    after = load_checkpoint(path, other, other_optimizer, other_average)
    assert after.best_epoch == 1
    assert repr(after.history) == repr(before.history)
    for a, b in zip(after.best_weights, before.best_weights, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(model.variables, other.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(optimizer.variables, other_optimizer.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    for a, b in zip(average.variables, other_average.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FerError, match="not a checkpoint of this run"):
        load_checkpoint(path, other, other_optimizer)


def test_the_monitor_is_one_that_the_history_has():
    for name in EarlyStoppingConfig.model_fields["monitor"].annotation.__args__:
        assert name in row(1)


@pytest.mark.pictures
def test_training_from_python_prints_nothing_draws_and_returns_the_run(tmp_path, capfd):
    loaded = api.load_data("synthetic", n=200)
    small = ("training.epochs=1", "model.filters=[4]")
    run = api.train("tiny", data=loaded, seed=3, run_dir=tmp_path / "run", overrides=small)
    assert capfd.readouterr() == ("", "")
    assert (run.config().data.n, run.config().seed, run.result()["epochs"]) == (200, 3, 1)
    for picture in (run.curves_file, run.structure_file):
        assert picture.stat().st_size > 10_000
    assert api.train(resume=run.path).result() == run.result()


@pytest.mark.pictures
def test_an_interrupted_training_is_drawn_as_far_as_it_came(tmp_path):
    class Interrupt(fer_analysis.Progress):
        def training(self, config):
            return Stop()

        def notice(self, text):
            notices.append(text)

    class Stop(Listener):
        def epoch(self, row, is_best):
            raise KeyboardInterrupt

    notices = []
    with pytest.raises(KeyboardInterrupt):
        api.train(
            "tiny",
            overrides=("data.n=200", "training.epochs=9", "model.filters=[4]"),
            run_dir=tmp_path / "run",
            progress=Interrupt(),
        )
    assert (tmp_path / "run/curves.png").stat().st_size > 10_000
    assert (tmp_path / "run/structure.png").stat().st_size > 10_000
    assert notices[-1].endswith(f"fer train --resume {tmp_path / 'run'}")
