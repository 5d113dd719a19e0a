"""Controls of saliency: a network whose region is known, every reason for none, failing methods."""

from __future__ import annotations

import dataclasses

import keras
import numpy as np
import pytest
from scipy.special import softmax

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.regions.files import read_regions
from fer_analysis.data.regions.template import REGIONS, region_map, template
from fer_analysis.errors import FerError
from fer_analysis.models import build_model
from fer_analysis.paper import CLAIMS
from fer_analysis.saliency.controls import edges, randomise_weights
from fer_analysis.saliency.dominance import RegionEvidence, dominant_region
from fer_analysis.saliency.explain import explain
from fer_analysis.saliency.faithfulness import faithfulness
from fer_analysis.saliency.human_reference import REFERENCES
from fer_analysis.saliency.literature import agreement, claim_survives
from fer_analysis.saliency.methods.fills import mean_face
from fer_analysis.saliency.methods.gradient import gradient
from fer_analysis.saliency.methods.gradients import logits
from fer_analysis.saliency.region_evidence import dominant_by_occlusion, examine
from fer_analysis.saliency.region_occlusion import CONTROLS, RegionOcclusion, occlude_regions
from fer_analysis.saliency.sanity import cascading_randomisation, rank_correlation, ssim
from fer_analysis.saliency.stability import stability

READS = {"angry": "brows", "happy": "mouth", "sad": "eyes"}
LABELS = tuple(READS)
PATTERN = np.where(np.add.outer(np.arange(48), np.arange(48)) % 2, 1.0, -1.0)
"""A chessboard of single pixels: a cue that no face has of itself."""


def reader(where: dict[str, np.ndarray]) -> keras.Model:
    """Return a network that looks for the pattern in a label's pixels, and nowhere else."""
    x = inputs = keras.Input((48, 48, 1))
    x = keras.layers.Rescaling(1 / 255, offset=-0.5)(x)
    x = keras.layers.Flatten()(x)
    dense = keras.layers.Dense(len(where), name="logits")
    model = keras.Model(inputs, keras.layers.Softmax(name="probabilities")(dense(x)))
    kernel = np.stack([(PATTERN * mask).ravel() for mask in where.values()], axis=1)
    dense.set_weights([kernel, np.zeros(len(where))])
    return model


