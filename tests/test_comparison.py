"""Do runs differ? By hand, on planted differences, and where nothing differs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest
from small_bundle import fer

from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.exclusions import exclusions, kept
from fer_analysis.evaluation.paired import (
    Contender,
    align,
    compare_pair,
    shows_difference,
    spread,
    verdict,
)
from fer_analysis.files import write_csv
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate, to_json

NAMES = ("cat", "dog")


def evaluation(labels, predicted, ids=None, names=NAMES):
    ids = np.arange(len(labels)) if ids is None else ids
    probabilities = np.eye(len(names))[np.array(predicted)]
    return Evaluation(np.array(labels), probabilities, np.array(ids), "test", names)


def contender(name, *seeds):
    return Contender(name, tuple(seeds))


def wrong(labels, rows):
    predicted = np.array(labels).copy()
    predicted[rows] = 1 - predicted[rows]
    return predicted


LABELS = np.array([0] * 60 + [1] * 40)


def test_by_hand():
    first = evaluation(LABELS, wrong(LABELS, [0, 1, 2, 3, 60]))
    second = evaluation(LABELS, wrong(LABELS, [3, 60, 61, 62, 63, 64, 65, 66]))
    found = compare_pair(contender("a", first), contender("b", second))
    assert found["n"] == 100
    assert found["accuracy"].value == pytest.approx(0.92 - 0.95)
    assert found["macro_f1"].value == pytest.approx(second.macro_f1 - first.macro_f1)
    assert found["mcnemar"]["only_first_correct"] == 6
    assert found["mcnemar"]["only_second_correct"] == 3
    assert found["mcnemar"]["p"] == pytest.approx(binomtest(3, 9).pvalue)
    cat, dog = found["labels"]
    assert (cat["only_first_correct"], cat["only_second_correct"]) == (0, 3)
    assert (dog["only_first_correct"], dog["only_second_correct"]) == (6, 0)
    p = [binomtest(3, 3).pvalue, binomtest(6, 6).pvalue]
    assert dog["p"] == pytest.approx(2 * p[1])
    assert cat["p"] == pytest.approx(max(p[0], 2 * p[1]))
    assert dog["difference"].value == pytest.approx(-6 / 40)
    json.dumps(to_json(found), allow_nan=False)


def test_the_paired_interval_is_that_of_paired_differences():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 2000)
    first = wrong(labels, np.flatnonzero(rng.random(2000) < 0.4))
    second = first.copy()
    mended = rng.permutation(np.flatnonzero(first != labels))[:60]
    second[mended] = labels[mended]
    found = compare_pair(
        contender("a", evaluation(labels, first)), contender("b", evaluation(labels, second))
    )
    low, high = found["accuracy"].interval
    gain = (second == labels).astype(float) - (first == labels)
    half = 1.96 * gain.std() / np.sqrt(2000)
    assert (low, high) == pytest.approx((0.03 - half, 0.03 + half), abs=0.0015)
    assert shows_difference(found)
    assert "McNemar p" in verdict(found)


def test_nothing_shown_is_said_with_what_could_have_been():
    labels = np.tile([0, 1], 500)
    rng = np.random.default_rng(1)
    rows = [np.flatnonzero(rng.random(1000) < 0.3) for _ in range(2)]
    pair = [
        contender(n, evaluation(labels, wrong(labels, r))) for n, r in zip("ab", rows, strict=True)
    ]
    found = compare_pair(*pair)
    told = verdict(found)
    assert found["detectable"] > 0.03
    assert told.endswith("of two networks: other seeds can differ")
    assert "no difference shown (n = 1,000; this n could show" in told
    same = compare_pair(pair[0], pair[0])
    assert same["accuracy"] == Estimate(0, 0, 0, 1000)
    assert same["mcnemar"]["p"] == 1
    assert not shows_difference(same)


def test_seeds_are_a_mean_and_a_spread():
    seeds = [evaluation(LABELS, wrong(LABELS, range(k))) for k in (4, 6, 8)]
    found = spread(contender("plain", *seeds))
    assert (found["seeds"], found["n"]) == (3, 100)
    assert found["accuracy"]["mean"] == pytest.approx(0.94)
    assert found["accuracy"]["sd"] == pytest.approx(0.02)
    assert spread(contender("one", seeds[0]))["accuracy"]["sd"] is None
    better = contender("better", *[evaluation(LABELS, wrong(LABELS, range(k))) for k in (1, 2)])
    compared = compare_pair(contender("plain", *seeds), better)
    assert compared["mcnemar"] is None, "McNemar's test knows two predictions of an image"
    assert compared["accuracy"].value == pytest.approx(0.985 - 0.94)
    wide = compared["accuracy"].interval
    narrow = compare_pair(contender("a", seeds[1]), contender("b", better.seeds[0]))
    assert wide[0] < 0.045 < wide[1]
    assert compared["seeds"] == [3, 2]
    assert narrow["seeds"] == [1, 1]


def test_a_seed_s_spread_widens_the_interval():
    """The same mean and the same images: seeds that scatter leave more open."""
    steady = contender("steady", *[evaluation(LABELS, wrong(LABELS, range(10)))] * 4)
    scattered = contender(
        "scattered", *[evaluation(LABELS, wrong(LABELS, range(k))) for k in (0, 5, 15, 20)]
    )
    reference = contender("reference", evaluation(LABELS, LABELS))
    ends = [compare_pair(reference, c)["accuracy"].interval for c in (steady, scattered)]
    widths = [high - low for low, high in ends]
    assert widths[1] > 1.2 * widths[0]


def test_the_same_images_in_another_order_are_lined_up():
    ids = np.array([f"image {i}" for i in range(100)])
    order = np.random.default_rng(0).permutation(100)
    first = evaluation(LABELS, wrong(LABELS, [0, 1]), ids)
    second = evaluation(LABELS[order], wrong(LABELS, [0, 1])[order], ids[order])
    one, other = align([first, second])
    np.testing.assert_array_equal(one.ids, other.ids)
    np.testing.assert_array_equal(one.predicted, other.predicted)


def test_other_images_or_labels_are_refused():
    first = evaluation(LABELS, LABELS)
    with pytest.raises(FerError, match="not scored on the same images .*--data"):
        align([first, evaluation(LABELS, LABELS, ids=np.arange(1, 101))])
    with pytest.raises(FerError, match=r"\(100 and 50; e.g. '50' is in one of them alone\)"):
        align([first, first.take(np.arange(50))])
    with pytest.raises(FerError, match="e.g. the true label of '0' is .* and "):
        align([first, evaluation(1 - LABELS, LABELS)])
    with pytest.raises(FerError, match="different labels"):
        align([first, evaluation(LABELS, LABELS, names=("cat", "owl"))])


AUDIT = "id,issue,partner,score\n0,leak,7,1\n1,leak,8,1\n1,tie,,\n70,blank,,0.5\n999,blank,,\n"


def test_scoring_without_the_images_of_an_audit(tmp_path):
    (tmp_path / "audit.csv").write_text(AUDIT)
    issues = read_face_list(tmp_path / "audit.csv").by_issue()
    assert issues == {"leak": {"0", "1"}, "tie": {"1"}, "blank": {"70", "999"}}
    scored = evaluation(LABELS, wrong(LABELS, [0, 5, 70]))
    rows = {row["issue"]: row for row in exclusions(scored, issues)}
    assert [(row["issue"], row["excluded"]) for row in rows.values()] == [
        ("leak", 2),
        ("tie", 1),
        ("blank", 1),
        ("all together", 3),
    ]
    assert rows["leak"]["accuracy"].value == pytest.approx(96 / 98)
    assert rows["leak"]["difference"].value == pytest.approx(96 / 98 - 0.97)
    together = rows["all together"]
    assert (together["n"], together["accuracy"].value) == (97, pytest.approx(96 / 97))
    difference = together["difference"]
    assert difference.low <= difference.value <= difference.high
    assert kept(scored, issues).sum() == 97


def test_ids_that_a_table_made_safe_are_found_again(tmp_path):
    write_csv(tmp_path / "audit.csv", [{"id": "-1/face.png", "issue": "leak"}])
    assert "'-1/face.png" in (tmp_path / "audit.csv").read_text()
    assert read_face_list(tmp_path / "audit.csv").by_issue() == {"leak": {"-1/face.png"}}


def test_two_seeds_spread_as_widely_as_two_seeds_can_tell():
    """Seeds that differ by .1: the deviation of their mean is .05, as a sample of two tells it."""
    labels = np.tile([0, 1], 2000)
    rows = np.arange(4000)
    seeds = [evaluation(labels, wrong(labels, rows[:k])) for k in (400, 800)]
    reference = contender("perfect", evaluation(labels, labels))
    found = compare_pair(reference, contender("two", *seeds))
    low, high = found["accuracy"].interval
    assert high - low == pytest.approx(2 * 0.1 / np.sqrt(2), abs=0.02), "ends of the draws"
    assert "the spread of the single seed is unknown" in verdict(found)


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def test_runs_of_other_data_are_told_and_are_no_seeds_of_one_config(trained):
    names = ["run", "run-1", "run-2", "run-3"]
    seeds_of(*names[1:])

    def compared():
        done = fer("compare", *names, "--json")
        spreads = json.loads(done.stdout)["spreads"]["all images"]
        return " ".join(done.stderr.split()), [row["seeds"] for row in spreads]

    told, seeds = compared()
    assert "other data" not in told and "split: " not in told and seeds == [4]
    for name in names[2:]:  # as if their file had changed since
        file = Path(name, "environment.json")
        facts = json.loads(file.read_text())
        facts["data"]["fingerprint"] = "of yesterday"
        file.write_text(json.dumps(facts))
    told, seeds = compared()
    assert seeds == [2, 2]
    assert told.count("this is other data than the run was trained on") == 2
    for name in names[2:]:
        assert f"{name}: this is other data than the run was trained on" in told


def seeds_of(*names, **changes):
    """Copy the trained run; each copy has a seed of its own."""
    for seed, name in enumerate(names, start=1):
        shutil.copytree("run", name)
        config = Run(Path(name)).config()
        config = config.model_copy(update={"seed": seed, **changes})
        Path(name, "config.yaml").write_text(config.to_yaml())


def test_a_run_named_as_seeds_of_another_config_begin_is_compared_with_them(trained):
    training = Run(Path("run")).config().training
    seeds_of("plain-1", "plain-2")
    seeds_of("balanced-1", "balanced-2", training=training.model_copy(update={"epochs": 2}))
    seeds_of("plain", training=training.model_copy(update={"epochs": 3}))
    runs = ["plain-1", "plain-2", "balanced-1", "balanced-2", "plain"]
    found = json.loads(fer("compare", *runs, "--json").stdout)
    spreads = [(row["name"], row["seeds"]) for row in found["spreads"]["all images"]]
    assert spreads == [("plain-1 and 1 more", 2), ("balanced", 2), ("plain", 1)]
    seconds = [pair["all images"]["second"] for pair in found["comparisons"]]
    assert seconds == ["balanced", "plain"]
    told = " ".join(fer("compare", *runs).stdout.split())
    remark = "each by itself at 5 %: where nothing differs, one is shown in up to 10 % of cases"
    assert f"2 comparisons, {remark}" in told
    told = fer("compare", "plain-1", "plain-2", "plain").stdout
    assert "each by itself" not in told
    assert "plain compared with plain-1 and 1 more" in " ".join(told.split())


def test_other_pictures_of_the_same_ids_are_told(trained):
    shutil.copytree("run", "noisy")
    shutil.copytree("fer", "changed")
    file = Path("changed/fer2013.csv")
    head, *rows = file.read_text().splitlines()
    place = head.split(",").index("pixels")
    for number, row in enumerate(rows):
        cells = row.split(",")
        cells[place] = " ".join(["0", *cells[place].split()[1:]])
        rows[number] = ",".join(cells)
    file.write_text("\n".join([head, *rows]) + "\n")
    config = Path("noisy/config.yaml")
    config.write_text(config.read_text().replace(f"{Path.cwd()}/fer", f"{Path.cwd()}/changed"))
    words = ["compare", "run", "noisy", "--split", "validation"]
    told = " ".join(fer(*words).stderr.split())
    assert re.search(r"noisy and run: ids and labels agree, (\d+) of \1 pictures do not", told)
    assert "pictures do not" not in fer(*words, "--data", "changed").stderr
    shutil.copytree("run", "same")
    assert "pictures do not" not in fer("compare", "run", "same").stderr
