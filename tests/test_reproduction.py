"""`fer reproduce`: planted results get the right verdicts, and a small whole run its folder."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from small_bundle import fer

import fer_analysis
from fer_analysis.config import load_config
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.data.splits import FULL_TEST
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures.writing import PNG_DPI
from fer_analysis.progress import Listener, Progress
from fer_analysis.reproduction.claims import DOES_NOT, HOLDS, NOT_DECIDED, decide, joint
from fer_analysis.reproduction.faces import median_face
from fer_analysis.reproduction.make_plan import _has_whole_test, make_plan
from fer_analysis.reproduction.network_claims import network_claims
from fer_analysis.reproduction.networks import Reproduced, _is_asked, explain, obtain_run
from fer_analysis.reproduction.other_claims import RATIO, data_claims
from fer_analysis.reproduction.plan import Plan
from fer_analysis.reproduction.recipes import RECIPES
from fer_analysis.reproduction.reproduce import carry_out
from fer_analysis.reproduction.result import Reproduction
from fer_analysis.reproduction.table import table_1
from fer_analysis.run import Run
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import difference_of_proportions

NAMES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
SMALL = (
    "training.epochs=2",
    "training.images_per_epoch=64",
    "model.dense=[8]",
    "model.filters=[4]",
)
FIGURES = (
    "figure-01-samples",
    "figure-02-structure-mobilenet",
    "figure-03-structure-self-built",
    "figure-04-loss-mobilenet",
    "figure-05-accuracy-mobilenet",
    "figure-06-loss-self-built",
    "figure-07-accuracy-self-built",
    "figure-08-confusion-mobilenet",
    "figure-09-confusion-self-built",
    "figure-10-saliency",
)


def test_the_difference_of_two_shares_is_newcombes():
    """56 of 70 and 48 of 80: +.2 (.0524 to .3339), in Newcombe 1998, method 10, example (a)."""
    found = difference_of_proportions((56, 70), (48, 80))
    assert found.value == pytest.approx(0.2)
    assert found.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert difference_of_proportions((0, 0), (1, 2)).value is None


def test_an_order_is_decided_by_its_interval():
    cases = {(0.01, 0.05): HOLDS, (-0.05, -0.01): DOES_NOT, (-0.01, 0.05): NOT_DECIDED}
    for ends, verdict in cases.items():
        assert decide(Estimate(0.02, *ends)) == verdict
    assert decide(Estimate(0.02)) == NOT_DECIDED
    assert joint([HOLDS, DOES_NOT, NOT_DECIDED]) == DOES_NOT
    assert joint([HOLDS, NOT_DECIDED]) == NOT_DECIDED
    assert joint([HOLDS, HOLDS]) == HOLDS


class _Faces:
    """What `median_face` reads of saliency maps."""

    def __init__(self, labels, probabilities):
        self.label_names = ("a", "b")
        self.labels = np.array(labels)
        own = np.array(probabilities)
        self.probabilities = np.where(
            np.arange(2) == self.labels[:, None], own[:, None], 1 - own[:, None]
        )
        self.predicted = self.probabilities.argmax(axis=1)


def test_the_face_of_a_label_is_the_median_of_the_correct_ones():
    faces = _Faces([0, 0, 0, 0, 1, 1, 1], [0.9, 0.6, 0.8, 0.2, 0.1, 0.3, 0.2])
    assert median_face(faces, "a") == 2  # .6, .8, .9 are correct
    assert median_face(faces, "b") == 6  # none is correct: .1, .2, .3
    assert median_face(_Faces([0, 0], [0.9, 0.8]), "a") == 1  # the lower one of an even number
    assert median_face(_Faces([0], [0.9]), "b") is None


def evaluation(correct, totals, taken_for=0):
    """Return predictions with so many correct of each label; errors go to one label."""
    labels = np.repeat(np.arange(7), totals)
    predicted = labels.copy()
    for label, (right, total) in enumerate(zip(correct, totals, strict=True)):
        rows = np.flatnonzero(labels == label)
        predicted[rows[right:total]] = taken_for if label != taken_for else 6
    ids = np.arange(len(labels)).astype(str)
    return Evaluation(labels, np.eye(7)[predicted], ids, "test", NAMES, leaked=ids == "0")


def planned(tmp_path, *, layout="csv", quick=False, split="test"):
    data = generate(n=210, seed=0)
    loaded = LoadedData(data, layout, "kaggle", "f", (), True)
    config = fer_analysis.load_data("synthetic", n=210).section
    loaded = dataclasses.replace(loaded, section=config)
    return Plan("repaired", quick, {}, loaded, split, tmp_path)


TOTALS = FULL_TEST["kaggle"]
PAPER_LIKE = (500, 0, 400, 1520, 700, 600, 821)  # 4,541 of 7,178


def reproduced(correct, network, tmp_path, collapse=None):
    rows = dict.fromkeys(("training_loss", "training_accuracy"), 0.5)
    rows |= dict.fromkeys(("validation_loss", "validation_accuracy", "test_accuracy"), 0.5)
    result = {"table_1": rows | {"epochs": 3}, "collapse": collapse}
    return Reproduced(network, Run(tmp_path / network), result, evaluation(correct, TOTALS))


def verdicts(plan, networks):
    return {claim.claim: claim for claim in network_claims(plan, networks)}


def test_planted_networks_get_their_verdicts(tmp_path):
    self_built = (500, 3, 300, 1434, 700, 500, 700)  # 4,137 of 7,178: 57.6 %
    networks = {
        "mobilenet": reproduced(PAPER_LIKE, "mobilenet", tmp_path),
        "self_built": reproduced(self_built, "self_built", tmp_path),
    }
    claims = verdicts(planned(tmp_path), networks)
    first = claims["MobileNet: test accuracy"]
    assert (first.verdict, first.figures["difference"].value) == (HOLDS, 0)
    assert "63.3 % [62.1-64.4] of 7,178" in first.ours
    assert "leak-free" in first.ours
    # 57.6 - 59.3 = -1.7 points: the interval (-3.3 to -0.1) leaves 0 out.
    assert claims["self-built: test accuracy"].verdict == DOES_NOT
    above = claims["MobileNet is above self-built"]
    assert above.verdict == HOLDS
    assert above.ours.startswith("+5.6 (")
    assert claims["happy is recognised best, by both"].verdict == HOLDS
    never = claims["disgust is never predicted correctly, by either"]
    assert never.verdict == DOES_NOT
    assert "MobileNet 0 of 111" in never.ours
    assert "self-built 3 of 111" in never.ours
    # All errors of disgust are "angry"; of the other faces, correct ones too, fewer are.
    mistaken = claims["disgust's features are vague: taken for angry or surprise"]
    assert "MobileNet 111 of 111 errors" in mistaken.ours
    assert mistaken.verdict == HOLDS
    rows = table_1(planned(tmp_path), networks).rows
    assert [row[0] for row in rows][:3] == [
        "MobileNet, paper",
        "MobileNet, ours",
        "MobileNet, ours, leak-free",
    ]
    assert rows[0][-2:] == ("1,520 of 1,774", "0 of 111")
    assert rows[1][-2:] == ("1,520 of 1,774", "0 of 111")


def test_a_collapse_does_not_reproduce_and_drawn_or_quick_runs_decide_nothing(tmp_path):
    happy = (0, 0, 0, 1774, 0, 0, 0)
    collapse = {"kind": "one label", "evidence": "one label for every image"}
    collapsed = {
        name: reproduced(happy, name, tmp_path, collapse) for name in ("mobilenet", "self_built")
    }
    claims = verdicts(planned(tmp_path), collapsed)
    assert claims["MobileNet: test accuracy"].verdict == DOES_NOT
    assert "collapsed" in claims["MobileNet: test accuracy"].because
    assert "collapsed" in table_1(planned(tmp_path), collapsed).rows[1][0]
    for plan in (planned(tmp_path, layout="synthetic"), planned(tmp_path, quick=True)):
        found = network_claims(plan, collapsed)
        assert {claim.verdict for claim in found} == {NOT_DECIDED}
        assert all(plan.decides in claim.because for claim in found)
    assert data_claims(planned(tmp_path, layout="synthetic"))[0].verdict == NOT_DECIDED
    assert RATIO == 16  # 7,215 / 436 is 16.5


def test_the_papers_protocol_is_used_where_its_whole_test_is_there():
    halves = [(c - p, p) for c, p in zip(TOTALS, FULL_TEST["official"], strict=True)]
    labels = np.concatenate([np.repeat(range(7), [h[i] for h in halves]) for i in (0, 1)])
    split = np.repeat(["validation", "test"], [sum(h[i] for h in halves) for i in (0, 1)])
    pixels = np.zeros((len(labels), 1, 1, 1), np.uint8)
    data = FaceDataset(pixels, labels, NAMES, np.arange(len(labels)).astype(str), split)
    loaded = LoadedData(data, "csv", "official", "f", (), True)
    assert _has_whole_test(loaded)
    part = dataclasses.replace(loaded, dataset=data.part("validation"))
    assert not _has_whole_test(part)
    assert not _has_whole_test(dataclasses.replace(loaded, protocol="own"))


def test_the_stand_in_for_the_test_is_said(tmp_path):
    plan = planned(tmp_path, split="validation")
    assert "validation in the place of the test" in plan.remarks[0]
    assert "drawn faces" in planned(tmp_path, layout="synthetic").remarks[0]
    assert planned(tmp_path, quick=True).remarks[-1] == "recipe: repaired, a quick look"


class _Stop(Progress):
    """Interrupts the first training after its first epoch."""

    def training(self, config):
        return _StopAfterOne()


class _StopAfterOne(Listener):
    def epoch(self, row, is_best):
        raise KeyboardInterrupt


class _Notices(Progress):
    def __init__(self):
        self.told = []

    def notice(self, text):
        self.told.append(text)


def small_plan(folder, *overrides):
    """Return a plan of two small networks of the same kind, which are trained in seconds."""
    data = fer_analysis.load_data("synthetic", n=220)
    section = data.section.model_dump(mode="json")
    config = load_config("tiny", (*SMALL, *overrides), data=section)
    return Plan(
        recipe="repaired",
        quick=True,
        configs=dict.fromkeys(("mobilenet", "self_built"), config),
        data=data,
        split="test",
        folder=folder,
        explained={"n": 2, "method": "gradient", "checks": "none"},
    )


def _only_results(render):
    """Return a `savefig` that renders the figures of the results, and no picture of the runs."""

    def savefig(figure, path, **options):
        if options.get("dpi") == PNG_DPI["screen"]:
            Path(path).touch()
        else:
            render(figure, path, **options)

    return savefig


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Reproduce with tiny trainings, interrupted once: the folder, the result, what was told."""
    folder = tmp_path_factory.mktemp("reproduction") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FER_CACHE_DIR", str(folder.parent / "cache"))
        patch.chdir(folder.parent)
        patch.setattr(Figure, "savefig", _only_results(Figure.savefig))
        # The self-built network was interrupted after its first epoch.
        plan, run_dir = small_plan(folder), folder / "self_built"
        with pytest.raises(KeyboardInterrupt):
            config = plan.configs["self_built"]
            fer_analysis.train(config, data=plan.data, run_dir=run_dir, progress=_Stop())
        started = (run_dir / "environment.json").stat().st_mtime_ns
        notices = _Notices()
        found = carry_out(plan, progress=notices)
    assert (run_dir / "environment.json").stat().st_mtime_ns == started
    return folder, found, notices.told


