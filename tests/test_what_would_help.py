"""What would help a label: remedies beside the subject, and curves over the number of images."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from fer_analysis.cli.tables.gains import print_gains
from fer_analysis.config import load_config
from fer_analysis.statistics.learning_curve import fit_curve
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.diagnose import diagnose
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.gains import CORRECTION, gains
from fer_analysis.study.growth import growth
from fer_analysis.study.resampling import ScoredCell, ScoredImages, StudyEvidence

NAMES = ("angry", "disgust", "happy")
N = 200
SEEDS = (0, 1, 2)


def odds(n):
    """Return the recall of a law that is known: a power law of the log-odds."""
    return 1 / (1 + np.exp(-(1.5 - 18 * np.asarray(n, float) ** -0.5)))


def shares(n):
    """Return the recall of another law: a power law of the recall itself."""
    return 0.8 - 3.0 * np.asarray(n, float) ** -0.5


def flat(n):
    return 0.4 + 0 * np.asarray(n, float)


def drawn(law, counts, rng, *, images=250, shared=150, spread=0.1):
    """Draw a study: seeds with images of their own and shared ones, networks that differ."""
    centre = np.log(law(counts) / (1 - law(counts)))
    common = rng.logistic(size=(1, shared))  # an image is as difficult for every network
    hits, weight, by_seed = 0, 0, []
    for _ in SEEDS:
        difficulty = np.concatenate([rng.logistic(size=(1, images)), common], axis=1)
        correct = (centre + spread * rng.standard_normal(len(counts)))[:, None] > difficulty
        each = np.concatenate([np.ones(images), np.full(shared, 1 / len(SEEDS))])
        hits, weight = hits + correct @ each, weight + each.sum()
        by_seed.append(correct.mean(axis=1))
    return hits / weight, np.stack(by_seed, axis=1), images * len(SEEDS) + shared


@pytest.mark.parametrize(("law", "least"), [(odds, 0.9), (flat, 0.9), (shares, 0.85)])
@pytest.mark.parametrize("counts", [(90, 180, 360), (90, 180, 360, 900, 2000, 4000)])
def test_the_interval_of_a_drawn_law_covers_what_twice_the_images_bring(law, least, counts):
    counts, covered, told = np.array(counts), 0, 0
    truth = float(law(2 * counts[-1]) - law(counts[-1]))
    for study in range(60):
        curve = fit_curve(counts, *drawn(law, counts, np.random.default_rng([study, 3])))
        if curve.follows:
            gain = curve.gain(2 * counts[-1])
            told += 1
            covered += gain.low <= truth <= gain.high
    assert told >= 57, "one in a hundred is refused"
    assert covered >= least * told


def test_nothing_is_said_beyond_twice_the_largest_number_and_of_too_few():
    counts = np.array([90, 180, 360])
    recalls, by_seed, n = drawn(odds, counts, np.random.default_rng(0))
    curve = fit_curve(counts, recalls, by_seed, n)
    with pytest.raises(ValueError, match="the curve ends at 720"):
        curve.at(721)
    assert fit_curve(counts[:2], recalls[:2], by_seed[:2], n) is None
    assert fit_curve(counts, recalls, by_seed[:, :1], n) is None
    unknown = np.array([0, 0.001, 0.3])
    assert fit_curve(counts, unknown, by_seed, n) is None, "two are hardly ever predicted"


def test_rounding_does_not_decide_which_numbers_are_known():
    counts, by_seed = np.array([90, 180, 360, 900]), np.full((4, 3), 0.2) + [-0.01, 0, 0.01]
    for share in (0.05 * (1 - 1e-12), 0.05, 0.05 * (1 + 1e-12)):  # 5 of 100 images
        curve = fit_curve(counts, np.array([share, 0.2, 0.3, 0.4]), by_seed, 100)
        assert len(curve.counts) == 4


def test_numbers_that_follow_no_law_give_no_figure():
    counts = np.array([90, 180, 360, 900])
    by_seed = np.array([0.2, 0.7, 0.2, 0.7])[:, None] + np.array([-0.01, 0, 0.01])
    assert not fit_curve(counts, by_seed.mean(axis=1), by_seed, 1000).follows


def evidence(cells):
    """Make evidence: cell -> (overrides, images of disgust, rate of correct, of false alarms)."""
    labels = np.repeat(np.arange(3), N)
    faces = {s: ScoredImages.of(labels, None, np.zeros(3 * N, bool), 3) for s in SEEDS}
    made = {name: {} for name in cells}
    for seed in SEEDS:
        difficulty = np.random.default_rng([seed, 1]).random(3 * N)
        for name, (overrides, count, recall, alarms) in cells.items():
            config = load_config("tiny", [f"{k}={json.dumps(v)}" for k, v in overrides.items()])
            noise = np.random.default_rng([seed, len(name)]).normal(0, 0.01)
            predicted = np.where((labels == 1) & (difficulty > recall + noise), 0, labels)
            predicted = np.where((labels != 1) & (difficulty < alarms), 1, predicted)
            sure = np.full(3 * N, 0.8, np.float32)
            given = CellPredictions(np.stack([predicted] * 2), sure)
            made[name][seed] = ScoredCell(config, np.array([400, count, 400]), given)
    return StudyEvidence(NAMES, faces, made, "made by hand")


BASE = {"base": ({}, 400, 0.4, 0.02)}
HELPS = {"helps": ({"remedies.balanced_sampling": True}, 400, 0.7, 0.02)}
ALARMS = {"alarms": ({"remedies.class_weights": True}, 400, 0.7, 0.5)}
LONGER = {"longer": ({"remedies.expansion": True, "training.epochs": 3}, 400, 0.5, 0.02)}


def test_a_remedy_is_told_by_what_it_gives_and_what_it_costs():
    other = {"other": ({"remedies.mixup": True, "model.filters": [4]}, 400, 0.9, 0.0)}
    found = gains(evidence(BASE | HELPS | ALARMS | LONGER | other), "base")
    own = {gain.remedy: gain for gain in found if gain.label == "disgust"}
    assert set(own) == {CORRECTION, "helps", "alarms", "longer"}, "another network is no remedy"
    assert own["helps"].recall.value == pytest.approx(0.3, abs=0.05)
    assert own["helps"].recall.low > 0.15
    assert own["helps"].is_clear
    assert (own["helps"].seeds, own["helps"].n) == (3, 3 * N)
    assert own["alarms"].recall.low > 0.15, "it finds as many"
    assert own["alarms"].f1.value < 0, "but calls half of the others so"
    assert not own["alarms"].is_clear
    assert own["alarms"].accuracy.high < 0
    assert own[CORRECTION].recall.value == 0
    assert [gain.remedy for gain in found if gain.label == "disgust"][0] == "helps"


def test_a_gain_of_few_images_is_not_said_to_be_shown():
    better = next(g for g in gains(evidence(BASE | HELPS), "base") if g.is_clear)
    assert [replace(better, n=n).is_clear for n in (1, 9, 10)] == [False, False, True]


def test_what_mends_another_label_s_images_is_no_remedy_of_this_one():
    changed = {
        name: ({"manipulations.remove_disputed": options}, 300, 0.5, 0.02)
        for name, options in (
            ("disgust: removed", {"label": "disgust"}),
            ("angry: removed", {"label": "angry"}),
            ("disgust: at random", {"label": "disgust", "at_random": True}),
        )
    }
    found = gains(evidence(BASE | changed), "base")
    remedies = {label: {g.remedy for g in found if g.label == label} for label in NAMES}
    assert remedies["disgust"] == {CORRECTION, "disgust: removed"}
    assert remedies["angry"] == {CORRECTION, "angry: removed"}
    assert remedies["happy"] == {CORRECTION}


def test_more_images_are_told_and_saved(tmp_path, capsys):
    cells = {"base": ({}, 400, float(odds(400)), 0.02)}
    for n in (100, 200):
        keep = {"manipulations.keep.counts": {"disgust": n}}
        cells[f"disgust at {n}"] = (keep, n, float(odds(n)), 0.02)
    found = evidence(cells | HELPS)
    (plain, corrected) = growth(found, "base")
    assert plain.tried == (100, 200, 400)
    assert (plain.seeds, plain.n, plain.because) == (3, 3 * N, "")
    assert set(plain.gains) == {"600", "800"}
    truth = float(odds(800) - odds(400))
    assert plain.gains["800"].low < truth < plain.gains["800"].high
    assert corrected.gains == plain.gains
    assert plain.line[-1][0] == 800
    diagnosis = diagnose(found, "base")
    diagnosis.save(tmp_path)
    assert Diagnosis.load(tmp_path).growth == diagnosis.growth
    assert Diagnosis.load(tmp_path).gains == diagnosis.gains
    print_gains(diagnosis)
    printed = " ".join(capsys.readouterr().out.split())
    assert "extrapolated; 5 points take" in printed
    assert "fitted to 100, 200, 400: 3 seeds, n = 600" in printed
    assert "helps" in printed
    few = replace(found, cells={k: v for k, v in found.cells.items() if k != "disgust at 100"})
    assert "3 numbers of images" in growth(few, "base")[0].because
