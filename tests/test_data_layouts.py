"""Every layout of the same faces gives the same data: labels, splits, votes, cache."""

import os
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from fer_layouts import faces, real_faces, write_layout
from PIL import Image

from fer_analysis.data import LAYOUTS
from fer_analysis.data.cache import cache_folder
from fer_analysis.data.dataset import DIVISION, FER_LABELS
from fer_analysis.data.load import load_data
from fer_analysis.data.readers.source import Source
from fer_analysis.errors import FerError


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FER_CACHE_DIR", str(tmp_path / "cache"))


def content(dataset):
    return Counter(
        zip(
            dataset.split.tolist(),
            dataset.labels.tolist(),
            dataset.pixel_hashes().tolist(),
            strict=True,
        )
    )


@pytest.mark.parametrize("layout", ["csv", "icml", "kaggle", "folders"])
def test_same_faces_in_every_layout(tmp_path, layout):
    dataset = faces(84)
    loaded = load_data(write_layout(dataset, tmp_path / "data", layout))
    assert loaded.layout == layout
    assert loaded.protocol == ("own" if layout == "folders" else "official")
    assert loaded.dataset.label_names == FER_LABELS
    assert content(loaded.dataset) == content(dataset)
    assert loaded.fingerprint == loaded.dataset.fingerprint()
    assert not loaded.comparable


@pytest.mark.parametrize("layout", ["icml", "kaggle"])
def test_real_faces_in_every_layout(tmp_path, layout):
    dataset = real_faces(per_label=12)
    csv = load_data(write_layout(dataset, tmp_path / "csv", "csv"))
    other = load_data(write_layout(dataset, tmp_path / "other", layout))
    assert content(csv.dataset) == content(dataset) == content(other.dataset)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_says_what_it_looked_for(tmp_path, layout):
    assert isinstance(LAYOUTS[layout](tmp_path), str)
    with pytest.raises(FerError, match=f"not in this layout; looked for {layout}: "):
        load_data(tmp_path, layout=layout)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_lists_the_files_it_reads(tmp_path, layout):
    source = LAYOUTS[layout](write_layout(faces(14), tmp_path, layout))
    assert isinstance(source, Source)
    for name in source.files:
        (tmp_path / name).rename(tmp_path / "moved")
        with pytest.raises((FerError, OSError)):
            source.read(skip_bad=False, size=48, progress=None)
        (tmp_path / "moved").rename(tmp_path / name)


def test_kaggle_folder_train_alone_is_recognised(tmp_path):
    loaded = load_data(write_layout(faces(), tmp_path, "kaggle") / "train")
    assert loaded.layout == "kaggle"
    assert loaded.dataset.splits == ("train",)
    assert loaded.notices[0] == "no validation split: the data has no PublicTest images"


def test_ids_trace_an_image_to_its_source(tmp_path):
    dataset = faces(14)
    csv = load_data(write_layout(dataset, tmp_path, "csv"), layout="csv").dataset
    assert csv.ids.tolist() == [str(row) for row in range(14)]
    kaggle = load_data(write_layout(dataset, tmp_path, "kaggle"), layout="kaggle").dataset
    for image, name in zip(kaggle.images, kaggle.ids, strict=True):
        assert np.array_equal(np.asarray(Image.open(tmp_path / name)), image[..., 0])


def test_folder_names_in_any_spelling_give_the_seven_labels_in_order(tmp_path):
    spelt = ("Anger", "DISGUSTED", "fearful", "Happiness", "sadness", "Surprised", "neutrality")
    dataset = faces(63, labels=spelt)
    loaded = load_data(write_layout(dataset, tmp_path, "folders"))
    assert loaded.dataset.label_names == FER_LABELS
    assert content(loaded.dataset) == content(dataset)


def test_own_labels_are_sorted(tmp_path):
    dataset = faces(30, labels=("zen", "Bored", "awake"))
    loaded = load_data(write_layout(dataset, tmp_path, "folders"))
    assert loaded.dataset.label_names == ("awake", "Bored", "zen")
    ours = loaded.dataset.counts()["train"]
    assert ours.tolist() == dataset.counts()["train"][[2, 1, 0]].tolist()


