"""Manipulations: a contract for every entry of the table, and each by hand-worked numbers."""

from __future__ import annotations

import inspect
import json
import types
from dataclasses import replace
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
import pytest

from fer_analysis.config import load_config
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.training.preparation import make_recipe, manipulate


@pytest.fixture(autouse=True)
def in_a_folder_with_a_list(tmp_path, monkeypatch):
    """`sample` gives "cat" for every text; as a file that is a list of two faces with labels."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat").write_text("id,label\n0,dog\n55,cat\n")


def dataset(counts=(30, 10, 20), votes=None):
    labels = np.repeat(np.arange(3), counts)
    images = np.arange(len(labels) * 4, dtype=np.uint8).reshape(-1, 2, 2, 1)
    names = ("cat", "dog", "owl")
    return FaceDataset(
        images,
        labels,
        names,
        np.arange(len(labels)).astype(str),
        np.full(len(labels), "train"),
        votes,
        (*names, "none") if votes is not None else (),
    )


def counts_of(train):
    return np.bincount(train.labels, minlength=3).tolist()


def voted():
    """Sixty images with ten votes each, six of them for another label than their own."""
    votes = np.zeros((60, 4), int)
    votes[np.arange(60), np.repeat(np.arange(3), (30, 10, 20))] = 9
    votes[:6, :2] = [2, 7]
    votes[:, 3] = 1
    return dataset(votes=votes)


def sample(kind):
    """Return a value of an option's type: no entry of the table lists its own."""
    origin, of = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return sample(of[0])
    if origin in (Union, types.UnionType):
        return sample(of[0])
    if origin is Literal:
        return of[0]
    if origin is dict:
        return {"cat": sample(of[1])}
    return {int: 5, float: 0.5, bool: True, str: "cat"}[kind]


def required(name):
    """Return a value for each option that has no default."""
    hints = get_type_hints(MANIPULATIONS[name], include_extras=True)
    parameters = list(inspect.signature(MANIPULATIONS[name]).parameters.values())
    return {
        p.name: sample(hints[p.name])
        for p in parameters[1:]
        if p.default is p.empty and p.name != "seed"
    }


def options_of(name):
    """Return the names of all options."""
    return [p for p in list(inspect.signature(MANIPULATIONS[name]).parameters)[1:] if p != "seed"]


def equal(one, other):
    return all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for part in ("images", "labels", "ids", "split", "votes")
    )


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulation_gives_training_images_of_the_same_kind(name):
    before, untouched = voted(), voted()
    after = MANIPULATIONS[name](before, seed=3, **required(name))
    assert isinstance(after, FaceDataset)
    assert equal(before, untouched), "what it was given stays as it is"
    assert after.label_names == before.label_names and after.vote_names == before.vote_names
    assert 0 < len(after) <= len(before)
    assert len(set(after.ids)) == len(after)
    rows = [before.ids.tolist().index(name) for name in after.ids.tolist()]
    np.testing.assert_array_equal(after.images, before.images[rows])
    if name != "permute_labels":  # the votes go with the labels
        np.testing.assert_array_equal(after.votes, before.votes[rows])
    assert set(after.split) == {"train"}
    assert not equal(after, before), "it changes something"


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_manipulation_depends_on_its_seed_alone(name):
    one, two = (MANIPULATIONS[name](voted(), seed=3, **required(name)) for _ in range(2))
    assert equal(one, two)


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_the_options_of_a_manipulation_are_config_keys_and_checked(name):
    given = json.dumps(required(name)) if required(name) else "true"
    config = load_config("tiny", [f"manipulations.{name}={given}"])
    ((chosen, options),) = config.manipulations.chosen()
    assert chosen == name
    assert set(options) == set(options_of(name))
    with pytest.raises(FerError, match=rf"manipulations\.{name}.*nonsense: unknown key"):
        load_config("tiny", [f"manipulations.{name}.nonsense=1"])
    for option in options_of(name):
        with pytest.raises(FerError, match=rf"manipulations\.{name}.*{option}"):
            load_config(
                "tiny",
                [f"manipulations.{name}={given}"] * bool(required(name))
                + [f"manipulations.{name}.{option}=[[]]"],
            )
    with pytest.raises(FerError, match=rf"did you mean '{name}'"):
        load_config("tiny", [f"manipulations.{name}x={given}"])


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_a_training_manipulates_its_training_images_alone(name):
    given = json.dumps(required(name)) if required(name) else "true"
    config = load_config("tiny", [f"manipulations.{name}={given}", "seed=3"])
    train, validation = voted(), voted()
    recipe = make_recipe(config, manipulate(config, train), validation)
    assert equal(recipe.train, MANIPULATIONS[name](train, seed=3, **required(name)))
    assert recipe.validation is validation
    counts = counts_of(recipe.train)
    np.testing.assert_allclose(recipe.prior, np.array(counts) / sum(counts))