def test_time_is_told_first_and_the_killed_run_goes_on(whole):
    folder, _, told = whole
    assert "drawn faces" in told[0]
    assert re.match(r"about .* on these \d+ cores, 2 of 2 networks to train", told[2])
    assert any("going on with" in line for line in told)
    assert len(Run(folder / "self_built").history()) == 2


def test_the_folder_is_whole(whole):
    folder, found, _ = whole
    files = {path.name for path in (folder / "results").iterdir()}
    figures = {f"{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")}
    tables = {f"table-1.{kind}" for kind in ("md", "csv", "tex")}
    claims = {"claims.md", "claims.csv"}
    assert files == figures | tables | claims | {"index.html", "summary.md", "reproduction.json"}
    assert found.folder == folder / "results"
    assert found.verdicts == {"holds": 0, "does not": 0, "not decided": len(found.claims)}
    assert Reproduction.load(found.folder) == found
    json.dumps(found.as_dict())
    assert all(claim.command.startswith("fer ") for claim in found.claims)
    (folder / "nothing").mkdir(exist_ok=True)
    with pytest.raises(FerError, match="nothing here"):
        Reproduction.load(folder / "nothing")


def test_figures_are_a_columns_width_with_fonts_embedded(whole):
    folder = whole[0] / "results"
    for name in FIGURES:
        content = (folder / f"{name}.pdf").read_bytes()
        width = float(re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", content)[1]) / 72
        assert width == pytest.approx(3.5, abs=0.01) or width == pytest.approx(7.2, abs=0.01)
        assert b"/FontFile2" in content
        assert b"/Type3" not in content


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for key, value in attributes if key in ("src", "href")]


