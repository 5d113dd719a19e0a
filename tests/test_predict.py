"""`fer predict`: any picture, bad files among good ones, and names that would do harm."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image
from small_bundle import fer

import fer_analysis as package
import fer_analysis.run
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.files import content_hash, write_json
from fer_analysis.models import build_model
from fer_analysis.models.predict import predictor
from fer_analysis.models.storage import save_model
from fer_analysis.prediction.batches import classify
from fer_analysis.prediction.classifier import Classifier, Outputs
from fer_analysis.prediction.find_images import find_images
from fer_analysis.run import Run
from fer_analysis.statistics.temperature_scaling import at_temperature

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
TEMPERATURE, LEAST = 0.2, 0.5
FACES = generate(n=100, seed=0).images


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """An untrained network with a temperature and a rule, in place of the shipped one."""
    folder = tmp_path_factory.mktemp("weights")
    keras.utils.set_random_seed(0)
    model = build_model("residual", (48, 48, 1), 7, stem=4, widths=(4,), blocks=(1,))
    save_model(model, folder / "model.keras", LABELS)
    kept = {"temperature": TEMPERATURE, "from": "nothing", "answers": {"least": LEAST}}
    write_json(
        folder / "temperature.json",
        {"plain": kept | {"model": content_hash(folder / "model.keras")}},
    )
    return folder


@pytest.fixture(autouse=True)
def bundled(weights, tmp_path, monkeypatch):
    monkeypatch.setattr(fer_analysis.run, "WEIGHTS", weights)
    monkeypatch.chdir(tmp_path)
    Path("faces").mkdir()


def save(name, pixels=FACES[0, ..., 0], **options):
    path = Path("faces", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def predictions(*words):
    result = fer("predict", *words, "--json")
    told = json.loads(result.stdout)
    return {Path(row["image"]).name: row for row in told["images"]}, result.stderr, told


def lines(text):
    return [line for line in text.splitlines() if not line.startswith("note: ")]


def test_the_label_and_the_probability_are_the_networks_at_its_temperature(weights):
    for i in range(5):
        save(f"{i}.png", FACES[i, ..., 0])
    rows, _, told = predictions("faces")
    network = predictor(keras.saving.load_model(weights / "model.keras", compile=False))
    expected = at_temperature(network(FACES[:5]), TEMPERATURE)
    for i in range(5):
        row = rows[f"{i}.png"]
        found = list(row["probabilities"].values())
        assert found == pytest.approx(expected[i], abs=1e-5)
        assert list(row["probabilities"]) == list(LABELS)
        assert row["label"] == LABELS[int(np.argmax(found))]
        assert row["unsure"] == (max(found) < LEAST)
    assert told["temperature"] == TEMPERATURE
    notes = " ".join(told["notes"])
    assert "no face detector" in notes
    assert "not a feeling" in notes


def test_unsure_stands_in_each_output(monkeypatch):
    def ramp(self, images):
        shares = np.full((len(images), 7), 0.01)
        shares[:, 3] = images[:, 0, 0, 0] / 255
        reasons = ["too dark" if value == 50 else None for value in images[:, 0, 0, 0]]
        unsure = self._unsure(shares, reasons)
        return Outputs(shares.argmax(axis=1), shares, unsure, reasons)

    monkeypatch.setattr(Classifier, "__call__", ramp)
    for name, value in {"dark": 50, "low": 100, "high": 200}.items():
        pixels = FACES[0, ..., 0].copy()
        pixels[0, 0] = value
        save(f"{name}.png", pixels)
    table = fer("predict", "faces").stdout
    assert "unsure (happy?)" in next(line for line in table.splitlines() if "low.png" in line)
    assert "unsure: too dark" in next(line for line in table.splitlines() if "dark.png" in line)
    assert "unsure" not in next(line for line in table.splitlines() if "high.png" in line)
    assert "unsure 2, happy 1" in table
    assert "not a feeling" in table
    rows = list(csv.DictReader(io.StringIO(fer("predict", "faces", "--csv").stdout)))
    assert [(Path(row["image"]).name, row["unsure"], row["reason"]) for row in rows] == [
        ("dark.png", "true", "too dark"),
        ("high.png", "false", ""),
        ("low.png", "true", ""),
    ]
    assert float(rows[1]["probability"]) == float(rows[1]["happy"]) == pytest.approx(200 / 255)


def test_a_wide_terminal_shows_every_label(monkeypatch):
    monkeypatch.setattr("fer_analysis.cli.tables.console.out.width", 140)
    save("a.png")
    assert all(name[:7] in fer("predict", "faces").stdout for name in LABELS)


def test_without_a_rule_all_are_unsure_and_without_a_temperature_it_is_unknown(weights):
    save("a.png")
    run = Run.open("bundled")
    classifier = Classifier.open(run)
    from dataclasses import replace

    assert replace(classifier, rule=None)(FACES[:3]).unsure.tolist() == [True] * 3
    assert replace(classifier, temperature=None)(FACES[:3]).unsure is None
    Path("bare.keras").write_bytes((weights / "model.keras").read_bytes())
    rows, _, told = predictions("faces", "--run", "bare.keras")
    assert rows["a.png"]["unsure"] is None
    assert "not calibrated" in " ".join(told["notes"])
    assert "fits a temperature and a threshold" in " ".join(told["notes"])


def bomb(path, side=20_000):
    """Write a PNG of `side` x `side` pixels of one bit in a few kilobytes."""

    def chunk(kind, content):
        crc = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + crc

    squeezed = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    data = b"".join(squeezed.compress(row) for _ in range(side)) + squeezed.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def test_bad_files_are_a_line_each_and_not_the_end(monkeypatch):
    whole = save("good.png").read_bytes()
    Path("faces/cut.png").write_bytes(whole[: len(whole) // 2])
    Path("faces/text.png").write_text("no picture at all")
    Path("faces/empty.png").touch()
    Path("faces/ignored.txt").write_text("a text among the pictures")
    save("dot.png", np.array([[7]], dtype=np.uint8))
    save("grey.png", np.full((48, 48), 90, dtype=np.uint8))
    bomb(Path("faces/bomb.png"))
    assert Path("faces/bomb.png").stat().st_size < 1_000_000

    def load(self):
        assert self.size[0] < 10_000, "the bomb is decoded"
        return original(self)

    original = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", load)
    rows, stderr, told = predictions("faces", "nowhere.png")
    assert list(rows) == ["good.png"]
    expected = {
        "cut.png": "cannot be read",
        "text.png": "not an image",
        "empty.png": "empty file",
        "dot.png": "1x1 pixels, too small",
        "grey.png": "one grey all over",
        "bomb.png": "pixels",
        "nowhere.png": "no such file",
    }
    assert len(lines(stderr)) == len(expected)
    for name, reason in expected.items():
        assert sum(name in line and reason in line for line in lines(stderr)) == 1, name
    assert {Path(row["image"]).name for row in told["unreadable"]} | {"nowhere.png"} == {*expected}


def test_nothing_to_read_is_the_only_failure():
    Path("faces/text.png").write_text("no picture at all")
    failed = fer("predict", "faces", code=1)
    assert lines(failed.stderr)[-1] == "Error: no image could be read"
    Path("faces/text.png").unlink()
    Path("faces/deeper").mkdir()
    failed = fer("predict", "faces", code=1)
    assert "faces: no image in this folder" in failed.stderr
    assert lines(failed.stderr)[-1] == "Error: no image to look at"
    assert fer("predict", code=2).stdout == ""
    assert "choose one" in fer("predict", "faces", "--json", "--csv", code=1).stderr
    assert "--out is for" in fer("predict", "faces", "--out", "x", code=1).stderr
    assert "no such run" in fer("predict", "faces", "--run", "nowhere", code=1).stderr


def test_any_size_and_colour_is_the_same_face():
    face = FACES[0, ..., 0]
    big = np.kron(face, np.ones((4, 4), dtype=np.uint8))
    save("grey.png", face)
    save("colour.png", np.repeat(face[..., None], 3, axis=2))
    save("alpha.png", np.dstack([face] * 3 + [np.full_like(face, 255)]))
    save("grey_alpha.png", np.dstack([face, np.full_like(face, 255)]))
    save("deep.png", face.astype(np.uint16) * 257)
    Image.fromarray(face).convert("P").save("faces/palette.png")
    Image.fromarray(face).convert("P").save("faces/clear.png", transparency=0)
    save("big.bmp", big)
    save("photo.jpg", big, quality=98)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned a quarter clockwise
    save("turned.png", np.rot90(face), exif=turned)
    save("upside.png", np.rot90(face))
    files, _ = find_images([Path("faces")])
    classifier = Classifier.open(Run.open("bundled"))
    (batch,) = classify(classifier, files, faces="never")
    assert len(batch) == 11
    for item in batch:
        name, seen = item.source.path.name, item.image[..., 0].astype(float)
        if name in ("big.bmp", "photo.jpg", "upside.png"):
            alike = np.corrcoef(seen.ravel(), face.ravel())[0, 1]
            assert (alike > 0.98) == (name != "upside.png"), name
        else:
            assert np.array_equal(seen, face), name


def test_pictures_of_16_bits_tell_by_how_many_they_were_scaled():
    face = FACES[0, ..., 0].astype(np.uint16)
    assert face.max() >= 128
    save("whole.png", face * 257)
    assert not any("16 bits" in note for note in predictions("faces")[2]["notes"])
    save("scanner.png", face * 16)
    save("dark.png", face * 4)
    expected = "2 images of 16 bits were scaled by the 10 to 12 bits that each uses, as if none was"
    assert any(note.startswith(expected) for note in predictions("faces")[2]["notes"])


def test_an_image_in_python_tells_what_its_file_tells():
    deep = save("deep.png", FACES[0, ..., 0].astype(np.uint16) * 16)
    with Image.open(deep) as image:
        for source in (deep, image):
            notes = package.predict(source).notes
            assert any(
                note.startswith("1 images of 16 bits were scaled by the 12") for note in notes
            )


def test_of_several_pictures_in_a_file_the_first_is_read_and_told():
    first, second = (Image.fromarray(face) for face in FACES[:2, ..., 0])
    alone = save("alone.gif", FACES[0, ..., 0])
    Path("pages").mkdir()
    for name in ("reaction.gif", "pages.tiff"):
        first.save(Path("pages", name), save_all=True, append_images=[second])
    found = package.predict("pages")
    assert "2 files hold several pictures: the first is read" in found.notes
    with Image.open("pages/reaction.gif") as image:
        notes = package.predict(image).notes
    assert "1 files hold several pictures: the first is read" in notes
    one = package.predict(alone)
    assert not any("several pictures" in note for note in one.notes)
    for each in found:
        assert each.probabilities == pytest.approx(one[0].probabilities, abs=1e-6)


def test_a_picture_far_from_square_is_remarked_on():
    save("wide.png", np.hstack([FACES[0, ..., 0]] * 3))
    save("face.png")
    notes = " ".join(predictions("faces")[2]["notes"])
    assert "1 images are far from square" in notes


def test_folders_are_searched_to_any_depth_in_order_and_overlays_are_no_faces():
    for name in ("b/2.png", "b/a/1.JPG", "a.png", ".hidden/x.png", ".y.png", "a.png.saliency.png"):
        save(name)
    found, problems = find_images([Path("faces"), Path("faces/b/2.png")])
    names = [file.path.as_posix() for file in found]
    expected = ["faces/a.png", "faces/b/2.png", "faces/b/a/1.JPG", "faces/b/2.png"]
    assert (names, problems) == (expected, [])
    assert [file.place.as_posix() for file in found] == [*expected[:3], "2.png"]


def test_linked_folders_are_searched_and_each_folder_once():
    for name in ("a/1.png", "b/2.png"):
        save(name)
    Path("elsewhere").mkdir()
    save("../elsewhere/3.png")
    Path("faces/session").symlink_to(Path("elsewhere").resolve())
    Path("faces/a/around").symlink_to(Path("faces").resolve())
    Path("faces/c").symlink_to(Path("faces/b").resolve())
    found, problems = find_images([Path("faces")])
    names = [file.path.relative_to("faces").as_posix() for file in found]
    assert (names, problems) == (["a/1.png", "b/2.png", "session/3.png"], [])


def test_a_phones_folder_is_read_by_content_and_what_is_passed_over_is_told():
    for name in ("IMG_1.png", "IMG_1.png.saliency.png"):
        save(name)
    for name in ("IMG_2", "IMG_3.bak", "IMG_4.dng"):
        Path("faces", name).write_bytes(Path("faces/IMG_1.png").read_bytes())
    for name in ("a.HEIC", "b.HEIC", "c.mp4", "notes", "IMG_1.json", "Thumbs.db", ".DS_Store"):
        Path("faces", name).write_text("no picture at all")
    rows, stderr, _ = predictions("faces")
    assert [*rows] == ["IMG_1.png", "IMG_2"]
    [line] = [line for line in stderr.splitlines() if "passed over" in line]
    assert line.startswith("note: 6 other files passed over (2 .HEIC, ")
    for kind in ("1 .mp4", "1 .bak", "1 .dng", "1 without ending"):
        assert kind in line
    assert "passed over" not in predictions("faces/IMG_1.png")[1]


HOSTILE = [
    "=1+1.png",
    "[red]x[/red].png",
    "été 😀.png",
    "a\x1b[31mb.png",
    "two\nlines.png",
    "\u202egnp.exe.png",
    "$x^2$.png",
    "-rf.png",
    "x" * 240 + ".png",
]


def test_hostile_names_do_no_harm():
    for name in HOSTILE:
        save(name)
    undecodable = b"faces/\xff.png"
    Path(os.fsdecode(undecodable)).write_bytes(Path("faces/-rf.png").read_bytes())
    os.chdir("faces")
    table = fer("predict", ".", "-v")
    written = fer("predict", ".", "--csv")
    told = json.loads(fer("predict", ".", "--json").stdout)
    os.chdir("..")
    assert "[red]x[/red].png" in table.stdout
    rows = list(csv.reader(io.StringIO(written.stdout)))
    assert len(rows) == len(HOSTILE) + 2
    assert {len(row) for row in rows} == {23}
    assert "'=1+1.png" in [row[0] for row in rows]
    assert "'-rf.png" in [row[0] for row in rows]
    for output in (table.stdout, written.stdout):
        assert not {"\x1b", "\u202e", "\udcff"} & {*output}
    assert {row["image"] for row in told["images"]} == {*HOSTILE, "\udcff.png"}


def test_an_overlay_for_each_image_beside_it_or_in_a_folder():
    save("a/x.png")
    save("b/x.png", FACES[1, ..., 0])
    save("c/" + "x" * 240 + ".png")
    rows, stderr, told = predictions("faces/a", "--saliency")
    assert rows["x.png"]["overlay"] == "faces/a/x.png.saliency.png"
    picture = Image.open("faces/a/x.png.saliency.png")
    left, right = np.split(np.asarray(picture)[:288].astype(int), 2, axis=1)
    assert np.ptp(left, axis=2).max() == 0, "the face is grey"
    assert np.ptp(right, axis=2).max() > 50, "its map is not"
    first = Path("faces/a/x.png.saliency.png").read_bytes()
    result = fer(
        "predict",
        "faces/a/x.png",
        "faces/b/x.png",
        "faces/c",
        "--saliency",
        "--out",
        "looked",
        "--csv",
    )
    overlays = [row["overlay"] for row in csv.DictReader(io.StringIO(result.stdout))]
    assert overlays == ["looked/x.png.saliency.png", "looked/x.png-2.saliency.png", ""]
    assert "no picture written" in result.stderr
    assert Path(overlays[0]).read_bytes() == first, "the map does not hang on its neighbours"
    assert Path(overlays[1]).read_bytes() != first
    again, _, _ = predictions("faces/a")
    assert list(again) == ["x.png"]


def test_files_stream_in_batches():
    for i in range(10):
        save(f"{i}.png", FACES[i, ..., 0])
    files, _ = find_images([Path("faces")])
    seen, done = [], []

    def classifier(images):
        seen.append(len(images))
        return Classifier.open(Run.open("bundled"))(images)

    classifier.size = 48
    batches = classify(
        classifier, files, batch_size=4, progress=lambda now, all: done.append((now, all))
    )
    first = next(batches)
    assert (len(first), seen, done) == (4, [4], []), "nothing is read ahead"
    assert [len(batch) for batch in batches] == [4, 2]
    assert done == [(4, 10), (8, 10), (10, 10)]


def test_a_model_file_with_code_in_it_is_refused():
    inputs = keras.Input((48, 48, 1))
    harm = lambda x: Path("harm").touch() or x  # noqa: E731
    x = keras.layers.Lambda(harm)(inputs)  # called to find its shape
    x = keras.layers.Dense(7, name="logits")(keras.layers.Flatten()(x))
    keras.Model(inputs, keras.layers.Softmax(name="probabilities")(x)).save("evil.keras")
    Path("harm").unlink()
    save("a.png")
    failed = fer("predict", "faces", "--run", "evil.keras", code=1)
    assert "not a model that can be loaded" in failed.stderr
    assert not Path("harm").exists()


def test_a_network_for_other_images_is_refused():
    model = build_model("residual", (48, 32, 1), 7, stem=4, widths=(4,), blocks=(1,))
    save_model(model, Path("oblong.keras"), LABELS)
    save("a.png")
    failed = fer("predict", "faces", "--run", "oblong.keras", code=1)
    assert "expected square grey ones" in failed.stderr


def test_the_rule_of_a_run_is_found(weights):
    assert kept_temperature(Run.open("bundled"))["answers"] == {"least": LEAST}


def test_arrays_and_files_of_the_same_faces_have_the_same_predictions():
    for i in range(3):
        save(f"{i}.png", FACES[i, ..., 0])
    files = fer_analysis.predict("faces")
    seen = []
    arrays = fer_analysis.predict(FACES[:3], each=seen.append)
    assert [each.image for each in arrays] == [0, 1, 2]
    assert tuple(seen) == arrays.predictions
    for shaped in (FACES[:3, ..., 0], np.repeat(FACES[:3], 3, axis=-1)):
        again = fer_analysis.predict(shaped)
        assert [e.probabilities for e in again] == [e.probabilities for e in arrays]
    assert [e.probabilities for e in files] == [e.probabilities for e in arrays]
    assert arrays[0].probability == max(arrays[0].probabilities.values())
    drawn = fer_analysis.predict(FACES[:1], saliency=True, out="looked")
    assert drawn[0].overlay == Path("looked/0.saliency.png")
    assert drawn[0].overlay.is_file()
    blank = fer_analysis.predict(np.zeros((1, 48, 48), np.uint8))
    assert (len(blank), blank.unreadable[0].image) == (0, 0)
    for wrong in (FACES[:1].astype(float), np.zeros((2, 8, 8, 2), np.uint8)):
        with pytest.raises(fer_analysis.FerError, match="expected uint8"):
            fer_analysis.predict(wrong if wrong.ndim != 3 else wrong[..., 0])
    with pytest.raises(fer_analysis.FerError, match="no image"):
        fer_analysis.predict(FACES[:0])
    with pytest.raises(fer_analysis.FerError, match="`out`"):
        fer_analysis.predict(FACES[:1], saliency=True)


def test_the_summary_fits_a_screen_and_v_prints_all():
    for i in range(30):
        save(f"{i:02}.png", FACES[i, ..., 0])
    brief, whole = fer("predict", "faces").stdout, fer("predict", "faces", "-v").stdout
    assert len(brief.splitlines()) <= 15
    assert max(map(len, brief.splitlines())) <= 80
    assert "and 24 more" in brief
    assert whole.count(".png") == 30
    quiet = fer("predict", "faces", "-q")
    assert (quiet.stdout, quiet.stderr) == ("", "")
