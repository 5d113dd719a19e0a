"""Folders that are laid out another way, and pictures that are not as they seem."""

import io
import os
import struct
import unicodedata

import numpy as np
import pytest
from fer_layouts import faces, write_layout
from PIL import Image
from rich.console import Console

from fer_analysis.cli.tables.data import counts_table
from fer_analysis.data.dataset import DIVISION, FER_LABELS
from fer_analysis.data.label_names import fer_label, name_labels
from fer_analysis.data.load import load_data
from fer_analysis.data.readers.decode import bits_of, decode
from fer_analysis.data.readers.source import Account
from fer_analysis.data.readers.split_names import looks_like_split, split_of
from fer_analysis.data.regions.files import read_regions
from fer_analysis.errors import FerError

RNG = np.random.default_rng(0)


def put(folder, n=2, *, suffix="png", prefix="f"):
    folder.mkdir(parents=True, exist_ok=True)
    for row in range(n):
        image = RNG.integers(0, 256, (48, 48), dtype=np.uint8)
        Image.fromarray(image).save(folder / f"{prefix}{row}.{suffix}")
    return folder


def counts(loaded):
    return {split: count.sum() for split, count in loaded.dataset.counts().items()}


def told(loaded, text):
    return any(text in notice for notice in loaded.notices)


SPLIT_NAMES = {
    "train": "train Training TRAIN train_set Train-Images FER2013Train fer2013_train 训练集",
    "validation": "val valid Validate validation_set Dev eval PublicTest public_test FER2013Valid",
    "test": "test Testing test-set PrivateTest private_test FER2013Test test_images",
}


@pytest.mark.parametrize(
    ("split", "name"), [(split, name) for split in DIVISION for name in SPLIT_NAMES[split].split()]
)
def test_a_splits_folder_has_many_names(split, name):
    assert split_of(name) == split


@pytest.mark.parametrize("name", ["train2", "my_test", "testA", "fold1", "trainval", "split_3"])
def test_other_names_look_like_splits(name):
    assert split_of(name) is None and looks_like_split(name)


@pytest.mark.parametrize("name", [*FER_LABELS, "devastated", "contest", "valiant", "0", "upset"])
def test_labels_do_not_look_like_splits(name):
    assert not looks_like_split(name)


def test_folders_of_fer2013s_own_names_are_its_own_division(tmp_path):
    for name, n in (("Training", 3), ("PublicTest", 2), ("PrivateTest", 1)):
        for label in FER_LABELS:
            put(tmp_path / name / label, n)
    loaded = load_data(tmp_path)
    assert counts(loaded) == {"train": 21, "validation": 14, "test": 7}
    assert loaded.protocol == "official" and loaded.account == Account("files", 42)


@pytest.mark.parametrize("name", ["extra_test", "Fold1", "more"])
def test_a_split_that_is_not_known_is_refused_by_name(tmp_path, name):
    for label in ("a", "b"):
        put(tmp_path / "train" / label)
        put(tmp_path / name / label)
    with pytest.raises(FerError, match=rf"{name}: looks like a split next to train/"):
        load_data(tmp_path)


def test_split_folders_without_label_folders_are_refused(tmp_path):
    for name in ("FER2013Train", "FER2013Valid", "FER2013Test"):
        put(tmp_path / name)
    with pytest.raises(FerError, match="FER2013Test: looks like a split, and has no label fold"):
        load_data(tmp_path)


def test_a_split_within_a_label_is_refused(tmp_path):
    for label in ("happy", "sad"):
        put(tmp_path / "train" / label), put(tmp_path / "train" / label / "subject1")
        put(tmp_path / "test" / label)
    assert sum(counts(load_data(tmp_path)).values()) == 12
    put(tmp_path / "train" / "sad" / "more" / "test")
    with pytest.raises(FerError, match="sad/more/test: looks like a split within the label 'sad'"):
        load_data(tmp_path)


def test_groups_of_label_folders_are_not_labels(tmp_path):
    for group in ("anna", "bert"):
        for label in ("happy", "sad"):
            put(tmp_path / group / label)
    with pytest.raises(FerError, match=r"anna: holds label folders \(happy/, sad/\)"):
        load_data(tmp_path)


