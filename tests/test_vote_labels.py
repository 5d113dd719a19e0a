"""Labels by annotators' votes: FER+'s rule by hand, in every layout that has the votes."""

import dataclasses

import numpy as np
import pytest
from fer_layouts import faces, training_and_public, write_layout

from fer_analysis.config import parse_config, parse_data
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.open import open_data
from fer_analysis.data.vote_labels import label_by_votes, vote_targets
from fer_analysis.data.votes import VOTE_NAMES
from fer_analysis.data.votes_by_pixels import rows_by_pixels
from fer_analysis.errors import FerError

EIGHT = (*FER_LABELS, "contempt")


def voted(*rows):
    """Return images with the votes of `rows`: option -> number; all are called angry."""
    data = faces(len(rows), splits=("train", "validation"))
    votes = np.array([[row.get(name, 0) for name in VOTE_NAMES] for row in rows])
    split = np.array(["train"] * (len(rows) - 1) + ["validation"])
    labels = np.zeros(len(rows), np.int64)
    return dataclasses.replace(data, labels=labels, split=split, votes=votes, vote_names=VOTE_NAMES)


CASES = [
    ({"sad": 6, "angry": 4}, "sad"),
    ({"sad": 5, "angry": 5}, "without a majority"),
    ({"sad": 5, "angry": 3, "fear": 2}, "without a majority"),  # half is not more than half
    # single votes do not count: 5 of 8 is a majority, of 10 it would not be
    ({"sad": 5, "angry": 3, "fear": 1, "neutral": 1}, "sad"),
    ({"contempt": 6, "neutral": 4}, "contempt"),
    ({"unknown": 7, "neutral": 3}, "unknown by the votes"),
    ({"NF": 10}, "no face by the votes"),
    (dict.fromkeys(VOTE_NAMES, 1), "without a majority"),
    ({}, "without votes"),
    # unknown and NF count in the sum: 5 of 10
    ({"happy": 5, "NF": 3, "unknown": 2}, "without a majority"),
    ({"angry": 10}, "angry"),
]


@pytest.mark.parametrize(("votes", "expected"), CASES)
def test_the_rule_of_fer_plus_by_hand(votes, expected):
    data, facts = label_by_votes(voted(votes, {"happy": 10}), minimum_share=0.5, least_votes=2)
    assert data.label_names == EIGHT
    found = [data.label_names[label] for label in data.labels]
    if expected in EIGHT:
        assert (found, facts.left_out) == ([expected, "happy"], {})
        assert facts.relabelled == {"train": int(expected != "angry"), "validation": 1}
    else:
        assert found == ["happy"]
        assert facts.left_out == {expected: {"train": 1, "validation": 0}}


def test_minimum_share_and_least_votes():
    data = voted({"sad": 4, "angry": 3, "fear": 3}, {"sad": 5, "angry": 5}, {"happy": 2, "NF": 1})

    def kept(**rule):
        return label_by_votes(data, **rule)[0].ids.tolist()

    assert kept(minimum_share=0.5, least_votes=2) == ["2"]
    assert kept(minimum_share=0.3, least_votes=2) == ["0", "2"]  # a tie is never a first choice
    assert kept(minimum_share=0.7, least_votes=2) == ["2"]  # the single vote for no face is gone
    with pytest.raises(FerError, match="no image has a label"):
        kept(minimum_share=0.7, least_votes=1)


def recipe_of(rows, relabel=None, **sections):
    from fer_analysis.training.preparation import make_recipe  # imports TensorFlow

    section = {"source": "synthetic", "labels": "votes", **sections.pop("data", {})}
    config = parse_config({"model": {"name": "self_built"}, "data": section, **sections})
    data, _ = label_by_votes(
        voted(*rows), minimum_share=config.data.minimum_share, least_votes=config.data.least_votes
    )
    train = data.part("train")
    if relabel:
        train = dataclasses.replace(train, labels=np.array(relabel))
    return make_recipe(config, train, data.part("validation"))


def test_the_distribution_is_the_target():
    rows = [{"sad": 6, "angry": 2, "unknown": 2}, {"fear": 9, "sad": 1}, {"happy": 10}]
    by_label = recipe_of(rows)
    assert by_label.targets.argmax(axis=1).tolist() == [4, 2]
    assert by_label.targets.max(axis=1).tolist() == [1, 1]
    shares = recipe_of(rows, data={"vote_targets": "distribution"})
    np.testing.assert_allclose(shares.targets[0], [0.25, 0, 0, 0, 0.75, 0, 0, 0])
    np.testing.assert_allclose(shares.targets[1], np.eye(8)[2])  # the single vote is left out
    np.testing.assert_allclose(shares.prior, shares.targets.mean(axis=0))
    assert shares.train.labels.tolist() == by_label.train.labels.tolist()


def test_votes_are_not_applied_twice():
    rows = [{"sad": 6, "angry": 4}, {"happy": 10}]
    soft = {"soft_labels": {"weight": 0.5}}
    np.testing.assert_allclose(
        recipe_of(rows, remedies=soft).targets[0], [0.2, 0, 0, 0, 0.8, 0, 0, 0], atol=1e-6
    )
    with pytest.raises(FerError, match="trains on the votes already"):
        recipe_of(rows, remedies=soft, data={"vote_targets": "distribution"})


