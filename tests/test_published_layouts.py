"""RAF-DB and AffectNet in the forms that people have: which number is which label, and who says."""

import shutil

import numpy as np
import pytest
from fer_layouts import NUMBER_OF, faces, write_layout
from PIL import Image

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.data.label_names import AFFECTNET
from fer_analysis.data.load import load_data
from fer_analysis.data.readers.source import BAD
from fer_analysis.errors import FerError

EIGHT = (*FER_LABELS, "contempt")
LABELS = {"rafdb": FER_LABELS, "affectnet": EIGHT}


def made(layout, n=48):
    """Return faces of one grey each, which JPEG keeps, of the layout's labels and splits."""
    splits = ("train", "test") if layout.startswith("rafdb") else ("train", "validation")
    data = faces(n, labels=LABELS[layout.removesuffix("_numbers")], splits=splits)
    data.images[:] = (np.arange(n) * 5)[:, None, None, None]
    return data


def labels_of(dataset):
    """Return each image's grey and label."""
    greys = dataset.images[:, 0, 0, 0].tolist()
    names = [dataset.label_names[label] for label in dataset.labels]
    return sorted(zip(greys, names, strict=True))


@pytest.mark.parametrize("layout", ["rafdb", "affectnet", "rafdb_numbers", "affectnet_numbers"])
def test_numbers_become_the_published_labels(tmp_path, layout):
    data = made(layout)
    asked = "auto" if layout in LABELS else layout
    loaded = load_data(write_layout(data, tmp_path, layout), layout=asked)
    assert loaded.layout == layout
    assert loaded.dataset.label_names == LABELS[layout.removesuffix("_numbers")]
    assert labels_of(loaded.dataset) == labels_of(data)
    told = next(text for text in loaded.notices if text.startswith("labels: "))
    name, number = next(iter(NUMBER_OF[layout.removesuffix("_numbers")].items()))
    assert f"{number} {name}" in told
    assert (loaded.dataset.split == "train").sum() <= (data.split == "train").sum()


def test_folders_called_by_numbers_are_never_guessed(tmp_path):
    loaded = load_data(write_layout(made("affectnet"), tmp_path, "affectnet_numbers"))
    assert loaded.layout == "folders"
    assert loaded.dataset.label_names == tuple("01234567")
    told = next(text for text in loaded.notices if "kept as names" in text)
    assert "AffectNet's: neutral, happy, sad" in told and "--layout affectnet_numbers" in told
    with pytest.raises(FerError, match="RAF-DB's numbers 1 to 7"):
        load_data(tmp_path, layout="rafdb_numbers")


def test_folders_called_by_classes_are_never_guessed(tmp_path):
    """`train_class/class001`: names, unless one says that they are AffectNet's in its order."""
    data = made("affectnet")
    write_layout(data, tmp_path, "affectnet_numbers")
    for split, name in (("train", "train_class"), ("validation", "val_class")):
        (tmp_path / split).rename(tmp_path / name)
        for number in range(8):
            (tmp_path / name / str(number)).rename(tmp_path / name / f"class{number + 1:03}")
    loaded = load_data(tmp_path)
    assert loaded.layout == "folders" and set(loaded.dataset.split) == {"train", "validation"}
    assert loaded.dataset.label_names == tuple(f"class{i:03}" for i in range(1, 9))
    told = next(text for text in loaded.notices if "kept as names" in text)
    assert "--layout affectnet_numbers" in told and "class001 neutral" in told
    asked = load_data(tmp_path, layout="affectnet_numbers")
    assert asked.dataset.label_names == EIGHT and labels_of(asked.dataset) == labels_of(data)
    told = next(text for text in asked.notices if text.startswith("labels: "))
    assert "counted from one" in told and "class001 neutral" in told and "class008 contempt" in told
    with pytest.raises(FerError, match="RAF-DB's numbers 1 to 7"):
        load_data(tmp_path, layout="rafdb_numbers")


