"""The embedded data: what is drawn, how much of it, and that each flaw is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from fer_analysis.data.dataset import DIVISION, FER_LABELS
from fer_analysis.data.regions.template import REGIONS, region_map
from fer_analysis.data.synthetic.action_units import (
    FORMS,
    UNIT_REGIONS,
    UNITS,
    VOTE_NAMES,
    VOTES,
    units,
)
from fer_analysis.data.synthetic.draw import TRAITS, draw
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError

ANGRY, DISGUST, NEUTRAL = (FER_LABELS.index(name) for name in ("angry", "disgust", "neutral"))


def people(n: int) -> dict[str, np.ndarray]:
    u = np.random.default_rng(0).random((n, len(TRAITS)))
    return {
        name: low + (high - low) * u[:, i] for i, (name, (low, high)) in enumerate(TRAITS.items())
    }


def of_label(data, label):
    return data.take(data.labels == label)


def test_the_same_arguments_draw_the_same_bytes():
    first, again = generate(n=200, seed=3), generate(n=200, seed=3)
    for name in ("images", "labels", "ids", "split", "votes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert first.fingerprint() != generate(n=200, seed=4).fingerprint()


def test_drawing_in_other_portions_changes_nothing(monkeypatch):
    options = {
        "n": 200,
        "cue_regions": {"sad": ["nose", "mouth"]},
        "wrong_labels": {"sad": ["happy", 0.5]},
    }
    whole = generate(**options)
    monkeypatch.setitem(generate.__globals__, "_CHUNK", 7)
    np.testing.assert_array_equal(whole.images, generate(**options).images)


def test_the_training_split_has_the_imbalance_of_fer_2013():
    data = generate(n=1000)
    assert len(data) == 1000
    counts = data.counts()
    assert {split: sizes.sum() for split, sizes in counts.items()} == {
        "train": 800,
        "validation": 100,
        "test": 100,
    }
    # 800 times 3995 436 4097 7215 4830 3171 4965 of 28709, the largest remainders rounded up.
    np.testing.assert_array_equal(counts["train"], [111, 12, 114, 201, 135, 89, 138])
    # Disgust has 5 % of a held-out split, the others share the rest in proportion.
    assert counts["test"][DISGUST] == 5 and counts["test"].argmin() == DISGUST


def test_every_label_is_in_every_split_of_the_smallest_data_set():
    for sizes in generate(n=100).counts().values():
        assert sizes.min() >= 1


def test_counts_set_the_training_images_of_one_label_and_nothing_else():
    few, many = generate(n=300, counts={"disgust": 10}), generate(n=300, counts={"disgust": 40})
    assert few.counts()["train"][DISGUST] == 10 and many.counts()["train"][DISGUST] == 40
    np.testing.assert_array_equal(few.part("test").images, many.part("test").images)
    np.testing.assert_array_equal(few.part("test").ids, many.part("test").ids)
    rest_few, rest_many = (
        part.images[part.labels != DISGUST] for part in (few.part("train"), many.part("train"))
    )
    np.testing.assert_array_equal(rest_few, rest_many)
    assert set(of_label(few, DISGUST).pixel_hashes()) <= set(of_label(many, DISGUST).pixel_hashes())


def test_ids_name_each_image_once():
    data = generate(n=150)
    assert len(set(data.ids)) == 150
    assert data.ids[0] == "synthetic/train/000000"
    assert data.part("test").ids[-1] == "synthetic/test/000014"


def test_labels_come_in_mixed_order():
    assert (np.diff(generate(n=300).part("train").labels) != 0).mean() > 0.5


def test_faces_are_registered_to_the_template():
    mean = generate(n=700).images[..., 0].mean(0)
    eyes, mouth = mean[15:22], mean[33:44, 17:32].mean(1)
    assert eyes[:, 8:23].sum(1).argmin() + 15 in (16, 17, 18)
    assert abs(mean[16:19, 10:21].sum(0).argmin() + 10 - 15) <= 1
    assert abs(mean[16:19, 28:39].sum(0).argmin() + 28 - 33) <= 1
    assert abs(mouth.argmin() + 33 - 38.5) <= 1.5
    assert mean[27:30, 20:29].mean() < mean[22:25, 20:29].mean()


def test_jitter_moves_whole_faces_by_so_many_pixels():
    still, moved = generate(n=300, jitter=0, noise=0), generate(n=300, jitter=4, noise=0)
    blur = [data.images[..., 0].mean(0)[13:22].std() for data in (still, moved)]
    assert blur[1] < 0.9 * blur[0]
    at_rest = np.zeros((1, 2, len(UNITS)), np.float32)
    traits = people(1) | {name: np.zeros(1) for name in ("rotation", "shift_column", "light")}
    traits |= {"scale": np.ones(1)}
    below = draw(traits | {"shift_row": np.ones(1)}, at_rest, jitter=3.0)
    here = draw(traits | {"shift_row": np.zeros(1)}, at_rest, jitter=3.0)
    np.testing.assert_allclose(below[:, 3:], here[:, :-3], atol=1e-4)


def test_noise_has_the_standard_deviation_asked_for():
    clean, noisy = generate(n=200, noise=0).images, generate(n=200, noise=5).images
    inside = (clean > 40) & (clean < 215)
    assert (noisy[inside].astype(float) - clean[inside]).std() == pytest.approx(5, rel=0.03)


def test_brows_sink_in_anger_and_rise_in_surprise():
    row = {}
    for label in ("angry", "neutral", "surprise"):
        actions = np.repeat(units(FORMS[label][0])[None], 32, 0)
        brows = draw(people(32), actions)[:, 5:15, 11:20].mean((0, 2))
        row[label] = (np.arange(5, 15) * (brows.max() - brows)).sum() / (brows.max() - brows).sum()
    assert row["surprise"] + 0.5 < row["neutral"] < row["angry"] - 0.3


def test_a_one_sided_action_leaves_the_other_half_alone():
    traits = people(8) | {name: np.zeros(8) for name in ("rotation", "shift_column")}
    at_rest = np.zeros((8, 2, len(UNITS)), np.float32)
    left = np.repeat(units("L2+L5")[None], 8, 0)
    moved = np.abs(draw(traits, left) - draw(traits, at_rest))[:, 11:, :].max((0, 1))
    assert moved[:20].max() > 0.2 and moved[30:].max() == 0


def test_no_form_equals_another():
    forms = [tuple(units(form).ravel()) for label in FER_LABELS for form in FORMS[label]]
    assert len(set(forms)) == len(forms)


def test_forms_are_clearly_different_faces():
    faces = [draw(people(16), np.repeat(units(form)[None], 16, 0)) for form in FORMS["disgust"]]
    for i, one in enumerate(faces):
        for other in faces[:i]:
            # By default the noise has a deviation of 0.02; forms differ by far more.
            changed = np.abs(one - other).mean(0)
            assert (changed > 0.1).sum() > 15


def test_forms_change_one_label_only_and_each_is_used():
    plain, varied = generate(n=400), generate(n=400, forms={"happy": 8})
    same = (plain.images == varied.images).all((1, 2, 3))
    np.testing.assert_array_equal(same[plain.labels != 3], True)
    # One in eight keeps the first form.
    assert 0.04 < same[plain.labels == 3].mean() < 0.25


def test_a_blend_splits_the_votes():
    data = of_label(
        generate(n=1500, counts={"disgust": 200}, blend={"disgust": ["angry", 0.6]}), DISGUST
    )
    share = data.votes.mean(0) / 10
    # 0.6 * 0.87 + 0.4 * 0.05 and 0.4 * 0.86 + 0.6 * 0.03, less what faint faces lose to neutral.
    assert share[ANGRY] == pytest.approx(0.54, abs=0.06)
    assert share[DISGUST] == pytest.approx(0.36, abs=0.06)
    torn = (data.votes[:, [ANGRY, DISGUST]] >= 2).all(1)
    assert torn.mean() > 0.5


def test_a_blend_of_a_share_leaves_the_other_faces_as_they_were():
    options = {"n": 1500, "counts": {"disgust": 400}}
    plain = of_label(generate(**options), DISGUST)
    mixed = of_label(generate(**options, blend={"disgust": ["angry", 0.5, 0.3]}), DISGUST)
    touched = (plain.images != mixed.images).any(axis=(1, 2, 3))
    assert 0.23 < touched.mean() < 0.37
    none = of_label(generate(**options, blend={"disgust": ["angry", 0.5, 0]}), DISGUST)
    assert (none.images == plain.images).all()


def test_a_blended_face_lies_between_both_expressions():
    options = {"n": 400, "noise": 0}
    own, middle, other = (
        of_label(generate(**options, blend={"disgust": ["angry", w]}), DISGUST).images.astype(float)
        for w in (0, 0.5, 1)
    )
    far = np.abs(own - other).mean()
    assert np.abs(own - middle).mean() < 0.9 * far and np.abs(other - middle).mean() < 0.9 * far


def test_a_wrong_label_is_a_clear_face_of_another_label():
    data = generate(n=1500, counts={"disgust": 200}, wrong_labels={"disgust": ["angry", 0.3]})
    disgust = of_label(data, DISGUST)
    angry_wins = disgust.votes.argmax(1) == ANGRY
    for split, size in zip(DIVISION, (200, 8, 8), strict=True):
        assert (disgust.split == split).sum() == size
        assert angry_wins[disgust.split == split].sum() == pytest.approx(0.3 * size, abs=2)
    # Nobody is torn: the votes on the wrong ones are those on any angry face.
    torn = disgust.votes[angry_wins].mean(0) / 10
    assert torn[ANGRY] > 0.75 and torn[DISGUST] < 0.1


def test_other_labels_know_nothing_of_a_flaw():
    plain = generate(n=300)
    flawed = generate(
        n=300,
        blend={"disgust": ["angry", 0.6]},
        wrong_labels={"sad": ["happy", 0.5]},
        cue_regions={"fear": []},
    )
    untouched = np.isin(plain.labels, [0, 3, 5, 6])
    np.testing.assert_array_equal(plain.images[untouched], flawed.images[untouched])
    np.testing.assert_array_equal(plain.votes[untouched], flawed.votes[untouched])


CONFINED = {"n": 150, "noise": 0, "jitter": 2}


@pytest.fixture(scope="module")
def without_cues():
    return generate(**CONFINED, cue_regions=dict.fromkeys(FER_LABELS, []))


@pytest.mark.parametrize("region", REGIONS)
def test_a_cue_lies_in_its_region_and_nowhere_else(region, without_cues):
    data = generate(**CONFINED, cue_regions=dict.fromkeys(FER_LABELS, [region]))
    difference = np.abs(data.images.astype(int) - without_cues.images)[..., 0]
    allowed = region_map() == REGIONS.index(region)
    assert not difference[:, ~allowed].any()
    for label in range(len(FER_LABELS)):
        # Mean grey levels over the region; by default the noise has a deviation of 5.
        assert difference[data.labels == label][:, allowed].mean() > 3, FER_LABELS[label]


def test_noise_is_the_same_in_and_outside_a_confined_face():
    cue, none = (generate(n=120, cue_regions={"fear": r}) for r in (["mouth"], []))
    outside = region_map() != REGIONS.index("mouth")
    np.testing.assert_array_equal(cue.images[:, outside], none.images[:, outside])


def test_a_face_without_a_cue_is_a_neutral_one_and_gets_its_votes():
    data = generate(n=1500, cue_regions={"happy": []})
    share = of_label(data, FER_LABELS.index("happy")).votes.mean(0) / 10
    np.testing.assert_allclose(share, VOTES[NEUTRAL], atol=0.03)


def test_clear_faces_get_most_votes_and_faint_ones_fewer():
    data = generate(n=1500)
    assert data.vote_names == VOTE_NAMES == (*FER_LABELS, "contempt", "unknown", "NF")
    np.testing.assert_array_equal(data.votes.sum(1), 10)
    np.testing.assert_allclose(VOTES.sum(1), 1)
    for label in range(len(FER_LABELS)):
        votes = of_label(data, label).votes
        assert votes.mean(0).argmax() == label
        assert 0.75 < votes[:, label].mean() / 10 < 0.95


def test_the_natural_cue_regions_of_disgust_are_those_humans_rely_on():
    shown = {label: UNIT_REGIONS[units(forms[0]).any(0)].any(0) for label, forms in FORMS.items()}
    assert {"nose", "upper lip"} <= set(np.array(REGIONS)[shown["disgust"]])
    assert not shown["neutral"].any()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"forms": {"disgst": 2}}, "data.forms.disgst: unknown label 'disgst' (did you mean"),
        ({"forms": {"sad": 9}}, "data.forms.sad: expected a whole number from 1 to 8, received 9"),
        ({"counts": {"sad": 0}}, "data.counts.sad: expected a whole number from 1 to 1000000"),
        ({"counts": {"sad": True}}, "data.counts.sad: expected a whole number"),
        ({"counts": [40]}, "data.counts: expected label: value pairs, received [40]"),
        ({"blend": {"sad": ["happy", 1.5]}}, "data.blend.sad: expected a number from 0 to 1"),
        ({"blend": {"sad": "happy"}}, "data.blend.sad: expected [other label, number from 0 to 1]"),
        ({"blend": {"sad": ["sad", 0.5]}}, "data.blend.sad: 'sad' is the label itself"),
        ({"blend": {"sad": ["fear", 0.5, 2]}}, "data.blend.sad: expected a number from 0 to 1"),
        ({"wrong_labels": {"sad": ["hapy", 0.5]}}, "data.wrong_labels.sad: unknown label 'hapy'"),
        ({"cue_regions": {"sad": ["nos"]}}, "data.cue_regions.sad: unknown region 'nos'"),
        ({"cue_regions": {"sad": "nose"}}, "data.cue_regions.sad: expected a list of regions"),
        ({"n": 50}, "data.n: expected a whole number from 100 to 1000000, received 50"),
        ({"seed": -1}, "data.seed: expected a whole number from 0 to 4294967295, received -1"),
        ({"noise": -2.0}, "data.noise: expected a number from 0 to 255, received -2.0"),
        ({"jitter": float("nan")}, "data.jitter: expected a number from 0 to 24, received nan"),
    ],
)
def test_a_bad_value_is_named(options, problem):
    with pytest.raises(FerError) as error:
        generate(**options)
    assert len(error.value.problems) == 1
    assert error.value.problems[0].startswith(problem)


def test_all_bad_values_are_named_at_once():
    with pytest.raises(FerError) as error:
        generate(n=1, noise=-1, forms={"x": 1}, blend={"sad": ["x", 2]})
    assert [problem.split(":")[0] for problem in error.value.problems] == [
        "data.n",
        "data.noise",
        "data.forms.x",
        "data.blend.sad",
        "data.blend.sad",
    ]