def test_labels_that_the_distribution_would_undo_are_refused():
    rows = [{"sad": 10}, {"fear": 10}, {"happy": 10}, {"happy": 10}]
    with pytest.raises(FerError, match="gave 2 images would have no effect"):
        recipe_of(rows, data={"vote_targets": "distribution"}, relabel=[4, 3, 2])


def test_options_without_an_effect_are_refused():
    with pytest.raises(FerError, match="no effect without data.labels: votes") as error:
        parse_data({"source": "x", "minimum_share": 0.6, "vote_targets": "distribution"})
    assert str(error.value).count("no effect") == 2


def decided(n):
    """Return faces with votes of which every third image has no majority."""
    data = faces(n, votes=True)
    votes = np.zeros_like(data.votes)
    chosen = (np.arange(n) * 5) % 8
    votes[np.arange(n), chosen] = 10
    votes[::3, 0], votes[::3, 1], votes[::3, 2:] = 5, 5, 0
    return dataclasses.replace(data, votes=votes)


@pytest.mark.parametrize("layout", ["csv", "icml", "kaggle", "folders"])
def test_every_layout_has_the_votes(tmp_path, layout):
    """Images of folders are found by their pixels, also after JPEG and at another size."""
    data = decided(63)
    where = tmp_path / "plus"
    write_layout(data, where, "icml" if layout == "icml" else "csv", votes=True)
    options = {"size": 48}
    if layout in ("kaggle", "folders"):
        smooth = np.repeat(np.repeat(data.images[:, ::8, ::8], 8, axis=1), 8, axis=2)
        data = dataclasses.replace(data, images=smooth)
        write_layout(data, where, "csv", votes=True)
        write_layout(data, tmp_path / "images", layout, suffix="jpg")
        options = {"size": 64, "votes": str(where)}
    source = tmp_path / "images" if layout in ("kaggle", "folders") else where
    loaded = open_data(parse_data({"source": str(source), "labels": "votes", **options}))
    dataset, facts = loaded.dataset, loaded.vote_labels
    keep = np.arange(63) % 3 != 0
    assert loaded.protocol.endswith("+votes") and not loaded.comparable
    assert dataset.label_names == EIGHT and len(dataset) == keep.sum() == 42
    expected = np.bincount((np.arange(63) * 5 % 8)[keep], minlength=8)
    assert sum(loaded.dataset.counts().values()).tolist() == expected.tolist()
    assert facts.total() == {"without a majority": 21}
    assert loaded.account.read == 42 and loaded.account.seen == 63
    assert any("21 without a majority" in text for text in loaded.notices)
    own = open_data(parse_data({"source": str(source), **options}))
    assert own.fingerprint != loaded.fingerprint and own.vote_labels is None


def test_one_picture_under_two_labels_and_copies_are_told_apart():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    known = pictures[[0, 0, 1, 1]]
    images = pictures[[1, 0, 0, 1, 2]]
    found = rows_by_pixels(
        images, np.array([5, 3, 2, 5, 0]), known, known_labels=np.array([2, 3, 5, 5])
    )
    assert found.tolist() == [2, 1, 0, 3, -1]


def test_votes_that_cannot_be_used_are_an_error(tmp_path):
    data = decided(63)
    write_layout(data, tmp_path / "plain", "csv")
    write_layout(data, tmp_path / "plus", "csv", votes=True)
    write_layout(data, tmp_path / "images", "kaggle")
    votes = tmp_path / "plus" / "fer2013new.csv"
    votes.rename(tmp_path / "fer2013new.csv")

    def read(source, **options):
        return open_data(parse_data({"source": str(tmp_path / source), **options}))

    with pytest.raises(FerError, match=r"no annotators' votes; put FER\+'s fer2013new.csv"):
        read("plain", labels="votes")
    with pytest.raises(FerError, match="put it beside them, or name it: --set data.votes_of"):
        read("images", votes=str(tmp_path), labels="votes")
    with pytest.raises(FerError, match="expected FER-2013's CSV, received layout 'kaggle'"):
        read("images", votes=str(tmp_path), votes_of=str(tmp_path / "images"))
    others = faces(63, seed=9)
    write_layout(others, tmp_path / "others", "csv")
    with pytest.raises(FerError, match="0 of 63 images found .* votes are on other images"):
        read("images", votes=str(tmp_path), votes_of=str(tmp_path / "others"))


def test_the_real_votes_give_the_benchmarks_numbers():
    """FER+'s own program keeps 25,060 training and 3,199 validation images."""
    data, facts = label_by_votes(training_and_public(votes=True), minimum_share=0.5, least_votes=2)
    assert data.label_names == EIGHT
    assert data.counts()["train"].tolist() == [2100, 119, 532, 7287, 3014, 3149, 8740, 119]
    assert data.counts()["validation"].sum() == 3199
    assert facts.total()["no face by the votes"] == 160
    assert vote_targets(data, 2).argmax(axis=1).tolist() == data.labels.tolist()
