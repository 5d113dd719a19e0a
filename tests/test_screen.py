"""A summary fits one screen of 80 columns, however much there is to say."""

import pytest

from fer_analysis.cli.tables import console
from fer_analysis.cli.tables.console import print_item, print_summary

WARNING = "warning: " + "each of its training images occurs twice " * 4


@pytest.mark.parametrize("warnings", [0, 1, 2, 20])
def test_a_summary_is_fifteen_lines_of_eighty_columns_at_most(warnings, capsys):
    print_summary(["the run", *[WARNING] * warnings, "accuracy 61.9 %", *["a finding"] * 30])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 15 and max(map(len, lines)) <= 80
    assert lines[0] == "the run" and "accuracy 61.9 %" in lines, "warnings leave room for figures"
    assert sum("warning: " in line for line in lines) == min(warnings, 2)
    assert lines[-1].endswith("and all tables: -v)")
    assert ("18 more warnings, " in lines[-1]) == (warnings == 20)


def test_a_summary_that_fits_is_whole(capsys):
    print_summary(["the run", "a: warning: that", "accuracy 61.9 %"])
    assert capsys.readouterr().out == "the run\na: warning: that\naccuracy 61.9 %\n"


def test_an_item_folds_below_its_text(capsys):
    print_item("word " * 20)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("  - word") and second.startswith("    word") and len(first) <= 80


@pytest.mark.parametrize(("every", "lines"), [(0, 5), (3600, 0)])
def test_a_log_has_lines_of_progress_and_no_bar(every, lines, capsys, monkeypatch):
    monkeypatch.setattr(console, "EVERY", every)
    with console.task_progress("cells") as update:
        for done in range(6):
            update(done, 5_000)
    told = capsys.readouterr().err.splitlines()
    assert told == [f"cells: {n} of 5,000" for n in range(1, lines + 1)]
