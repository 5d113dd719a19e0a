"""Training that starts from, or learns from, another network; what is known of its images."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from fer_layouts import write_layout
from small_bundle import SMALL, fer

from fer_analysis.config import load_config
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import load_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.exporting.export_run import write_export
from fer_analysis.models import MODELS
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.progress import Listener
from fer_analysis.run import Run
from fer_analysis.training.batches import Batches
from fer_analysis.training.preparation import make_recipe, manipulate
from fer_analysis.training.sources import load_initial_weights
from fer_analysis.training.teachers import answers_of, doubts_told, open_teachers
from fer_analysis.training.train import train
from fer_analysis.training.whole_paths import with_whole_paths


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
    assert load_initial_weights("run", model, names) == "starts from the weights of run"
    theirs = load_model(Path("run/model.keras"))[0].get_weights()
    assert all((a == b).all() for a, b in zip(model.get_weights(), theirs, strict=True))


@pytest.mark.parametrize("names", [LABELS[::-1], LABELS[:3]], ids=["another order", "fewer"])
def test_other_labels_get_a_last_layer_of_their_own(trained, names):
    model = fresh(len(names))
    before = [weights.copy() for weights in model.get_weights()]
    told = load_initial_weights("run", model, names)
    assert told == (
        "starts from the weights of run but for the last layer, which is new: its labels there "
        "are angry, disgust, fear, happy, sad, surprise, neutral"
    )
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
    assert (
        json.loads(second.environment_file.read_text())["sources"]["initial weights"]["run"]
        == "run"
    )


def test_images_are_unknown_if_those_of_the_first_run_are(trained):
    shutil.copy("run/model.keras", "mine.keras")
    start = ["--set", "training.initial_weights=mine.keras"]
    fer("train", "tiny", "--data", "fer", "--run-dir", "second", *SMALL, *start)
    assert Run(Path("second")).leaked(np.array([b"0" * 32])) is None


def test_a_last_layer_of_unknown_labels_is_new_and_that_is_told(trained):
    keras.models.load_model("run/model.keras", compile=False).save("nameless.keras")
    start = ["--set", "training.initial_weights=nameless.keras"]
    told = fer("train", "tiny", "--data", "fer", "--run-dir", "second", *SMALL, *start).stderr
    assert (
        "nameless.keras but for the last layer, which is new: its labels there are not known"
    ) in " ".join(told.split())


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
    assert "another network as initial weights" in result.output


def test_a_run_that_names_others_by_relative_paths_is_read_and_resumed_elsewhere(
    trained, tmp_path, monkeypatch
):
    write_layout(generate(n=210, seed=1), Path("other"), "csv", votes=True)
    Path("v").mkdir()
    shutil.move("other/fer2013new.csv", "v")
    shutil.copytree("run", "runs/first")
    names = [
        "training.initial_weights=first",  # below runs/
        "remedies.distillation.teachers=[run, run/model.keras, bundled]",
        "data={source: other, votes: v}",
    ]
    words = [word for name in names for word in ("--set", name)]
    fer("train", "tiny", "--run-dir", "second", *SMALL, *words)
    second = Run(tmp_path / "second")
    config = second.config()
    assert config.training.initial_weights == str(tmp_path / "runs/first")
    assert config.remedies.distillation.teachers == (
        str(tmp_path / "run"),
        str(tmp_path / "run/model.keras"),
        "bundled",
    )
    assert (config.data.source, config.data.votes) == (str(tmp_path / "other"), str(tmp_path / "v"))
    sources = second.environment()["sources"]
    assert sources["initial weights"]["run"] == "first"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    fer("evaluate", second.path)
    for file in (second.result_file, second.model_file, second.history_file):
        file.unlink()
    fer("train", "--resume", second.path)
    assert second.is_complete


def test_what_is_no_path_stays_as_it_is_written():
    values = ["training.initial_weights=absent", "remedies.distillation.teachers=[gone, bundled]"]
    config = load_config("fast", [*values, "data.votes=nowhere"])
    assert with_whole_paths(config) == config
    drawn = load_config("tiny")
    assert with_whole_paths(drawn) == drawn


LOGITS = np.array([1.0, 2.0, 3.0])


def fixed(folder: Path, logits=LOGITS, names=("a", "b", "c"), side=8) -> str:
    """Save a network that answers every picture with the same logits; return its path."""
    inputs = keras.Input((side, side, 1))
    flat = keras.layers.Flatten()(inputs)
    last = keras.layers.Dense(len(names), kernel_initializer="zeros", name="logits")
    outputs = keras.layers.Softmax()(last(flat))
    last.set_weights([last.get_weights()[0], np.array(logits)])
    file = folder / f"fixed-{len(list(folder.glob('fixed-*')))}.keras"
    save_model(keras.Model(inputs, outputs), file, names)
    return str(file)


def faces(n=6, side=4):
    images = np.random.default_rng(0).integers(0, 256, (n, side, side, 1), dtype=np.uint8)
    labels = np.arange(n) % 3
    return FaceDataset(
        images, labels, ("a", "b", "c"), np.arange(n).astype(str), np.full(n, "train")
    )


def recipe_of(*overrides):
    return make_recipe(load_config("tiny", [*overrides, "training.batch_size=6"]), faces(), faces())


class Stop(Listener):
    def epoch(self, row, is_best):
        raise KeyboardInterrupt


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_the_target_is_the_teachers_mean_and_the_label_as_worked_by_hand(tmp_path, temperature):
    # Of another size than the pictures, which are resized for it.
    teachers = [fixed(tmp_path), fixed(tmp_path, logits=[0, 0, 0], side=4)]
    recipe = recipe_of(
        f"remedies.distillation.teachers=[{', '.join(teachers)}]",
        "remedies.distillation.weight=0.25",
        f"remedies.distillation.temperature={temperature}",
    )
    shares = np.exp(LOGITS / temperature)
    mean = (shares / shares.sum() + 1 / 3) / 2
    targets = np.concatenate([targets for _, targets in Batches(recipe).epoch(0)])
    own = np.eye(3)[faces().labels[recipe.order(0)]]
    np.testing.assert_allclose(targets, 0.75 * own + 0.25 * mean, atol=1e-6)


def test_the_prior_holds_what_the_teachers_answer(tmp_path):
    images, labels = faces(9).images, np.array([0, 0, 0, 0, 0, 0, 1, 1, 2])
    data = FaceDataset(images, labels, ("a", "b", "c"), np.arange(9).astype(str), faces(9).split)
    shares = np.exp(LOGITS) / np.exp(LOGITS).sum()
    taught = [
        f"remedies.distillation.teachers=[{fixed(tmp_path)}]",
        "remedies.distillation.weight=0.75",
    ]
    of_labels = np.array([6, 2, 1]) / 9
    for others, own in [
        ([], of_labels),
        (["remedies.balanced_sampling=true"], np.full(3, 1 / 3)),
        (["remedies.label_smoothing.amount=0.3"], 0.7 * of_labels + 0.1),
    ]:
        recipe = make_recipe(load_config("tiny", [*taught, *others]), data, data)
        np.testing.assert_allclose(recipe.prior, 0.25 * own + 0.75 * shares, atol=1e-6)
    # In the loss it is divided out as a whole.
    adjusted = load_config("tiny", [*taught, "remedies.logit_adjustment=true"])
    np.testing.assert_allclose(make_recipe(adjusted, data, data).prior, np.full(3, 1 / 3))


def test_a_teacher_that_tells_labels_apart_answers_for_each_by_itself(tmp_path):
    labels = np.array([0, 0, 0, 1, 2, 2])
    images = np.broadcast_to(100 * labels[:, None, None, None], (6, 8, 8, 1)).astype(np.uint8)
    names = ("a", "b", "c")
    data = FaceDataset(images, labels, names, np.arange(6).astype(str), np.full(6, "train"))
    config = load_config(
        "tiny",
        [
            f"remedies.distillation.teachers=[{reader(tmp_path, [0, 1, 2], names)}]",
            "remedies.distillation.weight=1",
            "remedies.expansion=true",
        ],
    )
    recipe = make_recipe(config, data, data)
    np.testing.assert_allclose(recipe.distillation.by_label, np.eye(3), atol=1e-6)
    np.testing.assert_allclose(recipe.prior, np.full(3, 1 / 3), atol=1e-6)


def test_teachers_would_undo_permuted_labels(tmp_path):
    config = load_config(
        "tiny",
        [
            f"remedies.distillation.teachers=[{fixed(tmp_path)}]",
            "manipulations.permute_labels=true",
        ],
    )
    with pytest.raises(FerError, match="permute_labels: .* leave one of them out"):
        manipulate(config, faces())


def test_it_stacks_on_smoothing(tmp_path):
    recipe = recipe_of(
        f"remedies.distillation.teachers=[{fixed(tmp_path, logits=[0, 0, 0])}]",
        "remedies.distillation.weight=0.5",
        "remedies.label_smoothing.amount=0.3",
    )
    targets = np.concatenate([targets for _, targets in Batches(recipe).epoch(0)])
    # 0.5 * (0.7 + 0.1) + 0.5 / 3 on the label; 0.5 * 0.1 + 0.5 / 3 on the others
    assert targets.max(axis=1) == pytest.approx(np.full(6, 0.4 + 1 / 6))
    assert targets.min(axis=1) == pytest.approx(np.full(6, 0.05 + 1 / 6))


@pytest.mark.parametrize(
    ("names", "said"),
    [(("c", "b", "a"), "tells c, b, a"), (("a", "b"), "tells a, b"), ("", "no such run")],
)
def test_teachers_of_other_labels_or_absent_ones_are_refused(tmp_path, names, said):
    teacher = fixed(tmp_path, logits=[0] * len(names), names=names) if names else "absent"
    with pytest.raises(FerError, match=said):
        recipe_of(f"remedies.distillation.teachers=[{teacher}]")


def test_an_exported_teacher_says_what_its_keras_model_says(tmp_path):
    keras_file = fixed(tmp_path)
    folder = tmp_path / "light"
    folder.mkdir()
    write_export(Run.open(keras_file), folder, to="litert", quantize="dynamic", checked_on=None)
    targets = {}
    for name in (keras_file, folder, folder / "model.tflite"):
        recipe = recipe_of(
            f"remedies.distillation.teachers=[{name}]",
            "remedies.distillation.temperature=2",
            "remedies.distillation.weight=1",
        )
        targets[name] = np.concatenate([targets for _, targets in Batches(recipe).epoch(0)])
    shares = np.exp(LOGITS / 2) / np.exp(LOGITS / 2).sum()
    for of in targets.values():
        np.testing.assert_allclose(of, np.tile(shares, (6, 1)), atol=1e-4)
    other = fixed(tmp_path, names=("c", "b", "a"))
    write_export(Run.open(other), folder, to="litert", quantize="dynamic", checked_on=None)
    with pytest.raises(FerError, match="tells c, b, a"):
        recipe_of(f"remedies.distillation.teachers=[{folder}]")


def test_what_a_teacher_costs_is_told_before_the_training(trained):
    class Heard(Stop):
        def notice(self, text):
            heard.append(text)

    heard = []
    config = load_config("tiny", ["remedies.distillation.teachers=[run]"], data="fer")
    with pytest.raises(KeyboardInterrupt):
        train(config, load_data("fer"), Run.create(config, Path("student")), Heard())
    [line] = heard
    told = re.fullmatch(r"learns from run: ([\d,]+) images a second, about (\d+) s of .*", line)
    seconds = len(load_data("fer").dataset.part("train").images) / int(told[1].replace(",", ""))
    assert 0 <= int(told[2]) - seconds <= 10.5, "rounded up to ten"


def begun(path, *overrides):
    """Begin a run and stop it after an epoch; return what goes on with it."""
    config = load_config("tiny", ["training.images_per_epoch=64", *overrides], data="fer")
    run = Run.create(config, Path(path))
    with pytest.raises(KeyboardInterrupt):
        train(config, load_data("fer"), run, Stop())
    return run, lambda listener: train(config, load_data("fer"), run, listener)


def test_a_run_of_before_gets_its_teachers_into_the_prior_unless_its_loss_rests_on_it(trained):
    taught, even = "remedies.distillation.teachers=[run]", {"prior": [1 / 7] * 7}
    run, go_on = begun("student", taught)
    now = run.environment()["prior"]
    run.write_environment(run.environment() | even)
    with pytest.raises(KeyboardInterrupt):
        go_on(Stop())
    assert run.environment()["prior"] == pytest.approx(now)
    run, go_on = begun("weighted", taught, "remedies.class_weights=true")
    run.write_environment(run.environment() | even)
    with pytest.raises(FerError, match="without its teachers' answers .* train it anew"):
        go_on(Stop())


def test_patience_does_not_end_a_run_of_before_whose_last_weights_are_kept(trained):
    still = [f"training.{text}" for text in ("epochs=4", "learning_rate=1e-30", "keep=last")]
    run, go_on = begun("new", *still, "training.early_stopping.patience=1")
    assert go_on(Listener())["epochs"] == 2
    run, go_on = begun("old", *still, "training.early_stopping.patience=1")
    before = run.environment()
    del before["started"]
    run.write_environment(before)
    assert go_on(Listener())["epochs"] == 4


def reader(folder: Path, order: list[int], names) -> str:
    """Save a network that reads a face's label off its brightness; return its path."""
    inputs = keras.Input((8, 8, 1))
    brightness = keras.layers.GlobalAveragePooling2D()(inputs)
    last = keras.layers.Dense(3, name="logits")
    outputs = keras.layers.Softmax()(last(brightness))
    # -(x - c)^2 without x^2: largest at the nearest of the centres 0, 100 and 200
    centres = np.array([0.0, 100.0, 200.0])[order]
    last.set_weights([2 * centres[None], -(centres**2)])
    file = folder / f"{'named' if names else 'nameless'}-{order[0]}.keras"
    model = keras.Model(inputs, outputs)
    save_model(model, file, names) if names else model.save(file)
    return str(file)