def test_groups_of_label_folders_within_a_split_are_not_labels(tmp_path):
    """`train/anna/happy`: the labels are one folder further in than they should be."""
    for group in ("anna", "bert"):
        for label in ("happy", "sad"):
            put(tmp_path / "train" / group / label)
    with pytest.raises(FerError, match=r"train/anna: holds label folders \(happy/, sad/\).*train/"):
        load_data(tmp_path)
    for group in ("anna", "bert"):
        (tmp_path / "train" / group / "sad").rename(tmp_path / "train" / group / "2019")
    assert load_data(tmp_path).dataset.label_names == ("anna", "bert")


def test_one_folder_around_the_data_is_passed_through(tmp_path):
    place = write_layout(faces(84), tmp_path / "download" / "archive" / "fer2013", "folders")
    inner = load_data(place)
    outer = load_data(tmp_path / "download")
    assert outer.fingerprint == inner.fingerprint
    assert outer.notices[0] == f"read from {place}"
    write_layout(faces(14), tmp_path / "csv" / "fer2013", "csv")
    assert load_data(tmp_path / "csv").layout == "csv"


def test_a_users_own_division_stands_whatever_the_files_are_called(tmp_path):
    for split, prefix in (("train", "Training_"), ("val", "Training_9"), ("test", "PublicTest_")):
        for label in FER_LABELS:
            put(tmp_path / split / label, prefix=prefix)
    loaded = load_data(tmp_path)
    assert loaded.layout == "folders" and loaded.protocol == "own"
    assert counts(loaded) == {"train": 14, "validation": 14, "test": 14}
    assert told(loaded, "split by the folders test/, train/, val/ and not by the names")


def test_every_file_is_accounted_for(tmp_path):
    data = tmp_path / "data"
    a, b = put(data / "a", 3), put(data / "b", 4)
    put(a / "more" / "deeper", 2)
    Image.new("L", (48, 48), 90).save(b / "no_ending", "PNG")
    (a / "loop").symlink_to(a)
    (a / "gone.png").symlink_to(tmp_path / "nothing")
    (a / ".DS_Store").write_text("x")
    (a / "notes.txt").write_text("x")
    (b / "rest.zip").write_bytes(b"PK")
    (b / "x.npy").write_bytes(b"\x93NUMPY")
    os.mkfifo(b / "pipe.png")
    put(data, 1, prefix="loose")
    loaded = load_data(data)
    account = loaded.account
    assert account.read == len(loaded.dataset) == 10
    assert dict(account.left_out) == {
        "hidden, or of the system": 1,
        "links to nothing": 1,
        "not images": 1,
        "folders seen before (links), or too deep": 1,
        "pipes, sockets or devices": 1,
        "archives, not unpacked": 1,
        "arrays, not pictures": 1,
        "images outside of label folders": 1,
    }
    assert account.seen == 18 and str(account) in loaded.notices
    assert told(loaded, "2 of 10 images lie in sub-folders of label folders (a/more/deeper/)")
    assert load_data(data).account == account, "the same from the cache"


def test_pictures_that_were_drawn_beside_the_faces_are_no_faces(tmp_path):
    """Those that end as ours do and are no pictures of an image, are the user's own."""
    for label in ("a", "b"):
        put(tmp_path / label, 3)
    Image.new("L", (48, 48), 90).save(tmp_path / "a/photo", "PNG")
    drawn = "f0.png.saliency.png f1.PNG.face2.saliency.png f0.png.faces.jpg f0.png-2.faces.jpg"
    for name in (*drawn.split(), "photo.faces.jpg", "ours.faces.jpg", "ours.saliency.png"):
        Image.new("RGB", (96, 48), 90).save(tmp_path / "a" / name)
    loaded = load_data(tmp_path)
    assert loaded.account.read == 3 + 3 + 3
    assert dict(loaded.account.left_out) == {"pictures that `fer predict` drew": 5}
    assert {"a/ours.faces.jpg", "a/ours.saliency.png"} < {*loaded.dataset.ids}


def test_too_many_folders_are_no_labels(tmp_path):
    for index in range(1001):
        (tmp_path / f"l{index}").mkdir()
    with pytest.raises(FerError, match="1,001 folders that could be labels, expected 1,000"):
        load_data(tmp_path)


ACCENT = unicodedata.normalize("NFD", "glücklich")