def test_kaggles_rafdb_is_known_by_its_file_names(tmp_path):
    """`DATASET/train/5/train_00001_aligned.jpg`; somebody's own 0 to 6 stay numbers."""
    data = made("rafdb")
    folder = write_layout(data, tmp_path / "one" / "DATASET", "rafdb_numbers")
    for row, file in enumerate(sorted(folder.rglob("*.png"))):
        split = file.relative_to(folder).parts[0]
        file.rename(file.with_name(f"{split}_{row:05}_aligned.png"))
    (folder.parent / "train_labels.csv").write_text("image,label\n")
    loaded = load_data(folder.parent)
    assert (loaded.layout, loaded.dataset.label_names) == ("rafdb", FER_LABELS)
    assert labels_of(loaded.dataset) == labels_of(data)
    for split in ("train", "test"):
        (folder / split / "7").rename(folder / split / "0")
    assert load_data(folder.parent).layout == "folders"


def test_rafdb_lines_that_cannot_be_read(tmp_path):
    folder = write_layout(made("rafdb"), tmp_path, "rafdb")
    table = folder / "EmoLabel/list_patition_label.txt"
    table.write_text(table.read_text() + "train_99999.jpg 5\ntrain_00000.jpg 9\ntrain_1.jpg\n")
    with pytest.raises(FerError) as error:
        load_data(folder)
    for text in (
        "line 49: no image train_99999_aligned.jpg in Image/aligned/",
        "line 50: unknown number 9, expected 1 to 7: are these the compound expressions?",
        "line 51: expected a name and a number",
    ):
        assert text in str(error.value)
    loaded = load_data(folder, skip_bad=True)
    assert (loaded.account.read, loaded.account.seen) == (48, 51)
    (folder / "Image/aligned").rename(folder / "Image/original")
    with pytest.raises(FerError, match="their faces are not cut out"):
        load_data(folder)


def test_rafdb_by_the_folder_of_its_list_and_with_its_faces_elsewhere(tmp_path):
    """The images have the same names; a link leads to another disk."""
    data = made("rafdb")
    folder = write_layout(data, tmp_path / "basic", "rafdb")
    whole = load_data(folder).dataset
    assert whole.ids[0].startswith("Image/aligned/")
    alone = load_data(folder / "EmoLabel")
    assert alone.layout == "rafdb" and alone.dataset.ids.tolist() == whole.ids.tolist()
    shutil.move(folder / "Image/aligned", tmp_path / "disk")
    (folder / "Image/aligned").symlink_to(tmp_path / "disk")
    for place in (folder, folder / "EmoLabel", tmp_path):
        linked = load_data(place)
        assert linked.layout == "rafdb" and labels_of(linked.dataset) == labels_of(data)


def test_affectnet_images_without_an_expression_are_left_out(tmp_path):
    folder = write_layout(made("affectnet"), tmp_path, "affectnet")
    np.save(folder / "train_set/annotations/0_exp.npy", np.array("10"))
    np.save(folder / "train_set/annotations/1_exp.npy", np.array(9))
    loaded = load_data(folder)
    assert len(loaded.dataset) == 46 and loaded.account.seen == 48
    assert any("left out: 1 no face, 1 uncertain" in text for text in loaded.notices)
    np.save(folder / "train_set/annotations/2_exp.npy", np.array(11))
    (folder / "train_set/annotations/3_exp.npy").unlink()
    with pytest.raises(FerError, match=r"(?s)2_exp.npy: .*expected 0 to 10.*3_exp.npy: no label"):
        load_data(folder)


def with_table(folder, n=16):
    """Write label folders and the lines of AffectNet's table, which calls the first contempt."""
    write_layout(made("affectnet", n), folder, "labels")
    files = [(file, file.relative_to(folder).as_posix()) for file in sorted(folder.rglob("*.png"))]
    lines = [f"{row},{name},{file.parent.name},.9" for row, (file, name) in enumerate(files)]
    lines[0] = lines[0].replace(f",{files[0][0].parent.name},", ",Contempt,")
    return [",pth,label,relFCs", *lines]


def test_the_table_counts_where_the_folder_says_otherwise(tmp_path):
    (tmp_path / "labels.csv").write_text("\n".join(with_table(tmp_path)) + "\n")
    loaded = load_data(tmp_path)
    assert loaded.layout == "affectnet" and len(loaded.dataset) == 16
    assert loaded.notices[0] == "labels: those of labels.csv; 1 images lie in the folder of another"
    assert int((loaded.dataset.labels == 7).sum()) == 3


