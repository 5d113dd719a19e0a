"""The report without a browser: its numbers, its faces, what is missing, hostile names."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import re
import stat
import subprocess
import sys

import numpy as np
import pytest
from report_pages import (
    Page,
    drawn,
    look_up,
    make_audit,
    make_diagnosis,
    make_differences,
    make_run,
    predicted,
    read_metrics,
)
from small_bundle import fer

from fer_analysis import write_report
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.report.commands import Request
from fer_analysis.report.faces import cap
from fer_analysis.report.facts import facts_of
from fer_analysis.report.headline import headline
from fer_analysis.report.page import page
from fer_analysis.report.render import html, model_card, no_break, unbroken
from fer_analysis.report.saved_run import read_run
from fer_analysis.report.training import table_1
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import from_json
from fer_analysis.text import markdown, short, short_names

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'); alert(1); ('",
    "{{ 7 * 7 }}",
    "</style></script>",
    "| a | b |\n# c",
    "x" * 1_000_000,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run with all attachments, and its page."""
    folder, data = tmp_path_factory.mktemp("report"), drawn()
    evaluation = make_run(folder / "run", data)
    make_run(folder / "other", data, seed=1, saliency=False)
    issues = make_audit(folder / "audit", evaluation)
    make_diagnosis(folder / "study", evaluation)
    make_differences(folder / "remedies", evaluation)
    done = fer(
        "report",
        folder / "run",
        folder / "other",
        "--audit",
        folder / "audit",
        "--study",
        folder / "study",
        "--study",
        folder / "remedies",
        "--per-cell",
        5,
    )
    text = (folder / "run" / "report.html").read_text()
    return folder, evaluation, issues, Page(text), text, done


def test_every_number_is_the_one_in_metrics_json(made):
    folder, _, _, dom, _, _ = made
    metrics, numbers = read_metrics(folder / "run"), dom.all("data")
    assert len(numbers) > 150
    for number in numbers:
        value = look_up(metrics, number["data-m"])
        assert number["value"] == ("" if value is None else json.dumps(value)), number
    shown = {n["data-m"]: n["text"] for n in numbers}
    assert shown["all.accuracy.value"] == f"{100 * metrics['all']['accuracy']['value']:.1f} %"
    assert shown["leak_free.n"] == str(metrics["leak_free"]["n"])


def test_a_study_s_differences_and_caveats_are_shown(made):
    folder, _, _, dom, text, _ = made
    cells = [th["text"] for th in dom.all("th", scope="row")]
    assert "<b>mixup</b>" in cells, "as text"
    assert "<b>mixup" not in text
    assert "+12.3 (+4.5 to +20.0)" in [strong["text"] for strong in dom.all("strong")]
    assert "trained on <all>" in [strong["text"] for strong in dom.all("strong")], "a warning"
    assert any("but <so>" in dd["text"] for dd in dom.all("dd"))
    assert any(
        "Macro-F1 in points, where the interval excludes 0: no cell" in i["alt"]
        for i in dom.all("img")
    )
    twice = fer(
        "report", folder / "run", "--study", folder / "study", "--study", folder / "study", code=1
    )
    assert "a second diagnosis" in twice.output
    neither = fer("report", folder / "run", "--study", folder / "audit", code=1)
    assert "no result of a study" in neither.output


def test_the_tiles_have_figures_with_interval_and_n_or_a_command(made):
    folder, evaluation, _, dom, _, _ = made
    metrics = read_metrics(folder / "run")
    shown = {e["text"].splitlines()[0]: e["text"] for e in dom.all("li", **{"class": "tile"})}
    assert len(shown) == 6
    assert f"n = {metrics['leak_free']['n']}" in shown["leak-free accuracy"]
    assert "not measured" in shown["promise kept"] and "fer stress" in shown["promise kept"]
    names, worst = evaluation.label_names, evaluation.leak_free.worst
    row = np.delete(evaluation.confusion[worst], worst)
    recall = metrics["leak_free"]["labels"][worst]["recall"]["value"]
    assert f"{100 * recall:.1f} %" in shown[f"worst label: {names[worst]}"]
    [mistaken] = [each for each in shown if each.startswith(f"{names[worst]} predicted as ")]
    assert f"{row.max()} faces" in shown[mistaken]
    sections = [e["href"][1:] for e in dom.all("a") if "nav" in e["inside"]]
    assert all(any(e.get("id") == each for e in dom.elements) for each in sections)


