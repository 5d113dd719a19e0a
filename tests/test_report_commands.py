"""Every command that a page names works as it stands, for whatever the page is of."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pytest
from fer_layouts import write_layout
from report_pages import Page, drawn, make_run
from small_bundle import fer

from fer_analysis import load_data, write_report
from fer_analysis.cli import main
from fer_analysis.config import load_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.report.commands import Request, Subject, suggested
from fer_analysis.run import Run

CHEAP = {"audit", "report"}
OF_A_RUN = {"evaluate", "saliency", "stress", "diagnose"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data set as a CSV, and the same read."""
    file = write_layout(drawn(), tmp_path_factory.mktemp("data"), "csv")
    return str(file), load_data(file)


def run_directory(folder, data):
    make_run(folder / "runs" / "mine", drawn(), votes=False, saliency=False)
    return "runs/mine"


def bundled(folder, data):
    """Results of the network in the package, written by hand: no network is loaded."""
    own = {"votes": False, "saliency": False, "fingerprint": data.fingerprint}
    make_run(folder / "runs" / "bundled", data.dataset, **own)
    (folder / "runs" / "bundled" / "config.yaml").unlink()
    return "bundled"


def predictions(folder, data):
    part = data.dataset.part("test")
    with open(folder / "theirs.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "label", *part.label_names])
        for name, label in zip(part.ids, part.labels, strict=True):
            rows.writerow([name, part.label_names[label], *[1 / 7] * 7])
    fer("evaluate", "--predictions", "theirs.csv")
    [results] = (folder / "runs").iterdir()
    return f"runs/{results.name}"


@pytest.mark.parametrize(
    ("subject", "with_data", "least"),
    [
        (run_directory, False, 8),
        (bundled, False, 0),
        (bundled, True, 8),
        (predictions, False, 0),
        (predictions, True, 5),
    ],
)
def test_every_command_on_the_page_works(subject, with_data, least, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    file, loaded = data
    run = subject(tmp_path, loaded)
    (tmp_path / "faces.csv").write_text(f"id,label\n{loaded.dataset.ids[0]},sad\n")
    written = write_report(run, data=file if with_data else None, faces=False)
    page = Page(written.path.read_text())
    shown = [code["text"] for code in page.all("code", **{"class": "run"})]
    assert len(shown) >= least
    boxes = [box["text"] for box in page.all("p", **{"class": "missing"})]
    for box in (text for text in boxes if text.startswith("Not here")):
        reasons = "fer ", "That needs", "option --data", "Name a second", "has none"
        assert any(reason in box for reason in reasons), box
    for line in dict.fromkeys(shown):
        works(line)


def works(line):
    """Parse a command with all its arguments, look up its run and data, and run a cheap one."""
    fer_word, name, *words = shlex.split(line)
    assert fer_word == "fer"
    command = main.commands[name]
    if name == "study":
        command = command.commands[words.pop(0)]
    for made in (Path(word) for word in words if word.startswith(("runs/diagnosis", "runs/study"))):
        made.mkdir(parents=True, exist_ok=True)
    command.make_context(name, list(words))
    assert not {"PATH", "OTHER_RUN"} & set(words)
    if name in OF_A_RUN:
        Run.open(words[0])
    if "--data" in words:
        source = words[words.index("--data") + 1]
        assert source == SYNTHETIC or Path(source).exists()
    makes_nothing_long = name in CHEAP and "bundled" not in words[1:] and "--study" not in words
    if makes_nothing_long:
        fer(name, *words)


def test_commands_keep_what_was_asked_for():
    asked = Request(("runs/a", "runs/my b"), "some data", "test", (Path("s"),), Path("au"))
    made = suggested(asked, Subject("a", "test"))
    again = "fer report runs/a 'runs/my b' --data 'some data' --split test --study s"
    assert made["study"].commands == (
        "fer diagnose runs/a --data 'some data' --out runs/diagnosis-a",
        f"{again} --audit au --study runs/diagnosis-a",
    )
    assert made["audit"].commands[1] == f"{again} --audit runs/audit-a"
    assert made["saliency"].commands == ("fer saliency runs/a --data 'some data' --split test",)
    config = load_config("tiny", ["data.source=synthetic", "data.n=280", "data.seed=4"])
    own = suggested(Request(("runs/a",)), Subject("a", "test", config=config))
    assert own["saliency"].commands == ("fer saliency runs/a --split test",)
    words = shlex.split(own["audit"].commands[0])[1:]
    assert words[:3] == ["audit", "--data", "synthetic"]
    assert {"data.n=280", "data.seed=4"} <= {*words}


def test_commands_read_the_data_as_the_page_did():
    asked = Request(
        ("bundled",),
        "votes",
        label_map={"contempt": None},
        overrides=("data.labels=votes",),
    )
    made = suggested(asked, Subject("bundled", "validation"))
    on_it = "--data votes --set data.labels=votes --map contempt=- --split validation"
    assert made["stress"].commands == (f"fer stress bundled {on_it}",)
    assert made["saliency"].commands == (f"fer saliency bundled {on_it}",)
    assert "--set data.labels=votes" in made["exclude"].commands[0]
    for section in ("audit", "study", "remedies", "compare", "relabel"):
        assert not made[section].commands and "takes no --map" in made[section].why
    told = suggested(
        Request(("a",), "votes", overrides=("data.labels=votes",)), Subject("a", "test")
    )
    assert "takes no --set" in told["study"].why
    assert "--set data.labels=votes --out" in told["audit"].commands[0]


def test_why_there_is_no_command(monkeypatch):
    monkeypatch.delenv("FER2013_DIR", raising=False)
    alone = suggested(Request(("runs/theirs-01234567",)), Subject("theirs", "given", network=False))
    assert not any(each.commands for each in alone.values())
    assert "needs the network" in alone["stress"].why
    assert "--data" in alone["audit"].why
    lost = suggested(Request(("bundled",)), Subject("bundled", "test"))
    assert "--data" in lost["saliency"].why and not lost["saliency"].commands