@pytest.mark.parametrize(
    ("train", "test", "labels"),
    [
        (("Anger", "Contempt"), ("anger", "contempt"), ("angry", "Contempt")),
        (("angry", "fear", "happy"), ("anger", "fear", "happiness"), ("angry", "fear", "happy")),
        (("glücklich", "b"), (ACCENT, "b"), ("b", "glücklich")),
        (("very happy", "b"), ("Very_Happy ", "b\u200b"), ("b", "very happy")),
    ],
)
def test_a_label_spelt_two_ways_is_one(tmp_path, train, test, labels):
    for split, names in (("train", train), ("test", test)):
        for name in names:
            put(tmp_path / split / name)
    loaded = load_data(tmp_path)
    assert loaded.dataset.label_names == labels
    assert all(count.all() for count in loaded.dataset.counts().values())
    assert told(loaded, "one label '")


def test_two_folders_that_become_one_label_are_told(tmp_path):
    for name in (*FER_LABELS, "joy"):
        put(tmp_path / name)
    loaded = load_data(tmp_path)
    assert loaded.dataset.label_names == FER_LABELS
    assert "one label 'happy': the folders 'happy', 'joy'" in loaded.notices


def test_numbered_labels():
    assert fer_label("3_Happiness") == "happy" and fer_label("03") is None
    names = [f"{index}-{label}" for index, label in enumerate(reversed(FER_LABELS))]
    assert name_labels(names).names == FER_LABELS
    assert name_labels(["10", "9", "1"]).names == ("1", "9", "10")
    assert "FER-2013's codes: angry, disgust" in name_labels(map(str, range(7))).notices[0]


def test_labels_without_images_of_a_split_are_told(tmp_path):
    for split, names in (("train", "ab"), ("test", "bc")):
        for name in names:
            put(tmp_path / split / name, 5)
    loaded = load_data(tmp_path)
    assert told(loaded, "labels without training images: c")
    assert told(loaded, "labels without test images: a")


def deep_files(folder, values):
    for label, images in zip("ab", np.array_split(values, 2), strict=True):
        (folder / label).mkdir(parents=True)
        for row, image in enumerate(images):
            Image.fromarray(image).save(folder / label / f"{row}.png")


@pytest.mark.parametrize(("shift", "bits"), [(0, 8), (2, 10), (4, 12), (6, 14), (7, 15), (8, 16)])
def test_files_of_16_bits_are_scaled_by_what_all_of_them_use(tmp_path, shift, bits):
    values = RNG.integers(0, 256, (6, 48, 48)).astype(np.uint16)
    values[0] //= 4  # darker by itself, and still to be scaled as the others
    deep_files(tmp_path, values << shift)
    loaded = load_data(tmp_path, validation_share=0, test_share=0)
    assert np.array_equal(loaded.dataset.images[..., 0], values)
    assert told(loaded, f"6 of 6 files have 16 bits and use {bits}") == (bits < 16)
    assert [bits_of(peak) for peak in (1, 255, 256, 4095, 65535)] == [8, 8, 10, 12, 16]


@pytest.mark.parametrize(("own", "most"), [(13, 16), (8, 12), (10, 12)])
def test_files_that_are_dark_by_the_scale_of_another_are_told(tmp_path, own, most):
    values = RNG.integers(1 << own - 1, 1 << own, (6, 48, 48)).astype(np.uint16)
    values[5, 0, 0] = (1 << most) - 1
    deep_files(tmp_path, values)
    options = {"validation_share": 0, "test_share": 0}
    loaded = load_data(tmp_path, **options)
    assert loaded.dataset.images[0].max() < 1 << 8 - most + own
    text = f"5 of 6 files of 16 bits use {own} of them or fewer and are dark"
    assert told(loaded, f"{text}: all are scaled by the {most} bits that b/2.png uses")
    (tmp_path / "b" / "2.png").unlink()
    loaded = load_data(tmp_path, **options)
    assert not told(loaded, "are dark") and loaded.dataset.images[0].max() > 1 << 6
    Image.new("I;16", (48, 48), 3).save(tmp_path / "b" / "black.png")
    assert not told(load_data(tmp_path, **options), "are dark")


def tiff(path, values, tags):
    """Write grey levels as they are, with values of tags that no writer here would give."""
    tags = {256: 48, 257: 48, 258: 8 * values.itemsize, 259: 1, 262: 1, 273: 8, 277: 1} | tags
    tags |= {278: 48, 279: values.nbytes}
    entries = b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items())
    )
    start = struct.pack("<2sHI", b"II", 42, 8 + values.nbytes)
    path.write_bytes(start + values.tobytes() + struct.pack("<H", len(tags)) + entries + bytes(4))


