"""Saliency: axioms on small networks, and shares worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.regions.template import REGIONS, region_map, template
from fer_analysis.errors import FerError
from fer_analysis.models import build_model
from fer_analysis.saliency import are_parts_of_logit
from fer_analysis.saliency.enrichment import region_rows, region_shares, summaries
from fer_analysis.saliency.explain import explain
from fer_analysis.saliency.explain_run import explain_run
from fer_analysis.saliency.maps import SaliencyMaps, strength
from fer_analysis.saliency.methods.cam import cam_layer
from fer_analysis.saliency.methods.gradient import gradient

RNG = np.random.default_rng(0)
K = len(FER_LABELS)


def pixels(n: int, shape=(6, 5, 1)) -> np.ndarray:
    return RNG.integers(0, 256, (n, *shape)).astype(np.uint8)


def faces(counts=(5, 1, 0, 4, 3, 2, 6)) -> FaceDataset:
    labels = RNG.permutation(np.repeat(np.arange(K), counts))
    n = len(labels)
    ids = np.array([f"face/{row}" for row in range(n)])
    return FaceDataset(pixels(n, (48, 48, 1)), labels, FER_LABELS, ids, np.full(n, "test"))


@pytest.fixture(scope="module")
def small_model():
    return build_model("self_built", (48, 48, 1), K, filters=(4, 4), dense=(8,))


@pytest.fixture(scope="module")
def explained(small_model):
    data = faces()
    probabilities = RNG.dirichlet(np.ones(K), len(data))
    return (
        data,
        probabilities,
        explain(small_model, data, probabilities, n=3, method="smoothgrad", samples=2),
    )


def test_other_checks_than_there_are_are_refused():
    with pytest.raises(FerError, match="checks: unknown 'some'.*none, quick"):
        explain_run(None, None, "test", checks="some")


def test_the_template_covers_every_pixel_with_the_areas_of_its_boxes():
    areas = dict(zip(REGIONS, template().areas, strict=True))
    assert sum(areas.values()) == pytest.approx(1)
    assert areas["background"] == pytest.approx(0.395, abs=5e-4)
    assert areas["forehead"] == pytest.approx(11 * 32 / 48**2)
    assert areas["mouth"] == pytest.approx(8 * 22 / 48**2)


def test_shares_sum_to_one_and_know_no_scale_or_sign():
    maps = RNG.normal(size=(4, 48, 48)).astype(np.float32)
    shares = region_shares(maps)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(region_shares(-7 * maps), shares)


@pytest.mark.parametrize("region", REGIONS)
def test_a_map_inside_a_region_belongs_to_it_alone(region):
    maps = -(region_map() == REGIONS.index(region))[None].astype(np.float16)
    assert dict(zip(REGIONS, region_shares(maps)[0], strict=True))[region] == pytest.approx(1)


def test_enrichment_worked_by_hand():
    # Three quarters of the first map and one quarter of the second lie on the mouth (176 of
    # 2,304 pixels), the rest on the chin (5 x 24 = 120 pixels).
    maps = np.zeros((2, 48, 48), np.float32)
    maps[:, 36, 20], maps[:, 45, 20] = (3, -1), (1, 3)
    rows = {row.region: row for row in region_rows(maps)}
    assert rows["mouth"].share.value == rows["chin"].share.value == pytest.approx(0.5)
    assert rows["mouth"].enrichment.value == pytest.approx(0.5 * 2304 / 176)
    assert rows["chin"].enrichment.value == pytest.approx(0.5 * 2304 / 120)
    assert rows["nose"].share.value == rows["nose"].enrichment.value == 0
    # Two images: the mean of a resample is 1/4, 1/2 or 3/4, and the ends come up often.
    assert rows["mouth"].share.interval == pytest.approx((0.25, 0.75))
    assert rows["mouth"].enrichment.low == pytest.approx(0.25 * 2304 / 176)


def test_the_interval_of_the_mean_is_as_wide_as_theory_says():
    # Each map lies either on the mouth or on the chin: a share of heads among 400 coins.
    maps = np.zeros((400, 48, 48), np.float32)
    heads = np.arange(400) % 2 == 0
    maps[heads, 38, 24], maps[~heads, 45, 24] = 1, 1
    mouth = {row.region: row for row in region_rows(maps)}["mouth"]
    half = 1.96 * np.sqrt(0.25 / 400)
    assert mouth.share.interval == pytest.approx((0.5 - half, 0.5 + half), abs=0.01)


def test_moving_the_template_brackets_the_enrichment():
    maps = np.zeros((2, 48, 48), np.float32)
    maps[:, 35, 24] = 1  # the mouth's first row: two rows down it is the upper lip
    rows = {row.region: row for row in region_rows(maps)}
    assert rows["mouth"].shifted[0] == 0 < rows["mouth"].enrichment.value
    assert rows["upper lip"].enrichment.value == 0 < rows["upper lip"].shifted[1]
    for row in rows.values():
        assert row.shifted[0] <= row.enrichment.value <= row.shifted[1]


def test_maps_of_zeros_are_left_out_and_counted():
    maps = np.zeros((3, 48, 48), np.float32)
    maps[1, 38, 24] = 1
    assert np.isnan(region_shares(maps)[[0, 2]]).all()
    mouth = {row.region: row for row in region_rows(maps)}["mouth"]
    assert (mouth.share.n, mouth.share.value) == (1, 1)
    assert mouth.enrichment.interval is None  # one image has no spread
    nothing = region_rows(maps[:1])
    assert all(row.share.n == 0 and row.share.value is None for row in nothing)


def test_explain_takes_images_by_seed_and_describes_them(explained, small_model):
    data, probabilities, saliency = explained
    assert np.bincount(saliency.labels, minlength=K).tolist() == [3, 1, 0, 3, 3, 2, 3]
    np.testing.assert_array_equal(saliency.support, data.counts()["test"])
    np.testing.assert_array_equal(saliency.ids, data.ids[saliency.rows])
    assert len(set(saliency.rows)) == len(saliency)
    right = probabilities.argmax(axis=1) == data.labels
    assert saliency.correct.sum() == right.sum()
    alone = explain(
        small_model, data, probabilities, label="happy", n=3, method="smoothgrad", samples=2
    )
    happy = saliency.labels == FER_LABELS.index("happy")
    np.testing.assert_array_equal(alone.rows, saliency.rows[happy])
    np.testing.assert_allclose(alone.maps, saliency.maps[happy], rtol=1e-3, atol=1e-7)
    other = explain(small_model, data, probabilities, n=3, seed=5, method="gradient")
    assert other.rows.tolist() != saliency.rows.tolist()
    assert saliency.options == {"samples": 2, "noise": 0.15, "seed": 0, "method": "gradient"}
    assert "smoothgrad (samples 2" in saliency.description and "true label" in saliency.description


def test_a_class_activation_map_tells_its_layer(small_model):
    data = faces()
    probabilities = np.full((len(data), K), 1 / K)
    maps = explain(small_model, data, probabilities, n=1, method="layer_cam")
    assert maps.options["layer"] == cam_layer(small_model) and maps.options["layer"]
    assert f"layer {maps.options['layer']}" in maps.description


def test_explain_explains_the_target_that_was_asked_for(small_model):
    data = faces()
    probabilities = RNG.dirichlet(np.ones(K), len(data))
    seen = []
    options = {"label": "neutral", "method": "gradient", "n": None}
    true = explain(small_model, data, probabilities, progress=lambda *a: seen.append(a), **options)
    predicted = explain(small_model, data, probabilities, target="predicted", **options)
    assert seen[-1] == (6, 6)
    assert (true.targets == FER_LABELS.index("neutral")).all()
    np.testing.assert_array_equal(predicted.targets, probabilities[predicted.rows].argmax(axis=1))
    for saliency in (true, predicted):
        expected = gradient(small_model, data.images[saliency.rows], saliency.targets)
        np.testing.assert_array_equal(saliency.maps, expected)
    row = predicted.index_rows()[0]
    assert row["label"] == "neutral" and row["target"] == row["predicted"]
    assert row["target_probability"] == pytest.approx(predicted.probabilities[0].max(), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "hapy"}, "unknown label 'hapy' .did you mean 'happy'"),
        ({"label": "fear"}, "no image of fear in the test split"),
        ({"target": "best"}, "unknown target 'best'"),
        ({"setps": 3}, "unknown option 'setps' .did you mean 'steps'"),
        ({"method": "gradient", "steps": 3}, "gradient: unknown option 'steps' .it has none"),
        ({"method": "smoothgrat"}, "unknown saliency method .* 'smoothgrad'"),
        ({"n": 0}, "n: expected at least 1 image, received 0"),
    ],
)
def test_explain_says_what_is_wrong_in_one_line(small_model, options, message):
    data = faces()
    with pytest.raises(FerError, match=message) as error:
        explain(small_model, data, np.ones((len(data), K)) / K, **options)
    assert "\n" not in str(error.value)


def test_a_saved_result_comes_back(explained, tmp_path):
    saliency = explained[2]
    faint = saliency.maps * 1e-9  # float16 itself ends at 6e-8
    path = tmp_path / "saliency" / "maps.npz"
    SaliencyMaps(**{**vars(saliency), "maps": faint}).save(path)
    loaded = SaliencyMaps.load(path)
    tallest = np.abs(faint).max(axis=(1, 2), keepdims=True)
    assert (np.abs(loaded.maps - faint) <= 2**-11 * tallest).all()
    assert (loaded.method, loaded.options, loaded.target) == (
        "smoothgrad",
        saliency.options,
        "true",
    )
    assert loaded.index_rows() == saliency.index_rows()
    assert [file.name for file in path.parent.iterdir()] == ["maps.npz"]
    loaded.save(path)
    np.testing.assert_array_equal(SaliencyMaps.load(path).maps, loaded.maps)


def test_a_damaged_or_missing_file_is_told_in_one_line(tmp_path):
    path = tmp_path / "maps.npz"
    with pytest.raises(FerError, match="no saliency maps there"):
        SaliencyMaps.load(path)
    path.write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(FerError, match="damaged"):
        SaliencyMaps.load(path)


def test_maps_that_are_not_finite_name_their_image(explained):
    saliency = explained[2]
    maps = saliency.maps.copy()
    maps[4, 0, 0] = np.nan
    with pytest.raises(FerError, match=f"{saliency.ids[4]}.*diverged"):
        SaliencyMaps(**{**vars(saliency), "maps": maps})


def test_a_summary_averages_what_it_says(explained):
    data, _, saliency = explained
    images = data.images[saliency.rows]
    found = summaries(saliency, images)
    assert [summary.label for summary in found] == [name for name in FER_LABELS if name != "fear"]
    for summary in found:
        members = saliency.labels == FER_LABELS.index(summary.label)
        np.testing.assert_allclose(summary.mean_face, images[members, ..., 0].mean(axis=0))
        assert summary.n + summary.left_out == members.sum()
        assert summary.mean_map.mean() == pytest.approx(1)  # 1 = as if spread evenly
        # The mean map and the table tell the same story.
        on_nose = summary.mean_map[region_map() == REGIONS.index("nose")].mean()
        row = next(row for row in summary.regions if row.region == "nose")
        assert on_nose == pytest.approx(row.enrichment.value)
        highest = max(row.enrichment.value for row in summary.regions)
        assert summary.top.enrichment.value == highest


@pytest.mark.parametrize(
    ("method", "options", "expected"),
    [
        ("integrated_gradients", {"steps": 32}, [0, 0, 3]),
        ("occlusion", {}, [0, 0, 3]),
        ("gradient", {}, [2, 0, 3]),
        ("smoothgrad", {"method": "gradient"}, [2, 0, 3]),
        ("smoothgrad", {"method": "occlusion"}, [0, 0, 3]),
    ],
)
def test_of_parts_of_a_logit_only_what_speaks_for_the_target_counts(method, options, expected):
    maps = np.array([-2.0, 0, 3]).reshape(1, 1, 3)
    parts = are_parts_of_logit(method, options)
    np.testing.assert_array_equal(strength(maps, parts).ravel(), expected)
