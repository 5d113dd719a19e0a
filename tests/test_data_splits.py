"""Splits that are drawn: stratified, seeded, duplicates together; protocols and partial data."""

import numpy as np
import pytest
from fer_layouts import faces, write_layout

from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.load import load_data
from fer_analysis.data.splits import FULL_TEST, divide, held_out
from fer_analysis.errors import FerError

TRAIN = (3995, 436, 4097, 7215, 4830, 3171, 4965)
PUBLIC = (467, 56, 496, 895, 653, 415, 607)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))


def shape_of_fer2013(parts):
    """Return one-pixel images (about a third of them duplicates) in FER-2013's numbers."""
    labels = np.concatenate([np.repeat(np.arange(7), counts) for counts in parts.values()])
    pixels = np.random.default_rng(0).integers(0, 2 * len(labels), len(labels), dtype="<u4")
    return FaceDataset(
        images=pixels.view(np.uint8).reshape(-1, 2, 2, 1),
        labels=labels,
        label_names=FER_LABELS,
        ids=np.arange(len(labels)).astype(str),
        split=np.repeat(list(parts), [sum(counts) for counts in parts.values()]),
    )


FULL = {"train": TRAIN, "validation": PUBLIC, "test": FULL_TEST["official"]}


def test_the_official_test_counts_add_up():
    assert sum(FULL_TEST["official"]) == 3589
    assert sum(FULL_TEST["kaggle"]) == 7178
    assert np.array_equal(np.add(PUBLIC, FULL_TEST["official"]), FULL_TEST["kaggle"])


def test_the_official_protocol_keeps_the_division_and_is_comparable_when_whole():
    dataset = shape_of_fer2013(FULL)
    division = divide(dataset, dataset.split, official=True)
    assert division.protocol == "official"
    assert np.array_equal(division.split, dataset.split)
    assert division.comparable and not division.notices


def test_the_kaggle_protocol_tests_on_the_whole_folder():
    dataset = shape_of_fer2013(FULL)
    division = divide(dataset, dataset.split, official=True, protocol="kaggle")
    assert division.comparable and not division.notices
    assert np.array_equal(division.split == "test", dataset.split != "train")
    counts = np.bincount(dataset.labels[division.split == "validation"])
    assert np.abs(counts - 0.1 * np.array(TRAIN)).max() <= 1
    hashes = dataset.pixel_hashes()
    assert not set(hashes[division.split == "train"]) & set(hashes[division.split == "validation"])
    again = divide(dataset, dataset.split, official=True, protocol="kaggle")
    other = divide(dataset, dataset.split, official=True, protocol="kaggle", seed=1)
    assert np.array_equal(division.split, again.split)
    assert not np.array_equal(division.split, other.split)


@pytest.mark.parametrize(("protocol", "test"), [("official", "3588 of 3589"), ("kaggle", "7177")])
def test_one_image_short_is_partial(protocol, test):
    whole = shape_of_fer2013(FULL)
    dataset = whole.take(np.arange(len(whole) - 1))
    division = divide(dataset, dataset.split, official=True, protocol=protocol)
    assert not division.comparable
    assert division.notices[0].startswith(f"partial: the test split has {test}")


def test_without_private_test_nothing_is_invented():
    dataset = shape_of_fer2013({"train": TRAIN, "validation": PUBLIC})
    division = divide(dataset, dataset.split, official=True)
    assert division.notices == ("no test split: the data has no PrivateTest images",)
    assert not division.comparable
    division = divide(dataset, dataset.split, official=True, protocol="kaggle")
    assert division.notices[0].startswith("partial: the test split has 3589 of 7178 images")
    assert not division.comparable


def test_held_out_never_parts_a_group_and_keeps_rare_labels_on_both_sides():
    random = np.random.default_rng(0)
    for seed in range(30):
        groups = random.integers(0, 60, 100)
        labels = np.where(groups < 2, 1, random.integers(0, 3, 100) * 2)
        chosen = held_out(labels, groups, 0.2, seed)
        assert not set(groups[chosen]) & set(groups[~chosen])
        for label in np.unique(labels):
            mine = labels == label
            if len(np.unique(groups[mine])) > 1:
                assert chosen[mine].any() and not chosen[mine].all()


def test_held_out_by_hand():
    labels = np.array([0] * 20 + [1] * 2 + [2])
    chosen = held_out(labels, np.arange(23), 0.1, 0)
    assert np.bincount(labels[chosen], minlength=3).tolist() == [2, 1, 0]
    assert not held_out(labels, np.arange(23), 0.0, 0).any()
    # All of a label in one group: it cannot be on both sides, and stays in training.
    assert not held_out(np.zeros(5, int), np.zeros(5, int), 0.5, 0).any()
    assert not held_out(np.zeros(0, int), np.zeros(0, int), 0.5, 0).any()


def test_folders_without_splits_are_divided_with_a_notice(tmp_path):
    dataset = faces(200, labels=("calm", "tense"))
    twins = dataset.take(np.r_[0:200, 0:100])
    loaded = load_data(write_layout(twins, tmp_path, "labels"), test_share=0.2)
    assert loaded.protocol == "own" and not loaded.comparable
    counts = {name: count.tolist() for name, count in loaded.dataset.counts().items()}
    assert counts == {"train": [105, 105], "validation": [15, 15], "test": [30, 30]}
    assert loaded.notices[0].startswith("the folders have no splits: train, validation and test")
    parts = [set(loaded.dataset.part(name).pixel_hashes()) for name in counts]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 200
    again = load_data(tmp_path, test_share=0.2, split_seed=3)
    assert not np.array_equal(again.dataset.split, loaded.dataset.split)


def test_folders_without_validation_give_part_of_train(tmp_path):
    dataset = faces(120, splits=("train", "test"))
    loaded = load_data(write_layout(dataset, tmp_path, "folders"), validation_share=0.25)
    before, after = dataset.counts(), loaded.dataset.counts()
    assert np.array_equal(after["test"], before["test"])
    assert np.array_equal(after["train"] + after["validation"], before["train"])
    assert np.abs(after["validation"] - before["train"] / 4).max() <= 1
    assert loaded.notices[0].startswith(
        "no validation folder: part of train was drawn for validation"
    )


def test_folders_without_test_get_none(tmp_path):
    loaded = load_data(write_layout(faces(splits=("train", "validation")), tmp_path, "folders"))
    assert loaded.dataset.splits == ("train", "validation")
    assert loaded.notices == ("no test split",)


def test_own_folders_have_no_official_protocol(tmp_path):
    folder = write_layout(faces(), tmp_path, "folders")
    for protocol in ("official", "kaggle"):
        with pytest.raises(
            FerError, match=f"protocol '{protocol}' requires FER-2013's own division"
        ):
            load_data(folder, protocol=protocol)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"validation_share": 1.5}, "validation_share: expected 0 to 1, received 1.5"),
        ({"test_share": -0.1}, "test_share: expected 0 to 1, received -0.1"),
        ({"validation_share": 0.5, "test_share": 0.5}, "1 leaves no training"),
    ],
)
def test_shares_are_checked(tmp_path, shares, message):
    with pytest.raises(FerError, match=message):
        load_data(write_layout(faces(), tmp_path, "labels"), **shares)
