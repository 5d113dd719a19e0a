"""The page for a second opinion, and the agreement of two people."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from small_bundle import fer

import fer_analysis
from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError
from fer_analysis.second_opinion.agreement import Agreement, agree


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


@pytest.fixture(scope="module")
def data():
    return fer_analysis.load_data("synthetic", n=100)


SAME_DATA = ("--set", "data.n=100")


def listed(name, labels):
    Path(name).write_text("id,label\n" + "".join(f"{i},{label}\n" for i, label in labels.items()))
    return read_face_list(name)


def content(page):
    text = page.read_text(encoding="utf-8")
    return text, json.loads(re.search(r'id="content">(.*?)</script>', text, re.S)[1])


def page_of(data, **options):
    ids = data.dataset.ids.tolist()
    Path("faces.csv").write_text("id\n" + "\n".join(ids[:12]))
    return fer_analysis.write_relabel_page(data=data, faces="faces.csv", **options)


def test_a_page_is_blind_unless_it_is_asked_not_to_be(data):
    page = page_of(data)
    text, found = content(page.path)
    ids = data.dataset.ids.tolist()[:12]
    assert sorted(page.ids) == sorted(ids) and list(page.ids) != ids, "in random order"
    assert page_of(data).ids == page.ids and page_of(data, seed=1).ids != page.ids
    assert all(face.keys() == {"id", "pixels", "src"} for face in found["faces"])
    assert found["labels"] == list(FER_LABELS)
    assert data.fingerprint in found["key"]
    assert "independent of both" in text
    shown = content(page_of(data, show=["label"]).path)[1]["faces"]
    label_of = dict(zip(ids, data.dataset.labels.tolist(), strict=False))
    assert [face["label"] for face in shown] == [FER_LABELS[label_of[f["id"]]] for f in shown]
    with pytest.raises(FerError, match="did you mean 'label'"):
        page_of(data, show=["lable"])


def test_the_page_runs_its_own_script_alone_and_escapes_what_data_says(data):
    names = ("</script><script>alert(1)</script>", *FER_LABELS[1:])
    hostile = replace(
        data, dataset=replace(data.dataset, label_names=names, votes=None, vote_names=())
    )
    text, found = content(page_of(hostile).path)
    assert found["labels"][0] == names[0]
    assert "<script>alert" not in text
    assert "default-src 'none'" in text and text.count("<script") == 2
    assert "http" not in re.sub(r"http-equiv", "", text)


def test_the_highest_losses_of_a_run_or_the_doubts_of_an_audit_are_asked_about(trained):
    fer("relabel", "run", "--split", "test", "-n", "5", "--show", "model", "--out", "page")
    _, found = content(Path("page/relabel.html"))
    losses = json.loads(fer("evaluate", "run", "--json").stdout)
    worst = Path("run/evaluation/test/top_losses.csv").read_text().splitlines()[1:6]
    assert {face["id"] for face in found["faces"]} == {line.split(",")[0] for line in worst}
    assert all(re.match(r"\w+, [\d.]+ %$", face["model"]) for face in found["faces"])
    assert losses["n"] > 5
    images = fer_analysis.load_data(trained).dataset.images
    marks = {row["id"]: row["pixels"] for row in found["faces"]}
    assert marks == {name: pixel_mark(images[int(name)]) for name in marks}
    assert {line.split(",")[-1] for line in worst} == {*marks.values()}, "a list of faces itself"

    fer("audit", "--data", trained, "--out", "audit")
    rows = [line.split(",") for line in Path("audit/audit.csv").read_text().splitlines()[1:]]
    fer("relabel", "--data", trained, "--audit", "audit", "--issue", "tie", "--out", "page")
    _, found = content(Path("page/relabel.html"))
    assert {f["id"] for f in found["faces"]} == {row[0] for row in rows if row[1] == "tie"}
    wrong = fer("relabel", "--data", "synthetic", "--audit", "audit", code=1).stderr
    assert "an audit of other data" in wrong
    assert "name one" in fer("relabel", "run", "--issue", "tie", code=1).stderr


FIRST = dict(enumerate("aaaaabbbbb"))
SECOND = dict(enumerate("aaaabbbbba")) | {99: "a"}


def test_kappa_by_hand():
    """8 of 10 agree; by chance half would: (0.8 - 0.5) / (1 - 0.5) = 0.6."""
    found = agree(listed("a.csv", FIRST), listed("b.csv", SECOND))
    kappa, agreed = found.summary["kappa"], found.summary["agreed"]
    assert (kappa.value, agreed.value, kappa.n) == (pytest.approx(0.6), pytest.approx(0.8), 10)
    assert kappa.low < 0.6 < kappa.high and found.summary["only"] == [0, 1]
    [a, b] = found.summary["labels"]
    assert (a["first"], a["second"], a["both"]) == (5, 5, 4)
    assert a["agreement"].value == b["agreement"].value == pytest.approx(0.8)
    assert found.differing == (
        {"id": "4", "first": "a", "second": "b"},
        {"id": "9", "first": "b", "second": "a"},
    )
    assert {row["id"] for row in found.agreed} == {str(i) for i in range(10)} - {"4", "9"}


def test_the_bootstrap_draws_kappas_of_resampled_faces():
    noise = np.random.default_rng(0)
    a = noise.integers(0, 3, 300)
    b = np.where(noise.random(300) < 0.7, a, noise.integers(0, 3, 300))
    lists = [listed(name, dict(enumerate(x))) for name, x in (("a.csv", a), ("b.csv", b))]
    kappa = agree(*lists).summary["kappa"]
    rows = noise.integers(0, 300, (400, 300))
    low, high = np.quantile([cohen_kappa_score(a[row], b[row]) for row in rows], [0.025, 0.975])
    assert kappa.low == pytest.approx(low, abs=0.02)
    assert kappa.high == pytest.approx(high, abs=0.02)


def test_one_label_for_all_has_no_kappa_and_no_common_face_is_an_error():
    same = listed("a.csv", dict.fromkeys(range(5), "a"))
    found = agree(same, listed("c.csv", dict.fromkeys(range(4), "a")))
    assert found.summary["kappa"].value is None and found.summary["agreed"].value == 1
    found.save("out")
    assert Path("out/differing.csv").read_text() == "id,label\n"
    with pytest.raises(FerError, match="have no labelled face in common"):
        agree(same, listed("b.csv", {7: "a"}))


def test_one_list_twice_and_labels_of_other_names_are_no_two_opinions():
    first = listed("a.csv", {1: "sad", 2: "happy", 3: "sad"})
    with pytest.raises(FerError, match="are the same list"):
        agree(first, listed("copy.csv", {1: "sad", 2: "happy", 3: "sad"}))
    with pytest.raises(FerError, match=r"no label in common \(sad, happy; 1, 0\)"):
        agree(first, listed("b.csv", {1: "1", 2: "0", 3: "1"}))
    assert agree(first, listed("c.csv", {1: "fear", 2: "fear"})).summary["agreed"].value == 0


def test_an_agreement_is_saved_and_read_again_and_compared_with_the_data(data):
    ids, labels = data.dataset.ids.tolist()[:20], data.dataset.labels[:20]
    names = [FER_LABELS[label] for label in labels]
    listed("a.csv", dict(zip(ids, names, strict=True)))
    listed("b.csv", dict(zip(ids, ["Happiness"] * 3 + names[3:], strict=True)))
    found = fer_analysis.agreement("a.csv", "b.csv", data=data, out="out")
    differ = sum(name != "happy" for name in names[:3])
    assert len(found.differing) == differ
    whole = found.summary["present"][0]
    assert (whole["who"], whole["agreed"].value, whole["kappa"].value) == ("first", 1, 1)
    again = Agreement.load("out")
    assert again == found
    assert read_face_list("out/agreed.csv").label_positions(FER_LABELS)
    assert "<table" in found._repr_html_()
    Path("out/agreement.json").write_text("{")
    with pytest.raises(FerError, match="no agreement in it"):
        Agreement.load("out")


def marked(name, rows, images):
    lines = [f"{row},{label},{pixel_mark(images[row])}" for row, label in rows.items()]
    Path(name).write_text("\n".join(["id,label,pixels", *lines]))
    return read_face_list(name)


def test_lists_of_two_data_sets_or_of_other_data_do_not_agree(data):
    ids = np.arange(len(data.dataset)).astype(str)
    data, images = replace(data, dataset=replace(data.dataset, ids=ids)), data.dataset.images
    first = marked("a.csv", {1: "sad", 2: "sad"}, images)
    second = marked("b.csv", {1: "sad", 2: "happy"}, images)
    found = agree(first, second)
    assert found.agreed == ({"id": "1", "label": "sad", "pixels": pixel_mark(images[1])},)
    assert found.differing[0]["pixels"] == pixel_mark(images[2])
    assert agree(first, second, data).agreed == found.agreed
    other = images[1:]
    with pytest.raises(FerError, match="a.csv and c.csv are of two data sets: image '1' has other"):
        agree(first, marked("c.csv", {1: "sad", 2: "happy"}, other))
    lists = [
        marked(name, {1: label}, other) for name, label in (("d.csv", "sad"), ("e.csv", "fear"))
    ]
    with pytest.raises(FerError, match="d.csv: a list of other data: image '1' has other pixels"):
        agree(*lists, data)


def test_the_command_names_the_faces_that_differ():
    listed("a.csv", FIRST)
    listed("b.csv", SECOND)
    text = " ".join(fer("agreement", "a.csv", "b.csv", "-v").stdout.split())
    assert "10 faces in both (1 only in b.csv)" in text
    assert "the same label for 80.0 %" in text and "kappa 0.60 [" in text
    assert "2 faces differ: 4, 9" in text
    assert json.loads(fer("agreement", "a.csv", "b.csv", "--json").stdout)["n"] == 10


def test_what_else_lies_in_the_folder_of_a_result_stays(data, trained):
    listed("a.csv", FIRST)
    listed("b.csv", SECOND)
    Path("table.csv").write_text("id\n" + "\n".join(data.dataset.ids[:3]))
    commands = {
        "agreement.json": ("agreement", "a.csv", "b.csv"),
        "relabel.html": ("relabel", "--faces", "table.csv", "--data", "synthetic", *SAME_DATA),
        "comparison.json": (
            "compare",
            "run",
            "run/model.keras",
            "--data",
            "fer",
            "--split",
            "test",
        ),
    }
    for written, command in commands.items():
        for out in ("kept", "."):
            Path(out).mkdir(exist_ok=True)
            Path(out, "answers.csv").write_text("hours of work")
            fer(*command, "--out", out)
            assert Path(out, written).is_file(), (written, out)
            assert Path(out, "answers.csv").read_text() == "hours of work", (written, out)
            assert Path("a.csv").is_file()
