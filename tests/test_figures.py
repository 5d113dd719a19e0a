"""Pictures hold the numbers that they are given, and survive odd ones."""

from __future__ import annotations

import math
from collections import namedtuple
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from PIL import Image

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.evaluation.confusions import top_losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.evaluation.paired import Contender, compare_pair
from fer_analysis.figures import plain, save
from fer_analysis.figures.annotators import annotators_figure
from fer_analysis.figures.calibration import calibration_figure
from fer_analysis.figures.comparison import pairs_figure
from fer_analysis.figures.data import augmented_figure, samples_figure
from fer_analysis.figures.diagnosis import verdict_figure
from fer_analysis.figures.evaluation import confusion_figure, recall_figure
from fer_analysis.figures.losses import top_losses_figure
from fer_analysis.figures.structure import find_blocks, structure_figure
from fer_analysis.figures.training import curves_figure
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.diagnosis import Cause, Diagnosis, LabelDiagnosis

pytestmark = pytest.mark.pictures

Row = namedtuple("Row", "name kind output_shape parameters")


def evaluation(true, predicted, names=("cat", "dog", "owl"), leaked=None):
    probabilities = np.eye(len(names))[np.array(predicted, dtype=int)]
    true = np.array(true, dtype=int)
    return Evaluation(true, probabilities, np.arange(len(true)), "test", names, leaked=leaked)


