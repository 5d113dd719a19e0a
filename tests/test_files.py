"""Files and folders that are replaced as a whole, and what is never replaced."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fer_analysis.errors import FerError
from fer_analysis.files import (
    LEFTOVER,
    remove_leftovers,
    replacing,
    replacing_folder,
    updating_folder,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_the_old_one_until_the_new_one_is_whole(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as temporary:
        temporary.write_text("half")
        assert (tmp_path / "a.txt").read_text() == "old"
        raise ZeroDivisionError
    assert names(tmp_path) == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
    with replacing(tmp_path / "a.txt") as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"
    assert names(tmp_path) == ["a.txt"]


def test_a_new_file_has_the_permissions_that_the_user_gives_files(tmp_path):
    plain = tmp_path / "plain"
    plain.touch()
    write_text(tmp_path / "ours", "text")
    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_never_replaced(tmp_path, make):
    make(tmp_path / "thing")
    before = (tmp_path / "thing").stat()
    with pytest.raises(FerError, match="thing: not a regular file"):
        write_text(tmp_path / "thing", "text")
    (tmp_path / "link").symlink_to("thing")
    with pytest.raises(FerError, match="not a regular file"):
        write_text(tmp_path / "link", "text")
    assert (tmp_path / "thing").stat().st_ino == before.st_ino
    assert names(tmp_path) == ["link", "thing"]


def test_a_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "target")
    write_text(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "target").read_text() == "text"


def test_a_link_with_a_guessed_name_is_not_followed(tmp_path):
    """The name of the temporary file differs each time, so no link can lie in wait for it."""
    seen = set()
    for _ in range(20):
        with replacing(tmp_path / "a") as temporary:
            assert not temporary.is_symlink()
            seen.add(temporary.name)
    assert len(seen) == 20


def test_a_folder_is_exchanged_as_a_whole(tmp_path):
    folder = tmp_path / "result"
    with replacing_folder(folder) as new:
        (new / "one").write_text("1")
        (new / "two").write_text("1")
    with pytest.raises(ZeroDivisionError), replacing_folder(folder) as new:
        (new / "one").write_text("2")
        raise ZeroDivisionError
    assert [(folder / name).read_text() for name in names(folder)] == ["1", "1"]
    with replacing_folder(folder) as new:
        (new / "one").write_text("3")
        assert names(folder) == ["one", "two"]
    assert names(folder) == ["one"]
    assert names(tmp_path) == ["result"]


def test_without_an_exchange_of_folders_the_new_one_comes_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("fer_analysis.files._exchange", lambda *_: False)
    for number in range(2):
        with replacing_folder(tmp_path / "result") as new:
            (new / str(number)).touch()
    assert names(tmp_path) == ["result"]
    assert names(tmp_path / "result") == ["1"]


def test_an_updated_folder_keeps_what_is_not_of_the_result(tmp_path, monkeypatch):
    folder = tmp_path / "result"
    for name, text in {"mine/notes": "of the user", "one": "old", "gone": "old"}.items():
        write_text(folder / name, text)
    with pytest.raises(ZeroDivisionError), updating_folder(folder) as new:
        write_text(new / "one", "half")
        (new / "gone").unlink()
        raise ZeroDivisionError
    assert [(folder / name).read_text() for name in ("one", "gone")] == ["old", "old"]
    with updating_folder(folder) as new:
        write_text(new / "one", "new")
        (new / "gone").unlink()
        assert (folder / "one").read_text() == "old"
    assert names(folder) == ["mine", "one"]
    assert (folder / "one").read_text() == "new"
    assert (folder / "mine/notes").read_text() == "of the user"
    assert names(tmp_path) == ["result"]

    # The working directory stays the one that a shell is in.
    monkeypatch.chdir(folder / "mine")
    before = os.stat(folder).st_ino
    with updating_folder(folder) as new:
        write_text(new / "one", "newest")
    assert os.stat(folder).st_ino == before and (folder / "one").read_text() == "newest"


def test_a_file_in_the_place_of_a_folder_is_kept(tmp_path):
    (tmp_path / "result").write_text("mine")
    with pytest.raises(FerError, match="not a folder"), replacing_folder(tmp_path / "result"):
        pass
    assert (tmp_path / "result").read_text() == "mine"


def test_only_leftovers_of_our_own_dead_processes_are_deleted(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    dead, alive = done.stdout.strip(), os.getppid()
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    (deep / f"{LEFTOVER}{dead}-model-x.keras").touch()
    (tmp_path / f"{LEFTOVER}{dead}-test-x").mkdir()
    (tmp_path / f"{LEFTOVER}{dead}-test-x" / "maps.npz").touch()
    kept = [".gitignore", f"{LEFTOVER}{alive}-model-y", f"{LEFTOVER}notes"]
    for name in kept:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert names(deep) == []
    assert names(tmp_path) == sorted([*kept, "a"])
