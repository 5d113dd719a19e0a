"""One style: colours that mean one thing and can be told apart, widths, grounds, what is named."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from test_figures import history, probable

from fer_analysis.evaluation.metrics import metrics
from fer_analysis.evaluation.paired import Contender, compare_pair
from fer_analysis.faces.timeline import Timeline
from fer_analysis.figures import save
from fer_analysis.figures.calibration import calibration_figure
from fer_analysis.figures.cell_recalls import dose_figure
from fer_analysis.figures.colours import DARK, LABELS, LIGHT, label_styles, luminance, series_styles
from fer_analysis.figures.comparison import pairs_figure
from fer_analysis.figures.diagnosis import tau_figure
from fer_analysis.figures.evaluation import confusion_figure, recall_figure
from fer_analysis.figures.style import WIDTH, using
from fer_analysis.figures.timeline import timeline_figure
from fer_analysis.figures.training import curves_figure
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.recalls import AS_PREDICTED, PRIOR_CORRECTED, CellRecall

pytestmark = pytest.mark.pictures

BLIND = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}
"""Machado, Oliveira & Fernandes (2009), severity 1, of linear RGB."""

APART = 10
"""CIEDE2000: about the difference of two neighbouring steps of a scale that one can name."""

CO_USED = [
    ("network", "leak_free"),
    ("network", "annotators"),
    ("network", "reference"),
    ("network", "bad"),
    ("training", "held_out"),
    ("saliency", "reference"),
    ("saliency", "hidden"),
]
"""Accents that stand in one chart."""


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE L*a*b* of linear RGB (D65)."""
    to_xyz = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
    xyz = np.array(to_xyz) @ np.clip(light, 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def ciede2000(one, other):
    """Difference of two L*a*b* colours (Sharma, Wu & Dalal 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    a1, a2 = (a * (1.5 - 0.5 * np.sqrt(chroma**7 / (chroma**7 + 25**7))) for a in (a1, a2))
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = 0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    mean_h = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    weights = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.2, 4, -63))
    t = 1 + sum(w * np.cos(np.radians(k * mean_h + shift)) for w, k, shift in weights)
    scale_l = 1 + 0.015 * (mean_l - 50) ** 2 / np.sqrt(20 + (mean_l - 50) ** 2)
    scale_c, scale_h = 1 + 0.045 * mean_c, 1 + 0.015 * mean_c * t
    bend = np.sin(np.radians(60 * np.exp(-(((mean_h - 275) / 25) ** 2))))
    rotation = -2 * np.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * bend
    parts = (l2 - l1) / scale_l, (c2 - c1) / scale_c, hue / scale_h
    return np.sqrt(sum(part**2 for part in parts) + rotation * parts[1] * parts[2])


def test_the_measure_of_difference_is_the_published_one():
    """Pairs 1, 10 and 24 of the data of Sharma, Wu & Dalal."""
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.5, 0), (50, 3.2972, 0), 1.0),
    ]
    for one, other, expected in pairs:
        assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("eyes", [None, *BLIND])
def test_colours_are_apart_for_every_kind_of_eyes(theme, eyes):
    def seen(colour):
        return lab(linear(colour) if eyes is None else np.array(BLIND[eyes]) @ linear(colour))

    pairs = list(itertools.combinations(theme.labels, 2))
    pairs += [(getattr(theme, one), getattr(theme, other)) for one, other in CO_USED]
    for one, other in pairs:
        assert ciede2000(seen(one), seen(other)) >= APART, (one, other)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_stand_out_from_their_ground(theme):
    names = ("network", "leak_free", "annotators", "saliency", "hidden", "bad", "reference")
    accents = [getattr(theme, name) for name in names]
    for colour, least in [
        *((c, 3) for c in (*theme.labels, *accents)),
        *((s["color"], 2) for s in series_styles(4, theme)),
        (theme.ink, 7),
        (theme.muted, 4.5),
    ]:
        high, low = sorted([luminance(colour), luminance(theme.ground)], reverse=True)
        assert (high + 0.05) / (low + 0.05) >= least, colour


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_maps_start_at_the_ground_and_change_evenly(theme):
    lightness = [lab(linear(theme.diverging(x)[:3]))[0] for x in np.linspace(0, 1, 11)]
    steps = np.diff(lightness)
    middle = np.sign(steps[0]) * np.array([1] * 5 + [-1] * 5)
    assert (steps * middle > 0).all()
    assert np.abs(steps).max() < 2.2 * np.abs(steps).min()
    assert abs(lab(linear(theme.ground))[0] - lightness[5]) < 15
    assert abs(lab(linear(theme.sequential(0.0)[:3]))[0] - lab(linear(theme.ground))[0]) < 15


def test_a_label_has_one_colour_in_any_spelling_and_order():
    ours = label_styles(LABELS, LIGHT)
    ferplus = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear")
    theirs = label_styles(ferplus, LIGHT)
    assert theirs["anger"] == ours["angry"] and theirs["happiness"] == ours["happy"]
    mixed = label_styles(("fear", "bored", "angry", "tired"), LIGHT)
    assert mixed["fear"] == ours["fear"]
    assert len({each["color"] for each in mixed.values()}) == 4, "free colours for other labels"
    many = label_styles([f"label {i}" for i in range(20)], LIGHT)
    looks = {(each["color"], each["linestyle"]) for each in many.values()}
    assert len(looks) == 20


NAMES = ("angry", "disgust", "happy")


def renamed():
    e = probable()
    from dataclasses import replace

    return replace(e, label_names=NAMES)


def doses():
    recall = Estimate(0.5, 0.4, 0.6, 50)
    return [
        CellRecall(label, "base", n, kind, 50, 1, recall, recall)
        for label in NAMES
        for n in (10, 100)
        for kind in (AS_PREDICTED, PRIOR_CORRECTED)
    ]


def separability():
    taus = {"0": 0.5, "1": 0.6}
    return [{"label": label, "n": 50, "recall_at": taus} for label in NAMES]


def film():
    counts = np.ones((1, 4, 4), dtype=np.int64)
    return Timeline(NAMES, (1,), np.arange(5.0), counts)


def compared():
    e = renamed()
    pair = compare_pair(Contender("first", (e,)), Contender("second", (e,)))
    return [{"all images": pair}] * 5


FIGURES = {
    "confusion": lambda: confusion_figure(renamed(), metrics(renamed())),
    "recall": lambda: recall_figure(metrics(renamed())),
    "calibration": lambda: calibration_figure(metrics(renamed())["all"]["calibration"], "test"),
    "comparison": lambda: pairs_figure(compared(), "test split"),
    "dose": lambda: dose_figure(doses(), NAMES, ("n = 150 images",)),
    "tau": lambda: tau_figure(separability(), NAMES),
    "film": lambda: timeline_figure(film(), "film.mp4", "bundled"),
    "curves": lambda: curves_figure(history([2.0, 1.0], [0.3, 0.5]), facts=["n = 9 images"]),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("style", ["screen", "dark"])
def test_every_figure_fits_a_page_names_its_n_and_stands_on_its_ground(name, style, tmp_path):
    with using(style=style):
        figure = FIGURES[name]()
    assert figure.get_figwidth() <= WIDTH
    text = "\n".join(text.get_text() for text in figure.findobj(Text))
    assert "n =" in text or "n=" in text or " images" in text
    theme = DARK if style == "dark" else LIGHT
    assert figure.get_facecolor()[:3] == to_rgb(theme.ground)
    for axes in figure.axes:
        assert axes.get_facecolor()[:3] == to_rgb(theme.ground)
        for label in [*axes.get_xticklabels(), axes.xaxis.label, axes.title]:
            assert to_rgb(label.get_color()) == to_rgb(theme.ink)
    save(figure, tmp_path / "figure.png", dpi=40)


@pytest.mark.parametrize("style", ["screen", "dark"])
def test_a_label_has_the_same_colour_in_every_chart(style):
    with using(style=style):
        charts = [FIGURES[name]() for name in ("dose", "tau")]
        bars = FIGURES["film"]()
    expected = label_styles(NAMES, DARK if style == "dark" else LIGHT)
    for chart in charts:
        found = {line.get_label().split(" (")[0]: line for line in chart.axes[0].lines}
        for label in NAMES:
            assert to_rgb(found[label].get_color()) == to_rgb(expected[label]["color"])
            assert found[label].get_marker() == expected[label]["marker"]
    for label, patch in zip(NAMES, bars.legends[0].get_patches(), strict=False):
        assert patch.get_facecolor()[:3] == to_rgb(expected[label]["color"])


def test_a_loss_that_is_no_cross_entropy_is_marked_and_the_plain_one_stands_beside_it():
    rows = history([2.0, 1.5], [0.3, 0.5])
    marked = curves_figure(rows, changed_by=["label_smoothing"]).axes[0]
    assert marked.lines[0].get_label() == "training loss with label smoothing"
    assert "not comparable" in marked.texts[0].get_text()
    both = [row | {"cross_entropy": row["loss"] - 0.4} for row in rows]
    loss = curves_figure(both, changed_by=["label_smoothing"]).axes[0]
    beside = next(line for line in loss.lines if line.get_label() == "training")
    assert list(beside.get_ydata()) == pytest.approx([1.6, 1.1])
    assert loss.lines[0].get_linestyle() == "--" and not loss.texts
    same = [row | {"cross_entropy": row["loss"]} for row in rows]
    assert curves_figure(same).axes[0].lines[0].get_label() == "training"


def test_no_epoch_is_called_the_best_where_none_was_chosen():
    last = curves_figure(history([2.0, 1.5], [0.3, 0.5]))
    text = "\n".join(text.get_text() for text in last.findobj(Text))
    assert "best" not in text and "the last epoch is kept" in text