def test_the_matrix_is_the_confusion_and_each_cell_lists_its_surest_faces(made):
    folder, evaluation, _, dom, _, _ = made
    with open(folder / "run" / "evaluation" / "test" / "confusion.csv", newline="") as file:
        counts = [[int(cell) for cell in row[1:]] for row in list(csv.reader(file))[1:]]
    buttons = {b["data-cell"]: int(b["data-count"]) for b in dom.all("button") if "data-cell" in b}
    for true, row in enumerate(counts):
        for called, count in enumerate(row):
            cell = f"cell-{true}-{called}"
            assert buttons.get(cell, 0) == count
            mask = (evaluation.labels == true) & (evaluation.predicted == called)
            order = np.argsort(-evaluation.probabilities[mask].max(axis=1), kind="stable")
            assert dom.ids_of(cell) == evaluation.ids[mask][order][:5].tolist()
    assert re.search(r"5 shown, \d+ hidden", "".join(s["text"] for s in dom.all("summary")))


def test_the_headline_stands_first_and_is_printed(made):
    folder, evaluation, _, dom, _, done = made
    [title] = dom.all("h1")
    told = headline(evaluation, from_json(read_metrics(folder / "run")), None)
    assert title["text"].replace("\N{NON-BREAKING HYPHEN}", "-").startswith(told)
    assert " ".join(done.stdout.split()).startswith(told)
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert f"{evaluation.correct[evaluation.leak_free.worst]} of" in told


def test_everything_beside_the_run_is_in_it(made):
    _, evaluation, issues, dom, text, _ = made
    assert "Not here yet" not in dom.all("main")[0]["text"].split("Training")[0]
    marked = [e["text"] for e in dom.all("li") if e.get("data-id") in issues]
    assert all("exact duplicate" in told for told in marked)
    assert "imbalance" in text
    assert "Only run is correct on these" in text
    assert len([e for e in dom.all("img") if not e["src"].startswith("data:")]) == 0
    with_map = [e for e in dom.all("i") if "span" in e["inside"]]
    assert with_map


def test_tables_have_captions_and_scopes_pictures_have_texts(made):
    dom = made[3]
    assert len(dom.all("caption")) == len(dom.all("table"))
    assert all(th.get("scope") for th in dom.all("th"))
    assert all("alt" in img for img in dom.all("img"))
    assert all(e.get("aria-label") for e in dom.all("span", role="img"))


def test_nothing_is_asked_of_a_network(made):
    dom = made[3]
    for element in dom.elements:
        for key in ("src", "href", "action", "srcset"):
            assert re.match(r"#|data:|$", element.get(key) or ""), element
    assert not re.search(r"url\((?!\"data:)", made[4])
    assert "@import" not in made[4]


def test_the_model_card_lies_beside_it(made):
    card = (made[0] / "run" / "MODEL_CARD.md").read_text()
    for what in ("Intended use", "Unsuitable use", "annotators are a reference", "licence"):
        assert what in card
    assert (
        len(re.findall(r"^\| (?:angry|disgust|fear|happy|sad|surprise|neutral) \|", card, re.M))
        == 7
    )


def test_no_faces_leaves_every_picture_of_a_face_out(made):
    folder = made[0]
    fer("report", folder / "run", "--no-faces", "--out", folder / "plain.html")
    text = (folder / "plain.html").read_text()
    assert "image/webp" not in text
    assert "image/png" not in text
    assert not Page(text).all("span", role="img")
    assert "left out on request" in text
    assert (folder / "plain.MODEL_CARD.md").is_file()


def test_a_stress_test_stands_on_the_page_and_in_the_card(tmp_path):
    from test_stress import N, stress_test

    make_run(tmp_path / "run", drawn(), saliency=False)
    found = stress_test(0, 4, 60, 120, 200)
    refused = np.zeros((6, N), bool)
    refused[0, :12] = refused[5] = True
    found = dataclasses.replace(found, refused=refused)
    found.save(tmp_path / "run" / "stress" / "test")
    fer("report", tmp_path / "run")
    text = " ".join((tmp_path / "run" / "report.html").read_text().split())
    assert "On 400 images the accuracy is 100.0 %" in text
    assert "kept in 3, broken in 2, not decided in 0" in text
    assert "refuses 3.0 % of the clean faces" in text
    assert "dog, as cat" in text
    card = (tmp_path / "run" / "MODEL_CARD.md").read_text()
    assert "under the simulated condition dark 80.8 %" in card
    assert "kept in 3, broken in 1, not decided in 1" in card
    (tmp_path / "run" / "stress" / "test" / "stress.json").write_text('{"n": 3}')
    fer("report", tmp_path / "run")
    assert "fer stress" in (tmp_path / "run" / "report.html").read_text()


