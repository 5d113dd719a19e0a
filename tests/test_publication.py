"""Figures and tables for a publication: formats, sizes, fonts, CSV and LaTeX."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image
from small_bundle import fer

from fer_analysis.errors import FerError
from fer_analysis.figures import save
from fer_analysis.figures.style import using
from fer_analysis.figures.writing import COLUMN, PAGE, SMALLEST, fit
from fer_analysis.tabular import Table, as_latex, as_markdown, latex, write_tables

pytestmark = pytest.mark.pictures

TABLE = Table(("label", "n", "n"), (("a_b & c", "60.3-63.5", "-3"), ("=1", "5 %", "x|y")), "50 %")


def drawing(width=10):
    figure = Figure(figsize=(width, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [1, 0])
    axes.set_title("a title")
    return figure


def pixels(png):
    with Image.open(png) as image:
        return image.width


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def width_of(pdf):
    return float(re.search(rb"/MediaBox \[ ?0 0 ([\d.]+)", pdf.read_bytes())[1]) / 72


def test_a_figure_is_png_alone_unless_a_format_is_chosen(tmp_path):
    save(drawing(), tmp_path / "screen.png")
    with using(format="svg"):
        save(drawing(), tmp_path / "both.png")
    save(drawing(), tmp_path / "after.png")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"screen.png", "both.png", "both.svg", "after.png"}
    assert "<text" not in (tmp_path / "both.svg").read_text()  # outlines need no font
    assert pixels(tmp_path / "screen.png") == 1500


@pytest.mark.parametrize(("width", "expected"), [(5, COLUMN), (10, PAGE), (3, 3)])
def test_a_papers_figure_is_a_column_or_a_page_wide_with_its_fonts(tmp_path, width, expected):
    with using(format="pdf"), using(style="paper"):
        save(drawing(width), tmp_path / "figure.png")
    assert width_of(tmp_path / "figure.pdf") == pytest.approx(expected, abs=0.01)
    content = (tmp_path / "figure.pdf").read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert pixels(tmp_path / "figure.png") == pytest.approx(300 * expected, abs=1)


def test_texts_shrink_no_further_than_is_legible():
    figure = drawing(40)
    title = figure.axes[0].title
    title.set_fontsize(12)
    fit(figure)
    assert title.get_fontsize() == SMALLEST


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in ("one", "two"):
        with using(format="pdf"):
            save(drawing(), tmp_path / f"{name}.png")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_an_unknown_format_is_an_error():
    with pytest.raises(FerError, match="format: unknown 'pfd' .*'pdf'"), using(format="pfd"):
        pass


def test_latex_shows_texts_as_they_are():
    assert latex(r"a\b_c 5 % #1 ~ {x}") == (
        r"a\textbackslash{}b\_c 5 \% \#1 \textasciitilde{} \{x\}"
    )
    assert latex("60.3-63.5 self-built (-0.3) -3") == "60.3--63.5 self-built ($-$0.3) $-$3"


def test_a_table_in_latex_can_be_read():
    text = as_latex(TABLE)
    assert r"a\_b \& c & 60.3--63.5 & $-$3 \\" in text
    assert text.count("toprule") == text.count("midrule") == text.count("bottomrule") == 1
    walker = pytest.importorskip("pylatexenc.latexwalker")
    walker.LatexWalker(text, tolerant_parsing=False).get_latex_nodes()


def test_tables_as_files(tmp_path):
    assert write_tables([TABLE, TABLE], tmp_path / "t.tex") == [tmp_path / "t.tex"]
    assert (tmp_path / "t.tex").read_text().count(r"\begin{tabular}{lrr}") == 2
    written = write_tables([TABLE, TABLE], tmp_path / "t.csv")
    assert written == [tmp_path / "t.csv", tmp_path / "t-2.csv"]
    rows = list(csv.reader(written[0].read_text().splitlines()))
    assert rows[0] == ["label", "n", "n (3)"]
    assert rows[2][0] == "'=1"  # no formula
    assert r"x\|y" in as_markdown(TABLE)
    with pytest.raises(FerError, match=r"\.csv, \.tex, \.md"):
        write_tables([TABLE], tmp_path / "t.xlsx")


def test_a_command_writes_its_tables_and_figures(trained):
    words = ("evaluate", "run", "--split", "validation")
    refused = fer(*words, "--table", "t.docx", code=1)
    assert "t.docx: expected a name that ends in" in refused.output
    done = fer(*words, "--table", "t.tex", "--format", "pdf", "--style", "paper")
    text = Path("t.tex").read_text()
    assert text.count(r"\begin{tabular}") >= 2
    assert r"\caption{all images" in text
    assert "label & n & correct" in text
    assert "disgust &" in text
    assert done.stdout.count("\n") <= 16  # a summary, as without --table
    folder = Path("run/evaluation/validation")
    assert width_of(folder / "confusion.pdf") == pytest.approx(PAGE, abs=0.01)
    fer("diagnose", "run", "--table", "d.csv", "--format", "pdf", "--out", "d")
    assert Path("d.csv").read_text().startswith("label,")
    fer("diagnose", "run", "--out", "d")  # pictures of other formats are results too


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex")
@pytest.mark.parametrize("columns", [1, 6])
def test_latex_compiles_and_fits_the_page(columns, tmp_path):
    """A table as wide as a page and one that is wider; names with every special character."""
    head = ("network", *["accuracy [95 %]"] * columns)
    row = (r"a_b & c #1 {x} \ ~ ^ $", *["60.3 % [58.7-61.9]"] * columns)
    text = as_latex(Table(head, (row,), caption="Accuracy & recall", notes=("100 % of n.",)))
    assert ("graphicx" in text) == (columns == 6)
    packages = re.search(r"usepackage\{(.*)\}", text)[1]
    start = rf"\documentclass{{article}}\usepackage{{{packages}}}\begin{{document}}"
    (tmp_path / "table.tex").write_text(start + "\n" + text + "\\end{document}\n", encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout
