"""The house rules that a reader relies on: which room may know which, and what help costs."""

from __future__ import annotations

import ast
import graphlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fer_analysis"

LAYERS = [
    {"__main__"},
    {"cli"},
    {"reproduction"},
    {"api"},
    {"prediction", "report", "second_opinion"},
    {"figures"},
    {"auditing", "study", "robustness"},
    {"training", "exporting", "saliency"},
    {"evaluation"},
    {"run", "environment"},
    {"config"},
    {"remedies", "manipulations"},
    {"faces"},
    {"models", "data"},
    {"conditions", "quality"},
    {"tabular"},
    {"statistics", "text", "paper"},
    {"run_records"},
    {"result_folders", "run_files", "run_paths"},
    {"registry", "options", "progress", "shipped", "guides", "tensorflow_setup"},
    {"files", "lock", "csv_header"},
    {"errors"},
]
"""From top to bottom: imports run downwards (or stay inside one room)."""


def imports(file: Path) -> set[str]:
    """Return all modules that a file imports, also inside functions."""
    modules = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module)
    return modules


def top_level_imports(file: Path) -> set[str]:
    return {
        name
        for node in ast.parse(file.read_text()).body
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "fer_analysis" and len(parts) > 1 else None


def layer(name: str) -> int:
    return next(level for level, rooms in enumerate(LAYERS) if name in rooms)


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(PACKAGE)))
def test_imports_run_downwards(file):
    own = file.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        return
    for module in imports(file):
        other = room(module)
        if other and other not in (own, "__init__"):
            assert layer(other) > layer(own), f"{own} imports {module}"


def imported_files(file: Path) -> set[Path]:
    """Return the package's files that a file imports: at the top, in functions, for types."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # `from fer_analysis.figures import diagnosis` is that module, not its package.
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if as_file(name) else node.module for name in deeper]
        else:
            continue
        found |= {path for name in names if (path := as_file(name)) and path != file}
    return found


def as_file(module: str) -> Path | None:
    """Return the file of one of the package's modules; None if it is none."""
    path = PACKAGE.parent.joinpath(*module.split("."))
    files = [path / "__init__.py", path.with_suffix(".py")]
    known = (file for file in files if file.is_file() and PACKAGE in file.parents)
    return next(known, None)


def test_no_files_import_each_other_in_a_circle():
    with_imports = {file: imported_files(file) for file in FILES}
    # The public names are resolved when they are asked for, by their modules' names.
    with_imports[PACKAGE / "__init__.py"] = set()
    try:
        graphlib.TopologicalSorter(with_imports).prepare()
    except graphlib.CycleError as error:
        circle = " -> ".join(str(file.relative_to(PACKAGE)) for file in error.args[1])
        pytest.fail(f"a circle of imports: {circle}")


@pytest.mark.parametrize(("module", "where"), [("click", "cli"), ("matplotlib", "figures")])
def test_one_room_imports_it(module, where):
    users = {
        file.relative_to(PACKAGE).parts[0]
        for file in FILES
        if any(name.split(".")[0] == module for name in imports(file) if name)
    }
    assert users == {where}


@pytest.mark.parametrize("module", ["keras", "tensorflow"])
def test_analysis_of_arrays_never_imports_a_framework_at_the_top(module):
    for folder in ("evaluation", "figures", "data", "report"):
        for file in (PACKAGE / folder).glob("*.py"):
            tops = {name.split(".")[0] for name in top_level_imports(file)}
            assert module not in tops, file


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["data"],
        ["audit"],
        ["train"],
        ["evaluate"],
        ["export"],
        ["compare"],
        ["saliency"],
        ["stress"],
        ["predict"],
        ["report"],
        ["reproduce"],
        ["study"],
        ["study", "run"],
        ["study", "status"],
        ["study", "show"],
    ],
)
def test_help_imports_nothing_heavy(command):
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from fer_analysis.cli import main\n"
        f"result = CliRunner().invoke(main, {[*command, '--help']!r})\n"
        "assert result.exit_code == 0, result.output\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'sklearn', 'scipy', 'pandas', 'matplotlib',"
        " 'pydantic', 'rich', 'PIL', 'yaml', 'jinja2'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_no_room_has_the_name_of_a_public_function():
    """Importing a room sets an attribute of the package: `audit` would then be the module."""
    import fer_analysis

    rooms = {file.relative_to(PACKAGE).with_suffix("").parts[0] for file in FILES}
    assert not rooms & set(fer_analysis.__all__)
    assert "audit" not in rooms  # `fer_analysis.audit` is the function


def test_the_commands_know_the_splits():
    from fer_analysis.cli.options import SPLITS
    from fer_analysis.data import dataset

    assert SPLITS == dataset.SPLITS


@pytest.mark.parametrize(("chosen", "expected"), [(None, "1"), ("0", "0")])
def test_the_faster_kernels_are_on_unless_the_user_chose(chosen, expected):
    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("TensorFlow has these kernels for x86 alone")
    environment = {k: v for k, v in os.environ.items() if k != "TF_ENABLE_ONEDNN_OPTS"}
    if chosen:
        environment["TF_ENABLE_ONEDNN_OPTS"] = chosen
    code = "import fer_analysis, os; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == expected