def test_the_page_asks_for_nothing_and_shows_all_drawn_faces(whole):
    text = (whole[0] / "results/index.html").read_text()
    page = _Page()
    page.feed(text)
    assert all(source.startswith(("data:", "#")) for source in page.sources)
    assert page.tags.count("img") == 10
    assert "script" not in page.tags
    assert "drawn faces are no evidence" in text
    summary = (whole[0] / "results/summary.md").read_text()
    assert "| MobileNet, paper | 0.9334 |" in summary
    assert str(whole[0].parent) not in summary


def test_photographs_are_on_the_page_only_when_allowed(whole):
    from fer_analysis.reproduction.draw import Drawn
    from fer_analysis.reproduction.page import page

    folder, found, _ = whole
    plan = planned(folder)
    drawn = [Drawn("figure-01-samples", "faces", True, "<svg/>", 3.5)]
    assert "data:image" not in page(plan, found, drawn, faces=False).split("<main>")[1]
    assert "data:image" in page(plan, found, drawn, faces=True).split("<main>")[1]


def test_the_latex_table_can_be_read(whole):
    walker = pytest.importorskip("pylatexenc.latexwalker")
    text = (whole[0] / "results/table-1.tex").read_text()
    nodes, _, _ = walker.LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    [table] = [n for n in nodes if n.isNodeType(walker.LatexEnvironmentNode)]
    [scaled] = [n for n in table.nodelist if n.isNodeType(walker.LatexGroupNode) and "&" in str(n)]
    [tabular] = [n for n in scaled.nodelist if n.isNodeType(walker.LatexEnvironmentNode)]
    assert tabular.environmentname == "tabular"
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert len(rows) >= 5
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {9}


