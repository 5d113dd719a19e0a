"""Tables fit 60, 80 and 120 columns with any number of labels, and break no word."""

from __future__ import annotations

import dataclasses
import io
import itertools

import numpy as np
import pytest
from fer_layouts import faces
from report_pages import make_diagnosis, make_differences
from test_saliency_figures import finding

from fer_analysis.auditing.audit import Audit
from fer_analysis.auditing.issues import KINDS, Issues
from fer_analysis.cli import verbosity
from fer_analysis.cli.tables import console
from fer_analysis.cli.tables.audit import print_audit
from fer_analysis.cli.tables.card import print_card
from fer_analysis.cli.tables.comparison import print_comparison
from fer_analysis.cli.tables.console import table
from fer_analysis.cli.tables.data import counts_table
from fer_analysis.cli.tables.diagnosis import print_diagnosis
from fer_analysis.cli.tables.evaluation import print_evaluation
from fer_analysis.cli.tables.prediction import print_predictions
from fer_analysis.cli.tables.promises import print_answers, print_sets
from fer_analysis.cli.tables.saliency import print_analysis
from fer_analysis.cli.tables.stress import print_stress
from fer_analysis.cli.tables.study import print_differences
from fer_analysis.conditions import CONDITIONS
from fer_analysis.data.load import LoadedData
from fer_analysis.data.regions.template import REGIONS, template
from fer_analysis.evaluation.comparison import ComparedRun, Comparison
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.evaluation.model_card import figures_of
from fer_analysis.evaluation.paired import Contender, compare_pair, spread
from fer_analysis.evaluation.promises import measure_promises
from fer_analysis.evaluation.unsure import PROMISES
from fer_analysis.prediction.predictions import Prediction, Predictions
from fer_analysis.robustness.changes import NAMES
from fer_analysis.robustness.comparison import compare_stress
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import summaries
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.statistics.estimate import to_json
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences

LABELS = [2, 7, 8, 16, 100]
WIDTHS = [60, 80, 120]


def names_of(k):
    return tuple(f"apprehension_{i}" if i % 2 else f"rather happy {i}" for i in range(k))


def evaluation_of(k):
    rng = np.random.default_rng(0)
    n = max(300, 4 * k)
    labels = np.arange(n) % k
    probabilities = rng.dirichlet(np.full(k, 0.3), n) + 0.5 * np.eye(k)[labels]
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Evaluation(
        labels=labels,
        probabilities=probabilities,
        ids=np.arange(n).astype(str),
        split="validation",
        label_names=names_of(k),
        leaked=np.arange(n) % 5 == 0,
        votes=rng.multinomial(10, np.full(k + 1, 1 / (k + 1)), n),
        vote_names=(*names_of(k), "unknown"),
    )


@pytest.fixture(scope="module", params=LABELS)
def made(request):
    evaluation = evaluation_of(request.param)
    return evaluation, measure_promises(evaluation)


@pytest.fixture
def printed(monkeypatch):
    """Return what a function prints at a width."""

    def run(width, show, level=verbosity.ALL):
        text = io.StringIO()
        monkeypatch.setattr(console.out, "_file", text)
        monkeypatch.setattr(console.out, "_width", width)
        monkeypatch.setattr(verbosity, "_level", level)
        show()
        return text.getvalue()

    return run


def check(text, width, words):
    lines = text.splitlines()
    assert lines and max(map(len, lines)) <= width, max(lines, key=len)
    found = {word.strip(".,;:()[]'") for line in lines for word in line.split()}
    for word in words:
        assert word in found, f"{word} is broken or missing"


LEVELS = [verbosity.ALL, verbosity.SUMMARY]


def check_all(printed, show, words, *, summary=()):
    """Print at every width, in short and in full; every word must be whole and there."""
    for width, level in itertools.product(WIDTHS, LEVELS):
        check(printed(width, show, level), width, words if level == verbosity.ALL else summary)


def words_of(names):
    return {word for name in names for word in name.split()}


