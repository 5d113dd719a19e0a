"""Stress tests: figures by hand, an exact test of the promise, resuming, and anyone's network."""

from __future__ import annotations

import dataclasses
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import fer_analysis as fer
from fer_analysis.cli import main
from fer_analysis.cli.tables.stress import print_stress
from fer_analysis.conditions import CONDITIONS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.selective_prediction import promise
from fer_analysis.figures.stress import curves_figure
from fer_analysis.robustness.changes import CHANGES, NAMES
from fer_analysis.robustness.comparison import StressComparison, compare_stress
from fer_analysis.robustness.findings import findings
from fer_analysis.robustness.function_identity import function_identity
from fer_analysis.robustness.images import draw, leak_free_part
from fer_analysis.robustness.stress_test import StressTest

DRAWN = ["--data", "synthetic", "--set"]
NAMES_OF_LABELS = ("cat", "dog")
N = 400


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def said(predicted, confidence=0.9):
    """Return probabilities of two labels."""
    rows = np.full((len(predicted), 2), 1 - confidence, np.float32)
    rows[np.arange(len(predicted)), predicted] = confidence
    return rows


def stress_test(*wrong_dogs, name="by hand", flips=0, wrong_cats=0):
    """Return a test of 200 cats and 200 dogs: dogs taken for cats at each severity of `dark`."""
    labels = np.repeat([0, 1], N // 2)
    cells = {}
    for severity, wrong in enumerate(wrong_dogs, start=1):
        predicted = labels.copy()
        predicted[N - wrong :] = 0
        predicted[:wrong_cats] = 1
        cells["dark", severity] = said(predicted)
    changed = labels.copy()
    changed[:flips] = 1
    changes = {key: said(changed if key == ("1 pixel", "up") else labels) for key in NAMES}
    meta = {"run": name, "split": "test", "data": "0", "leak_free": N, "seed": 0, "seen": []}
    return StressTest(
        meta=meta | {"rule_from": "", "guard_from": "", "made_from": "by hand"},
        label_names=NAMES_OF_LABELS,
        ids=np.array([f"image {i}" for i in range(N)]),
        labels=labels,
        clean=said(labels),
        cells=cells,
        changes=changes,
        temperature=1.0,
        rule={"target": 0.8, "least": 0.6},
        examples=np.array([0, N - 1]),
        example_images=np.full((2, 48, 48, 1), 90, np.uint8),
    )


@pytest.mark.parametrize(
    ("correct", "answered", "state"),
    [
        (88, 100, "kept"),  # P(X >= 88) = .025 at .8
        (86, 100, "not decided"),  # P(X >= 86) = .080
        (74, 100, "not decided"),  # P(X <= 74) = .087
        (72, 100, "broken"),  # P(X <= 72) = .034
        (14, 14, "kept"),  # .8 ** 14 = .044
        (13, 13, "not decided"),  # .8 ** 13 = .055
        (0, 2, "broken"),  # .2 ** 2 = .04
        (0, 1, "not decided"),
        (0, 0, "not decided"),
    ],
)
def test_the_promise_is_tested_exactly(correct, answered, state):
    assert promise(correct, answered, 0.8)[0] == state


def test_figures_by_hand():
    found = stress_test(0, 4, 60, 120, 200, flips=20)
    summary = found.summary
    assert [row["accuracy"].value for row in summary["rows"]] == [1.0, 0.99, 0.85, 0.7, 0.5]
    assert summary["rows"][2]["difference"].value == pytest.approx(-0.15)
    assert summary["rows"][3]["recall"]["dog"].value == 0.4
    assert summary["rows"][3]["recall"]["cat"].value == 1.0
    assert summary["rows"][4]["most_predicted"] == "cat"
    assert summary["overall"]["all"]["accuracy"].value == pytest.approx(0.808)
    assert summary["overall"]["all"]["relative"].value == pytest.approx(0.808)
    assert summary["overall"]["light"]["accuracy"].value == pytest.approx(0.808)
    (dark,) = summary["conditions"]
    assert (dark["works_up_to"], dark["fails_from"]) == (2, 3)
    assert dark["falls_first"]["label"] == "dog"
    assert dark["falls_first"]["severity"] == 4
    assert dark["falls_first"]["predicted_as"] == "cat"
    assert dark["falls_first"]["predicted_as_share"].value == 0.6
    # All answers are at .9: 400, 396 and 340 correct of 400 are more than .8, 280 and 200 less.
    assert summary["promise"] == {"kept": 3, "broken": 2, "not decided": 0}
    assert summary["stability"]["any"].value == 0.05
    assert summary["stability"]["sizes"]["1 pixel"].value == 0.05
    assert summary["stability"]["sizes"]["2 degrees"].value == 0.0
    assert summary["stability"]["labels"]["cat"].value == 0.1


def test_a_guard_takes_answers_out_by_hand(tmp_path):
    found = stress_test(0, 4, 60, 120, 200)
    assert found.summary["guard"] is None
    refused = np.zeros((6, N), bool)
    refused[0, :12] = True  # clean
    refused[4, N - 120 :] = True  # at severity 4 all that are wrong, at 5 everything
    refused[5] = True
    found = dataclasses.replace(found, refused=refused)
    before, after = (found.summary["guard"][key] for key in ("without", "with"))
    assert (before["cells"], before["silent"], before["at_75"], before["at_60"]) == (5, 0, 3, 4)
    assert (after["silent"], after["at_75"], after["at_60"]) == (1, 5, 5)
    assert (before["lowest"], after["lowest"]) == (0.5, 0.85)
    assert after["answered"] == pytest.approx((3 * 400 + 280) / 2000)
    # Wrong without the guard: 0, 4, 60, 120, 200 of 400 answers each; with it the first three.
    assert before["correct"].value == pytest.approx((2000 - 384) / 2000)
    assert after["correct"].value == pytest.approx((1480 - 64) / 1480)
    assert after["correct"].low < after["correct"].value < after["correct"].high
    told = " ".join(findings(found))
    assert "at least 75 % of them in 4 of 4 (3 of 5 without), 60 % in 4 of 4 (4 of 5)" in told
    assert after["promise"] == {"kept": 4, "broken": 0, "not decided": 1}
    assert found.summary["clean"]["refused"].value == 0.03
    assert found.summary["clean"]["guarded"]["answered"].value == 0.97
    assert found.take(np.arange(12)).refused_in().all()
    found.save(tmp_path)
    assert StressTest.load(tmp_path).as_dict() == found.as_dict()
    row = (tmp_path / "stress.csv").read_text().splitlines()[-1]
    assert row.split(",")[-6:-2] == ["1.0", "0.0", "", "not decided"]


def test_a_loss_that_chance_could_show_decides_nothing():
    (dark,) = stress_test(0, 18, 18, 18, 18).summary["conditions"]  # 4.5 points, up to 6.6
    assert dark["works_up_to"] == 1
    assert dark["fails_from"] is None
    assert dark["falls_first"] is None


@pytest.mark.parametrize(
    ("seen", "told"),
    [((), ""), (("b",), ", seen by b"), (("a", "b"), ", seen")],
)
def test_curves_say_who_was_trained_on_a_condition(seen, told):
    tests = [stress_test(1, 2, 3, 4, 5, name=name) for name in "ab"]
    for test in tests:
        test.meta["seen"] = ["dark"] if test.name in seen else []
    assert curves_figure(tests).axes[0].get_title() == f"dark (light{told})"


def test_the_corruption_error_is_relative_to_the_reference():
    reference, better = stress_test(40, 80), stress_test(20, 40, name="better")
    found = compare_stress([reference, better])
    assert found.runs[0]["corruption_error"].value == pytest.approx(1)
    assert found.runs[1]["corruption_error"].value == pytest.approx(0.5)
    (pair,) = found.pairs
    # Errors of 60 of 400 in the mean against 30: paired, all of the same images.
    assert pair["groups"]["all"].value == pytest.approx(0.075)
    assert pair["groups"]["all"].low > 0
    assert pair["clean"].value == 0
    # One network has one interval of its clean accuracy, alone or compared.
    assert found.runs[0]["clean"] == reference.summary["clean"]["accuracy"]


def test_only_common_images_are_compared():
    first, second = stress_test(40), stress_test(20, name="second")
    found = compare_stress([first.take(np.arange(100, 400)), second.take(np.arange(399, 199, -1))])
    assert found.n == 200
    assert found.runs[0]["mean"].value == pytest.approx(0.8)
    assert found.runs[1]["mean"].value == pytest.approx(0.9)


def test_other_tests_are_not_compared():
    with pytest.raises(FerError, match="not put to the same test"):
        compare_stress([stress_test(1, 2), stress_test(1)])
    first, second = stress_test(1), stress_test(2)
    with pytest.raises(FerError, match="no image in common"):
        compare_stress([first.take(np.arange(10)), second.take(np.arange(10, 20))])


def other(test, **meta):
    return dataclasses.replace(test, meta=test.meta | meta)


@pytest.mark.parametrize(
    ("second", "differ"),
    [
        (other(stress_test(2), split_data="1"), "a split of fingerprint 1 and 0"),
        (other(stress_test(2), split="validation"), "split validation and test"),
        (other(stress_test(2), seed=3), "seed 3 and 0"),
        (
            dataclasses.replace(stress_test(2), labels=np.repeat([1, 0], N // 2)),
            "image 'image 0' is labelled dog and cat",
        ),
    ],
)
def test_other_images_of_the_same_ids_are_not_compared(second, differ):
    with pytest.raises(FerError, match=f"{differ}; name one data set with --data"):
        compare_stress([other(stress_test(1), split_data="0"), second])


def test_other_data_with_the_same_split_is_compared_and_so_are_earlier_tests():
    first = other(stress_test(40), split_data="0")
    for second in (other(stress_test(20), data="1", split_data="0"), other(first, data="1")):
        assert compare_stress([first, second]).n == N
    assert compare_stress([first, stress_test(20)]).n == N


def test_tests_that_were_saved_elsewhere_are_told_apart_too():
    tests = [
        dataclasses.replace(stress_test(wrong, name="first"), folder=Path(place))
        for wrong, place in ((40, "before"), (20, "after"))
    ]
    assert [row["run"] for row in fer.compare_stress(tests, out=None).runs] == ["before", "after"]


def test_the_same_data_read_at_another_size_is_compared():
    larger = np.zeros((2, 64, 64, 1), np.uint8)
    second = dataclasses.replace(other(stress_test(20), split_data="1"), example_images=larger)
    assert compare_stress([other(stress_test(40), split_data="0"), second]).n == N


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    tests = [
        dataclasses.replace(stress_test(wrong, name="first"), folder=tmp_path / place)
        for wrong, place in ((40, "old/first/stress/test"), (20, "new/first/stress/test"))
    ]
    found = fer.compare_stress(tests, out=None)
    names = [str(tmp_path / place) for place in ("old/first", "new/first")]
    assert [row["run"] for row in found.runs] == names
    assert found.pairs[0]["run"] == names[1]


def test_figures_of_the_images_that_a_rule_was_fitted_on_are_called_so(tmp_path):
    run = fer.train(
        "tiny",
        data="synthetic",
        overrides=("training.epochs=1", "model.dense=[8]", "model.filters=[4,4]", "data.n=300"),
        run_dir="first",
    )
    fer.evaluate(run, split="validation")
    kept = run.temperatures()
    kept["plain"]["answers"] = {"target": 0.8, "least": 0.1}  # it is too small for one of its own
    run.write_temperatures(kept)
    how = {"conditions": ["dark"], "severities": [1], "n": 20}
    flatters = "fitted on this split's own images: the clean rows on answers flatter"
    own = fer.stress(run, split="validation", **how)
    assert flatters in findings(own)
    assert flatters in findings(StressTest.load(own.folder))
    assert flatters not in findings(fer.stress(run, split="test", **how))
    data = fer.load_data("synthetic", n=300, seed=5)
    assert flatters not in findings(fer.stress(run, data=data, split="validation", **how))


def test_uncorrected_intervals_are_called_so(capsys):
    first, second = stress_test(40), stress_test(120)
    both = [
        dataclasses.replace(test, cells=test.cells | {("jpeg", 1): test.clean})
        for test in (first, second)
    ]
    remark = "each interval by itself at 95 %"
    print_stress(both, compare_stress(both))
    assert f"{remark}: of 2 conditions about 0.1 are shown by chance" in capsys.readouterr().out
    first.meta["fitted_here"] = True
    print_stress([first, second], compare_stress([first, second]))
    told = capsys.readouterr().out
    assert remark not in told
    assert "rules fitted on this split's own images flatter: by hand" in told


def test_saved_tests_load_as_they_were(tmp_path):
    found = stress_test(1, 30)
    found.save(tmp_path / "saved")
    again = StressTest.load(tmp_path / "saved")
    assert again.as_dict() == found.as_dict()
    assert json.loads((tmp_path / "saved/stress.json").read_text())["n"] == N
    assert "dark" in found._repr_html_()
    comparison = compare_stress([found, again])
    comparison.save(tmp_path / "both")
    assert StressComparison.load(tmp_path / "both").as_dict() == comparison.as_dict()


def test_missing_and_damaged_tests_are_told(tmp_path):
    with pytest.raises(FerError, match="no stress test there; make it with `fer stress`"):
        StressTest.load(tmp_path)
    stress_test(1).save(tmp_path)
    (saved,) = tmp_path.glob("predictions/*/dark-1.npz")
    saved.write_bytes(b"half")
    with pytest.raises(FerError, match="damaged; run `fer stress` again"):
        StressTest.load(tmp_path)


def test_invisible_changes_are_invisible():
    faces = generate(n=100, seed=0, noise=0).images
    for ways in CHANGES.values():
        for change in ways.values():
            changed = change(faces)
            assert changed.shape == faces.shape and changed.dtype == np.uint8
            assert not np.array_equal(changed, faces)
    up = CHANGES["1 pixel"]["up"](faces)
    assert np.array_equal(up[:, :-1], faces[:, 1:]), "exactly one pixel"
    darker = CHANGES["2 grey levels"]["darker"](faces)
    assert (faces.astype(int) - darker).max() == 2


def test_images_are_drawn_with_the_labels_shares_and_leaks_left_out():
    dataset = generate(n=600, seed=1)
    rows = np.flatnonzero(dataset.split == "test")
    images = dataset.images.copy()
    images[rows[:5]] = images[np.flatnonzero(dataset.split == "train")[:5]]
    leaky = dataclasses.replace(dataset, images=images)
    part = leak_free_part(leaky, "test")
    assert len(part) == len(rows) - 5
    drawn = draw(part, 30, seed=0)
    assert len(drawn) == 30
    counts = np.bincount(part.labels, minlength=7) / len(part)
    assert np.abs(np.bincount(drawn.labels, minlength=7) - 30 * counts).max() < 1
    assert np.array_equal(drawn.ids, draw(part, 30, seed=0).ids)
    assert not np.array_equal(drawn.ids, draw(part, 30, seed=1).ids)
    assert len(draw(part, 10_000, seed=0)) == len(part)


class Nearest:
    """The nearest mean face: a network without a framework; counts how often it is asked."""

    def __init__(self, dataset):
        train = dataset.part("train")
        flat = train.images.reshape(len(train), -1) / 255.0
        self.means = np.stack([flat[train.labels == label].mean(axis=0) for label in range(7)])
        self.asked = 0

    def __call__(self, images):
        self.asked += 1
        flat = images.reshape(len(images), -1) / 255.0
        logits = -((flat[:, None] - self.means) ** 2).sum(axis=2)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def loaded():
    return fer.load_data("synthetic", n=700, seed=2)


@pytest.mark.pictures
def test_an_interrupted_test_goes_on(loaded):
    network = Nearest(loaded.dataset)
    asked = {"data": loaded, "conditions": ["dark", "jpeg"], "severities": [1, 5], "n": 40}
    first = fer.stress(None, predictor=network, **asked)
    assert first.conditions == ("jpeg", "dark") and first.severities == (1, 5)
    assert network.asked == 2 + 1 + len(NAMES) + 4
    (saved,) = first.folder.glob("predictions/*/dark-5.npz")
    saved.unlink()
    fer.stress(None, predictor=network, **(asked | {"n": 20}))  # another test costs it nothing
    network.asked = 0
    again = fer.stress(None, predictor=network, **asked)
    assert network.asked == 3, "twice to know the network, once for the missing cell"
    assert again.as_dict() == first.as_dict()
    for name in ("stress.json", "stress.csv", "heat_map.png", "curves.png", "faces.png"):
        assert (first.folder / name).stat().st_size > 100
    network.means = network.means[::-1]
    network.asked = 0
    assert fer.stress(None, predictor=network, **asked).clean.tolist() != first.clean.tolist()
    assert network.asked > 10, "another network is asked anew"


FOR_DARK_PICTURES = """
def brightened(images):
    dark = images.mean(axis=(1, 2, 3)) < 20
    return np.where(dark[:, None, None, None], 255 - images, images)

plain = predict

def predict(images):
    return plain(brightened(images))
"""


def test_a_function_that_treats_bad_pictures_otherwise_is_another_one(tmp_path, monkeypatch):
    words = ["stress", *DRAWN, "data.n=150", "--condition", "dark", "--severity", "5", "--n", "20"]

    def asked(body):
        monkeypatch.delitem(sys.modules, "changing", raising=False)
        (tmp_path / "changing.py").write_text(body)
        importlib.invalidate_caches()
        result = CliRunner().invoke(main, [*words, "--predictor", "changing:predict", "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["tests"][0]["rows"][0], " ".join(result.stderr.split())

    first, told = asked(PREDICTOR)
    assert "saved before" not in told
    _, told = asked(PREDICTOR)
    jobs = 2 + len(NAMES)
    assert f"changing:predict: {jobs} of {jobs} predictions of these images were saved" in told
    other, told = asked(PREDICTOR + FOR_DARK_PICTURES)
    assert "saved before" not in told
    assert other["most_predicted"] != first["most_predicted"]


def test_a_network_is_known_by_its_answers_to_bad_pictures():
    sample = generate(n=100, seed=0).images[:8]

    def identity(least):
        def predict(images):
            return (images.mean(axis=(1, 2, 3)) > least)[:, None].astype(float)

        return function_identity("theirs", None, predict, sample)

    darkest = sample.mean(axis=(1, 2, 3)).min()
    assert identity(0.9 * darkest) == identity(0.9 * darkest)
    assert identity(0.9 * darkest) != identity(0)


@pytest.mark.parametrize(("noise", "same"), [(1e-9, True), (0.3, False)])
def test_a_network_that_never_answers_the_same_twice(noise, same):
    sample, rng = generate(n=100, seed=0).images[:8], np.random.default_rng(0)

    def predict(images):
        return np.full((len(images), 7), 1 / 7) + noise * rng.random((len(images), 7))

    one, other = (function_identity("theirs", None, predict, sample) for _ in range(2))
    assert (one == other) == same


def test_more_of_a_condition_never_helps(loaded):
    """Of a network that was trained without it: in order, within the intervals."""
    names = ["gaussian_noise", "defocus", "low_contrast", "farther", "random_patch"]
    test = fer.stress(None, predictor=Nearest(loaded.dataset), data=loaded, conditions=names)
    for name in names:
        rows = [row for row in test.summary["rows"] if row["condition"] == name]
        for weaker, stronger in zip(rows, rows[1:], strict=False):
            assert stronger["accuracy"].value <= weaker["accuracy"].high, name


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return np.ones((len(images), 6)) / 6", r"shape \(\d+, 6\); expected \(\d+, 7\)"),
        ("return np.ones((len(images), 7))", "is the softmax missing"),
        ("return np.full((len(images), 7), np.nan)", "is the softmax missing"),
        ("return None", r"returned an array of shape \(1,\); expected \(\d+, 7\)"),
        ("return [[1, 2], [3]]", "returned list, no array of probabilities"),
        ("return (row for row in images)", "returned generator, no array"),
        ("return [['a'] * 7] * len(images)", "no array of probabilities"),
        ("return 1 / 0", r"failed: ZeroDivisionError: division by zero \(.*theirs.*, line 3\)"),
        ("return images +", r"SyntaxError: invalid syntax \(.*theirs.*, line 3\)"),
    ],
)
def test_what_is_no_predictor_is_told(tmp_path, loaded, body, message):
    name = f"theirs_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(f"import numpy as np\ndef predict(images):\n    {body}\n")
    with pytest.raises(FerError, match=message):
        fer.stress(None, predictor=f"{name}:predict", data=loaded, conditions=["dark"], n=20)


def test_a_predictor_cannot_change_the_images():
    data = fer.load_data("synthetic", n=150)
    before = data.dataset.images.copy()

    def blackens(images):
        images[:] = 0
        return np.full((len(images), 7), 1 / 7)

    fer.stress(None, predictor=blackens, data=data, conditions=["dark"], severities=[1], n=150)
    assert np.array_equal(data.dataset.images, before)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--predictor", "nowhere:predict"], "No module named 'nowhere'"),
        (["--predictor", "json:predict"], "has no function 'predict'"),
        (["--predictor", "json"], "expected module:function"),
        (["--predictor", ":predict"], "expected module:function"),
        (["--predictor", "./theirs.py:predict"], "expected module:function"),
        (["--predictor", "json:loads", "--input", "64x64"], "no label map, input size or scale"),
        (["bundled", "--input", "99999x99999"], "--input: expected e.g. 64x64"),
        (["bundled", "--scale", "nan:1"], "--scale: expected e.g. -1:1"),
        (["bundled", "--scale", "0:inf"], "--scale: expected e.g. -1:1"),
        (["bundled", "--input", "64"], "--input: expected e.g. 64x64, received '64'"),
        (["bundled", "--input", "0x64"], "--input: expected e.g. 64x64"),
        (["bundled", "--scale", "1"], "--scale: expected e.g. -1:1, received '1'"),
        (["bundled", "--scale", "1:1"], "--scale: expected e.g. -1:1"),
    ],
)
def test_wrong_options_are_told_in_one_line(words, message):
    result = CliRunner().invoke(main, ["stress", *DRAWN, "data.n=150", *words])
    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


PREDICTOR = """
import numpy as np

def predict(images):
    light = images.mean(axis=(1, 2, 3)) / 255
    rows = np.full((len(images), 7), 0.05)
    rows[np.arange(len(images)), (light * 7).astype(int).clip(0, 6)] = 0.7
    return rows
"""


def test_the_command_prints_a_summary_and_compares(tmp_path):
    for name in ("one", "other"):
        (tmp_path / f"{name}.py").write_text(PREDICTOR)
    words = ["stress", *DRAWN, "data.n=700", "--n", "50", "--severity", "1", "--severity", "4"]
    result = CliRunner().invoke(main, [*words, "--predictor", "one:predict"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert len(lines) <= 15 and max(map(len, lines)) <= 80
    assert "one:predict, test: 50 of" in result.stdout
    for kind in ("sensor", "focus", "compression", "light", "geometry", "occlusion", "scenes"):
        assert kind in result.stdout
    whole = CliRunner().invoke(main, [*words, "--predictor", "one:predict", "-v"])
    assert all(name.replace("_", " ")[:12] in whole.stdout for name in CONDITIONS)
    told = CliRunner().invoke(main, [*words, "--predictor", "one:predict", "--json"])
    assert len(json.loads(told.stdout)["tests"][0]["rows"]) == 2 * len(CONDITIONS)


def test_a_model_with_another_input(tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Input((64, 64, 3)),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(7, activation="softmax"),
    ]
    model = keras.Sequential(layers)
    model.save(tmp_path / "theirs.keras")
    loaded = fer.load_data("synthetic", n=150)
    test = fer.stress(
        tmp_path / "theirs.keras",
        data=loaded,
        conditions=["dark"],
        severities=[3],
        n=20,
        input_size=(64, 64),
        scale=(-1, 1),
    )
    weights, bias = model.layers[-1].get_weights()
    images = loaded.dataset.images[np.isin(loaded.dataset.ids, test.ids)]
    order = np.argsort(loaded.dataset.ids[np.isin(loaded.dataset.ids, test.ids)])
    grey = images.mean(axis=(1, 2, 3))[order] / 255 * 2 - 1
    logits = grey[:, None] * weights.sum(axis=0) + bias
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert test.clean[np.argsort(test.ids)] == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(
    ("end", "names", "message"),
    [
        ("softmax", ("a", "b", "c", "d", "e", "f", "g"), "labels are not the data's"),
        ("tanh", None, "expected a softmax"),
    ],
)
def test_a_model_with_another_input_is_checked_as_any_other(tmp_path, end, names, message):
    import keras

    from fer_analysis.models.storage import save_model

    layers = [keras.layers.Input((64, 64, 1)), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*layers, keras.layers.Dense(7, activation=end)])
    file = tmp_path / "theirs.keras"
    save_model(model, file, names) if names else model.save(file)
    data = fer.load_data("synthetic", n=150)
    with pytest.raises(FerError, match=message):
        fer.stress(file, data=data, conditions=["dark"], n=20, input_size=(64, 64))


def test_a_model_that_gives_logits_is_stressed_at_its_own_size(tmp_path):
    import keras

    keras.utils.set_random_seed(0)
    layers = [keras.layers.Input((64, 48, 1)), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([*layers, keras.layers.Dense(7)])
    model.save(tmp_path / "theirs.keras")
    how = {"conditions": ["dark"], "severities": [1], "n": 20, "input_size": (64, 48)}
    test = fer.stress(tmp_path / "theirs.keras", data=fer.load_data("synthetic", n=150), **how)
    assert test.clean.sum(axis=1) == pytest.approx(1)


def test_a_run_is_tested_and_compared(tmp_path):
    overrides = ("training.epochs=1", "model.dense=[8]", "model.filters=[4,4]", "data.n=300")
    run = fer.train("tiny", data="synthetic", overrides=overrides, run_dir=tmp_path / "runs/first")
    words = ["stress", "first", "bundled", "--data", "synthetic", "--set", "data.n=300"]
    words += ["--condition", "hand", "--severity", "2", "--n", "20"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "against first" in result.stdout
    assert (run.stress_folder("test") / "stress.json").is_file()
    assert (tmp_path / "runs/stress/stress_comparison.json").is_file()
    assert (tmp_path / "runs/stress/curves.png").is_file()
