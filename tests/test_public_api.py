"""The public functions: names, documentation, the script in the README, a notebook."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fer_analysis

README = Path(__file__).parent.parent / "README.md"
FUNCTIONS = [n for n in fer_analysis.__all__ if inspect.isfunction(getattr(fer_analysis, n))]
SMALL = ("model.dense=[8]", "model.filters=[4,4]")


def test_the_import_is_light():
    code = (
        "import sys, fer_analysis\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'scipy', 'matplotlib', 'pydantic', 'click'}\n"
        "print(sorted(heavy & set(sys.modules)), fer_analysis.FerError.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] FerError"


def test_every_name_is_there_and_stays_what_it_is():
    expected = (
        "load_data train open_run evaluate compare explain audit run_study diagnose predict "
        "write_report Evaluation Comparison SaliencyAnalysis Audit Diagnosis Differences Run "
        "FaceDataset FerError Progress"
    )
    assert {*expected.split()} <= {*fer_analysis.__all__} <= {*dir(fer_analysis)}
    importlib.import_module("fer_analysis.auditing.audit")  # hides no function
    for name in fer_analysis.__all__:
        assert getattr(fer_analysis, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        fer_analysis.evaluat  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_documented(name):
    function = getattr(fer_analysis, name)
    text, parameters = inspect.getdoc(function), inspect.signature(function).parameters
    for part in ("Args:", "Raises:", "Example:"):
        assert part in text, part
    assert ">>> " in text
    documented = re.findall(r"^    \*{0,2}(\w+): ", text.split("Args:")[1], re.M)
    assert documented[: len(parameters)] == [*parameters]
    options = [p for p in parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert len(parameters) - len(options) <= 2
    for option in options:
        assert option.default is not option.empty, option.name


def commands(group, words=()):
    """Yield every command below a group, as it is typed: `fer study join`."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield " ".join(("fer", *words, name))


def test_every_command_has_a_function_and_every_function_a_command():
    from fer_analysis.cli import main
    from fer_analysis.guides import find_guide

    table = re.findall(r"^\| (`.*?) \| (`.*?) \|", find_guide("python").text, re.M)
    functions, typed = ({*re.findall(r"`(.*?)`", " ".join(c))} for c in zip(*table, strict=True))
    assert functions == {*FUNCTIONS}
    results = {name for name in commands(main) if name.split()[1] not in ("guide", "config")}
    assert typed == results, "guides and configs are texts"


