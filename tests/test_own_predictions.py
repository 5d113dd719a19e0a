"""Predictions of any model: the table, the join with the data, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from fer_layouts import faces, write_layout
from PIL import Image

from fer_analysis.data.load import load_data
from fer_analysis.errors import FerError
from fer_analysis.evaluation.join_predictions import join_data
from fer_analysis.evaluation.predictions_csv import read_predictions

HEADER = "id,label,cat,dog\n"


def table(tmp_path, text):
    path = tmp_path / "theirs.csv"
    path.write_text(text)
    return path


def test_a_table_by_hand(tmp_path):
    path = table(tmp_path, HEADER + "a,cat,0.7,0.3\nb,dog,.25,.75\nc,dog,0.998,0.001\n")
    found = read_predictions(path)
    assert found.label_names == ("cat", "dog")
    assert found.ids.tolist() == ["a", "b", "c"]
    assert found.labels.tolist() == [0, 1, 1]
    assert found.probabilities[1].tolist() == [0.25, 0.75]
    assert found.probabilities[2].sum() == pytest.approx(1), "rounded shares are scaled"
    assert found.leaked is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns id, label .* received nothing"),
        ("id,cat,dog\n", "expected the columns id, label"),
        ("id,label,cat\na,cat,1\n", "expected the columns"),
        ("id,label,anger,angry\n", "the columns 'anger' and 'angry' are one label"),
        (HEADER, "no predictions in it"),
        (HEADER + "\na,cat,0.7\n", "line 3: expected 4 cells, received 3"),
        (HEADER + "a,owl,0.7,0.3\n", "line 2: label 'owl' is not one of cat, dog"),
        (HEADER + "a,cat,7,3\n", "line 2: expected probabilities that sum to 1, received 7, 3"),
        (HEADER + "a,cat,nan,1\n", "line 2: expected probabilities"),
        (HEADER + "a,cat,x,1\n", "line 2: column 'cat': expected a probability, received 'x'"),
        (HEADER + "a,cat,1.5,-0.5\n", "line 2: expected probabilities"),
        (HEADER + "a,cat,1,0\na,dog,1,0\n", "line 3: id 'a' appears more than once"),
    ],
)
def test_other_tables_are_refused_in_one_message(tmp_path, text, message):
    with pytest.raises(FerError, match=message):
        read_predictions(table(tmp_path, text))


def test_all_bad_rows_are_told_at_once(tmp_path):
    with pytest.raises(FerError) as caught:
        read_predictions(table(tmp_path, HEADER + "a,cat,2,2\n" * 9))
    assert "9 problems" in str(caught.value)
    assert "line 6" in str(caught.value)
    assert "and 4 more" in str(caught.value)


@pytest.fixture
def loaded(tmp_path):
    """Return data whose first test image is also a training image, with votes."""
    dataset = faces(70, votes=True)
    images = dataset.images.copy()
    test = np.flatnonzero(dataset.split == "test")
    images[test[0]] = images[np.flatnonzero(dataset.split == "train")[0]]
    object.__setattr__(dataset, "images", images)
    return load_data(write_layout(dataset, tmp_path / "fer", "csv", votes=True), cache=False)


def theirs(tmp_path, dataset, *, names=None, rows=None, label=None):
    """Write perfect predictions of some rows, their columns in the order of `names`."""
    names = names or dataset.label_names
    lines = ["id,label," + ",".join(names)]
    for row in rows:
        own = dataset.label_names[dataset.labels[row]]
        shares = ["1" if name == own else "0" for name in names]
        lines.append(f"{dataset.ids[row]},{label or own},{','.join(shares)}")
    return read_predictions(table(tmp_path, "\n".join(lines) + "\n"))


def test_the_data_adds_leaks_votes_and_its_own_order(tmp_path, loaded):
    dataset = loaded.dataset
    rows = np.flatnonzero(dataset.split == "test")[::-1]
    alphabetical = sorted(dataset.label_names)
    found = join_data(theirs(tmp_path, dataset, names=alphabetical, rows=rows), loaded, None)
    assert found.split == "test"
    assert found.label_names == dataset.label_names
    assert found.accuracy == 1
    np.testing.assert_array_equal(found.labels, dataset.labels[rows])
    np.testing.assert_array_equal(found.votes, dataset.votes[rows])
    assert found.leaked.sum() == 1
    assert found.leaked[-1], "its first image of test"
    assert not any("no prediction" in note for note in found.notes)
    part = join_data(theirs(tmp_path, dataset, rows=rows[:5]), loaded, None)
    assert f"{len(rows) - 5} images of the split have no prediction" in part.notes


def test_predictions_that_do_not_belong_to_the_data_are_refused(tmp_path, loaded):
    dataset = loaded.dataset
    everything = np.arange(len(dataset))
    with pytest.raises(FerError, match="several splits"):
        join_data(theirs(tmp_path, dataset, rows=everything), loaded, None)
    assert join_data(theirs(tmp_path, dataset, rows=everything), loaded, "train").split == "train"
    test = np.flatnonzero(dataset.split == "test")
    with pytest.raises(FerError, match="no predictions of the 'train' split"):
        join_data(theirs(tmp_path, dataset, rows=test), loaded, "train")
    with pytest.raises(FerError, match="true labels are not the data's, the first: id"):
        join_data(theirs(tmp_path, dataset, rows=test, label="fear"), loaded, None)
    with pytest.raises(FerError, match="2 of 2 ids are not in the data"):
        join_data(read_predictions(table(tmp_path, header(dataset, "x", "y"))), loaded, None)
    with pytest.raises(FerError, match="labels are not the data's: cat, dog"):
        join_data(read_predictions(table(tmp_path, HEADER + "0,cat,1,0\n")), loaded, None)


def header(dataset, *ids):
    lines = ["id,label," + ",".join(dataset.label_names)]
    return "\n".join([*lines, *(f"{i},angry,1,0,0,0,0,0,0" for i in ids)]) + "\n"


RAF = "id,label,1,2,3\n"


def test_labels_are_all_names_or_all_positions(tmp_path):
    rows = ["{},{},0.8,0.1,0.1\n", "{},{},0.1,0.8,0.1\n", "{},{},0.1,0.1,0.8\n"]
    for first, expected in ((0, [0, 1, 2]), (1, [0, 1, 2])):
        text = "".join(row.format(f"i{n}", n + first) for n, row in enumerate(rows))
        found = read_predictions(table(tmp_path, RAF + text))
        assert found.labels.tolist() == expected
        assert found.accuracy == 1
    with pytest.raises(FerError, match="names of columns and positions of other columns"):
        read_predictions(table(tmp_path, RAF + rows[0].format("a", 1) + rows[1].format("b", 2)))
    with pytest.raises(FerError, match="label '1' is not one of cat, dog"):
        read_predictions(table(tmp_path, HEADER + "a,cat,1,0\nb,1,0,1\n"))


def test_rounded_probabilities_are_scaled_within_what_their_decimals_allow(tmp_path):
    found = read_predictions(table(tmp_path, HEADER + "a,cat,0.5,0.49\n"))
    assert found.probabilities[0].sum() == pytest.approx(1)
    assert "rounded to 2 decimals" in found.notes[0]
    with pytest.raises(FerError, match="expected probabilities that sum to 1"):
        read_predictions(table(tmp_path, HEADER + "a,cat,0.500,0.490\n"))
    with pytest.raises(FerError, match="expected probabilities that sum to 1"):
        read_predictions(table(tmp_path, HEADER + "a,cat,1,1\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "a,cat,70,30\n", "percent: divide by 100"),
        ("id,label,cat,dog,sure\na,cat,.7,.3,.9\n", "column 'sure' is no label"),
        ("id,label,cat,dog,file\na,cat,.7,.3,x\nb,cat,.7,.3,y\n", "column 'file' is no label"),
        (HEADER + "a,cat,2.5,-1.5\nb,dog,-3,1\n", "apply a softmax"),
        (HEADER + ",cat,1,0\n", "line 2: no id"),
        ("id,id,label,cat,dog\na,b,cat,1,0\n", "the column 'id' is twice"),
        ("id,label,label,cat,dog\na,cat,dog,1,0\n", "the column 'label' is twice"),
        ("id,label,happy,joy\na,joy,1,0\n", "the columns 'happy' and 'joy' are one label"),
        ("id,label,cat,Cat\na,cat,1,0\n", "the columns 'cat' and 'Cat' are one label"),
        ("id;label;cat;dog\na;cat;1;0\n", "separate the columns by commas"),
        (",id,label,cat,dog\n0,a,cat,1,0\n", "a column has no name"),
        (HEADER + "a,1,1,0\nb,2,0,1\n", "labels are the numbers 1 to 2; .* from 0 to 1"),
        (HEADER + "a,0.0,1,0\nb,1.0,0,1\n", "labels are the numbers 0.0 to 1.0; .* whole"),
        (HEADER + "a,cat,70%,30%\nb,cat,2%,98%\n", "probabilities such as 0.25, received '70%'"),
        (HEADER + "a,cat,2.5,1.5\nb,dog,3,1\n", "apply a softmax"),
        (HEADER + "a,cat,1.5,-.5\nb,dog,1.1,-.1\n", "some are negative"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path, text, message):
    with pytest.raises(FerError, match=message):
        read_predictions(table(tmp_path, text))


def test_a_column_that_may_be_no_label_is_told(tmp_path):
    text = "id,label,cat,dog,fold\na,cat,.7,.3,0\nb,dog,.3,.7,0\n"
    assert "taken for labels" in read_predictions(table(tmp_path, text)).notes[0]
    used = text.replace("b,dog", "b,fold")
    assert read_predictions(table(tmp_path, used)).notes == ()


def test_numbers_that_may_be_counted_from_one_are_told(tmp_path):
    rows = "a,1,.1,.8,.1\nb,2,.1,.1,.8\n"
    found = read_predictions(table(tmp_path, "id,label,cat,dog,hen\n" + rows))
    assert "none is 0 ('cat'): 1 is 'dog'" in found.notes[0]
    assert read_predictions(table(tmp_path, "id,label,0,1,2\n" + rows)).notes == ()
    assert read_predictions(table(tmp_path, "id,label,cat,dog,hen\nc,0,1,0,0\n" + rows)).notes == ()


def test_labels_are_found_in_any_spelling(tmp_path):
    found = read_predictions(table(tmp_path, "id,label,Cat,Big dog\na,CAT,1,0\nb,big_dog,0,1\n"))
    assert found.label_names == ("Cat", "Big dog") and found.labels.tolist() == [0, 1]


def test_predictions_are_joined_with_data_that_spells_labels_its_own_way(tmp_path):
    names = ("anger", "contempt", "happiness", "sadness")
    rng = np.random.default_rng(0)
    for folder in [
        tmp_path / "data" / split / name for split in ("train", "test") for name in names
    ]:
        folder.mkdir(parents=True)
        for n in range(3):
            pixels = rng.integers(0, 256, (48, 48), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{n}.png")
    data = load_data(tmp_path / "data")
    for header in (names, ("Angry", "Contempt", "happy", "sad")):
        rows = [
            f"{name},{data.dataset.label_names[label]},{','.join(shares)}"
            for name, label, split in zip(
                data.dataset.ids, data.dataset.labels, data.dataset.split, strict=True
            )
            if split == "test"
            for shares in [["1" if place == label else "0" for place in range(4)]]
        ]
        text = "\n".join([f"id,label,{','.join(header)}", *rows])
        found = join_data(read_predictions(table(tmp_path, text)), data, None)
        assert found.label_names == names and found.accuracy == 1


def test_images_of_labels_that_are_not_predicted_are_left_out_and_told(tmp_path, loaded):
    text = "id,label,happy,sad\na,happy,.7,.3\nb,fear,.7,.3\nc,sad,.2,.8\n"
    found = read_predictions(table(tmp_path, text))
    assert found.ids.tolist() == ["a", "c"]
    assert found.accuracy == 1
    assert "1 images of labels without a column are left out" in found.notes[0]
    dataset = loaded.dataset
    test = np.flatnonzero(dataset.split == "test")
    three = dataset.label_names[3:0:-1]
    known = [row for row in test if dataset.label_names[dataset.labels[row]] in three]
    joined = join_data(theirs(tmp_path, dataset, names=three, rows=known), loaded, None)
    assert joined.label_names == dataset.label_names[1:4]
    assert (joined.accuracy, len(joined), joined.comparable) == (1, len(known), False)
    assert any(
        "4 of 7 labels have no predictions" in note and f"{len(test) - len(known)} images" in note
        for note in joined.notes
    )
