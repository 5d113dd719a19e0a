"""The guard: which pictures a network is not asked about, and what it says of them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from fer_analysis.conditions import CONDITIONS
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.kept_guard import kept_guard
from fer_analysis.files import content_hash, write_json
from fer_analysis.quality.fit_guard import REFUSED, Answers, fit_guard
from fer_analysis.quality.guard import WORDS, Guard, comparable
from fer_analysis.quality.measures import measure
from fer_analysis.quality.template import FaceTemplate
from fer_analysis.run import Run


@pytest.fixture(scope="module")
def faces():
    return generate(n=420, seed=3).images


@pytest.fixture(scope="module")
def guard(faces):
    names = ("gaussian_noise", "dark", "defocus", "low_contrast", "turned", "surgical_mask")
    harmful = [
        answers(CONDITIONS[name](faces[:60], severity=s, seed=1), correct=False)
        for name in names
        for s in (3, 5)
    ]
    return fit_guard(answers(faces), harmful, made={"model": "m"})


def answers(images, *, correct=True, confidence=0.7):
    """All answered alike."""
    n = len(images)
    return Answers(images, np.full(n, confidence), np.full(n, correct))


def refused(guard, images, confidence=0.7):
    return guard.refuses(images, np.full(len(images), confidence)).mean()


def changed(faces, name, severity=4):
    return CONDITIONS[name](faces[60:160], severity=severity, seed=2)


def test_measures_by_hand():
    flat = np.full((1, 48, 48, 1), 100, np.uint8)
    found = measure(flat)
    assert found["brightness"] == 100
    assert found["contrast"] == found["noise"] == found["specks"] == 0
    assert found["flat"] == 1
    noisy = np.random.default_rng(0).normal(128, 20, (1, 48, 48, 1)).astype(np.uint8)
    assert measure(noisy)["noise"] == pytest.approx(20, rel=0.1)
    halves = np.full((1, 48, 48, 1), 40, np.uint8)
    halves[:, :, 24:] = 205
    assert measure(halves)["uneven_light"] == pytest.approx(np.log(210 / 45), rel=0.05)
    specks = flat.copy()
    specks[0, 5:45:4, 5:45:4] = 255
    assert measure(specks)["specks"] == pytest.approx(100 / 46**2)
    assert all(len(values) == 0 for values in measure(flat[:0]).values())


@pytest.mark.parametrize(
    ("name", "of", "direction"),
    [
        ("gaussian_noise", "noise", 1),
        ("dark", "brightness", -1),
        ("overexposed", "brightness", 1),
        ("low_contrast", "contrast", -1),
        ("defocus", "resolution", -1),
        ("low_resolution", "sharpness", -1),
        ("jpeg", "blocks", 1),
        ("one_sided_light", "uneven_light", 1),
        ("impulse_noise", "specks", 1),
    ],
)
def test_a_measure_follows_its_condition(faces, name, of, direction):
    medians = [np.median(measure(changed(faces, name, s))[of]) for s in (1, 3, 5)]
    assert (np.diff([np.median(measure(faces)[of]), *medians]) * direction >= 0).all()
    assert medians[2] != medians[0]


def test_the_template_finds_turn_and_move(faces):
    template = FaceTemplate.of(faces)
    clean = template.measure(faces[60:160])
    turned = template.measure(changed(faces, "turned"))
    assert np.median(turned["tilt"]) == pytest.approx(45, abs=8)
    assert np.median(clean["tilt"]) < 8
    small = template.measure(changed(faces, "farther"))
    assert np.median(small["size"]) < 0.8 < np.median(clean["size"])
    assert np.median(turned["likeness"]) < np.median(clean["likeness"])
    again = template.measure(changed(faces, "turned")[:1])
    assert again["tilt"][0] == pytest.approx(turned["tilt"][0]), "independent of the batch"


def test_clean_faces_pass_and_bad_ones_are_named(faces, guard):
    share = refused(guard, faces)
    assert share <= REFUSED
    assert guard.made == {"model": "m", "refused": pytest.approx(share)}
    for name, word in {
        "gaussian_noise": "too noisy",
        "dark": "too dark",
        "defocus": "too blurred",
        "low_contrast": "too little contrast",
        "turned": "turned",
    }.items():
        reasons = guard.reasons(changed(faces, name, 5), np.full(100, 0.7))
        assert np.mean([reason is not None for reason in reasons]) > 0.6, name
        given = [reason for reason in reasons if reason]
        assert max(set(given), key=given.count).startswith(word), name


def test_what_the_network_can_do_under_a_condition_is_not_refused(faces):
    dark, noisy = changed(faces, "dark", 4), changed(faces, "gaussian_noise", 4)
    made = fit_guard(answers(faces), [answers(dark), answers(noisy, correct=False)])
    assert refused(made, dark) < 0.1 and refused(made, noisy) > 0.9
    strict = fit_guard(answers(faces), [answers(x, correct=False) for x in (dark, noisy)])
    assert refused(strict, dark) > 0.6


def test_the_surer_the_network_is_the_worse_a_picture_may_be(faces):
    dark = changed(faces, "dark", 4)
    half = np.arange(len(dark)) % 2 == 0
    seen = Answers(dark, np.where(half, 0.95, 0.55), half)
    made = fit_guard(answers(faces, confidence=0.8), [seen], least=0.5)
    assert made.trust > 0
    assert refused(made, dark, 0.55) > 0.8 > 0.2 > refused(made, dark, 0.95)
    assert refused(made, dark, 0.49) == 0, "no answer, nothing to refuse"


def test_low_confidence_alone_is_no_reason_but_a_bad_picture_explains_it(faces):
    unsure = Answers(faces, np.full(len(faces), 0.4), np.arange(len(faces)) % 5 == 0)
    made = fit_guard(answers(faces, confidence=0.9), [unsure], least=0.4)
    assert (made.allowed(np.array([0.0, 0.4])) >= 0).all()
    assert refused(made, faces[made.points(faces) == 0], 0.4) == 0, "it would be answered"
    robust = fit_guard(answers(faces), [answers(changed(faces, "dark", 4))], least=0.5)
    few, dark = np.full(len(faces), 0.3), changed(faces, "dark", 5)
    assert np.mean([reason is not None for reason in robust.reasons(faces, few)]) <= REFUSED
    assert robust.reasons(dark, few[:100]).count("too dark") > 90
    assert robust.reasons(dark, np.full(100, 0.6)) == [None] * 100, "it answers them"
    assert not robust.refuses(dark, few[:100]).any()


def test_many_clean_answers_do_not_outweigh_the_changed_ones(faces):
    half = np.arange(100) % 2 == 0
    dark = Answers(changed(faces, "dark", 4), np.full(100, 0.7), half)
    costs = [
        max(fit_guard(answers(clean), [dark]).costs["brightness"])
        for clean in (faces[160:260], faces[160:])
    ]
    assert costs[0] > 0 and costs[1] == pytest.approx(costs[0], rel=0.3)


def test_a_guard_saved_before_confidence_counted_refuses_as_it_did(guard, faces):
    old = {k: v for k, v in guard.as_dict().items() if k not in ("trust", "least")}
    read = Guard.from_dict(old | {"limit": 1.0})
    dark = changed(faces, "dark", 4)
    for confidence in (0.2, 0.99):
        assert refused(read, dark, confidence) == np.mean(read.points(dark) > 1.0)


def test_no_deviation_makes_a_picture_better(guard, faces):
    assert all(cost >= 0 for pair in guard.costs.values() for cost in pair)
    assert (guard.points(faces) >= 0).all()
    assert guard.costs.keys() == WORDS.keys() == comparable(faces[:1], guard.template).keys()


@pytest.mark.parametrize("side", [8, 24, 64])
def test_pictures_of_any_size_and_number(side):
    images = np.random.default_rng(0).integers(0, 255, (60, side, side, 1)).astype(np.uint8)
    images[3] = 7
    made = fit_guard(answers(images), [answers(255 - images[:20], correct=False)])
    assert len(made.reasons(images[:2], np.ones(2))) == 2
    assert made.reasons(images[:0], np.ones(0)) == []
    unanswered = fit_guard(answers(images), [answers(images[:0])], least=0.9)
    assert refused(unanswered, images) == 0


def test_it_is_saved_with_the_run_of_its_model_only(guard, faces, tmp_path):
    run = Run(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"one")
    assert kept_guard(run) is None
    made = guard.made | {"model": content_hash(run.model_file)}
    run.write_guard(replace(guard, made=made).as_dict())
    kept = kept_guard(run)
    assert isinstance(kept, Guard)
    dark = changed(faces, "dark", 5)
    sure = np.linspace(0.2, 1, len(dark))
    assert kept.reasons(dark, sure) == guard.reasons(dark, sure)
    (tmp_path / "model.keras").write_bytes(b"another")
    assert kept_guard(run) is None


def test_a_damaged_guard_is_one_line(guard, tmp_path):
    run = Run(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"one")
    given = guard.as_dict() | {"made": guard.made | {"model": content_hash(run.model_file)}}
    for broken, said in (
        ({"limit": "high"}, "limit"),
        ({"trust": None}, "limit"),
        ({"template": [0.0]}, "mean face"),
        ({"spread": {}}, "different measures"),
        ({key: {"noise": given[key]["noise"]} for key in ("middle", "spread", "costs")}, "version"),
    ):
        write_json(run.guard_file, given | broken)
        with pytest.raises(FerError, match=said):
            kept_guard(run)
    run.guard_file.write_text("{")
    with pytest.raises(FerError, match="damaged"):
        kept_guard(run)
    assert json.loads(json.dumps(guard.as_dict())) == guard.as_dict() | {
        "costs": {name: list(pair) for name, pair in guard.costs.items()}
    }


def test_the_light_path_needs_numpy_alone():
    code = (
        "import sys, fer_analysis.quality.guard\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'scipy', 'sklearn', 'pandas', 'PIL'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