SHARED = {
    "data": {"load_data", "compare_stress", "ensemble", "join_studies"},
    "progress": {"open_run", "find_faces", "study_status"},
    "overrides": {
        *("open_run", "find_faces", "predict", "predict_film", "run_study", "show_study"),
        *("diagnose", "study_status", "keep_study", "join_studies"),
        *("compare_stress", "ensemble"),
    },
}
"""Argument -> the functions that need none; all others have it."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_of_one_meaning_have_one_name(name):
    parameters = inspect.signature(getattr(fer_analysis, name)).parameters
    for shared, without in SHARED.items():
        if shared == "data" and name in ("open_run", "find_faces", "predict", "predict_film"):
            continue
        assert (shared in parameters) == (name not in without), shared
    assert not {"folder", "output", "source_path", "path", "verbose"} & {*parameters}


@pytest.mark.parametrize(
    ("name", "given", "options", "message"),
    [
        ("predict_film", ["."], {"fps": -1}, "fps: expected a number above 0"),
        ("predict_film", ["."], {"fps": 0}, "fps: expected a number above 0"),
        ("predict_film", ["."], {"fps": float("nan")}, "fps: expected a number above 0"),
        ("predict_film", ["."], {"every": 0}, "every: expected a whole number of 1 or more"),
        ("evaluate", [], {"logit_adjustment": -1}, "logit adjustment: expected a number above 0"),
        ("evaluate", [], {"logit_adjustment": "1"}, "up to 10, received '1'"),
        ("evaluate", [], {"predictions": "t.csv", "guard": True}, "a guard is made of a run's own"),
        ("evaluate", [], {"issues": "leak", "guard": True}, "name an audit.csv"),
        ("write_report", [[]], {}, "runs: an empty list"),
        ("find_faces", [np.zeros((64, 64), np.uint8)], {"size": 0}, "size: expected 1 to"),
        ("load_data", [np.zeros((4, 48, 48))], {}, "data: expected a path.*received ndarray"),
        ("load_data", [["a", "b"]], {}, "data: expected a path.*received list"),
        ("audit", [np.zeros((4, 48, 48))], {}, "data: expected a path.*received ndarray"),
        ("train", ["tiny"], {"data": {}}, "data: expected a path.*received dict"),
        ("evaluate", [], {"data": ()}, "data: expected a path.*received tuple"),
        ("evaluate", [["runs/a"]], {}, "run: expected a path.*received list"),
        ("evaluate", [], {"predictions": ["t.csv"]}, "expected a CSV file, received list"),
        ("compare", [["runs/a", "runs/b"]], {}, "run: expected a path.*received list"),
    ],
)
def test_wrong_arguments_are_a_line_before_anything_is_done(name, given, options, message, small):
    with pytest.raises(fer_analysis.FerError, match=message):
        getattr(fer_analysis, name)(*given, **options)
    assert not Path("runs").exists()


def test_a_text_in_place_of_a_list_is_one_of_it(small):
    data = fer_analysis.load_data("synthetic", overrides="data.n=140")
    assert len(data.dataset) == 140
    found = fer_analysis.stress(
        predictor=lambda images: [[1, 0, 0, 0, 0, 0, 0]] * len(images),
        data=data,
        split="train",
        conditions="dark",
        severities=1,
        n=14,
    )
    assert [*found.cells] == [("dark", 1)]
    with pytest.raises(fer_analysis.FerError, match="unknown condition 'drk'"):
        fer_analysis.stress(
            predictor=lambda images: images, data=data, split="train", conditions="drk"
        )


@pytest.fixture
def small(tmp_path, monkeypatch):
    """An empty folder to work in, and a shipped config whose network is small."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    from fer_analysis.config import load_config

    config = load_config("tiny", SMALL).to_yaml()
    Path("tiny.yaml").write_text(config)
    return tmp_path


def script():
    """Return the script in the README, with the small network."""
    [code] = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 16
    assert '"tiny"' in code
    return code.replace('"tiny"', '"tiny.yaml"')


def test_the_script_in_the_readme_runs_and_prints_what_it_says(small, capsys):
    exec(compile(script(), "README.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"0\.\d{3} of \d+$", lines[0])
    assert lines[1].startswith("fails most at ")
    assert lines[2].startswith("looks most at the ")
    assert " compared with " in lines[3]
    assert lines[-1].endswith("report.html")
    assert Path(lines[-1].rpartition(": ")[2]).stat().st_size > 50_000


def test_a_notebook_shows_every_result_as_a_table(small):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    cells = [
        f"import sys, tensorflow\nsys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import quick\nquick.quick()",
        "import fer_analysis as fer\ndata = fer.load_data('synthetic', n=280)\n"
        "run = fer.train('tiny.yaml', data=data, overrides=['training.epochs=1'])",
        "fer.evaluate(run)",
        "fer.compare(run)",
        "fer.audit(data)",
        "fer.diagnose(run)",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    here = {"metadata": {"path": str(small)}}
    nbclient.NotebookClient(book, timeout=120, resources=here).execute()
    for cell in book.cells[2:]:
        [shown] = [o for o in cell.outputs if o.output_type == "execute_result"]
        html = shown.data["text/html"]
        assert html.startswith("<table")
        assert len(re.findall(r"<td[^>]*>\s*[\d.,]+", html)) >= 3, cell.source