def faces(where: dict[str, np.ndarray], *, cue: float = 16, n: int = 20) -> FaceDataset:
    """Return noise that shows each label's pattern in its pixels."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(len(where)), n)
    images = 128 + rng.normal(0, 12, (len(labels), 48, 48))
    masks = np.stack(list(where.values()))
    images += cue * PATTERN * masks[labels]
    images = np.clip(images, 0, 255).astype(np.uint8)[..., None]
    ids = np.array([f"={row}" for row in range(len(labels))])
    return FaceDataset(images, labels, tuple(where), ids, np.full(len(labels), "test"))


def in_regions() -> dict[str, np.ndarray]:
    return {label: region_map() == REGIONS.index(region) for label, region in READS.items()}


def asked(model: keras.Model, data: FaceDataset, **options):
    probabilities = softmax(logits(model, data.images), axis=1)
    maps = explain(model, data, probabilities, method="gradient", n=None, **options)
    return examine(
        model,
        maps,
        data.images[maps.rows],
        template(),
        ranking=(data.labels, probabilities),
        face=mean_face(data.images),
    )


def test_the_region_that_a_network_reads_is_named_by_maps_and_by_hiding():
    where = in_regions()
    for finding in asked(reader(where), faces(where)):
        expected = READS[finding.label]
        assert (finding.by_maps.region, finding.by_occlusion.region) == (expected, expected), (
            finding.by_maps
        )
        hidden = finding.hidden["mean"][REGIONS.index(expected)]
        # A linear network loses with the region what the region alone would say.
        assert hidden.recall_alone > 0.9
        assert hidden.drop.value == pytest.approx(hidden.alone.value, abs=1e-3)


def test_without_a_regional_cue_no_region_is_named():
    rng = np.random.default_rng(1)
    everywhere = {label: rng.choice([-1.0, 1.0], (48, 48)) for label in LABELS}
    for finding in asked(reader(everywhere), faces(everywhere)):
        assert finding.auroc.value > 0.9
        assert finding.by_maps.region is None and "does not clear" in finding.by_maps.reason


def test_a_network_at_chance_looks_nowhere():
    where = in_regions()
    for finding in asked(reader(where), faces(where, cue=0)):
        assert finding.by_maps.region is finding.by_occlusion.region is None
        assert "not ranked above chance" in finding.by_maps.reason


def evidence(**changes) -> RegionEvidence:
    """Return evidence of three regions in which the first one passes every test."""
    good = RegionEvidence(
        n=50,
        names=("mouth", "eyes", "background"),
        enrichment=np.array([3.0, 1.5, 0.5]),
        low=np.array([2.8, 1.4, 0.4]),
        lead=1.3,
        nulls={"the edges": np.array([2.0, 9.0, 9.0]), "all labels": np.array([2.5, 9.0, 9.0])},
        occlusion=np.array([0.2, -9.0, -9.0]),
        cost=np.array([0.3, 0.1, 0.0]),
        ranking=(0.7, 0.8),
    )
    return dataclasses.replace(good, **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "mouth .x 3.00., all controls cleared"),
        ({"n": 9}, "too few maps: 9"),
        ({"ranking": (0.5, 0.6)}, "not ranked above chance .AUROC 0.50 to 0.60"),
        ({"ranking": (np.nan, np.nan)}, "not ranked above chance"),
        ({"lead": -0.05}, "mouth .x 3.00. does not clear eyes .x 1.50"),
        ({"lead": np.nan}, "does not clear eyes"),
        ({"nulls": {"the edges": np.array([2.6, 0, 0])}}, "does not clear the edges .x 2.60"),
        ({"nulls": {"all labels": np.array([2.9, 0, 0])}}, "does not clear all labels"),
        ({"occlusion": np.array([0.0, 5, 5])}, "mouth.*hiding it costs no more"),
        ({"cost": np.array([0.3, 0.1, 0.4])}, "mouth.*hiding background costs more"),
    ],
)
def test_the_rule_names_a_region_or_the_first_reason_against_it(changes, reason):
    import re

    found = dominant_region(evidence(**changes))
    assert found.region == (None if changes else "mouth")
    assert re.search(reason, found.reason), found.reason


def hiding(drop: list[float], control: list[float], n: int = 40) -> RegionOcclusion:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, (n, len(drop)))
    right = np.ones((n, len(drop)), bool)
    values = [np.array(each) + noise for each in (drop, control)]
    return RegionOcclusion(*values, values[0], right[:, 0], right, right, right)


@pytest.mark.parametrize(
    ("drop", "control", "region"),
    [
        ([3, 1, 0], [0.5, 0.5, 0.5], "mouth"),
        ([3, 1, 0], [1.6, 0.5, 0.5], None),  # less than twice as much as elsewhere
        ([3, 2.9, 0], [0.5, 0.5, 0.5], None),  # the runner-up costs as much
        ([-1, -2, -3], [-2, -2, -2], None),  # all raise the logit
    ],
)
def test_hiding_alone_names_what_costs_far_more_than_its_control(drop, control, region):
    names = ("mouth", "eyes", "background")
    found = dominant_by_occlusion(names, hiding(drop, control), (0.8, 0.9))
    assert found.region == region, found.reason


def test_a_hidden_region_costs_what_its_pixels_are_worth():
    where = in_regions()
    model, data = reader(where), faces(where, n=3)
    grey = np.full((48, 48, 1), 127.5, np.float32)
    found = occlude_regions(model, data.images, data.labels, data.labels, template(), face=grey)[
        "mean"
    ]
    for image, label, drop in zip(data.images, data.labels, found.drop, strict=True):
        mask = where[LABELS[label]]
        worth = ((image[..., 0] / 255 - 0.5) * PATTERN * mask).sum()
        expected = np.where(np.array(REGIONS) == READS[LABELS[label]], worth, 0)
        np.testing.assert_allclose(drop, expected, atol=1e-3)
    # Controls lie outside their region: those of the region that is read cost nothing.
    read = [REGIONS.index(READS[LABELS[label]]) for label in data.labels]
    np.testing.assert_allclose(found.control[np.arange(len(read)), read], 0, atol=1e-3)
    assert CONTROLS > 1


def test_a_method_that_sees_the_network_passes_the_sanity_check_and_an_edge_detector_fails():
    where = in_regions()
    model, data = reader(where), faces(where, n=3)
    before = model.get_weights()
    sane = cascading_randomisation(model, data.images, data.labels, gradient)
    assert sane["passes"] and sane["stages"][-1]["rank_correlation"] < 0.2
    detector = cascading_randomisation(
        model, data.images, data.labels, lambda _, images, targets: edges(images)
    )
    assert not detector["passes"]
    assert detector["stages"][-1]["rank_correlation"] == pytest.approx(1)
    assert detector["stages"][-1]["ssim"] == pytest.approx(1)
    silent = cascading_randomisation(
        model, data.images, data.labels, lambda _, images, targets: np.zeros((9, 48, 48))
    )
    assert not silent["passes"] and silent["stages"][0]["ssim"] is None
    for kept, weight in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_randomised_layers_pass_signals_on_and_others_keep_what_they_learnt():
    model = build_model("mobilenet", (32, 32, 1), 3, alpha=0.25, dense=(8,), offset=1.0)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 1)).astype(np.uint8)
    randomise_weights(model.layers[-2:], seed=1)
    for layer in model.layers[:-2]:
        for kept, weight in zip(before[layer.name], layer.get_weights(), strict=True):
            np.testing.assert_array_equal(kept, weight)
    assert (model.get_layer("logits").get_weights()[0] != before["logits"][0]).any()
    # What is random all the way down still has maps: a network of zeros would pass any test.
    randomise_weights(model.layers, seed=1)
    maps = gradient(model, images, np.array([0, 1, 2, 0]))
    assert (np.abs(maps).max(axis=(1, 2)) > 0).all()
    first = logits(model, images)
    randomise_weights(model.layers, seed=1)
    np.testing.assert_array_equal(logits(model, images), first)


def test_likeness_of_maps_worked_by_hand():
    one = np.arange(16.0).reshape(1, 4, 4)
    assert rank_correlation(one, one**3)[0] == pytest.approx(1)
    assert rank_correlation(one, -one)[0] == pytest.approx(1)  # of |map|
    assert rank_correlation(one, 15 - one)[0] == pytest.approx(-1)
    assert ssim(one, 5 * one)[0] == pytest.approx(1)
    noise = np.random.default_rng(0).random((2, 48, 48))
    assert abs(ssim(noise[:1], noise[1:])[0]) < 0.1


def test_a_map_of_what_the_network_reads_is_faithful_and_noise_is_not():
    where = in_regions()
    model, data = reader(where), faces(where, n=6)
    maps = gradient(model, data.images, data.labels)
    good = faithfulness(model, data.images, data.labels, maps)
    assert good["passes"] and good["beats_edges"] and good["n"] == 18
    for fill in good["fills"].values():
        scores = fill["scores"]
        assert scores["map"]["insertion"] > scores["random"]["insertion"]
        assert scores["map"]["deletion"] < scores["random"]["deletion"]
    noise = np.random.default_rng(9).random(maps.shape)
    assert not faithfulness(model, data.images, data.labels, noise)["passes"]


def test_runs_that_look_alike_are_told_from_runs_that_do_not():
    where = in_regions()
    data = faces(where, n=4)
    turned = dict(zip(where, [*list(where.values())[1:], where["angry"]], strict=True))
    probabilities = np.full((len(data), 3), 1 / 3)
    one, other = (
        explain(reader(each), data, probabilities, method="gradient") for each in (where, turned)
    )
    same = stability({"a": one, "b": one}, template())
    assert all(row["same_image"] == pytest.approx(1) for row in same)
    different = stability({"a": one, "b": other}, template())
    assert all(row["same_image"] < 0.2 and row["runs"] == 2 for row in different)
    assert different[0]["most_enriched"] == ["brows", "mouth"]


@pytest.mark.parametrize(
    ("found", "named", "says"),
    [
        (("mouth", "mouth"), ("mouth", "cheeks"), "agree"),
        (("mouth", "eyes"), ("eyes",), "partly"),
        (("mouth", None), ("mouth",), "partly"),
        (("chin", "chin"), ("eyes",), "no"),
        ((None, None), ("eyes",), "no"),
        (("mouth", "mouth"), (), ""),
    ],
)
def test_agreement_with_what_others_say(found, named, says):
    assert agreement(found, named) == says


@pytest.mark.parametrize(
    ("claim", "changes", "survives", "supported"),
    [
        (("mouth",), {}, True, ("mouth",)),
        (("mouth", "eyes"), {}, False, ("mouth",)),  # the nulls reach the eyes
        (("eyes",), {"nulls": {"edges": np.ones(3)}, "occlusion": np.ones(3)}, False, ("eyes",)),
        (("mouth",), {"occlusion": np.array([0, 1, 1])}, False, ()),
        (("mouth",), {"ranking": (0.4, 0.6)}, False, ()),
    ],
)
def test_a_claim_survives_if_all_of_it_is_supported_and_nothing_else_is_ahead(
    claim, changes, survives, supported
):
    assert claim_survives(evidence(**changes), claim) == (survives, supported)


def test_what_others_say_names_regions_of_the_template():
    assert CLAIMS.keys() == REFERENCES.keys()
    for label, reference in REFERENCES.items():
        named = {*CLAIMS[label].regions, *reference.shown, *reference.relied_on}
        assert named <= set(REGIONS)


def test_a_mask_and_boxes_describe_the_same_regions(tmp_path):
    mask = np.zeros((48, 48), np.uint8)
    mask[2:6, 3:9], mask[10:12, :4] = 7, 2
    np.save(tmp_path / "mask.npy", mask.astype(np.int64))
    from PIL import Image

    Image.fromarray(mask).save(tmp_path / "mask.png")
    (tmp_path / "boxes.yaml").write_text("b: [10, 12, 0, 4]\na: [[2, 6, 3, 6], [2, 6, 6, 9]]\n")
    found = [read_regions(tmp_path / f, 48, 48) for f in ("mask.npy", "mask.png", "boxes.yaml")]
    for regions in found:
        np.testing.assert_array_equal(regions.pixels, found[0].pixels)
        assert regions.areas.sum() == pytest.approx(1)
    assert found[0].names == ("region 2", "region 7", "background")
    assert found[2].names == ("b", "a", "background")
    moved = found[0].shifted(-1, 2)
    assert moved.pixels[1, 5] == 1 and moved.pixels[2, 3] == 2
    assert (moved.pixels == 1).sum() == 24


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nose: [1, 2, 3]", r"nose: .*received \[1, 2, 3\]"),
        ("nose: [1, 2, 3, 50]", "columns within 0-48"),
        ("nose: [9, 2, 3, 5]", "each from below to"),
        ("a: [0, 9, 0, 9]\nb: [2, 3, 2, 3]", "no pixel is left of b"),
        ("background: [0, 9, 0, 9]", "choose another name"),
        ("- 1", "expected 1 to 30 lines"),
        ("a: [", "not YAML"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(tmp_path, text, message):
    path = tmp_path / "boxes.yaml"
    path.write_text(text)
    with pytest.raises(FerError, match=message):
        read_regions(path, 48, 48)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((48, 47), int), "expected whole numbers, 48x48; received int64, 48x47"),
        (np.zeros((48, 48)), "received float64"),
        (np.zeros((48, 48), int), "expected 1 to 30 regions .values above 0., received 0"),
        (np.arange(48 * 48).reshape(48, 48), "received 2303"),
        (np.arange(48 * 48).reshape(48, 48) - 1, "expected 0 .background. or more, received -1"),
    ],
)
def test_masks_that_do_not_fit_are_refused(tmp_path, mask, message):
    np.save(tmp_path / "mask.npy", mask)
    with pytest.raises(FerError, match=message):
        read_regions(tmp_path / "mask.npy", 48, 48)


def test_files_that_are_no_regions_are_refused(tmp_path):
    (tmp_path / "mask.png").write_text("no picture")
    (tmp_path / "mask.txt").write_text("0 1")
    for name, message in (
        ("mask.png", "not a mask"),
        ("mask.txt", "expected a .npy or .png"),
        ("x", "no such file"),
    ):
        with pytest.raises(FerError, match=message):
            read_regions(tmp_path / name, 48, 48)