def test_split_folders_go_by_many_names(tmp_path):
    folder = write_layout(faces(), tmp_path, "folders")
    for old, new in {"train": "Training", "validation": "dev", "test": "TESTING"}.items():
        (folder / old).rename(folder / new)
    assert load_data(folder).dataset.splits == DIVISION


def test_several_layouts_in_one_folder_are_told(tmp_path):
    write_layout(faces(), tmp_path, "csv")
    write_layout(faces(), tmp_path, "kaggle")
    loaded = load_data(tmp_path)
    assert loaded.layout == "csv"
    assert loaded.notices[0] == (
        f"{tmp_path} has several layouts: 'csv' is read; --layout kaggle or folders reads the rest"
    )
    assert load_data(tmp_path, layout="folders").protocol == "own"


def test_columns_are_found_by_name(tmp_path):
    dataset = faces(7)
    text = (write_layout(dataset, tmp_path, "csv") / "fer2013.csv").read_text()
    cells = [line.split(",") for line in text.splitlines()]
    lines = [f'"{usage}";{emotion};"{pixels}"' for emotion, pixels, usage in cells]
    (tmp_path / "fer2013.csv").write_bytes(
        b"\xef\xbb\xbf" + "\r\n\r\n".join(lines).replace(";", ",").encode()
    )
    assert content(load_data(tmp_path).dataset) == content(dataset)


@pytest.mark.parametrize("layout", ["csv", "kaggle"])
def test_other_sizes_and_colours_are_converted(tmp_path, layout):
    loaded = load_data(write_layout(faces(14), tmp_path, layout), size=24)
    assert loaded.dataset.images.shape == (14, 24, 24, 1)
    assert any("resized" in notice and "14" in notice for notice in loaded.notices)


def test_colour_and_16_bit_images_become_grey(tmp_path):
    flat = np.full((48, 48), 200, dtype=np.uint8)
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
    Image.fromarray(flat).convert("RGB").save(tmp_path / "a" / "colour.png")
    Image.fromarray(flat.astype(np.uint16) * 256).save(tmp_path / "b" / "deep.png")
    loaded = load_data(tmp_path, validation_share=0, test_share=0)
    assert (loaded.dataset.images == 200).all()
    assert "1 of 2 images converted from colour to grey" in loaded.notices


def test_votes_join_by_row_in_our_order(tmp_path):
    dataset = faces(votes=True)
    loaded = load_data(write_layout(dataset, tmp_path, "icml", votes=True)).dataset
    assert loaded.vote_names == (*FER_LABELS, "contempt", "unknown", "NF")
    assert np.array_equal(loaded.votes, dataset.votes)


def test_votes_may_be_longer_than_the_data_and_bad_rows_do_not_shift_them(tmp_path):
    dataset = faces(votes=True)
    votes = write_layout(dataset, tmp_path / "votes", "csv", votes=True)
    csv = write_layout(dataset.take(np.arange(30)), tmp_path / "data", "csv") / "fer2013.csv"
    lines = csv.read_text().splitlines()
    lines[5] = "0,1 2 3,Training"
    csv.write_text("\n".join(lines))
    loaded = load_data(csv, votes=votes, skip_bad=True).dataset
    assert loaded.ids.tolist() == [str(row) for row in range(30) if row != 4]
    assert np.array_equal(loaded.votes, np.delete(dataset.votes[:30], 4, axis=0))


def test_votes_of_other_rows_are_refused(tmp_path):
    dataset = faces(votes=True)
    write_layout(dataset, tmp_path, "csv", votes=True)
    write_layout(dataset.take(np.r_[0:5, 7:70]), tmp_path, "csv")
    with pytest.raises(FerError, match=r"fer2013new.csv, row 5 \(line 7\): expected PublicTest"):
        load_data(tmp_path)