def test_keeping_n_images_is_nested_and_touches_no_other_label():
    keep = MANIPULATIONS["keep"]
    few, more = (keep(dataset(), seed=3, counts={"cat": n}) for n in (5, 12))
    assert counts_of(few) == [5, 10, 20]
    assert counts_of(more) == [12, 10, 20]
    assert set(few.ids) < set(more.ids)
    assert set(keep(dataset(), seed=4, counts={"cat": 5}).ids) != set(few.ids)
    assert counts_of(keep(dataset(), seed=0, counts={"cat": "matched", "owl": 15})) == [10, 10, 15]
    assert counts_of(keep(dataset(), seed=0, counts={"dog": 99})) == [30, 10, 20]
    assert counts_of(keep(dataset(), seed=0, counts={"cat": 0.25})) == [8, 10, 20]
    with pytest.raises(FerError, match="no label 'cot' .did you mean 'cat'"):
        keep(dataset(), seed=0, counts={"cot": 1})


def test_all_labels_at_the_same_number():
    assert counts_of(MANIPULATIONS["keep_all"](dataset(), seed=0, count="matched")) == [10, 10, 10]
    assert counts_of(MANIPULATIONS["keep_all"](dataset(), seed=0, count=4)) == [4, 4, 4]


def test_disputed_images_go_or_as_many_at_random():
    votes = np.tile([9, 0, 0, 1], (60, 1))
    votes[30:] = [0, 5, 5, 0]  # dogs and owls: undecided, so not disputed
    votes[:6] = [2, 7, 1, 0]  # six cats that most people call dogs
    votes[40:43] = [6, 0, 4, 0]  # three owls called cats
    data = dataset(votes=votes)
    remove = MANIPULATIONS["remove_disputed"]
    gone = set(data.ids) - set(remove(data, seed=0).ids)
    assert gone == {*map(str, range(6)), *map(str, range(40, 43))}
    assert counts_of(remove(data, seed=0, label="cat")) == [24, 10, 20]
    control = remove(data, seed=0, at_random=True)
    assert counts_of(control) == [24, 10, 17]
    assert set(data.ids) - set(control.ids) != gone
    with pytest.raises(FerError, match="no annotators' votes"):
        remove(dataset(), seed=0)


def test_permuted_labels_keep_their_numbers_and_nothing_else():
    before = dataset((300, 100, 200))
    after = MANIPULATIONS["permute_labels"](before, seed=0)
    assert counts_of(after) == counts_of(before)
    by_chance = (0.5**2 + (1 / 6) ** 2 + (1 / 3) ** 2) * 600
    assert (after.labels == before.labels).sum() == pytest.approx(by_chance, abs=40)
    half = MANIPULATIONS["permute_labels"](before, seed=0, share=0.5)
    assert (half.labels != before.labels).sum() <= 300


def test_the_votes_go_with_permuted_labels():
    """Else soft labels would teach what the images show after all."""
    before = dataset((300, 100, 200))
    votes = 10 * np.eye(3, dtype=np.int64)[before.labels]
    before = replace(before, votes=votes, vote_names=before.label_names)
    after = MANIPULATIONS["permute_labels"](before, seed=0, share=0.5)
    assert (after.labels != before.labels).any()
    np.testing.assert_array_equal(after.votes.argmax(axis=1), after.labels)


def test_a_share_of_one_is_all_images_and_the_number_one_is_one():
    def left(count):
        section = load_config("tiny", [f"manipulations.keep.counts={{cat: {count}}}"]).manipulations
        [(name, options)] = section.chosen()
        return counts_of(MANIPULATIONS[name](dataset(), seed=0, **options))[0]

    assert [left(1), left(1.0), left(0.5), left(30)] == [1, 30, 15, 30]
    for refused in ("2.0", "true", "0", "-0.5"):
        with pytest.raises(FerError, match="counts"):
            left(refused)
