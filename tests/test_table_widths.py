"""Tables fit 60, 80 and 120 columns with any number of labels, and break no word."""

from __future__ import annotations

import io

import numpy as np
import pytest

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables import console
from fer_analysis.cli.tables.console import table
from fer_analysis.cli.tables.evaluation import print_evaluation
from fer_analysis.cli.tables.prediction import print_predictions
from fer_analysis.cli.tables.promises import print_answers, print_sets
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.promises import measure_promises
from fer_analysis.evaluation.unsure import PROMISES
from fer_analysis.prediction.predictions import Prediction, Predictions

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

    def run(width, show):
        text = io.StringIO()
        monkeypatch.setattr(console.out, "_file", text)
        monkeypatch.setattr(console.out, "_width", width)
        monkeypatch.setattr(verbosity, "level", lambda: verbosity.ALL)
        show()
        return text.getvalue()

    return run


def check(text, width, words):
    lines = text.splitlines()
    assert lines and max(map(len, lines)) <= width, max(lines, key=len)
    found = {word.strip(".,;:()[]'") for line in lines for word in line.split()}
    for word in words:
        assert word in found, f"{word} is broken or missing"


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