def test_what_is_known_of_a_face(tmp_path):
    from test_stress import N, stress_test

    data = drawn()
    evaluation = make_run(tmp_path, data, saliency=False)
    saved = read_run("run", Run(tmp_path), Run(tmp_path), "test")
    part = data.part("test")
    saved = dataclasses.replace(saved, images=part.images[..., 0], dataset=data)
    held_out, trained = evaluation.ids[3], data.part("train").ids[5]
    row = {"id": held_out, "issue": "near_leak", "partner": trained}
    facts = facts_of(saved, (row | {"partner_split": "train", "partner_label": "sad"},))
    assert facts.partners[3] == {
        "id": trained,
        "issue": "near leak",
        "split": "train",
        "label": "sad",
        "row": 0,
    }
    np.testing.assert_array_equal(facts.partner_images[0], data.part("train").images[5, ..., 0])
    votes = saved.evaluation.votes
    share = votes[np.arange(len(part)), part.labels] / votes.sum(axis=1)
    assert [facts.agreement[i] == "with" for i in range(len(part))] == (share >= 0.8).tolist()
    assert facts.conditions == () and facts.slices == ()

    # Under the condition the first 4, 60, 120 ... of the correct faces become wrong.
    test = stress_test(0, 4, 60, 120, 200)
    test.save(tmp_path / "stress" / "test")
    tested = dataclasses.replace(
        saved,
        evaluation=Evaluation(
            test.labels, test.clean, test.ids, "test", test.label_names, leaked=None
        ),
        data_fingerprint=None,
        dataset=None,
    )
    falls = facts_of(tested).falls
    weakest = [int(falls[i]) for i in range(N) if i in falls]
    assert [weakest.count(s) for s in (1, 2, 3, 4, 5)] == [0, 4, 56, 60, 80]


def test_the_paper_s_table_has_a_row_of_ours_and_the_network_its_layers(tmp_path):
    run = Run(tmp_path / "run")
    make_run(run.path, drawn(), saliency=False)
    run.summary_file.write_text("<i>pixels</i>  48 x 48 x 1")
    dom = Page(page_of(run.path))
    assert any(pre["text"].startswith("<i>pixels</i>") for pre in dom.all("pre"))
    [samples] = dom.all("dl", **{"class": "samples"})
    for name, n in zip(drawn().label_names, drawn().counts()["train"], strict=True):
        assert f"{name}, {n}" in samples["text"]

    saved = read_run("run", run, run, "test")
    assert table_1([saved]) is None
    figures = {"training_loss": 1.5, "training_accuracy": 0.25, "validation_loss": 1.25}
    figures |= {"validation_accuracy": 0.5, "test_accuracy": None, "epochs": 3}
    ended = {"epochs": 3, "best_epoch": 2, "protocol": "official", "comparable": True}
    remedies = {"label_smoothing": {"amount": 0.1}, "balanced_sampling": {}}
    run.write_result(ended | {"table_1": figures, "remedies": remedies})
    shown = table_1([saved])
    assert [row[0] for row in shown["rows"]] == [
        "the paper's MobileNet",
        "the paper's self-built",
        "run",
    ]
    assert shown["rows"][-1][1:] == ([1.5, 0.25, 1.25, 0.5, None, 3], "official")
    assert not shown["comparable"]
    assert shown["losses"] == [("run", "label smoothing")]
    make_run(tmp_path / "first", drawn(), seed=1, saliency=False)
    first = read_run("first", Run(tmp_path / "first"), Run(tmp_path / "first"), "test")
    assert table_1([saved, first])["whose"] == ["this run"]
    assert table_1([first, saved])["whose"] == ["run"], "not of the run that the page is of"


def test_commands_and_figures_are_broken_between_words():
    assert "<p>" not in str(unbroken("<p> --data"))
    assert unbroken("fer report a-b --data x") == ('fer report a-b <span class="n">--data</span> x')
    assert no_break("sad 9 %, 95 % of % 3") == "sad 9\xa0%, 95\xa0% of % 3"


def test_predictions_that_are_not_there_are_named_with_their_command(tmp_path):
    make_run(tmp_path / "run", drawn(), saliency=False)
    line = fer("report", tmp_path / "run", "--split", "validation", code=1).stderr
    assert "fer evaluate" in line
    assert "--split validation" in line
    metrics = read_metrics(tmp_path / "run")
    metrics["all"]["correct"] += 1
    (tmp_path / "run" / "evaluation" / "test" / "metrics.json").write_text(json.dumps(metrics))
    assert "not of these predictions" in fer("report", tmp_path / "run", code=1).stderr