@pytest.mark.parametrize("header", ["pth,label,relFCs", "Pth, LABEL ,relFCs", '"pth","label","x"'])
def test_the_table_is_known_as_spreadsheets_save_it(tmp_path, header):
    """With a mark at its beginning, other capitals, quotes, and without the number of the row."""
    lines = [line.partition(",")[2] for line in with_table(tmp_path)[1:]]
    text = "\r\n".join([header, *lines, ""])
    (tmp_path / "labels.csv").write_text(text, "utf-8-sig", newline="")
    loaded = load_data(tmp_path)
    assert loaded.layout == "affectnet" and int((loaded.dataset.labels == 7).sum()) == 3


@pytest.mark.parametrize(
    ("separator", "encoding", "message"),
    [
        (";", "utf-8", "received ;pth;label;relFCs; separate the columns by commas"),
        ("\t", "utf-8-sig", "separate the columns by commas"),
        (",", "utf-16", "not UTF-8 text"),
        ("\t", "utf-16-le", "not UTF-8 text"),
    ],
)
def test_a_table_that_cannot_be_read_is_not_passed_over(tmp_path, separator, encoding, message):
    text = "\n".join(with_table(tmp_path)).replace(",", separator)
    (tmp_path / "labels.csv").write_bytes(text.encode(encoding))
    with pytest.raises(FerError) as error:
        load_data(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'labels.csv'}: ")
    assert message in str(error.value) and "--layout folders takes" in str(error.value)
    assert load_data(tmp_path, layout="folders").layout == "folders"
    (tmp_path / "labels.csv").write_text("path;labels\na.png;happy\n")
    assert load_data(tmp_path).layout == "folders"


def test_labels_of_a_table_that_are_none(tmp_path):
    lines = with_table(tmp_path)
    lines[1] = lines[1].replace("Contempt", "9" * 5000)
    lines[2] = lines[2].replace(",.9", "").rpartition(",")[0]
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    with pytest.raises(FerError, match=r"line 2: unknown label '99+'\n.*line 3: unknown label ''"):
        load_data(tmp_path)


def with_numbers(folder, number_of):
    """Write the table of label folders with a number for each label."""
    header, _, *lines = with_table(folder)
    cells = [line.split(",") for line in lines]
    rows = [f"{row},{name},{number_of[label]},.9" for row, name, label, _ in cells]
    (folder / "labels.csv").write_text("\n".join([header, *rows]) + "\n")
    return {name: label for _, name, label, _ in cells}


def test_numbers_of_a_table_are_affectnets_where_that_is_shown(tmp_path):
    """By the names of the folders, or by 0 and 7 in one table; they are told."""
    labels = with_numbers(tmp_path / "named", {n: i for i, n in AFFECTNET.items()})
    (tmp_path / "all").mkdir()
    table = ["pth,label"]
    for number in (0, 7):
        Image.new("L", (48, 48), 90 * (number > 0)).save(tmp_path / "all" / f"{number}.png")
        table.append(f"{number}.png,{number}")
    (tmp_path / "all/labels.csv").write_text("\n".join(table) + "\n")
    for folder in ("named", "all"):
        notices = load_data(tmp_path / folder).notices
        assert any("AffectNet's numbers, read as 0 neutral, 1 happy" in text for text in notices)
    dataset = load_data(tmp_path / "named").dataset
    assert {
        i: dataset.label_names[n] for i, n in zip(dataset.ids, dataset.labels, strict=True)
    } == labels


def test_numbers_of_a_table_that_may_be_others_are_refused(tmp_path):
    """FER-2013's codes, beside folders that say so; only asked for are they AffectNet's."""
    eight = {label: code for code, label in enumerate(EIGHT)}
    with_numbers(tmp_path, eight | {"contempt": 0})
    with pytest.raises(FerError) as error:
        load_data(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'labels.csv'}: its labels are numbers")
    assert "--layout affectnet reads them" in str(error.value)
    assert load_data(tmp_path, layout="folders").layout == "folders"
    notices = load_data(tmp_path, layout="affectnet").notices
    assert any("AffectNet's numbers, read as 0 neutral" in text for text in notices)


