"""A small network trained for an epoch, and a bundle made of it: what is shipped never matters."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from click.testing import CliRunner
from fer_layouts import write_layout

from fer_analysis.cli import main
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.exporting.bundle import bundle
from fer_analysis.run import Run

SCRIPTS = Path(__file__).parent.parent / "scripts"
SMALL = [
    "--set",
    "training.epochs=1",
    "--set",
    "model.dense=[8]",
    "--set",
    "model.filters=[4,4]",
]


def script(name):
    """Import one of the scripts."""
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fer(*words, code=0):
    """Run a command; return what it printed."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result


def make_bundle(folder):
    """Write `data.csv`, train `run` on it, and bundle that as `weights`, all below `folder`."""
    data = write_layout(generate(n=280, seed=0), folder / "data", "csv")
    fer("train", "tiny", "--data", folder / "data", "--run-dir", folder / "run", *SMALL)
    bundle(Run(folder / "run"), None, folder / "weights")
    return data
