"""One run, one writer; a run is resumed unchanged; settings of other projects change nothing."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from fer_analysis import api
from fer_analysis.config import load_config, parse_config
from fer_analysis.errors import FerError
from fer_analysis.files import updating_folder, write_text
from fer_analysis.lock import locked, locked_folder
from fer_analysis.progress import Listener, Progress
from fer_analysis.run import Run

SMALL = ("data.n=200", "model.filters=[4]", "training.epochs=3")


def create(folder):
    os.chdir(folder)
    return str(Run.create(load_config("tiny")).path)


def test_two_starts_in_one_second_get_two_directories(tmp_path):
    with get_context("fork").Pool(4) as pool:
        paths = pool.map(create, [tmp_path] * 40, chunksize=1)
    assert len(set(paths)) == 40


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path):
    file = tmp_path / ".lock"
    code = (
        "import sys, time; from pathlib import Path; from fer_analysis.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, file], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(FerError, match=f"in use by process {holder.pid} on "), locked(file):
        pass
    holder.kill()
    holder.communicate()
    with locked(file):
        pass
    assert not file.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_told_and_written_to(tmp_path, monkeypatch, code):
    monkeypatch.setattr("fcntl.flock", failing(code))
    told, before = [], os.listdir("/proc/self/fd") if Path("/proc/self/fd").is_dir() else []
    with locked(tmp_path / ".lock", told.append), locked(tmp_path / ".lock"):
        assert told == [f"{tmp_path}: this file system has no locks: start one command at a time"]
    assert not any(tmp_path.iterdir())
    if before:
        assert len(os.listdir("/proc/self/fd")) == len(before), "no descriptor is left"


@pytest.mark.skipif(sys.platform == "win32", reason="no such locks")
def test_a_lock_that_fails_otherwise_names_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr("fcntl.flock", failing(errno.EIO))
    message = f"{tmp_path}/.lock: cannot be locked .Input/output error"
    with pytest.raises(FerError, match=message), locked(tmp_path / ".lock"):
        pass


def failing(code):
    def flock(file, how):
        raise OSError(code, os.strerror(code))

    return flock


def test_a_folder_stays_held_while_its_result_takes_its_place(tmp_path):
    folder = tmp_path / "audit"
    with locked_folder(folder):
        for _ in range(2):
            with updating_folder(folder) as new:
                write_text(new / "audit.json", "{}")
            with pytest.raises(FerError, match="audit: in use by process"), locked_folder(folder):
                pass
    assert [file.name for file in tmp_path.rglob("*")] == ["audit", "audit.json"]
    with pytest.raises(KeyError), locked_folder(tmp_path / "new" / "empty"):
        raise KeyError
    assert not (tmp_path / "new" / "empty").exists()
    (tmp_path / "file").touch()
    with pytest.raises(FerError, match="file: not a folder"), locked_folder(tmp_path / "file"):
        pass


def test_a_second_audit_of_one_folder_is_told_who_writes_it(tmp_path):
    out = tmp_path / "audit"
    with locked_folder(out):
        with pytest.raises(FerError, match="audit: in use by process"):
            api.audit("synthetic", out=out, overrides=("data.n=100",))
        assert [file.name for file in out.iterdir()] == [".lock"]


def test_a_config_that_a_person_wrote_is_kept(tmp_path):
    config = load_config("tiny")
    file = tmp_path / "run" / "config.yaml"
    file.parent.mkdir()
    for text in (f"# mine\n{config.to_yaml()}", "not: a config\n", "seed: 3\n"):
        file.write_text(text)
        with pytest.raises(FerError, match="config.yaml: not written by .* another --run-dir"):
            Run.create(config, file.parent)
        assert file.read_text() == text
    file.write_text(load_config("tiny", ["seed=5"]).to_yaml())  # of a run that never began
    assert Run.create(config, file.parent).config().seed == config.seed


def started(name, when=None, **files):
    """Write a run with its record; the later it is written, the younger it looks."""
    folder = Path("runs", name)
    folder.mkdir(parents=True)
    record = {"seed": 0} if when is None else {"started": when}
    for file, value in {"environment": record, **files}.items():
        (folder / f"{file}.json").write_text(json.dumps(value))
    os.utime(folder / "environment.json", (len(name), len(name)))


def test_the_newest_run_is_the_one_that_was_started_last(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    started("old-by-its-file")
    started("old")
    assert Run.newest().name == "old-by-its-file"
    started("copy-of-old-copied-later", "2024-01-01T10:00:00+00:00")
    started("new", "2024-01-02T10:00:00+00:00")
    assert Run.newest().name == "new"
    started("copy-of-new", "2024-01-02T10:00:00+00:00")
    assert Run.newest().name == "new"
    started("exported-later", "2024-01-03T10:00:00+00:00", export={})
    assert Run.newest().name == "new"


class Stop(Progress):
    """Interrupts a training after its first epoch."""

    def training(self, config):
        listener = Listener()

        def epoch(row, is_best):
            raise KeyboardInterrupt

        listener.epoch = epoch
        return listener


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    with pytest.raises(KeyboardInterrupt):
        api.train("tiny", run_dir=run, overrides=SMALL, progress=Stop())
    return run


@pytest.fixture
def run(begun, tmp_path):
    """Return a run that was interrupted after its first epoch, for one test."""
    copy = tmp_path / "run"
    copy.mkdir()
    for file in begun.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def edit(run, old, new):
    file = run / "config.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_a_second_resume_is_told_who_holds_the_run(run):
    before = {file.name: file.read_bytes() for file in run.iterdir()}
    with Run.open(run).held(), pytest.raises(FerError, match="in use by process"):
        api.train(resume=run)
    assert {file.name: file.read_bytes() for file in run.iterdir()} == before


def test_an_edited_config_is_refused_key_by_key(run):
    edit(run, "learning_rate: 0.001", "learning_rate: 0.5")
    edit(run, "\nseed: 0", "\nseed: 7")
    with pytest.raises(FerError) as caught:
        api.train(resume=run)
    text = str(caught.value)
    assert "training.learning_rate: 0.001, now 0.5" in text
    assert "seed: 0, now 7" in text
    assert len(caught.value.problems) == 2


def test_when_to_stop_may_change_and_nothing_else(run):
    for key in ("training.learning_rate=1", "seed=3", "model.filters=[8]"):
        with pytest.raises(FerError, match="only training.epochs"):
            api.train(resume=run, overrides=(key,))
    again = api.train(resume=run, overrides=("training.epochs=2",))
    assert again.result()["epochs"] == 2
    assert again.config().training.epochs == 2
    assert again.environment()["config"]["training.epochs"] == 2
    with pytest.raises(FerError, match="is complete: start a new run"):
        api.train(resume=run, overrides=("training.epochs=4",))


def test_epochs_that_a_schedule_follows_do_not_change(run):
    edit(run, "name: constant", "name: cosine")
    environment = json.loads((run / "environment.json").read_text())
    environment["config"]["training.schedule.name"] = "cosine"
    (run / "environment.json").write_text(json.dumps(environment))
    with pytest.raises(FerError, match="the cosine schedule depends on the number of epochs"):
        api.train(resume=run, overrides=("training.epochs=2",))


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_damaged_result_does_not_keep_a_run_from_going_on(run, damage):
    (run / "result.json").write_text(damage)
    assert not Run.open(run).is_complete
    with pytest.raises(FerError, match="result.json: damaged .*; `fer train --resume"):
        Run.open(run).result()
    if damage == "":
        assert api.train(resume=run).result()["epochs"] == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: 2024-13-45", "seed: "),
        ("seed: 2024-01-02", "seed: "),
        ("seed: !!python/object:os.system 3", "not YAML"),
        ("training: {epochs: 1}\ndata: {n: 30}\ntraining: {}", "the key 'training' is there twice"),
        ("training: {epochs: 1, epochs: 2}", "the key 'epochs' is there twice"),
        ("seed: &a [1]\ndata: *a", "an alias \\(\\*a\\)"),
        ("seed: " + "[" * 5000, "nested too deeply|not YAML"),
        ("seed: 4294967296", "seed: input should be less than or equal to 4294967295"),
        ("seed: [" + "1, " * 9999 + "1]", "seed: "),
        ("seed: !!set [1]", "not YAML|seed"),
        ("? [1]\n: 2", "not YAML|key"),
    ],
)
def test_odd_yaml_is_refused_in_a_short_line(tmp_path, text, expected):
    file = tmp_path / "c.yaml"
    file.write_text(f"model: {{name: self_built}}\n{text}\n")
    with pytest.raises(FerError, match=expected) as caught:
        load_config(file)
    assert len(str(caught.value)) < 500


def test_a_seed_that_is_too_large_is_refused_before_a_directory_is_made(tmp_path):
    with pytest.raises(FerError, match="seed: "):
        api.train("tiny", seed=2**32, run_dir=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert parse_config({"model": {"name": "self_built"}, "seed": 2**32 - 1}).seed == 2**32 - 1


def test_settings_of_other_projects_change_nothing(tmp_path):
    settings = {"floatx": "float16", "epsilon": 0.1, "backend": "theano"}
    settings["image_data_format"] = "channels_first"
    (tmp_path / "keras.json").write_text(json.dumps(settings))
    code = (
        "from fer_analysis.tensorflow_setup import import_tensorflow_quietly\n"
        "import_tensorflow_quietly(); import keras, fer_analysis.figures.data\n"
        "c = keras.config\n"
        "print(c.backend(), c.floatx(), c.epsilon(), c.image_data_format(), c.dtype_policy().name)"
    )
    wrong = {"KERAS_HOME": str(tmp_path), "KERAS_BACKEND": "jax", "MPLBACKEND": "none of these"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **wrong},
    )
    assert done.stdout.split() == ["tensorflow", "float32", "1e-07", "channels_last", "float32"]
    assert done.stderr == ""
