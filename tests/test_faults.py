"""A killed process or a full disk leaves the state before or the state after, never between."""

from __future__ import annotations

import json
import os

import pytest
from faults import KILLED, Faults, damaged, tree

pytestmark = pytest.mark.skipif(
    not os.environ.get("FER_FAULTS"),
    reason="takes minutes: FER_FAULTS=1 scripts/test tests/test_faults.py",
)

HEAVY = ("tensorflow", "keras", "matplotlib.figure", "fer_analysis.api")
TINY = ("--data", "synthetic", "--set", "data.n=140", "--set", "model.filters=[4,4]")
TRAIN = ("train", "tiny", *TINY, "--set", "training.epochs=2", "--run-dir", "run")
MOMENTS = 6
"""Events of each command that are tried."""

COMMANDS = {
    "evaluate": (("evaluate", "run"), "run/evaluation"),
    "saliency": (("saliency", "run", "--n", "2", "--checks", "none"), "run/saliency"),
    "report": (("report", "run", "--split", "test"), "run"),
    "audit": (("audit", "--data", "synthetic", "--set", "data.n=140"), "runs"),
}
"""Name -> its arguments, and the folder of its results."""


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    made = Faults(tmp_path_factory.mktemp("faults"), HEAVY)
    yield made
    made.close()


@pytest.fixture(scope="module")
def trained(faults, tmp_path_factory):
    """A folder with a trained run that has been evaluated."""
    folder = tmp_path_factory.mktemp("trained")
    for words in (TRAIN, ("evaluate", "run")):
        code, _, printed = faults.run(folder, words)
        assert code == 0, printed
    return folder


def moments(events: int, count: int = MOMENTS) -> list[int]:
    """Spread so many events over all of them, the last one included."""
    return sorted({1 + round(i * (events - 1) / (count - 1)) for i in range(count)})


@pytest.mark.parametrize("kind", ["kill", "full"])
@pytest.mark.parametrize("name", COMMANDS)
def test_results_are_those_before_or_those_after(name, kind, faults, trained):
    words, place = COMMANDS[name]
    with faults.copy(trained) as folder:
        before = tree(folder / place)
        code, events, printed = faults.run(folder, words)
        after = tree(folder / place)
        assert code == 0, printed
    assert events > 1
    for at in moments(events):
        with faults.copy(trained) as folder:
            code, _, printed = faults.run(folder, words, kind=kind, at=at)
            assert "Traceback" not in printed, printed
            assert code == (KILLED if kind == "kill" else 1) or code == 0, (code, printed)
            assert not damaged(folder), (at, damaged(folder))
            now = tree(folder / place)
            assert_before_or_after(now, before, after, at)
            code, _, printed = faults.run(folder, words)
            assert code == 0, printed
            assert set(tree(folder / place)) == set(after)


def assert_before_or_after(now, before, after, at):
    """Compare result by result: the files of one folder are of one make."""
    folders = {name.rpartition("/")[0] for name in after | before}
    for folder in folders:
        old, new, own = (
            {n: h for n, h in files.items() if n.rpartition("/")[0] == folder}
            for files in (before, after, now)
        )
        steady = [n for n in new if old.get(n) == new[n]]
        assert set(own) in (set(old), set(new)) or folder in ("", "run"), (at, folder, sorted(own))
        for name in steady:
            assert own.get(name) == new[name], (at, name)


def test_a_training_that_is_killed_anywhere_ends_as_if_it_had_not_been(faults, tmp_path):
    whole = tmp_path / "whole"
    whole.mkdir()
    code, events, printed = faults.run(whole, TRAIN)
    assert code == 0, printed
    empty = tmp_path / "empty"
    empty.mkdir()
    for at in moments(events):
        with faults.copy(empty) as folder:
            code, _, printed = faults.run(folder, TRAIN, kind="kill", at=at)
            assert code == KILLED, printed
            assert not damaged(folder), (at, damaged(folder))
            begun = (folder / "run" / "config.yaml").exists()
            code, _, printed = faults.run(folder, ("train", "--resume", "run") if begun else TRAIN)
            assert code == 0, (at, printed)
            assert set(tree(folder)) == set(tree(whole)), at
            assert figures(folder) == figures(whole), at
            assert not [p for p in folder.rglob(".fer-*") if "lock" not in p.name], at


def figures(folder):
    """Return the result of a run without what depends on the clock."""
    result = json.loads((folder / "run" / "result.json").read_text())
    return {k: v for k, v in result.items() if k not in ("seconds", "images_per_second")}