def history(losses, accuracies):
    return [
        {
            "epoch": epoch,
            "loss": loss,
            "accuracy": accuracy,
            "validation_loss": loss + 0.5,
            "validation_accuracy": accuracy / 2,
            "learning_rate": 0.01,
            "seconds": 1.0,
        }
        for epoch, (loss, accuracy) in enumerate(zip(losses, accuracies, strict=True), start=1)
    ]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def said(figure):
    """Return all that is written on a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def draw_confusion(e):
    return confusion_figure(e, metrics(e))


def draw_recall(e):
    return recall_figure(metrics(e))


def test_save_writes_a_picture_and_nothing_else(tmp_path):
    figure = draw_confusion(evaluation([0, 1, 2], [0, 1, 1]))
    save(figure, tmp_path / "new" / "a.png")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]
    with Image.open(tmp_path / "new" / "a.png") as image:
        assert image.width == pytest.approx(150 * figure.get_figwidth(), abs=1)


def test_confusion_cells_hold_counts_and_percent():
    figure = draw_confusion(evaluation([0] * 4 + [1] * 3, [0, 0, 0, 1, 1, 0, 1]))
    counts, shares = figure.axes
    assert texts(counts) == ["3", "1", "0", "1", "2", "0", "0", "0", "0"]
    assert texts(shares) == ["75", "25", "0", "33", "67", "0", "n/a", "n/a", "n/a"]
    assert (counts.get_ylabel(), counts.get_xlabel()) == ("true label", "predicted label")
    assert [t.get_text() for t in counts.get_yticklabels()] == [
        "cat  n=4",
        "dog  n=3",
        "owl  n=0",
    ]
    title = said(figure)
    assert "7 images" in title and "accuracy 71.4 % [35.9-91.8]" in title
    assert "never predicted" not in title, "no owl was to be found"


def test_confusion_title_names_labels_never_predicted_and_leaks():
    e = evaluation([0, 0, 2], [0, 1, 1], leaked=np.array([True, False, False]))
    title = said(draw_confusion(e))
    assert "never predicted: owl" in title
    assert "without 1 leaked image 0.0 %" in title


def test_cell_text_stands_out_from_its_cell():
    """Contrast of 4.5 to 1 or better, as accessibility guidelines ask."""

    def luminance(colour):
        rgb = np.array(colour)
        return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [
            0.2126,
            0.7152,
            0.0722,
        ]

    e = evaluation([0] * 100 + [1] * 100, [0] * 63 + [1] * 37 + [0] * 12 + [1] * 88)
    for axes in draw_confusion(e).axes:
        image = axes.images[0]
        cells = image.cmap(image.norm(image.get_array()))[..., :3].reshape(-1, 3)
        for cell, text in zip(cells[:6], axes.texts[:6], strict=True):
            high, low = sorted([luminance(cell), luminance(to_rgb(text.get_color()))])[::-1]
            assert (high + 0.05) / (low + 0.05) >= 4.5


def test_recall_points_and_intervals():
    leaked = np.array([True] + [False] * 9)
    e = evaluation([0] * 5 + [1] * 5, [0, 0, 0, 0, 1, 0, 0, 0, 0, 1], ("cat", "dog"), leaked)
    axes = draw_recall(e).axes[0]
    whole, leak_free = axes.containers
    assert whole.lines[0].get_xdata() == pytest.approx([0.8, 0.2])
    assert leak_free.lines[0].get_xdata() == pytest.approx([0.75, 0.2])
    interval = whole.lines[2][0].get_segments()[0][:, 0]
    assert interval == pytest.approx(metrics(e)["all"]["labels"][0]["recall"].interval)
    assert [t.get_text() for t in axes.get_yticklabels()] == ["cat\nn=5 / 4", "dog\nn=5 / 5"]
    assert texts(axes) == ["80.0 %", "20.0 %", "75.0 %", "20.0 %"]
    guessing = lines(axes)["guessing (50.0 %)"]
    assert list(guessing.get_xdata()) == [0.5, 0.5]


@pytest.mark.parametrize("draw", [draw_confusion, draw_recall])
@pytest.mark.parametrize(
    "e",
    [
        evaluation([0], [1], ("cat", "dog")),
        evaluation([], []),
        evaluation([0, 1], [0, 0], leaked=np.ones(2, dtype=bool)),
        evaluation(range(12), [3] * 12, [f"a$b_{{^ rather long name {i}$" for i in range(12)]),
    ],
    ids=["one image", "none", "all leaked", "12 long names"],
)
def test_odd_evaluations_are_drawn(draw, e, tmp_path):
    save(draw(e), tmp_path / "a.png", dpi=40)


def test_names_are_not_mathematics():
    assert plain("a$b$") == r"a\$b\$"
    assert plain("x" * 40) == "x" * 27 + "…"


def test_curves_are_blue_and_orange_and_hold_the_history():
    rows = history([2.0, 1.5, 1.2], [0.3, 0.6, 0.5])
    figure = curves_figure(rows, facts=["run a"], best_epoch=2, majority=0.25)
    loss, accuracy = figure.axes
    for axes, training, validation in (
        (loss, [2.0, 1.5, 1.2], [2.5, 2.0, 1.7]),
        (accuracy, [0.3, 0.6, 0.5], [0.15, 0.3, 0.25]),
    ):
        found = lines(axes)
        assert found["training"].get_color() == "#1f77b4"
        assert found["validation"].get_color() == "#ff7f0e"
        assert list(found["training"].get_xdata()) == [1, 2, 3]
        assert found["training"].get_ydata() == pytest.approx(training)
        assert found["validation"].get_ydata() == pytest.approx(validation)
        assert list(found["best epoch (2)"].get_xdata()) == [2]
    assert "30.0 %" in accuracy.get_title() and "2.0000" in loss.get_title()
    assert list(lines(accuracy)["one label for everything (25.0 %)"].get_ydata()) == [0.25] * 2
    assert "run a · 3 epochs, epoch 2 is kept" in said(figure)


@pytest.mark.parametrize(
    ("losses", "told"),
    [
        ([1.0], None),
        ([2.0, math.nan, math.nan], "the loss is not a number from epoch 2 on"),
        ([math.nan], "the loss is not a number from epoch 1 on"),
        ([math.inf, 2.0], "the loss is not a number from epoch 1 on"),
    ],
)
def test_short_and_broken_trainings_are_drawn(losses, told, tmp_path):
    figure = curves_figure(history(losses, [0.1] * len(losses)), facts=["$"], best_epoch=1)
    save(figure, tmp_path / "a.png", dpi=40)
    assert texts(figure.axes[0]) == ([told] if told else [])


def test_losses_of_very_different_size_get_a_logarithmic_axis():
    scales = [
        curves_figure(history(losses, [0.1] * 2), best_epoch=1).axes[0].get_yscale()
        for losses in ([900.0, 2.0], [3.0, 2.0])
    ]
    assert scales == ["log", "linear"]


def test_samples_show_each_label_s_own_faces_and_counts(tmp_path):
    labels = np.array([0] * 5 + [1] * 2)
    images = np.where(labels == 0, 50, 200).astype(np.uint8)[:, None, None, None]
    images = np.broadcast_to(images, (7, 48, 48, 1)).copy()
    split = np.array(["train"] * 4 + ["test", "train", "train"])
    dataset = FaceDataset(images, labels, ("a$x$", "b", "none"), np.arange(7).astype(str), split)
    figure = samples_figure(dataset, per_label=3)
    axes = figure.axes[0]
    assert texts(axes) == [
        r"a\$x\$",
        "train 4\ntest 1",
        "b",
        "train 2\ntest 0",
        "none",
        "train 0\ntest 0",
    ]
    canvas = axes.images[0].get_array()
    assert [
        (row == value).mean() > 0.5 for row, value in ((canvas[20], 50), (canvas[70], 200))
    ] == [
        True,
        True,
    ]
    assert (canvas[70] == 200).sum() == 2 * 48, "there are no more than two"
    assert canvas[100:].mask.all()
    save(figure, tmp_path / "a.png", dpi=40)


def test_samples_are_chosen_by_seed():
    images = np.arange(200, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 1), np.uint8)
    dataset = FaceDataset(
        images, np.zeros(200, int), ("a",), np.arange(200).astype(str), np.full(200, "train")
    )
    first, again, other = (
        samples_figure(dataset, seed=seed).axes[0].images[0].get_array() for seed in (0, 0, 1)
    )
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_augmented_faces_stand_beside_their_original(dtype):
    originals = np.array([10, 20], np.uint8)[:, None, None, None] * np.ones(
        (1, 16, 16, 1), np.uint8
    )
    augmented = np.stack([originals + 100, originals + 200], axis=1).astype(dtype)
    canvas = augmented_figure(originals, augmented).axes[0].images[0].get_array()
    for row, value in ((8, 10), (26, 20)):
        seen = list(dict.fromkeys(canvas[row].filled(-1).tolist()))
        assert seen == [value, -1, value + 100, value + 200]


def layers(*parts):
    """Make rows from (kind, height, channels)."""
    return [
        Row(f"{kind}_{i}", kind, (size, size, channels), 10)
        for i, (kind, size, channels) in enumerate(parts)
    ]


def test_blocks_are_patterns_that_repeat_at_one_size():
    block = ["Depthwise", "ReLU", "Conv"]
    rows = layers(
        ("Input", 8, 1),
        ("Scale", 8, 1),
        ("ZeroPadding", 9, 1),
        *[(kind, 4, 2) for kind in block * 3],
        ("Dropout", 4, 2),
        *[(kind, 2, 3) for kind in block * 2],
    )
    blocks = find_blocks(rows)
    assert [block.text.replace("\u00a0", " ") for block in blocks] == [
        "Input → Scale",
        "3 × (Depthwise → ReLU → Conv)",
        "Dropout",
        "2 × (Depthwise → ReLU → Conv)",
    ]
    assert [block.sizes for block in blocks] == ["8×8×1", "4×4×2", "4×4×2", "2×2×3"]
    assert [row for block in blocks for row in block.layers] == rows, "each layer once, in order"


def test_the_outputs_of_repetitions_are_all_told():
    rows = [Row("a", "Dense", (width,), 1) for width in (256, 128, 128, 7)]
    assert [(b.text, b.sizes) for b in find_blocks(rows)] == [("4 × (Dense)", "256, 128, 7")]


def test_few_layers_are_drawn_one_by_one(tmp_path):
    rows = layers(*[("Conv", 8, 2)] * 5)
    figure = structure_figure(rows)
    assert texts(figure.axes[0]).count("Conv") == 5
    assert "5 layers, 50 parameters" in said(figure)
    save(figure, tmp_path / "a.png", dpi=40)


def test_many_layers_are_drawn_as_blocks(tmp_path):
    figure = structure_figure(layers(*[("Conv", 8, 2), ("Normalization", 8, 2)] * 30))
    shown = [text.replace("\u00a0", " ") for text in texts(figure.axes[0])]
    assert "30 × (Conv → Normalization)" in shown and "600" in shown
    save(figure, tmp_path / "a.png", dpi=40)


def probable(n=300, seed=0, **fields):
    """Return predictions with spread-out probabilities."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    logits = 1.5 * np.eye(3)[labels] + rng.normal(size=(n, 3))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Evaluation(labels, probabilities, np.arange(n), "test", ("cat", "dog", "owl"), **fields)