def test_another_run_in_full_is_a_link_to_its_page_or_the_command_for_it(tmp_path):
    data = drawn()
    for seed, name in enumerate(("run", "the other")):
        make_run(tmp_path / name, data, seed=seed, saliency=False)
    runs = tmp_path / "run", tmp_path / "the other"

    def section():
        fer("report", *runs, "--out", tmp_path / "pages" / "both.html")
        text = (tmp_path / "pages" / "both.html").read_text()
        return text[text.index('id="runs"') : text.index('id="origin"')]

    (tmp_path / "pages").mkdir()
    assert f"fer report &#39;{runs[1]}&#39;" in section() and "own page" not in section()
    fer("report", runs[1])
    assert '<a href="../the%20other/report.html">its own page</a>' in section()
    runs[1].joinpath("report.html").write_text("not ours")
    assert "own page" not in section()


def test_what_is_not_a_page_of_ours_is_not_replaced(made, tmp_path):
    run, out = made[0] / "run", tmp_path / "index.html"
    out.write_text("<html>mine</html>")
    assert "not made by `fer report`" in fer("report", run, "--out", out, code=1).stderr
    assert out.read_text() == "<html>mine</html>"
    fer("report", run, "--no-faces", "--out", out, "--force")
    fer("report", run, "--no-faces", "--out", out)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in fer("report", run, "--out", tmp_path / "pipe", code=1).stderr
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_model_card_that_a_person_changed_is_kept(made, tmp_path):
    run, card = made[0] / "run", tmp_path / "page.MODEL_CARD.md"
    words = ["report", run, "--no-faces", "--out", tmp_path / "page.html"]
    fer(*words)
    first = card.read_text()
    fer(*words)
    assert card.read_text() == first
    card.write_text("All people in the pictures agreed.\n" + first)
    assert "is kept" in fer(*words).stderr
    assert card.read_text().startswith("All people")
    fer(*words, "--force")
    assert card.read_text() == first


def test_maps_of_other_data_are_left_out(tmp_path):
    run = tmp_path / "run"
    make_run(run, drawn(), fingerprint="of today")
    assert "Maps: gradient" in page_of(run)
    meta = run / "saliency" / "test" / "meta.json"
    meta.write_text(meta.read_text().replace("of today", "of yesterday"))
    text = page_of(run)
    assert "Maps: gradient" not in text
    assert "saliency maps are of other data" in text


def page_of(run):
    return write_report(run).path.read_text()


def test_hostile_names_do_no_harm(tmp_path):
    part = drawn().part("test")
    evaluation = predicted(part, names=HOSTILE)
    ids = [f"{i}/../<b onmouseover='x'>\u202e.png" for i in range(len(part))]
    object.__setattr__(evaluation, "ids", np.array(ids))
    evaluation.save(tmp_path / "evaluation" / "test")
    run = Run(tmp_path)
    saved = read_run("<i>run</i>", run, run, "test")
    content = page([saved], Request(("<i>run</i>",)))
    text = html(content)
    dom = Page(text)
    assert len(text) < 3_000_000
    assert len(dom.all("script")) == 1
    assert not dom.all("b", onmouseover="x")
    assert not [e for e in dom.elements if any(key.startswith("on") for key in e)]
    assert "\u202e" not in text
    assert "{{ 7 * 7 }}" in text
    card = model_card(content)
    assert "<script" not in card.replace("\\<", "")
    assert "\n# c" not in card
    assert len(card) < 20_000


def test_the_caps():
    assert cap(np.array([[500, 3], [0, 200]]), 120) == 120
    many = np.full((50, 50), 10)
    assert many.size * cap(many, in_all=5000) <= 5000
    assert cap(many, 7) == 7 and cap(many) == 3
    assert short("a\nb\u202e", 20) == "a\\nb\\u202e"
    assert len(set(short_names(["x" * 99, "x" * 98]))) == 2
    assert markdown("a|b\n<c>") == r"a\|b \<c\>"


def test_no_framework_is_loaded(made):
    code = (
        "import sys\n"
        "from fer_analysis.cli import main\n"
        "try:\n"
        f"    main(['report', {str(made[0] / 'run')!r}, '--out', {str(made[0] / 'x.html')!r}])\n"
        "except SystemExit as done:\n"
        "    assert not done.code\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