@pytest.mark.parametrize("width", WIDTHS)
def test_every_table_of_an_evaluation(made, printed, width):
    evaluation, promises = made
    words = {word for name in evaluation.label_names for word in name.split()}
    text = printed(width, lambda: print_evaluation("runs/first", evaluation, promises))
    check(text, width, words)
    assert width < 120 or "no room for" not in text
    for kind in PROMISES:
        check(printed(width, lambda kind=kind: print_answers(promises, kind)), width, words)
        check(printed(width, lambda kind=kind: print_sets(promises, kind)), width, words)


@pytest.mark.parametrize("sets", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("k", LABELS)
def test_predictions(printed, k, width, sets):
    names = names_of(k)
    shares = dict(zip(names, np.full(k, 1 / k), strict=True))
    chosen = names if sets else None
    one = Prediction(0, names[0], shares, unsure=False, oblong=False, labels=chosen)
    told = Predictions(
        run="bundled",
        predictions=(one,),
        unreadable=(),
        label_names=names,
        temperature=1.0,
        rule=None,
        card=None,
        sets={"coverage": 0.9, "n": 100, "labels": []} if sets else None,
    )
    text = printed(width, lambda: print_predictions(told))
    check(text, width, ["happy"])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("k", LABELS)
def test_a_column_for_each_label_is_left_out_and_named(printed, k, width):
    names = [f"label-{i}" for i in range(k)]
    rows = table("condition", *names)
    rows.add_row("seen from the side", *("61.5" for _ in names))
    text = printed(width, lambda: console.out.print(rows))
    check(text, width, ["condition", "label-0", "61.5", "side"])
    fits = len("seen from the side") + sum(len(name) + 2 for name in names) <= width
    if fits:
        assert "no room" not in text
    if k == 100:
        assert "more: widen the terminal" in " ".join(text.split())


def test_texts_wrap_between_words(printed):
    rows = table("cell", "why", numbers_from=2)
    rows.columns[1].justify = "left"
    rows.add_row("a-name-that-is-much-longer-than-a-column", "the reason is told in whole words")
    text = printed(40, lambda: console.out.print(rows))
    check(text, 40, ["reason", "whole", "words"])


NETWORKS = ("runs/a-network-of-ours", "runs/first")


def test_a_comparison(made, printed):
    evaluation, _ = made
    other = evaluation.take(np.roll(np.arange(len(evaluation)), 1))
    other = dataclasses.replace(evaluation, probabilities=other.probabilities)
    contenders = [Contender(n, (e,)) for n, e in zip(NETWORKS, (evaluation, other), strict=True)]
    several = [Contender(f"{name} many", (evaluation, other)) for name in NETWORKS]
    compared = Comparison(
        split="validation",
        runs=tuple(
            ComparedRun(each.name, each.name, None, metrics(each.seeds[0])) for each in contenders
        ),
        spreads={"all images": [spread(each) for each in several]},
        pairs=({"all images": compare_pair(*contenders)},),
    )
    words = words_of(evaluation.label_names) | set(NETWORKS)
    check_all(printed, lambda: print_comparison(compared), words, summary=NETWORKS)


def stress_of(evaluation, name):
    rng = np.random.default_rng(1)
    shuffled = [evaluation.probabilities[rng.permutation(len(evaluation))] for _ in range(2)]
    cells = {(c, s): shuffled[s % 2] for c in list(CONDITIONS)[:9] for s in range(1, 6)}
    meta = {"run": name, "split": "test", "data": "0", "leak_free": 400, "seed": 0, "seen": []}
    return StressTest(
        meta=meta | {"rule_from": "300 images", "guard_from": "", "made_from": ""},
        label_names=evaluation.label_names,
        ids=evaluation.ids,
        labels=evaluation.labels,
        clean=evaluation.probabilities,
        cells=cells,
        changes=dict.fromkeys(NAMES, evaluation.probabilities),
        temperature=1.0,
        rule={"target": 0.8, "least": 0.6},
        examples=np.array([0]),
        example_images=np.zeros((1, 48, 48, 1), np.uint8),
    )


def test_a_stress_test(made, printed):
    tests = [stress_of(made[0], name) for name in NETWORKS]
    words = words_of(made[0].label_names) | {"noise"}
    check_all(printed, lambda: print_stress(tests[:1], None), words)
    compared = compare_stress(tests)
    check_all(printed, lambda: print_stress(tests, compared), words, summary=NETWORKS)


def loaded_of(k):
    data = faces(4 * k, labels=names_of(k), splits=("train", "validation", "test"))
    return LoadedData(data, "folders", "own", data.fingerprint(), (), comparable=False)


@pytest.mark.parametrize("k", LABELS)
def test_an_audit_and_the_counts_of_a_data_set(printed, k):
    data = loaded_of(k)
    n = len(data.dataset)
    rows, everything = np.arange(n), np.ones(n, bool)
    counts = ("groups", "images_in_groups", "pairs", "mirrored", "pairs_under_different_labels")
    counts += ("images_in_groups_with_exact", "groups_with_exact", "largest_group")
    facts = dict.fromkeys(counts, 4) | {"out_of_fold_accuracy": 0.5, "against_votes": None}
    found = [Issues(kind, rows, np.ones(n), everything, facts=facts) for kind in KINDS]
    notes = ["a remark that is longer than one line of a terminal, which is folded between words"]
    audit = Audit.of(data, found, notes)
    words = words_of(names_of(k)) | {*KINDS, "between"}
    check_all(printed, lambda: print_audit(audit), words, summary=["near_duplicate"])
    short = words_of(names_of(min(k, 4))) if k <= 32 else ()
    words = words_of(names_of(k)) | {"validation", "split"}
    check_all(printed, lambda: console.out.print(counts_table(data.dataset)), words, summary=short)


def test_a_diagnosis_and_a_study(made, printed, tmp_path):
    evaluation, _ = made
    words = words_of(evaluation.label_names)
    make_diagnosis(tmp_path / "why", evaluation)
    diagnosis = Diagnosis.load(tmp_path / "why")
    check_all(printed, lambda: print_diagnosis(diagnosis), words, summary=["imbalance"])
    if len(words) > 3:
        make_differences(tmp_path / "what", evaluation)
        study = Differences.load(tmp_path / "what")
        shown = words | {"<b>mixup</b>", "base"}
        check_all(printed, lambda: print_differences(study), shown, summary=["<b>mixup</b>"])


def test_where_a_network_looks(made, printed):
    evaluation, _ = made
    k = len(evaluation.label_names)
    rows = np.arange(2 * k)
    maps = SaliencyMaps(
        maps=np.random.default_rng(0).random((2 * k, 48, 48), np.float32),
        rows=rows,
        ids=evaluation.ids[rows],
        labels=evaluation.labels[rows],
        targets=evaluation.labels[rows],
        against=np.full(2 * k, -1),
        residuals=np.full(2 * k, np.nan, np.float32),
        probabilities=evaluation.probabilities[rows],
        label_names=evaluation.label_names,
        support=evaluation.support,
        correct=evaluation.correct,
        split="validation",
        target="true",
        method="gradient",
        options={},
    )
    images = np.zeros((2 * k, 48, 48, 1), np.uint8)
    row = {"runs": 2, "same_image": 0.5, "mean_map": 0.5, "most_enriched": ["upper lip"] * 2}
    analysis = SaliencyAnalysis(
        maps=maps,
        images=images,
        regions=template(),
        labels=tuple(summaries(maps, images, template())),
        findings=tuple(finding(name, REGIONS) for name in evaluation.label_names),
        checks={},
        stability=tuple({"label": name, **row} for name in evaluation.label_names),
        meta={"complete": True, "label_notes": ["labels of the data read as the network's: a=b"]},
    )
    words = words_of(evaluation.label_names) | {"mouth", "network's"}
    check_all(printed, lambda: print_analysis(analysis), words, summary=["mouth", "network's"])


def test_the_card_of_a_network(made, printed):
    evaluation, promises = made
    figures = figures_of(metrics(evaluation))
    card = {
        "command": "fer train best --data PATH --set training.initial_weights=runs/a-long-name",
        "note": None,
        "seed": 0,
        "model": "residual",
        "parameters": 1_900_000,
        "minutes": 48.0,
        "data": {"fingerprint": "0123456789abcdef", "protocol": "own"},
        "calibration": {},
        "validation": figures,
        "validation-tta": None,
        "test": None,
        "test-tta": None,
        "promises": {"validation": to_json(promises.as_dict())},
    }
    check_all(printed, lambda: print_card("bundled", card), words_of(evaluation.label_names))