def test_rows_of_a_table_that_are_in_no_split_are_named(tmp_path):
    for folder in ("train", "test", "more"):
        with_table(tmp_path / folder)
    files = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.png"))
    rows = [f"{name},{name.split('/')[1]}" for name in files]
    (tmp_path / "labels.csv").write_text("\n".join(["pth,label", *rows]) + "\n")
    with pytest.raises(FerError, match=r"line 2: 'more/.*png' is in no folder of a split"):
        load_data(tmp_path)
    loaded = load_data(tmp_path, skip_bad=True)
    assert loaded.account.left_out[BAD] == 16 and {*loaded.dataset.split} >= {"train", "test"}


@pytest.mark.parametrize("layout", ["rafdb", "affectnet"])
def test_an_image_that_a_list_names_twice_is_read_once(tmp_path, layout):
    """With one label it is told; with two it is nobody's, and the lines are named."""
    if layout == "rafdb":
        write_layout(made("rafdb"), tmp_path, "rafdb")
        table = tmp_path / "EmoLabel" / "list_patition_label.txt"
        name, (first, *lines) = "train_00000", table.read_text().splitlines()
        # Each name of the picture: as it was published, and of the file.
        other = first.replace(name, f"{name}_aligned")
        head, wrong, labels = [], f"{first[:-1]}7", "angry, neutral"
    else:
        table, name = tmp_path / "labels.csv", "angry/face000000.png"
        head, first, *lines = with_table(tmp_path)
        head, other, wrong = [head], f"99{first[1:]}", first.replace("Contempt", "sad")
        labels = "contempt, sad"
    n, line = len(lines) + 1, len(head) + 1
    last = line + n
    table.write_text("\n".join([*head, first, *lines, other]) + "\n")
    loaded = load_data(tmp_path)
    assert loaded.layout == layout
    assert len(loaded.dataset) == len(set(loaded.dataset.ids)) == n
    told = next(text for text in loaded.notices if "more than once" in text)
    assert told.startswith(f"1 image is listed more than once in {table.name} and read once: ")
    assert name in told and told.endswith(f"on lines {line}, {last}")
    table.write_text("\n".join([*head, first, *lines, wrong]) + "\n")
    with pytest.raises(FerError) as error:
        load_data(tmp_path)
    assert str(error.value).startswith(f"{table}, lines {line}, {last}: '")
    assert name in str(error.value) and f"has several labels: {labels};" in str(error.value)
    loaded = load_data(tmp_path, skip_bad=True)
    assert len(loaded.dataset) == n - 1 and not any(name in text for text in loaded.dataset.ids)
    left_out = loaded.account.left_out
    assert left_out[BAD] == 1 and not any(reason.startswith("not in") for reason in left_out)


def test_yolo_numbers_are_those_of_its_own_file(tmp_path):
    names = ["Anger", "Contempt", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise"]
    for split in ("train", "valid"):
        for part in ("images", "labels"):
            (tmp_path / split / part).mkdir(parents=True)
        for number in range(8):
            grey = np.full((96, 96, 3), 20 * number, np.uint8)
            Image.fromarray(grey).save(tmp_path / split / "images" / f"a{number}.png")
            label = tmp_path / split / "labels" / f"a{number}.txt"
            label.write_text(f"{number} 0.5 0.5 1 1\n")
    with pytest.raises(FerError, match="no data.yaml says which"):
        load_data(tmp_path)
    (tmp_path / "data.yaml").write_text(f"nc: 8\nnames: {names}\n")
    loaded = load_data(tmp_path)
    expected = ["angry", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise"]
    found = [name for grey, name in labels_of(loaded.dataset)]
    assert found == [name for name in expected for _ in range(2)]
    assert loaded.dataset.label_names == EIGHT
    assert any("16 of 16 images converted from colour to grey" in text for text in loaded.notices)
    shutil.rmtree(tmp_path / "train")
    (tmp_path / "data.yaml").write_text("names: [cat, dog]\n")
    with pytest.raises(FerError, match="no expressions: cat, dog"):
        load_data(tmp_path)
