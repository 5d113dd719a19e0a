"""The rule put to evidence made by hand: what is planted is found, and nothing else."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.diagnosis import print_diagnosis
from fer_analysis.config import load_config
from fer_analysis.errors import FerError
from fer_analysis.figures.diagnosis import diagnosis_figures
from fer_analysis.figures.study_folders import save_diagnosis
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study import effects, networks_as_annotators, resampling
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.cell_roles import find_roles
from fer_analysis.study.diagnose import diagnose
from fer_analysis.study.diagnose_run import follow_up
from fer_analysis.study.diagnosis import NOT_TESTED, SHOWN, Diagnosis
from fer_analysis.study.resampling import (
    CORRECTED,
    PLAIN,
    ScoredCell,
    ScoredImages,
    StudyEvidence,
)
from fer_analysis.study.steps import in_steps
from fer_analysis.study.verdict_rule import estimate, reaches

NAMES = ("angry", "disgust", "fear", "happy")
N = 300
"""Images of each label in a seed."""


def scored_as(config, counts, predicted):
    """A cell's predictions, all equally confident."""
    sure = np.full(predicted.shape[1], 0.8, np.float32)
    return ScoredCell(config, counts, CellPredictions(predicted, sure))


def answers(recall, *, k=4, n=N, to=None, rng):
    """Predictions with these recalls; errors go to label `to`, or to any other."""
    labels = np.repeat(np.arange(k), n)
    predicted = labels.copy()
    for label, value in enumerate(recall):
        rows = np.flatnonzero(labels == label)
        wrong = rows[rng.random(n) >= value]
        others = [other for other in range(k) if other != label]
        predicted[wrong] = rng.choice(others, len(wrong)) if to is None else to
    return predicted


def evidence(cells, *, seeds=(0, 1, 2), votes=None, right=None, to=None):
    """Make evidence: cell -> (overrides, counts, plain recalls, corrected recalls).

    Args:
        cells: By name.
        seeds: Of every cell.
        votes: `(n_images, m)`.
        right: bool `(n_images,)`: overrules the base's corrected answers.
        to: Where errors go.
    """
    labels = np.repeat(np.arange(len(NAMES)), N)
    faces, made = {}, {name: {} for name in cells}
    for seed in seeds:
        rng = np.random.default_rng([seed, 7])
        faces[seed] = ScoredImages.of(labels, votes, np.zeros(len(labels), bool), len(NAMES))
        for name, (overrides, counts, plain, corrected) in cells.items():
            config = load_config("tiny", [f"{k}={json.dumps(v)}" for k, v in overrides.items()])
            predicted = np.stack([answers(recall, rng=rng, to=to) for recall in (plain, corrected)])
            if right is not None and name == "base":
                predicted[:] = np.where(right, labels, (labels + 1) % len(NAMES))
            made[name][seed] = scored_as(config, np.array(counts), predicted)
    return StudyEvidence(NAMES, faces, made, "made by hand")


EVEN = (400, 400, 400, 400)
FEW = (400, 40, 400, 400)
GOOD = (0.9, 0.9, 0.9, 0.9)


def low(value):
    return (0.9, value, 0.9, 0.9)


def shown(result):
    return {row.label: row.shown for row in result.labels if row.fails}


def votes_of(own_share):
    """Votes of ten annotators: each label's images with these shares for their own label."""
    k = len(NAMES)
    votes = np.zeros((k * N, k), int)
    for label in range(k):
        given = np.asarray(own_share[label])[np.arange(N) % len(own_share[label])]
        rows = label * N + np.arange(N)
        votes[rows, label] = given
        votes[rows, (label + 1) % k] = 10 - given
    return votes


def test_a_network_that_is_equally_good_at_all_labels_fails_none():
    assert shown(diagnose(evidence({"base": ({}, EVEN, GOOD, GOOD)}), "base")) == {}


def test_a_gap_below_ten_points_is_none():
    cells = {"base": ({}, EVEN, low(0.83), low(0.83))}
    assert shown(diagnose(evidence(cells), "base")) == {}


def test_what_prior_correction_mends_is_imbalance():
    result = diagnose(evidence({"base": ({}, FEW, low(0.3), low(0.88))}), "base")
    assert shown(result) == {"disgust": ("imbalance",)}


QUARTER = {"manipulations.keep.counts": {"disgust": 10}}


def test_what_falls_with_fewer_images_is_scarcity():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.2), low(0.2)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ("scarcity",)}