def test_the_reliability_diagram_holds_the_bins():
    block = metrics(probable())["all"]["calibration"]
    figure = calibration_figure(block, "test split, all images")
    left, right = figure.axes
    drawn = [c.lines[0].get_xydata() for c in left.containers]
    for points, key in zip(drawn, ("as_predicted", "at_temperature"), strict=True):
        bins = block[key]["bins"]
        expected = [(row["confidence"], row["accuracy"].value) for row in bins]
        np.testing.assert_allclose(points, expected)
    curve = next(line for line in right.lines if len(line.get_xdata()) > 2)
    expected = [row["accuracy"].value for row in block["at_temperature"]["abstain"]]
    np.testing.assert_allclose(curve.get_ydata(), expected)
    assert "n = 300" in said(figure)


def test_the_annotators_picture_holds_both_recalls_and_both_matrices():
    rng = np.random.default_rng(1)
    e = probable(
        votes=rng.multinomial(10, [0.4, 0.3, 0.2, 0.1], 300),
        vote_names=("cat", "dog", "owl", "none"),
    )
    block = metrics(e)["all"]["annotators"]
    left, middle, right, _ = annotators_figure(e, block, "test split").axes
    for container, key in zip(left.containers, ("model_recall", "modal_recall"), strict=True):
        values = [row[key].value for row in block["labels"]]
        np.testing.assert_allclose(container.lines[0].get_xdata(), values)
    shown = [float(container.lines[0].get_xdata()[0]) for container in middle.containers]
    np.testing.assert_allclose(shown, [r["accuracy"].value for r in block["strata"] if r["n"]])
    cell = 100 * e.row_normalised_confusion[0, 1], 100 * block["confusion"][0][1]
    assert texts(right)[1] == f"{cell[0]:.0f} / {cell[1]:.0f}"


