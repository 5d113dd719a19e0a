"""What the cells of a study change, on evidence made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.study import print_differences
from fer_analysis.config import load_config
from fer_analysis.errors import FerError
from fer_analysis.evaluation.calibration import calibration
from fer_analysis.figures.differences import differences_figure
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.cell_predictions import CellPredictions
from fer_analysis.study.compare_cells import cell_figures, compare_cells, lowest
from fer_analysis.study.design import Study
from fer_analysis.study.differences import OVERALL, CellFigures, Differences, Figure
from fer_analysis.study.resampling import ScoredCell, ScoredImages, StudyEvidence
from fer_analysis.study.study_file import StudyConfig

LABELS = np.tile([0, 1], 200)


def evidence(cells):
    """Cell -> (recall of a, recall of b, confidence); three seeds of the same size."""
    faces, made = {}, {name: {} for name in cells}
    for seed in range(3):
        faces[seed] = ScoredImages.of(LABELS, None, np.zeros(len(LABELS), bool), 2)
        u = np.random.default_rng(seed).permuted(np.tile(np.linspace(0, 1, 200), (2, 1)), axis=1)
        for name, (a, b, sure) in cells.items():
            right = u.T.ravel() < np.where(LABELS == 0, a, b)
            predicted = np.where(right, LABELS, 1 - LABELS)
            sure = np.full(len(LABELS), sure, np.float32)
            counts = np.array([200, 200])
            made[name][seed] = ScoredCell(
                load_config("tiny"), counts, CellPredictions(np.stack([predicted] * 2), sure)
            )
    return StudyEvidence(("a", "b"), faces, made, "made by hand")


def test_differences_are_those_of_the_predictions():
    cells = {"base": (0.9, 0.5, 0.7), "other": (0.9, 0.7, 0.95)}
    rows = cell_figures(evidence(cells), "base")
    base, other = (row.figures for row in rows)
    assert base["accuracy"].value.value == pytest.approx(0.7, abs=0.01)
    assert base["accuracy"].difference is None
    assert other["a"].difference.value == 0 and not other["a"].is_clear
    assert other["b"].difference.value == pytest.approx(0.2, abs=0.01)
    assert other["b"].difference.low > 0.1 and other["b"].is_clear
    assert other["accuracy"].difference.value == pytest.approx(0.1, abs=0.01)
    # Confident at 70 % and correct in 70 %; then confident at 95 % and correct in 80 %.
    assert base["ece"].value.value == pytest.approx(0, abs=0.05)
    assert other["ece"].difference.value == pytest.approx(0.15, abs=0.05)
    assert lowest(rows, "base", 1) == ("b",)
    assert [len(row.rows()) for row in rows] == [5, 5]


def test_a_cell_like_the_base_differs_in_nothing():
    rows = cell_figures(evidence({"base": (0.9, 0.5, 0.7), "same": (0.9, 0.5, 0.7)}), "base")
    for figure in rows[1].figures.values():
        assert (figure.difference.value, *figure.difference.interval) == (0, 0, 0)


def differences(cells, watched):
    return Differences(
        study="s",
        question="better?",
        reference="base",
        watched=watched,
        fingerprint="f",
        fingerprints={"train": "g"},
        cells=cells,
    )


def test_differences_are_saved_read_renamed_and_drawn(tmp_path):
    cells = cell_figures(evidence({"base": (0.9, 0.5, 0.7), "<x>": (0.9, 0.7, 0.95)}), "base")
    found = differences(cells, watched=("b",))
    found.save(tmp_path)
    assert Differences.load(tmp_path) == found
    assert (found.label_names, len(found.others)) == (("a", "b"), 1)
    renamed = found.renamed({"a": "A", "b": "B"})
    assert (renamed.label_names, renamed.watched) == (("A", "B"), ("B",))
    assert "&lt;x&gt;" in found._repr_html_() and "recall of b" in found._repr_html_()
    panels = differences_figure(found).axes
    assert [axes.get_title() for axes in panels][-1] == "recall of b"
    drawn = [x for line in panels[-1].lines for x in line.get_xdata()]
    assert any(x == pytest.approx(20, abs=1) for x in drawn)
    (tmp_path / "differences.json").write_text("{}")
    with pytest.raises(FerError, match="fer study show"):
        Differences.load(tmp_path)


FIGURES = tuple(
    CellFigures(
        cell,
        seeds=3,
        n=400,
        training_images=(200, 200),
        figures={
            name: Figure(Estimate(0.5, 0.4, 0.6), difference) for name in (*OVERALL, "a", "b")
        },
    )
    for cell, difference in (("base", None), ("other", Estimate(-0.123, -0.2, -0.04)))
)


@pytest.mark.parametrize("level", [verbosity.QUIET, verbosity.SUMMARY, verbosity.ALL])
def test_a_summary_of_many_cells_fits_a_screen(level, capsys, monkeypatch):
    monkeypatch.setattr(verbosity, "_level", level)
    monkeypatch.setenv("COLUMNS", "80")
    base, other = FIGURES
    names = (f"a cell with a name of some length at {n}" for n in range(14))
    cells = (base, *(replace(other, cell=name) for name in names))
    print_differences(differences(cells, watched=("a", "b")))
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines), default=0) <= 80
    if level == verbosity.QUIET:
        assert lines == []
    if level == verbosity.SUMMARY:
        assert len(lines) <= 15 and "and 5 more" in lines[-1]
    if level == verbosity.ALL:
        assert len(lines) > 3 * 14


STUDY = Study("s", StudyConfig(question="better?", seeds=(0, 1, 2)), ())


def with_few(n):
    """A study of one seed: n images of b, all wrong in the base and all right in the other."""
    labels = np.repeat([0, 1], [200, n])
    faces = {0: ScoredImages.of(labels, None, np.zeros(len(labels), bool), 2)}
    cells = {}
    for name, right in (("base", labels == 0), ("other", np.ones(len(labels), bool))):
        predicted = np.stack([np.where(right, labels, 1 - labels)] * 2)
        given = CellPredictions(predicted, np.full(len(labels), 0.7, np.float32))
        cells[name] = {0: ScoredCell(load_config("tiny"), np.array([200, 200]), given)}
    return StudyEvidence(("a", "b"), faces, cells, "made by hand")


@pytest.mark.parametrize(("n", "clear"), [(1, False), (9, False), (10, True)])
def test_a_difference_of_few_images_is_not_said_to_be_clear(n, clear, tmp_path, capsys):
    found = compare_cells(STUDY, with_few(n), "base", ["b"])
    figure = found.others[0].figures["b"]
    assert (figure.difference.value, figure.difference.n, figure.is_clear) == (1, n, clear)
    found.save(tmp_path)
    assert Differences.load(tmp_path) == found
    print_differences(found)
    printed = " ".join(capsys.readouterr().out.split())
    note = f"too few images for a *: b (n = {n}); a label takes 10 images"
    assert ("+100.0*" in printed, note in printed) == (clear, not clear)


def test_one_seed_is_said_to_leave_out_how_trainings_differ(capsys):
    told = "one seed: intervals do not hold how trainings differ"
    found = compare_cells(STUDY, with_few(50), "base")
    assert found.notes == (told,) and told in found._repr_html_()
    print_differences(found)
    assert capsys.readouterr().out.count(told) == 1
    several = evidence(dict.fromkeys(("base", "x", "y"), (0.9, 0.5, 0.7)))
    assert compare_cells(STUDY, several, "base").notes == ()
    several.cells["y"] = {2: several.cells["y"][2]}
    (note,) = compare_cells(STUDY, several, "base").notes
    assert note.startswith("one seed in 1 of 2 cells: ")


def test_the_calibration_error_is_that_of_one_evaluation():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 400)
    probabilities = np.stack([sure, 1 - sure], axis=1)
    predicted, labels = np.zeros(400, int), (rng.random(400) < 0.4).astype(int)
    faces = {0: ScoredImages.of(labels, None, np.zeros(400, bool), 2)}
    scored = ScoredCell(
        load_config("tiny"), np.array([1, 1]), CellPredictions(np.stack([predicted] * 2), sure)
    )
    rows = cell_figures(StudyEvidence(("a", "b"), faces, {"base": {0: scored}}, ""), "base")
    assert rows[0].figures["ece"].value.value == pytest.approx(
        calibration(labels, probabilities)["ece"].value
    )
