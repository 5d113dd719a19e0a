"""Pictures of saliency hold the numbers that they are given, say what failed, and fit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.container import BarContainer

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.regions.template import REGIONS, Regions, region_map, template
from fer_analysis.errors import FerError
from fer_analysis.figures.saliency import label_figure, overview_figure
from fer_analysis.figures.saliency_regions import bars_figure, region_figure
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.dominance import Dominance, RegionEvidence
from fer_analysis.saliency.enrichment import summaries
from fer_analysis.saliency.findings import HiddenRegion, RegionFinding
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.statistics.estimate import Estimate

pytestmark = pytest.mark.pictures

K, OF_EACH = len(FER_LABELS), 3


def looks_at(region: str, **changes) -> tuple[SaliencyMaps, np.ndarray]:
    """Return maps of one region, the rest of the face speaking against; and their images.

    Of each label's three images the first two are predicted right.
    """
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(K), OF_EACH)
    n = len(labels)
    inside = region_map() == REGIONS.index(region)
    predicted = np.where(np.arange(n) % OF_EACH < 2, labels, (labels + 1) % K)
    values = {
        "maps": np.where(inside, 1.0, -5.0) * rng.uniform(0.5, 1, (n, 1, 1)).astype(np.float32),
        "rows": np.arange(n),
        "ids": np.array([f"face/{row}" for row in range(n)]),
        "labels": labels,
        "targets": labels,
        "against": np.full(n, -1),
        "residuals": np.full(n, 0.001),
        "probabilities": np.eye(K, dtype=np.float32)[predicted] * 0.75,
        "label_names": FER_LABELS,
        "support": np.full(K, 40),
        "correct": np.full(K, 30),
        "split": "validation",
        "target": "true",
        "method": "integrated_gradients",
        "options": {"steps": 32, "doublings": 2, "baseline": "mean"},
        "parts_of_logit": True,
    }
    return SaliencyMaps(**values | changes), rng.integers(0, 256, (n, 48, 48, 1)).astype(np.uint8)


def finding(label: str, names: tuple[str, ...], region: str | None = "mouth") -> RegionFinding:
    r = len(names)
    costs = [Estimate(cost, cost, cost, OF_EACH) for cost in np.linspace(1, -0.5, r)]
    hidden = tuple(HiddenRegion(cost, cost, cost, 1, 1, 1, 1) for cost in costs)
    nulls = {name: np.full(r, 1.5) for name in ("the edges", "untrained networks", "all labels")}
    ones = dict.fromkeys(("enrichment", "low", "occlusion", "cost"), np.ones(r))
    evidence = RegionEvidence(OF_EACH, names, lead=1, nulls=nulls, ranking=(0.8, 0.9), **ones)
    says = Dominance(region, "because")
    auroc = Estimate(0.85, 0.8, 0.9, 40)
    return RegionFinding(label, evidence, says, says, {"mean": hidden}, auroc)


def analysis_of(
    saliency: SaliencyMaps, images: np.ndarray, *findings: RegionFinding, fails=False, run="first"
) -> SaliencyAnalysis:
    return SaliencyAnalysis(
        maps=saliency,
        images=images,
        regions=template(),
        labels=tuple(summaries(saliency, images)),
        findings=findings,
        checks={"sanity": {"passes": False}} if fails else {},
        stability=(),
        meta={"run": run, "complete": True, "regions": "template"},
    )


def texts(figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text")))


def drawn(figure):
    """Draw without a screen: this is where a figure that does not fit complains."""
    figure.savefig("/dev/null", format="png", dpi=40)
    return figure


def test_a_label_page_says_what_it_shows():
    saliency, images = looks_at("mouth")
    checked = analysis_of(saliency, images, finding("happy", REGIONS), fails=True)
    page = texts(drawn(label_figure(checked, "happy")))
    for words in (
        "Where the network looks: happy",
        "30 of 40 predicted correctly",
        "3 explained, chosen at random",
        "run first",
        "correct predictions: 2 of 3 explained images",
        "wrong predictions: 1 of 3",
        "sad\n75 %",
        "integrated_gradients (steps 32",
        "validation split",
        "dominant region: because",
        "all, n = 3 (few)",
        "FAILS SANITY",
    ):
        assert words in page, words
    without = texts(drawn(label_figure(analysis_of(saliency, images), "happy")))
    assert "no control was computed" in without and "FAILS" not in without


def test_what_lights_up_is_what_speaks_for_the_label():
    saliency, images = looks_at("nose")
    nose = region_map() == REGIONS.index("nose")
    figure = drawn(label_figure(analysis_of(saliency, images), FER_LABELS[0]))
    overlays = [
        image for axes in figure.axes for image in axes.images if image.get_alpha() is not None
    ]
    # Three examples (two right, one wrong), and the mean maps of all, right and wrong.
    assert len(overlays) == 6
    for overlay in overlays:
        values = np.asarray(overlay.get_array())
        assert (values[nose] > 0).all() and (values[~nose] == 0).all()


@pytest.mark.parametrize("silent", [False, True])
def test_the_overview_shows_every_label_with_its_answer_even_without_saliency(silent):
    saliency, images = looks_at("mouth")
    if silent:
        saliency = dataclasses.replace(saliency, maps=np.zeros_like(saliency.maps))
    found = finding("sad", REGIONS, None), finding("fear", REGIONS, "chin")
    analysis = analysis_of(saliency, images, *found, fails=True)
    page = texts(drawn(overview_figure(analysis)))
    assert all(name in page for name in FER_LABELS) and "FAILS SANITY" in page
    assert ("all maps are zero" if silent else "correct, n = 2") in page
    assert "maps: none" in page and "hiding: chin" in page
    drawn(label_figure(analysis, FER_LABELS[0]))


def test_bars_are_as_long_as_the_enrichment_and_stand_beside_nulls_and_costs():
    saliency, images = looks_at("mouth")
    found = [finding(label, REGIONS) for label in FER_LABELS]
    figure = drawn(bars_figure(analysis_of(saliency, images, *found, fails=True)))
    bars, hidden = (
        next(c for c in axes.containers if isinstance(c, BarContainer)) for axes in figure.axes[:2]
    )
    order = ("forehead", "brows", "eyes", "nose", "cheeks", "upper lip", "mouth", "chin")
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert names == [*order, "background"]
    mouth = order.index("mouth")
    assert [bar.get_width() for bar in bars][mouth] == pytest.approx(
        1 / template().areas[REGIONS.index("mouth")]
    )
    assert sum(bar.get_width() > 0 for bar in bars) == 1
    costs = dict(zip(REGIONS, np.linspace(1, -0.5, 9), strict=True))
    expected = [costs[name] for name in names]
    np.testing.assert_allclose([bar.get_width() for bar in hidden], expected)
    page = texts(figure)
    for words in (
        "happy, n = 3",
        "maps: mouth",
        "null: untrained networks",
        "null: the edges",
        "FAILS SANITY",
        "drop of the logit",
    ):
        assert words in page, words


def test_one_label_and_regions_of_ones_own_fit():
    saliency, images = looks_at("mouth")
    saliency, images = saliency.take(np.arange(OF_EACH)), images[:OF_EACH]
    pixels = np.zeros((48, 48), int)
    pixels[24:] = 1
    own = Regions(("the whole upper half of the face", "$x$ <b>", "background"), pixels)
    found = finding("angry", own.names, own.names[0])
    analysis = dataclasses.replace(
        analysis_of(saliency, images, found, fails=True, run="a" * 60),
        regions=own,
        labels=tuple(summaries(saliency, images, own)),
    )
    for figure in (
        label_figure(analysis, "angry"),
        overview_figure(analysis),
        bars_figure(analysis),
        region_figure(images[0, ..., 0], own),
    ):
        drawn(figure)


def test_the_template_is_drawn_with_its_names():
    page = texts(drawn(region_figure(np.full((48, 48), 90.0), template())))
    assert all(name in page for name in REGIONS)


def test_an_analysis_comes_back_from_its_folder_as_it_was(tmp_path):
    saliency, images = looks_at("mouth")
    found = [finding(label, REGIONS) for label in FER_LABELS]
    before = analysis_of(saliency, images, *found, fails=True)
    before.save(tmp_path / "saliency")
    after = SaliencyAnalysis.load(tmp_path / "saliency")
    assert after.as_dict() == before.as_dict() and after.marks == before.marks
    np.testing.assert_array_equal(after.images, before.images)
    np.testing.assert_array_equal(after.regions.pixels, before.regions.pixels)
    np.testing.assert_allclose(after.labels[0].mean_map, before.labels[0].mean_map, rtol=2e-3)
    assert after.human_rows() == before.human_rows()
    assert texts(bars_figure(after)) == texts(bars_figure(before))
    (tmp_path / "saliency" / "labels.json").write_text("{}")
    with pytest.raises(FerError, match="damaged, or of an earlier version"):
        SaliencyAnalysis.load(tmp_path / "saliency")
