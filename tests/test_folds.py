"""Folds: every training image left out once, copies together, labels in equal numbers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from fer_layouts import write_layout

from fer_analysis.cli import main
from fer_analysis.config import parse_data
from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.folds import fold_of
from fer_analysis.data.open import open_data
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError

QUICK = ["training.epochs=1", "model.dense=[8]", "model.filters=[4,4]", "data.n=140"]


def fer(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
    return result


def sets(*overrides):
    return [word for override in overrides for word in ("--set", override)]


def test_folds_are_whole_stratified_and_seeded():
    rng = np.random.default_rng(0)
    labels = rng.choice(7, 3000, p=[0.14, 0.015, 0.14, 0.25, 0.17, 0.11, 0.175])
    groups = np.where(rng.random(3000) < 0.2, rng.integers(0, 150, 3000), np.arange(3000) + 150)
    fold = fold_of(labels, groups, 6, 0)
    assert set(fold) == set(range(6))
    for group in range(150):
        assert len(set(fold[groups == group])) <= 1
    sizes = np.bincount(fold)
    assert sizes.max() - sizes.min() <= 7
    for label in range(7):
        of_label = np.bincount(fold[labels == label], minlength=6)
        assert of_label.max() - of_label.min() <= 2, label
    assert np.array_equal(fold, fold_of(labels, groups, 6, 0))
    assert not np.array_equal(fold, fold_of(labels, groups, 6, 1))


def test_folds_by_hand():
    # A group of four fills one fold of its label; the four single ones fill the other.
    labels, groups = np.zeros(8, int), np.array([0, 0, 0, 0, 1, 2, 3, 4])
    fold = fold_of(labels, groups, 2, 0)
    assert len(set(fold[:4])) == len(set(fold[4:])) == 1
    assert fold[0] != fold[4]
    with pytest.raises(FerError, match="3 folds require at least 3 groups of images, received 2"):
        fold_of(np.zeros(4, int), np.array([0, 0, 1, 1]), 3, 0)


def test_a_fold_is_a_split_and_all_else_stays(tmp_path):
    drawn = generate(n=300)
    # Another image's mirror image, under another label: the two may not be parted.
    images = drawn.images.copy()
    rng = np.random.default_rng(0)
    images[...] = rng.integers(0, 256, (len(images), 12, 12, 1), np.uint8).repeat(4, 1).repeat(4, 2)
    train = np.flatnonzero(drawn.split == "train")
    images[train[1::2]] = images[train[::2], :, ::-1]
    dataset = FaceDataset(images, drawn.labels, FER_LABELS, drawn.ids, drawn.split)
    write_layout(dataset, tmp_path, "csv")
    plain = open_data(parse_data({"source": str(tmp_path)}))
    left_out = np.zeros(len(dataset), int)
    fingerprints = {plain.fingerprint}
    for fold in range(3):
        section = parse_data({"source": str(tmp_path), "folds": 3, "fold": fold})
        loaded = open_data(section)
        split = loaded.dataset.split
        left_out += split == "fold"
        fingerprints.add(loaded.fingerprint)
        assert loaded.comparable == plain.comparable and loaded.protocol == plain.protocol
        for name in ("validation", "test"):
            assert np.array_equal(split == name, plain.dataset.split == name)
        assert np.array_equal(split[train[::2]], split[train[1::2]])
        assert f"fold {fold} (of 0 to 2) is left out" in loaded.notices[-1]
    assert np.array_equal(left_out == 1, plain.dataset.split == "train")
    assert len(fingerprints) == 4


@pytest.mark.parametrize(
    ("folds", "linked", "possible"), [(2, 24, 1), (2, 26, 0), (8, 14, 0), (20, 10, 1)]
)
def test_folds_are_refused_where_one_would_hold_most_images(tmp_path, folds, linked, possible):
    """As of a film: each frame is hardly another one than the frame before."""
    rng = np.random.default_rng(0)
    labels = np.arange(32) % 7
    small = rng.integers(0, 256, (32, 12, 12, 1), np.uint8)
    images = small.repeat(4, 1).repeat(4, 2)
    for frame in range(1, linked):
        images[frame] = images[frame - 1]
        images[frame, frame, :24] ^= 4
    split = np.full(32, "train")
    names = [f"image-{row}" for row in range(32)]
    dataset = FaceDataset(images, labels, FER_LABELS, np.array(names), split)
    write_layout(dataset, tmp_path, "csv")
    section = parse_data({"source": str(tmp_path), "folds": folds, "fold": 0})
    if possible:
        sizes = [
            (open_data(section.model_copy(update={"fold": fold})).dataset.split == "fold").sum()
            for fold in range(folds)
        ]
        assert sum(sizes) == 32 and max(sizes) >= linked
    else:
        with pytest.raises(FerError, match=f"{linked} of 32 training images are linked by chains"):
            open_data(section)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"folds": 3}, "data.fold: expected 0 to 2, as data.folds is 3, received None"),
        ({"folds": 3, "fold": 3}, "data.fold: expected 0 to 2, as data.folds is 3, received 3"),
        ({"fold": 1}, "data.fold: requires data.folds, the number of folds, received 1"),
        ({"folds": 1, "fold": 0}, "data.folds: input should be greater than or equal to 2"),
    ],
)
@pytest.mark.parametrize("source", ["synthetic", "x.csv"])
def test_folds_and_fold_belong_together(source, values, expected):
    with pytest.raises(FerError) as raised:
        parse_data({"source": source, **values})
    assert expected in str(raised.value)


def test_a_run_without_a_fold_is_evaluated_on_it_and_resumed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)
    fold = sets("data.folds=3", "data.fold=1")
    text = fer("data", "--data", "synthetic", *sets("data.n=140"), *fold, "--out", "p").stdout
    assert any(line.startswith("fold ") for line in text.splitlines())
    fer("train", "tiny", *sets(*QUICK), *fold, "--run-dir", "run")
    metrics = json.loads(fer("evaluate", "run", "--split", "fold", "--json").stdout)
    assert metrics["split"] == "fold" and metrics["leak_free"]["n"] == metrics["all"]["n"] > 20
    assert json.loads(fer("evaluate", "run", "--json").stdout)["split"] == "test"
    assert "fold split" in fer("compare", "run", "--split", "fold").stdout

    # An interrupted run of this fold goes on; one of another fold does not.
    Path("run/result.json").unlink()
    fer("train", "--resume", "run")
    Path("run/result.json").unlink()
    config = Path("run/config.yaml")
    config.write_text(config.read_text().replace("fold: 1", "fold: 2"))
    refused = fer("train", "--resume", "run", code=1).stderr
    assert (
        "not the config that the run was started with" in refused
        and "data.fold: 1, now 2" in refused
    )

    fer("train", "tiny", *sets(*QUICK), "--run-dir", "whole")
    assert "no 'fold' split" in fer("evaluate", "whole", "--split", "fold", code=1).stderr