def test_grey_levels_that_pillow_takes_for_others_are_refused(tmp_path):
    values = RNG.integers(0, 256, (48, 48), dtype=np.uint8)
    deep, file = values.astype("<u2") * 257, tmp_path / "face.tif"
    for good, tags in ((values, {}), (255 - values, {262: 0}), (deep, {})):
        tiff(file, good, tags)
        assert np.array_equal(decode(file, 48).image, values)
    tiff(file, 65535 - deep, {262: 0})
    assert "of which 0 is white" in decode(file, 48)
    tiff(file, values.astype("<i2") * 128, {339: 2})
    assert np.array_equal(decode(file, 48).image, values)
    tiff(file, (values.astype(int) - 128).astype("i1"), {339: 2})
    assert "8 bits with a sign" in decode(file, 48)


def test_transparent_parts_are_black_whatever_lies_under_them(tmp_path):
    for name, under in (("a", 250), ("b", 3)):
        pixels = np.full((48, 48, 2), (100, 255), dtype=np.uint8)
        pixels[:24] = (under, 0)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    first, second = (decode(tmp_path / f"{name}.png", 48) for name in "ab")
    assert first.transparent and np.array_equal(first.image, second.image)
    assert (first.image[:24] == 0).all() and (first.image[24:] == 100).all()


def test_transparent_parts_of_a_mask_are_background(tmp_path):
    pixels = np.zeros((48, 48, 4), dtype=np.uint8)
    pixels[:10] = (9, 9, 9, 255)
    pixels[20:30] = (7, 7, 7, 0)
    Image.fromarray(pixels).save(tmp_path / "mask.png")
    assert read_regions(tmp_path / "mask.png", 48, 48).names == ("region 9", "background")


def test_pictures_that_show_nothing_or_are_not_square_are_told(tmp_path):
    put(tmp_path / "a", 4), put(tmp_path / "b", 4)
    Image.new("L", (48, 48), 77).save(tmp_path / "a" / "grey.png")
    Image.fromarray(RNG.integers(0, 6, (48, 48), dtype=np.uint8)).save(tmp_path / "a" / "dark.png")
    Image.fromarray(RNG.integers(0, 255, (48, 96), dtype=np.uint8)).save(tmp_path / "b" / "w.png")
    loaded = load_data(tmp_path)
    assert told(loaded, "2 of 11 images are nearly black, nearly white or all of one grey")
    assert told(loaded, "1 of 11 images are not square")


def test_only_listed_decoders_are_asked(tmp_path):
    """PostScript named .png would start a program."""
    (tmp_path / "face.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert decode(tmp_path / "face.png", 48) == "not an image, or a damaged one"
    Image.new("L", (30_000, 2)).save(tmp_path / "long.png")
    assert "expected 20,000 a side at most" in decode(tmp_path / "long.png", 48)
    os.mkfifo(tmp_path / "pipe.png")
    assert "not a regular file" in decode(tmp_path / "pipe.png", 48)


def test_names_that_are_no_text_become_text(tmp_path):
    for name in (b"caf\xe9", b"two\nlines"):
        put(tmp_path / os.fsdecode(name), 10)
    loaded = load_data(tmp_path)
    assert loaded.dataset.label_names == (r"caf\xe9", r"two\nlines")
    "".join(loaded.dataset.ids).encode()


def test_the_cache_sees_a_change_of_the_same_size_and_time(tmp_path):
    file = write_layout(faces(14), tmp_path / "data", "csv") / "fer2013.csv"
    os.utime(file, (0, 0))
    before = load_data(file)
    text = file.read_text()
    file.write_text(text.replace("\n3,", "\n4,"))
    os.utime(file, (0, 0))
    assert file.stat().st_size == len(text)
    assert load_data(file).fingerprint != before.fingerprint


def test_no_home_is_no_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_CACHE_DIR", "~nobody-of-this-name/cache")
    loaded = load_data(write_layout(faces(14), tmp_path, "csv"))
    assert told(loaded, "not cached: there is no home folder")


@pytest.mark.parametrize("n", [7, 8, 16, 100])
def test_counts_are_readable_in_80_columns_with_any_number_of_labels(n):
    dataset = faces(6 * n, labels=tuple(f"emotion number {index}" for index in range(n)))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(counts_table(dataset))
    text = console.export_text().splitlines()
    assert len(text) < 60 and max(map(len, text)) <= 80
    for split, total in (("train", 2 * n), ("validation", 2 * n), ("test", 2 * n)):
        assert any(line.split()[:2] == [split, str(total)] for line in text)
    assert not any(line.startswith("vali ") or line.strip() == "dati" for line in text)