@pytest.mark.parametrize(
    ("fewer", "causes"),
    [
        (0.35, ("scarcity", "ambiguity")),  # 15 and 17.5 points of a gap of 45
        (0.5, ()),  # ambiguity alone is less than half of it
    ],
)
def test_two_causes_may_share_a_gap_of_which_neither_is_half(fewer, causes):
    votes = votes_of([(9,), (9, 5), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    split = (labels == 1) & (votes[np.arange(4 * N), labels] == 5)
    rng = np.random.default_rng(0)
    cells = {
        "base": ({}, FEW, GOOD, GOOD),
        "fewer": (QUARTER, (400, 10, 400, 400), low(fewer), low(fewer)),
    }
    found = evidence(cells, votes=votes)
    for seed, scored in found.cells["base"].items():
        u = rng.random(4 * N)
        predicted = np.where(u < 0.05, (labels + 3) % 4, labels)
        predicted[(labels == 1) & ~split & (u < 0.4)] = 0
        predicted[split & (u < 0.6)] = 0
        predicted[split & (u < 0.35)] = 2  # the label that the other annotators gave
        found.cells["base"][seed] = scored_as(
            scored.config, scored.counts, np.stack([predicted] * 2)
        )
    assert shown(diagnose(found, "base")) == {"disgust": causes}


def test_what_fewer_images_cost_is_told_where_no_gap_is_left_for_them_to_explain():
    cells = {
        "base": ({}, FEW, low(0.5), GOOD),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.1), low(0.7)),
    }
    (disgust,) = (row for row in diagnose(evidence(cells), "base").labels if row.fails)
    assert disgust.shown == ("imbalance",)
    caveat = next(sentence for sentence in disgust.caveats if "trained on" in sentence)
    start, change = caveat.split(": recall ")
    assert start == "trained on 10 of its 40 images"
    assert " and precision " in change
    right, called = 0.9 * N, 0.9 * N + 3 * N * 0.1 / 3  # errors go to any other label
    caveat = next(sentence for sentence in disgust.caveats if sentence.startswith("precision"))
    assert int(caveat.split()[1]) == pytest.approx(100 * right / called, abs=2)
    assert -25 < int(change.split()[0]) < -15


def test_what_stays_the_same_with_fewer_images_is_not_scarcity():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.48), low(0.48)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}


def test_a_label_with_as_many_images_as_others_is_not_scarce():
    cells = {
        "base": ({}, EVEN, low(0.5), low(0.5)),
        "fewer": (
            {"manipulations.keep.counts": {"disgust": 100}},
            (400, 100, 400, 400),
            low(0.2),
            low(0.2),
        ),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}


def test_untested_scarcity_is_said_to_be_untested():
    result = diagnose(evidence({"base": ({}, FEW, low(0.5), low(0.5))}), "base")
    verdicts = {cause.name: cause.verdict for cause in result.labels[1].causes}
    assert verdicts["scarcity"] == "not tested"
    assert verdicts["recipe"] == "not tested"


def test_cells_that_share_no_seed_with_the_subject_are_not_held_against_it():
    found = evidence(
        {
            "base": ({}, FEW, low(0.5), low(0.5)),
            "fewer": (QUARTER, (400, 10, 400, 400), low(0.2), low(0.2)),
            "another": ({"training.learning_rate": 0.01}, FEW, GOOD, GOOD),
        }
    )
    found.cells["base"] = {0: found.cells["base"][0]}
    for cell in ("fewer", "another"):
        del found.cells[cell][0]
    result = diagnose(found, "base")
    verdicts = {cause.name: cause.verdict for cause in result.labels[1].causes}
    assert (verdicts["scarcity"], verdicts["recipe"]) == ("not tested", "not tested")


def test_a_better_recipe_comes_before_all_other_causes():
    cells = {
        "base": ({}, FEW, (0.9, 0.0, 0.0, 0.0), (0.0, 0.9, 0.0, 0.0)),
        "tried": ({"training.learning_rate": 0.005}, FEW, GOOD, GOOD),
    }
    result = diagnose(evidence(cells), "base")
    assert set(shown(result)) == {"disgust", "fear", "happy", "angry"} - (
        set() if result.labels[0].fails else {"angry"}
    )
    for row in result.labels:
        if row.fails and row.label != "angry":
            assert row.shown == ("recipe",)


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"learning_rate": 0.005}, "points at the same number of steps"),
        ({"epochs": 4, "learning_rate": 0.005}, "points in 4 times as many steps"),
        ({"batch_size": 128}, "points in 0.5 times as many steps"),
        ({"images_per_epoch": 960}, "points in 1.5 times as many steps"),
        (
            {"epochs": 4, "early_stopping.patience": 2},
            "points in 4 times as many steps, unless one stopped early",
        ),
    ],
)
def test_another_length_of_training_is_not_told_as_the_same_number_of_steps(training, told):
    ten = {"training.batch_size": 64, "training.images_per_epoch": 640, "training.epochs": 1}
    other = ten | {f"training.{key}": value for key, value in training.items()}
    cells = {"base": (ten, EVEN, low(0.2), low(0.2)), "other": (other, EVEN, GOOD, GOOD)}
    (disgust,) = diagnose(evidence(cells), "base").failing
    assert disgust.shown == ("recipe",)
    assert disgust.causes[0].because.endswith(told)


def test_expansion_sets_the_number_of_steps_whatever_the_length_of_an_epoch():
    ten = {"training.batch_size": 64, "training.images_per_epoch": 640}
    counts = (400, 40, 400, 200)
    cells = {
        "base": (ten, counts, GOOD, GOOD),
        "expanded": (ten | {"remedies.expansion": True}, counts, GOOD, GOOD),
    }
    assert in_steps(evidence(cells), "expanded", "base") == "in 2.5 times as many steps"


def test_a_label_may_fail_with_the_frequencies_divided_out_alone():
    perfect = (1.0, 1.0, 1.0, 1.0)
    cells = {
        "base": ({}, EVEN, perfect, (1.0, 0.5, 1.0, 1.0)),
        "tried": ({"training.learning_rate": 0.005}, EVEN, perfect, perfect),
    }
    result = diagnose(evidence(cells), "base")
    assert shown(result) == {"disgust": ("recipe",)}
    recipe = result.labels[1].causes[0]
    assert (recipe.name, recipe.verdict) == ("recipe", "shown")
    assert recipe.part == pytest.approx(1, abs=0.01), "of the gap that there is"