def test_differences_stand_where_they_belong():
    first, second = probable(seed=0), probable(seed=0)
    worse = first.predicted.copy()
    worse[:60] = (worse[:60] + 1) % 3
    second = Evaluation(first.labels, np.eye(3)[worse], first.ids, "test", first.label_names)
    found = compare_pair(Contender("good", (first,)), Contender("bad", (second,)))
    (axes,) = pairs_figure([{"all images": found}], "test split").axes
    filled, hollow = (container.lines[0] for container in axes.containers)
    drawn = [*filled.get_xdata(), *hollow.get_xdata()]
    rows = [found["accuracy"], found["macro_f1"], *(row["difference"] for row in found["labels"])]
    np.testing.assert_allclose(sorted(drawn), sorted(100 * row.value for row in rows))
    assert 100 * found["accuracy"].value in filled.get_xdata(), "surely worse: filled"
    assert hollow.get_markerfacecolor() != hollow.get_color()


def test_the_faces_of_the_highest_losses_are_named():
    e = probable(n=9, leaked=np.arange(9) < 4)
    rows = top_losses(e, 8)
    images = np.zeros((8, 48, 48, 1), np.uint8)
    figure = top_losses_figure(rows, images, "test split")
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == 8
    for axes, row in zip(shown, rows, strict=True):
        title = axes.get_title(loc="left")
        assert title.startswith(row["id"])
        assert ("leaked" in title) == row["leaked"]
        assert f"label: {row['true']}" in title


def test_the_table_of_causes_keeps_its_texts_apart():
    names = ("recipe", "imbalance", "ambiguity", "label noise", "scarcity")
    names += ("shift between splits", "image quality")
    effect = Estimate(-0.38, -0.524, -0.24, 90)
    causes = tuple(Cause(n, "shown", effect, part=0.8, because="so") for n in names)
    figures = {"recall": effect, "corrected": effect, "gap": effect, "corrected_gap": effect}
    row = LabelDiagnosis(
        label="angry", n=90, training=90, **figures, fails=True, causes=causes, caveats=()
    )
    diagnosis = Diagnosis(
        subject="base", seeds=1, votes=True, fingerprint="f", fingerprints={}, labels=(row,)
    )
    figure = verdict_figure(diagnosis)
    figure.draw_without_rendering()
    table = figure.axes[1]
    heads = [head.get_window_extent() for head in table.get_xticklabels()]
    assert len(heads) == 7 and all(a.x1 <= b.x0 for a, b in pairwise(heads))
    for text, bar in zip(table.texts, table.patches, strict=True):
        inside, cell = text.get_window_extent(), bar.get_window_extent()
        assert cell.x0 <= inside.x0 and inside.x1 <= cell.x1, text.get_text()