def test_votes_shorter_than_the_data_are_refused(tmp_path):
    dataset = faces(votes=True)
    votes = write_layout(dataset.take(np.arange(20)), tmp_path / "votes", "csv", votes=True)
    data = write_layout(dataset, tmp_path / "data", "csv")
    with pytest.raises(FerError, match=r"row 20 .*got 'the end of the file'"):
        load_data(data, votes=votes)


def test_votes_on_folders_need_the_csv(tmp_path):
    loaded = load_data(write_layout(faces(votes=True), tmp_path, "kaggle", votes=True))
    assert loaded.dataset.votes is None
    assert "votes belong to rows of FER-2013's CSV: put it beside them" in loaded.notices[-1]


def test_cache_gives_the_same_and_notices_a_change(tmp_path):
    data = write_layout(faces(), tmp_path / "data", "csv")
    reads = []
    first = load_data(data, progress=lambda done, total: reads.append((done, total)))
    assert reads[-1][0] == reads[-1][1] == (data / "fer2013.csv").stat().st_size
    reads.clear()
    again = load_data(data, progress=lambda *_: reads.append(1))
    assert not reads
    assert again.fingerprint == first.fingerprint
    assert again.notices == first.notices
    assert again.dataset.ids.tolist() == first.dataset.ids.tolist()
    write_layout(faces(seed=1), data, "csv")
    assert load_data(data).fingerprint == load_data(data, cache=False).fingerprint
    assert load_data(data).fingerprint != first.fingerprint


def test_cache_keeps_sizes_and_layouts_apart(tmp_path):
    data = write_layout(faces(), tmp_path / "data", "kaggle")
    assert load_data(data).protocol == "official"
    assert load_data(data, layout="folders").protocol == "own"
    assert load_data(data, size=24).dataset.images.shape[1] == 24
    assert load_data(data).dataset.images.shape[1] == 48


def test_a_damaged_cache_is_rewritten(tmp_path):
    data = write_layout(faces(), tmp_path / "data", "csv")
    wanted = load_data(data).fingerprint
    (file,) = cache_folder().iterdir()
    whole = file.read_bytes()
    random = np.random.default_rng(0)
    for _ in range(40):
        damaged = bytearray(whole[: random.integers(len(whole))] or whole)
        damaged[random.integers(len(damaged))] ^= int(random.integers(1, 256))
        file.write_bytes(damaged)
        again = load_data(data)
        assert again.fingerprint == wanted
        assert again.notices[0].startswith(f"{file}: damaged, the data is read again (")
        assert not any("damaged" in notice for notice in load_data(data).notices)
    assert list(cache_folder().iterdir()) == [file]


def test_a_flipped_byte_in_the_cache_never_reaches_the_data(tmp_path):
    data = write_layout(faces(14), tmp_path / "data", "csv")
    wanted = load_data(data).fingerprint
    (file,) = cache_folder().iterdir()
    whole = file.read_bytes()
    random = np.random.default_rng(1)
    for position in random.integers(len(whole), size=150):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 255]) + whole[position + 1 :])
        assert load_data(data).fingerprint == wanted


def test_an_unwritable_cache_is_only_a_notice(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("FER_CACHE_DIR", os.fspath(blocked / "cache"))
    loaded = load_data(write_layout(faces(), tmp_path / "data", "csv"))
    assert len(loaded.dataset) == 70
    assert any(notice.startswith("not cached: ") for notice in loaded.notices)


def test_a_splits_fingerprint_does_not_depend_on_other_splits():
    dataset = faces(84)
    whole = dataset.fingerprints()
    assert list(whole) == list(DIVISION) and len(set(whole.values())) == 3
    public = dataset.take(dataset.split != "test")
    assert public.fingerprint() != dataset.fingerprint()
    assert public.fingerprints() == {name: whole[name] for name in ("train", "validation")}
    train = dataset.part("train")
    labels = train.labels.copy()
    labels[0] = (labels[0] + 1) % 7
    assert replace(train, labels=labels).fingerprints()["train"] != whole["train"]
    renamed = replace(train, ids=np.char.add("x", train.ids))
    assert renamed.fingerprints()["train"] == whole["train"]