def test_a_recipe_may_give_a_rare_label_what_shows_with_the_frequencies_divided_out_alone():
    cells = {
        "base": ({}, FEW, low(0), low(0)),
        "tried": ({"training.learning_rate": 0.005}, FEW, low(0.1), GOOD),
    }
    result = diagnose(evidence(cells), "base")
    assert shown(result) == {"disgust": ("recipe",)}
    assert result.labels[1].causes[0].part == pytest.approx(1, abs=0.05)
    assert "prior-corrected" in result.labels[1].causes[0].because
    after = diagnose(evidence(cells), "tried")
    assert shown(after) == {"disgust": ("imbalance",)}, "what stays once that is mended"


def test_another_recipe_that_changes_nothing_is_no_cause():
    cells = {
        "base": ({}, FEW, low(0.3), low(0.88)),
        "tried": ({"training.learning_rate": 0.005}, FEW, low(0.32), low(0.87)),
    }
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ("imbalance",)}


def test_errors_where_annotators_are_split_are_ambiguity():
    votes = votes_of([(9,), (9, 5, 4, 6), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    right = np.random.default_rng(0).random(4 * N) < np.where(own >= 9, 0.92, 0.3)
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": ("ambiguity",)}


def test_errors_where_annotators_agree_on_another_label_are_noise():
    votes = votes_of([(9,), (9, 9, 0), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    right = np.random.default_rng(0).random(4 * N) < np.where(own >= 9, 0.92, 0.05)
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": ("label noise",)}


@pytest.mark.parametrize(
    ("mislabelled", "others", "clear", "causes"),
    [
        (9, 0.8, 0.98, ("label noise",)),  # all of the gap, and split votes a third over
        (5, 0.92, 0.92, ("ambiguity", "label noise")),  # a third and two
    ],
)
def test_what_wrong_labels_explain_is_not_put_down_to_split_votes_again(
    mislabelled, others, clear, causes
):
    """Of 20 of disgust's images some are clear faces of another label, and 5 have split votes."""
    votes = votes_of([(9,), (0,) * mislabelled + (5,) * 5 + (9,) * (15 - mislabelled), (9,), (9,)])
    labels = np.repeat(np.arange(4), N)
    own = votes[np.arange(4 * N), labels]
    chance = np.select([labels != 1, own == 0, own == 5], [others, 0.05, 0.45], clear)
    right = np.random.default_rng(0).random(4 * N) < chance
    found = evidence({"base": ({}, EVEN, GOOD, GOOD)}, votes=votes, right=right)
    assert shown(diagnose(found, "base")) == {"disgust": causes}


def lost(predicted, votes):
    """What `lost_to_rivals` says of split faces, for these answers."""
    labels = np.repeat(np.arange(4), N)
    faces = ScoredImages.of(labels, votes, np.zeros(len(labels), bool), 4)
    scored = scored_as(load_config("tiny"), np.array(EVEN), np.stack([predicted] * 2))
    found = StudyEvidence(NAMES, {0: faces}, {"base": {0: scored}}, "")
    return effects.lost_to_rivals(found, find_roles(found, "base"), effects.SPLIT)[0]


def test_only_errors_that_follow_the_votes_are_ambiguity():
    """Half of disgust's faces are split, all of which are taken for another label."""
    labels = np.repeat(np.arange(4), N)
    votes = votes_of([(9,), (9, 5), (9,), (9,)])
    split = (votes[np.arange(len(labels)), labels] == 5) & (labels == 1)
    to_rival = np.where(split, 2, labels)
    assert lost(to_rival, votes)[1] == pytest.approx(0.5)
    assert lost(np.where(split, 3, labels), votes)[1] == 0, "no annotator gave label 3"
    # A third of the clear faces goes the same way: so would a third of the split ones, if clear.
    clear = np.flatnonzero((labels == 1) & ~split)
    to_rival[clear[: len(clear) // 3]] = 2
    assert lost(to_rival, votes)[1] == pytest.approx(0.5 * (1 - 1 / 3))
    assert (lost(to_rival, votes)[[0, 2, 3]] == 0).all()


def test_split_votes_that_cost_nothing_are_no_cause():
    votes = votes_of([(9,), (9, 5, 4, 6), (9,), (9,)])
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    assert shown(diagnose(evidence(cells, votes=votes), "base")) == {"disgust": ()}


def pair(*, there, back, confidence, agreed=True, seeds=(0, 1, 2), recipes=("base", "tried")):
    """Evidence without votes: shares of disgust predicted as happy, and the other way round.

    Args:
        there: Of disgust's images.
        back: Of happy's.
        confidence: Of those images; correct ones have any from 0.5 to 1.
        agreed: Whether a network with another recipe predicts the same.
        seeds: Of every cell.
        recipes: The cells: the base, and one with another recipe.
    """
    labels = np.repeat(np.arange(4), N)
    place = np.tile(np.arange(N) / N, 4)
    wrong = [(labels == 1) & (place < there), (labels == 3) & (place < back)]
    predicted = np.select(wrong, [3, 1], labels)
    mistaken = wrong[0] | wrong[1]
    sure = np.where(mistaken, confidence, 0.5 + np.tile(np.arange(N) % 10, 4) / 20)
    other = predicted if agreed else labels
    recipe = {"training.learning_rate": 0.005}
    images, cells = {}, {name: {} for name in recipes}
    for seed in seeds:
        images[seed] = ScoredImages.of(labels, None, np.zeros(len(labels), bool), 4)
        for name in recipes:
            given = predicted if name == "base" else other
            config = load_config("tiny", [f"{k}={v}" for k, v in recipe.items() if name != "base"])
            predictions = CellPredictions(np.stack([given] * 2), sure.astype(np.float32))
            cells[name][seed] = ScoredCell(config, np.array(EVEN), predictions)
    return StudyEvidence(NAMES, images, cells, "")


@pytest.mark.parametrize(
    ("given", "ambiguity", "noise"),
    [
        # As the median of happy's own images: its likeness is 1.
        ({"there": 0.4, "back": 0, "confidence": 0.725}, 0, 0.4),
        # More confident than 4 of 10, as 1: 0.9, all of which counts.
        ({"there": 0.4, "back": 0, "confidence": 0.7}, 0, 0.4),
        ({"there": 0.4, "back": 0, "confidence": 0.675}, 0, 0.4 / 3),  # 0.8, of 0.75 to 0.9
        ({"there": 0.4, "back": 0, "confidence": 0.55}, 0, 0),  # unsure, and one way alone
        ({"there": 0.4, "back": 0.3, "confidence": 0.55}, 0.4, 0),
        ({"there": 0.4, "back": 0.15, "confidence": 0.55}, 0.2, 0),  # 2 x (0.15 - 0.05)
        ({"there": 0.4, "back": 0, "confidence": 0.725, "agreed": False}, 0, 0),
    ],
)
def test_networks_stand_in_for_annotators(given, ambiguity, noise):
    found = pair(**given)
    both = networks_as_annotators.lost_to_rivals(found, find_roles(found, "base"))
    assert [lost[0, 1] for lost in both] == pytest.approx([ambiguity, noise], abs=0.005)


def test_without_votes_what_looks_like_another_label_to_all_networks_is_noise():
    assert shown(diagnose(pair(there=0.4, back=0, confidence=0.725), "base")) == {
        "disgust": ("label noise",)
    }
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    assert shown(diagnose(evidence(cells), "base")) == {"disgust": ()}, "errors go everywhere"
    few = evidence({"base": ({}, FEW, low(0.5), low(0.5))}, to=3)
    (row,) = diagnose(few, "base").failing
    verdicts = {cause.name: cause.verdict for cause in row.causes}
    assert verdicts["label noise"] == "not tested", "of 40 images networks know too little"


def test_without_votes_what_is_mistaken_for_each_other_is_ambiguity():
    assert shown(diagnose(pair(there=0.4, back=0.3, confidence=0.55), "base")) == {
        "disgust": ("ambiguity",),
        "happy": ("ambiguity",),
    }


NOISE = {"there": 0.4, "back": 0, "confidence": 0.725}
ALIKE = {"there": 0.4, "back": 0.3, "confidence": 0.55}


@pytest.mark.parametrize(("given", "cause"), [(NOISE, "label noise"), (ALIKE, "ambiguity")])
@pytest.mark.parametrize(
    ("networks", "enough"),
    [
        ({"seeds": (0,), "recipes": ("base",)}, False),
        ({"seeds": (0, 1), "recipes": ("base",)}, True),
        ({"seeds": (0,), "recipes": ("base", "tried")}, True),
    ],
)
def test_one_network_does_not_stand_in_for_annotators_and_two_do(given, cause, networks, enough):
    found = diagnose(pair(**given, **networks), "base")
    row = next(row for row in found.failing if row.label == "disgust")
    asked = {c.name: c for c in row.causes if c.name in ("ambiguity", "label noise")}
    assert set(asked) == {"ambiguity", "label noise"}
    if enough:
        assert (row.shown, found.notes) == ((cause,), ())
        return
    assert row.shown == ()
    for each in asked.values():
        assert (each.verdict, each.effect) == (NOT_TESTED, None)
        assert each.because == networks_as_annotators.TOO_FEW
    assert found.notes[0].startswith("ambiguity and label noise are not tested: ")
    assert "fer study run why" in found.notes[0], "the command that gives what is missing"


def test_likeness_is_a_rank_among_the_labels_own_images():
    found = pair(there=0.1, back=0, confidence=0.725)
    alike = networks_as_annotators.likeness(found, find_roles(found, "base"))[0]
    labels = np.repeat(np.arange(4), N)
    assert alike[labels == 2].mean() == pytest.approx(1)
    assert alike[labels == 2].max() == pytest.approx(1.9)  # the middle of the last tenth, twice
    assert alike[(labels == 1)][: N // 10] == pytest.approx(1)


def with_poor(found, share, hurt=0.2):
    """Spoil a share of each label's pictures; those are predicted correctly at a rate of `hurt`."""
    images, cells = {}, {name: {} for name in found.cells}
    for seed, faces in found.images.items():
        rng = np.random.default_rng([seed, 9])
        poor = rng.random(len(faces.labels)) < np.array(share)[faces.labels]
        images[seed] = replace(faces, poor=poor)
        for name, seeds in found.cells.items():
            given = seeds[seed].predictions.predicted
            wrong = poor & (rng.random(len(poor)) >= hurt)
            predicted = np.where(wrong, (faces.labels + 1) % len(NAMES), given)
            cells[name][seed] = replace(
                seeds[seed], predictions=replace(seeds[seed].predictions, predicted=predicted)
            )
    return replace(found, images=images, cells=cells)


def test_a_label_whose_pictures_are_spoilt_fails_for_image_quality_alone():
    """All of its errors go to one other label, which would otherwise be label noise."""
    good = evidence({"base": ({}, EVEN, GOOD, GOOD)})
    found = diagnose(with_poor(good, (0.02, 0.6, 0.02, 0.02)), "base")
    assert shown(found) == {"disgust": ("image quality",)}
    (row,) = found.failing
    (cause,) = (each for each in row.causes if each.name == "image quality")
    assert cause.effect.value == pytest.approx(0.6 * 0.7, abs=0.05)
    assert cause.part == pytest.approx(1, abs=0.1)
    blind = with_poor(good, (0.02, 0.6, 0.02, 0.02))
    blind = replace(blind, images={s: replace(each, poor=None) for s, each in blind.images.items()})
    assert shown(diagnose(blind, "base")) == {"disgust": ("label noise",)}


def test_pictures_that_are_all_spoilt_alike_are_no_cause_of_one_label():
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    plain = diagnose(evidence(cells), "base")
    found = diagnose(with_poor(evidence(cells), (0.3,) * 4), "base")
    assert "image quality" not in shown(found)["disgust"]
    harmless = with_poor(evidence(cells), (0.02, 0.3, 0.02, 0.02), hurt=1)
    again = diagnose(harmless, "base")
    assert shown(again) == shown(plain), "poor pictures that cost nothing change no verdict"
    for before, after in zip(plain.labels, again.labels, strict=True):
        others = tuple(each for each in after.causes if each.name != "image quality")
        assert others == before.causes


def test_what_still_fails_on_usual_pictures_keeps_its_other_cause():
    cells = {"base": ({}, FEW, low(0.3), low(0.8))}
    found = diagnose(with_poor(evidence(cells), (0.02, 0.6, 0.02, 0.02)), "base")
    assert shown(found) == {"disgust": ("imbalance", "image quality")}


def with_shift(found, share, hurt):
    """Say that a share of each label's images is of the validation split; `hurt` go to the next."""
    images, cells = {}, {name: {} for name in found.cells}
    for seed, faces in found.images.items():
        rng = np.random.default_rng([seed, 11])
        shared = np.arange(len(faces.labels)) % 10 < round(10 * share)
        images[seed] = replace(faces, shared=shared)
        for name, seeds in found.cells.items():
            given = seeds[seed].predictions.predicted
            wrong = shared & (rng.random(len(shared)) < np.array(hurt)[faces.labels])
            predicted = np.where(wrong, (faces.labels + 1) % len(NAMES), given)
            cells[name][seed] = replace(
                seeds[seed], predictions=replace(seeds[seed].predictions, predicted=predicted)
            )
    return replace(found, images=images, cells=cells)


def test_a_shared_image_may_be_poor_for_one_seed_and_not_for_another():
    """What is usual is judged with each seed's own fold, so that masks differ between seeds."""
    good = with_shift(evidence({"base": ({}, EVEN, GOOD, GOOD)}), 0.5, (0,) * 4)
    found = with_poor(good, (0.02, 0.6, 0.02, 0.02))
    assert len({each.poor[each.shared].sum() for each in found.images.values()}) > 1
    assert shown(diagnose(found, "base")) == {"disgust": ("image quality",)}
    kept = {seed: ~each.poor for seed, each in found.images.items()}
    draws = np.full((2, len(NAMES) * N), np.nan)
    for seed in (0, 1):
        draws[seed, kept[seed]] = found.only(kept).drawn[seed][:, 1]
    both = kept[0] & kept[1] & found.images[0].shared
    assert (draws[0] == draws[1])[both].all(), "the same image is drawn as often for every seed"


def test_a_label_that_fails_in_one_split_alone_is_a_shift_between_splits():
    good = evidence({"base": ({}, EVEN, GOOD, GOOD)})
    found = diagnose(with_shift(good, 0.5, (0, 0.9, 0, 0)), "base")
    assert shown(found) == {"disgust": ("shift between splits",)}
    (row,) = found.failing
    (cause,) = (each for each in row.causes if each.name == "shift between splits")
    # Of three folds and one validation split of the same size, a quarter is hurt: 0.9 x 0.9.
    assert cause.effect.value == pytest.approx(0.9 * 0.9 / 4, abs=0.03)


def test_a_split_that_is_harder_for_all_labels_is_no_cause_of_one():
    cells = {"base": ({}, EVEN, low(0.5), low(0.5))}
    plain = diagnose(evidence(cells), "base")
    found = diagnose(with_shift(evidence(cells), 0.3, (0.4,) * 4), "base")
    assert "shift between splits" not in shown(found)["disgust"]
    same = diagnose(with_shift(evidence(cells), 0.3, (0,) * 4), "base")
    assert shown(same) == shown(plain)


def test_what_fails_in_the_folds_too_keeps_its_other_cause():
    cells = {"base": ({}, FEW, low(0.3), low(0.8))}
    found = diagnose(with_shift(evidence(cells), 0.5, (0, 0.9, 0, 0)), "base")
    assert shown(found) == {"disgust": ("imbalance", "shift between splits")}


def test_poor_pictures_are_those_outside_what_is_usual_for_labels():
    from fer_analysis.conditions import CONDITIONS
    from fer_analysis.data.synthetic.generate import generate
    from fer_analysis.quality.poor import poor_pictures

    dataset = generate(n=420, seed=0)
    images, labels = dataset.images.copy(), dataset.labels
    assert poor_pictures(images, labels).mean() < 0.1
    own = np.flatnonzero(labels == 3)
    images[own] = CONDITIONS["defocus"](images[own], severity=4)
    poor = poor_pictures(images, labels)
    assert poor[own].mean() > 0.9 and poor[labels != 3].mean() < 0.1
    alike = CONDITIONS["defocus"](dataset.images, severity=4)
    assert poor_pictures(alike, labels).mean() < 0.1
    assert poor_pictures(images[:0], labels[:0]).shape == (0,)


def test_equal_labels_are_seldom_said_to_fail():
    """Four labels, 30 images each, recall .6: one in twenty may look bad by chance, not more."""
    wrong = 0
    for trial in range(60):
        rng = np.random.default_rng([trial, 9])
        labels = np.repeat(np.arange(4), 30)
        predicted = np.stack([answers((0.6,) * 4, n=30, rng=rng)] * 2)
        faces = ScoredImages.of(labels, None, np.zeros(len(labels), bool), 4)
        scored = scored_as(load_config("tiny"), np.array(EVEN), predicted)
        found = StudyEvidence(NAMES, {0: faces}, {"base": {0: scored}}, "")
        wrong += any(row.fails for row in diagnose(found, "base").labels)
    assert wrong <= 6


def with_few(n, correct):
    """One network, 200 images a label and 60 % correct; of disgust n images, `correct` of them."""
    numbers = [n if name == "disgust" else 200 for name in NAMES]
    labels = np.repeat(np.arange(4), numbers)
    place = np.concatenate([np.arange(each) for each in numbers])
    right = np.where(labels == 1, place < correct, place < 120)
    predicted = np.where(right, labels, (labels + 2) % 4)
    faces = ScoredImages.of(labels, None, np.zeros(len(labels), bool), 4)
    scored = scored_as(load_config("tiny"), np.array(EVEN), np.stack([predicted] * 2))
    return StudyEvidence(NAMES, {0: faces}, {"base": {0: scored}}, "")


@pytest.mark.parametrize("n", [1, 3, 9])
def test_a_few_images_that_are_all_wrong_are_too_few_to_tell(n, capsys):
    found = diagnose(with_few(n, 0), "base")
    row = found.labels[1]
    assert (row.fails, row.headline, row.causes) == (False, "too few images to tell", ())
    assert (row.gap.value, row.recall.value) == (None, 0)
    (note,) = [each for each in found.notes if "too few" in each]
    assert note == f"too few images to tell: disgust (n = {n}); a label takes 10 images"
    print_diagnosis(found)
    assert note in " ".join(capsys.readouterr().out.split())


def test_ten_images_that_are_all_wrong_fail():
    found = diagnose(with_few(10, 0), "base")
    assert [row.label for row in found.failing] == ["disgust"]
    assert not any("too few" in note for note in found.notes)


def test_no_label_is_compared_with_one_of_few_images():
    """Two labels beside one whose single image is right: its recall of 1 is no reference."""
    found = with_few(1, 1)
    three = replace(found, label_names=("angry", "disgust", "fear"))
    kept = found.images[0].labels < 3
    labels = found.images[0].labels[kept]
    predicted = np.where(labels == 0, np.arange(len(labels)) < 150, np.arange(len(labels)) < 321)
    predicted = np.where(predicted, labels, (labels + 1) % 3)
    cell = scored_as(load_config("tiny"), np.array(EVEN[:3]), np.stack([predicted] * 2))
    three = replace(
        three,
        images={0: ScoredImages.of(labels, None, np.zeros(len(labels), bool), 3)},
        cells={"base": {0: cell}},
    )
    angry, _, fear = diagnose(three, "base").labels
    assert (angry.recall.value, fear.recall.value) == (0.75, 0.6)
    assert fear.gap.value == pytest.approx(0.15), "below angry alone"


@pytest.mark.parametrize("n", [0, 4])
def test_a_label_with_few_images_leaves_the_others_their_ambiguity(n):
    found = pair(**ALIKE)
    kept = {s: (each.labels != 0) | (np.arange(4 * N) < n) for s, each in found.images.items()}
    few = diagnose(found.only(kept), "base")
    assert shown(few) == {"disgust": ("ambiguity",), "happy": ("ambiguity",)}


def test_simultaneous_intervals_are_as_wide_as_the_worst_of_many_needs():
    rng = np.random.default_rng(0)
    alone = {0: np.concatenate([[0.0], rng.standard_normal(4000)])}
    many = {i: np.concatenate([[0.0], rng.standard_normal(4000)]) for i in range(20)}
    assert estimate(alone)[0].high == pytest.approx(1.96, abs=0.1)
    # Of 20 independent normal deviates the largest stays within 3.02 in 95 % of cases (Šidák).
    assert estimate(many)[0].high == pytest.approx(3.02, abs=0.15)
    assert estimate({0: np.full(10, np.nan)}) == {}
    gappy = np.concatenate([[0.0], rng.standard_normal(4000)])
    gappy[1:1001] = np.nan
    assert estimate({0: gappy})[0].high == pytest.approx(1.96, abs=0.1), "without the undefined"
    assert not reaches(Estimate(0.2, -0.01, 0.4), 0.1)
    assert not reaches(Estimate(0.09, 0.01, 0.2), 0.1)
    assert not reaches(Estimate(None), 0.1)


def test_differences_of_cells_are_paired():
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.5), low(0.5)),
    }
    found = evidence(cells)
    for seed in found.cells["base"]:
        found.cells["fewer"][seed] = scored_as(
            found.cells["fewer"][seed].config,
            found.cells["fewer"][seed].counts,
            found.cells["base"][seed].predictions.predicted,
        )
    difference = effects.difference(found, "base", "fewer", CORRECTED)
    assert not difference.any(), "the same answers differ in no draw"


def test_recalls_are_those_of_the_answers_and_shared_images_count_once():
    labels = np.array([0, 0, 1, 1])
    shared = np.array([False, False, True, True])
    config = load_config("tiny")
    faces = {s: ScoredImages.of(labels, None, shared, 2) for s in (0, 1)}
    first, second = np.array([0, 1, 1, 1]), np.array([0, 0, 1, 0])
    base = {
        0: scored_as(config, np.array([1, 1]), np.stack([first, first])),
        1: scored_as(config, np.array([1, 1]), np.stack([second, second])),
    }
    tallies = StudyEvidence(("a", "b"), faces, {"base": base}, "").tallies("base")
    assert tallies.n.tolist() == [4, 2], "two folds of two, the same two validation images"
    assert tallies.recall(PLAIN)[0].tolist() == [0.75, 0.75]
    assert tallies.precision(PLAIN)[0].tolist() == [3 / 3.5, 1.5 / 2.5]


def test_roles_are_read_off_the_configs():
    cells = {
        "base": ({}, FEW, GOOD, GOOD),
        "a": (QUARTER, (400, 10, 400, 400), GOOD, GOOD),
        "b": ({"manipulations.keep_all.count": "matched"}, (40,) * 4, GOOD, GOOD),
        "c": ({"manipulations.remove_disputed.label": "disgust"}, FEW, GOOD, GOOD),
        "d": (
            {"manipulations.remove_disputed": {"label": "disgust", "at_random": True}},
            FEW,
            GOOD,
            GOOD,
        ),
        "e": ({"training.learning_rate": 0.02}, FEW, GOOD, GOOD),
        "f": ({"remedies.mixup": True}, FEW, GOOD, GOOD),
    }
    roles = find_roles(evidence(cells, seeds=(0,)), "base")
    assert roles.recipes == ("e",)
    assert roles.doses == {"disgust": ("a",)}
    assert roles.equal == ("b",)
    assert roles.disputed == {"disgust": ("c", "d")}
    other = find_roles(evidence(cells, seeds=(0,)), "e")
    assert other.recipes == ("base",), "seen from the other recipe"


def test_a_diagnosis_is_a_table_and_json():
    cells = {"base": ({}, FEW, low(0.3), low(0.88))}
    result = diagnose(evidence(cells), "base")
    rows = [row for label in result.labels for row in label.rows() if row["verdict"] == SHOWN]
    assert [(row["label"], row["cause"]) for row in rows] == [("disgust", "imbalance")]


def test_a_lone_run_names_the_study_that_would_answer_the_rest(tmp_path):
    run = Run.create(load_config("tiny", ["data.source=synthetic"]), tmp_path / "first")
    failing = diagnose(evidence({"base": ({}, FEW, low(0.5), low(0.5))}), "base")
    assert {cause.name: cause.verdict for cause in failing.labels[1].causes}["scarcity"] == (
        "not tested"
    )
    words = f"why --base {run.config_file} --label disgust --data"
    assert follow_up(failing, run) == (
        f"fer study run {words} synthetic",
        f"fer diagnose {words} synthetic",
    )
    assert follow_up(failing, run, "my data.csv")[0].endswith("--data 'my data.csv'")
    fine = diagnose(evidence({"base": ({}, EVEN, GOOD, GOOD)}), "base")
    assert follow_up(fine, run) == (), "nothing is left to be answered"


@pytest.fixture(params=[verbosity.QUIET, verbosity.SUMMARY, verbosity.ALL])
def level(request, monkeypatch):
    monkeypatch.setattr(verbosity, "_level", request.param)
    return request.param


def test_a_summary_fits_a_screen_and_all_is_printed_on_request(level, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    found = diagnose(evidence({"base": ({}, FEW, low(0.3), low(0.88))}), "base")
    found = replace(found, follow_up=("fer study run why " + "--label disgust " * 9 + "--data x",))
    print_diagnosis(found)
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines()), default=0) <= 80
    if level == verbosity.QUIET:
        assert text == ""
    else:
        assert "disgust" in text and "imbalance" in text
        command = text[text.index("fer study run") :].replace("\\\n", " ")
        assert command.split() == found.follow_up[0].split(), "can be pasted"
    if level == verbosity.SUMMARY:
        assert len(text.splitlines()) <= 15
    if level == verbosity.ALL:
        assert "scarcity" not in text
        assert "precision" in text and "of the gap" in text


def test_a_diagnosis_is_saved_read_renamed_and_drawn(tmp_path):
    cells = {
        "base": ({}, FEW, low(0.5), low(0.5)),
        "fewer": (QUARTER, (400, 10, 400, 400), low(0.2), low(0.2)),
        "equal": ({"manipulations.keep_all.count": "matched"}, (40,) * 4, GOOD, GOOD),
    }
    votes = votes_of([(9,), (9, 5, 0), (9,), (9,)])
    found = diagnose(evidence(cells, votes=votes), "base")
    found = replace(found, follow_up=("fer study run why",))
    found.save(tmp_path)
    assert Diagnosis.load(tmp_path) == found
    assert {"diagnosis.csv", "recalls.csv"} <= {path.name for path in tmp_path.iterdir()}
    with open(tmp_path / "recalls.csv", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["label"], row["cell"], row["training_images"]) == ("disgust", "fewer", "10")
    assert float(row["recall"]) == found.doses[0].recall.value

    renamed = found.renamed({name: f"<{name}>" for name in NAMES})
    assert renamed.label_names == ("<angry>", "<disgust>", "<fear>", "<happy>")
    assert renamed.doses[0].label == renamed.failing[0].label == "<disgust>"
    assert set(renamed.confusions) == {"<disgust>"}
    assert "&lt;disgust&gt;" in renamed._repr_html_() and "<disgust>" not in renamed._repr_html_()

    figures = diagnosis_figures(found)
    assert set(figures) == {"verdict", "dose", "equal", "agreement", "confusion_disgust"}
    texts = [text.get_text() for text in figures["verdict"].axes[1].texts]
    assert texts.count("no deficiency shown") == 3


@pytest.mark.parametrize("content", ["", "{}", '{"labels": 3}', "[1]"])
def test_a_damaged_diagnosis_is_named(content, tmp_path):
    (tmp_path / "diagnosis.json").write_text(content)
    with pytest.raises(FerError, match="diagnosis.json"):
        Diagnosis.load(tmp_path)
    with pytest.raises(FerError, match="no diagnosis.json"):
        Diagnosis.load(tmp_path / "nothing")


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    found = diagnose(evidence({"base": ({}, FEW, low(0.3), low(0.88))}, seeds=(0,)), "base")
    save_diagnosis(found, tmp_path / "d")
    save_diagnosis(found, tmp_path / "d")
    (tmp_path / "d/notes.txt").write_text("mine")
    with pytest.raises(FerError, match=r"not results of a study \(notes.txt\)"):
        save_diagnosis(found, tmp_path / "d")
    assert (tmp_path / "d/notes.txt").read_text() == "mine"
    with pytest.raises(FerError, match="not a folder"):
        save_diagnosis(found, tmp_path / "d/notes.txt")


class Counting(StudyEvidence):
    """Evidence that counts how often each cell's predictions are resampled."""

    def _count(self, cell, seeds):
        self.__dict__.setdefault("counted", []).append(cell)
        return super()._count(cell, seeds)


def many_cells(n):
    """Two labels that fail, each with n numbers of its images."""
    cells = {"base": ({}, EVEN, (0.9, 0.6, 0.6, 0.9), (0.9, 0.6, 0.6, 0.9))}
    for label in ("disgust", "fear"):
        for i in range(n):
            counts = tuple(100 + i if name == label else 400 for name in NAMES)
            change = {"manipulations.keep.counts": {label: 100 + i}}
            cells[f"{label} at {i}"] = (change, counts, GOOD, GOOD)
    return vars(evidence(cells, seeds=(0, 1)))


def test_each_cell_is_resampled_once_however_many_there_are(monkeypatch):
    monkeypatch.setattr(resampling, "REMEMBERED", 4)
    found = Counting(**many_cells(6))
    result = diagnose(found, "base")
    assert {row.label for row in result.failing} == {"disgust", "fear"}
    assert {row.cell for row in result.doses} == {*found.cells}
    again = {cell for cell in found.cells if found.counted.count(cell) > 1}
    assert again <= {"base", "disgust at 0", "fear at 0"}, "the fewest are told in a caveat too"
    assert len(found.counted) <= len(found.cells) + 8


def test_recall_without_resamples_is_their_first_row():
    rng = np.random.default_rng(3)
    images, cells = {}, {"base": {}}
    for seed in (0, 1, 2):
        labels, shared = rng.integers(0, 3, 90), np.arange(90) >= 40  # nothing of the last label
        images[seed] = ScoredImages.of(labels, None, shared, 4)
        cells["base"][seed] = scored_as(
            load_config("tiny"), np.ones(4), rng.integers(0, 4, (2, 90))
        )
    found = StudyEvidence(NAMES, images, cells, "")
    for kind in (PLAIN, CORRECTED):
        for seeds in (None, (0, 2)):
            expected = found.tallies("base", seeds).recall(kind)[0]
            np.testing.assert_allclose(found.recall("base", kind, seeds), expected)
            assert np.isnan(expected[3])