def test_finished_networks_are_used_and_others_refused(whole, tmp_path):
    folder = whole[0]
    changed = small_plan(folder, "model.dense=[9]")
    with pytest.raises(FerError) as error:
        obtain_run(changed, "mobilenet", Progress())
    assert "choose another --out" in str(error.value)
    assert "model.dense: [8], here [9]" in str(error.value)
    given = {"mobilenet": Run(folder / "mobilenet")}
    with pytest.raises(FerError, match="given run is not of the config"):
        obtain_run(dataclasses.replace(changed, given=given), "mobilenet", Progress())
    plan = dataclasses.replace(small_plan(folder), given=given)
    other = dataclasses.replace(plan.data, fingerprint="another")
    with pytest.raises(FerError, match="fingerprint .* here another"):
        obtain_run(dataclasses.replace(plan, data=other), "mobilenet", Progress())
    assert obtain_run(plan, "mobilenet", Progress()).path == folder / "mobilenet"
    # What it was trained with counts, not what its config was edited to.
    edited = Run(shutil.copytree(folder / "mobilenet", tmp_path / "edited"))
    longer = small_plan(folder, "training.epochs=3")
    edited.config_file.write_text(longer.configs["mobilenet"].to_yaml())
    with pytest.raises(FerError, match="training.epochs: 2, here 3"):
        obtain_run(
            dataclasses.replace(longer, given={"mobilenet": edited}), "mobilenet", Progress()
        )


def test_saved_maps_are_used_where_they_answer_the_question_of_this_network(whole, tmp_path):
    run = Run(shutil.copytree(whole[0] / "self_built", tmp_path / "self_built"))
    plan = small_plan(tmp_path)
    file = run.saliency_folder("test") / "meta.json"
    made = json.loads(file.read_text())
    os.utime(run.model_file)  # copied later than the maps were made: its content counts
    assert _is_asked(SaliencyAnalysis.load(file.parent), plan, run)
    for key, value in {
        "regions": "mine.yaml",
        "options": {"steps": 1},
        "seed": 1,
        "model": "another network",
        "target": "contrast",
    }.items():
        file.write_text(json.dumps(made | {key: value}))
        assert not _is_asked(SaliencyAnalysis.load(file.parent), plan, run), key
    explain(plan, run, Progress())  # the maps of the contrast
    assert json.loads(file.read_text()) == made


def test_the_recipes_are_of_the_papers_networks(tmp_path):
    for recipe in RECIPES:
        for quick in (False, True):
            plan = make_plan(
                fer_analysis.load_data("synthetic", n=210),
                recipe=recipe,
                quick=quick,
                out=tmp_path,
                seed=3,
                overrides=("training.epochs=2",),
                progress=Progress(),
            )
            names = {network: config.model.name for network, config in plan.configs.items()}
            assert names == {"mobilenet": "mobilenet", "self_built": "self_built"}
            assert {c.seed for c in plan.configs.values()} == {3}
            assert {c.training.epochs for c in plan.configs.values()} == {2}
            assert all(
                "soft_labels" in dict(c.remedies.chosen()) for c in plan.configs.values()
            ) == (recipe == "best")


def test_arguments_that_no_one_means_are_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("FER2013_DIR", raising=False)
    with pytest.raises(FerError, match="unknown recipe .* 'repaired'"):
        fer_analysis.reproduce("synthetic", recipe="repared")
    with pytest.raises(FerError, match="no data"):
        fer_analysis.reproduce(quick=True)
    assert "repaired" in fer("reproduce", "--recipe", "x", code=2).output


def test_what_is_printed_fits_a_screen(whole, capsys):
    from fer_analysis.cli.tables.reproduction import print_reproduction

    decided = [dataclasses.replace(claim, verdict=HOLDS) for claim in whole[1].claims]
    print_reproduction(dataclasses.replace(whole[1], claims=tuple(decided)))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) <= 36
    assert any(line.startswith("MobileNet, paper") for line in lines)
    print_reproduction(whole[1])
    assert len(capsys.readouterr().out.splitlines()) <= 14