def test_a_teacher_whose_labels_are_in_another_order_is_told_before_the_training(tmp_path):
    labels = np.arange(90) % 3
    images = np.broadcast_to(100 * labels[:, None, None, None], (90, 8, 8, 1)).astype(np.uint8)
    split = np.full(90, "validation")
    names = ("a", "b", "c")
    data = FaceDataset(images, labels, names, np.arange(90).astype(str), split)

    def told(*arguments):
        teacher = reader(tmp_path, *arguments)
        config = load_config("tiny", [f"remedies.distillation.teachers=[{teacher}]"])
        return [line.replace(teacher, "X") for line in doubts_told(make_recipe(config, data, data))]

    unnamed = "X names no labels, which are taken to be a, b, c, in this order: it agrees with"
    assert told([0, 1, 2], names) == []
    assert told([0, 1, 2], None) == [f"{unnamed} 100.0 % of 90 validation labels"]
    first, second = told([1, 2, 0], None)
    assert first == f"{unnamed} 0.0 % of 90 validation labels"
    assert second.startswith("X: the labels may be in another order: 'c' seems to mean a, 'a'")
    assert second.endswith("in that order accuracy is 100.0 % instead of 0.0 %")
    [line] = told([1, 2, 0], names)
    assert line == second


def test_the_bundled_teacher_answers_as_its_keras_model_does():
    images = generate(n=100, seed=0).images[:64].astype("f4")
    names = load_model(Run.open("bundled").trained_model_file())[1]
    [light] = open_teachers(["bundled"], names, precision="float32")
    [kept] = open_teachers([str(Run.open("bundled").model_file)], names, precision="float32")
    both = [answers_of([teacher], temperature=1.0)(images) for teacher in (light, kept)]
    assert light.label_names == kept.label_names == names
    np.testing.assert_allclose(*both, atol=0.05)


def test_a_student_resumes_as_if_never_interrupted_and_knows_its_teachers_images(trained):
    config = load_config(
        "tiny",
        [*SMALL[3::2], "training.epochs=2", "model.dropout=0.5", "training.deterministic=true"]
        + ["remedies.distillation.teachers=[run]", "training.initial_weights=run"],
        data="fer",
    )
    runs = [Run.create(config, Path(name)) for name in ("whole", "halves")]
    data = load_data("fer")
    train(config, data, runs[0], Listener())
    with pytest.raises(KeyboardInterrupt):
        train(config, data, runs[1], Stop())
    train(config, data, runs[1], Listener())
    whole, halves = (load_model(run.model_file)[0].get_weights() for run in runs)
    for a, b in zip(whole, halves, strict=True):
        np.testing.assert_array_equal(a, b)
    assert runs[1].leaked(data.dataset.part("train").pixel_hashes()).all()
