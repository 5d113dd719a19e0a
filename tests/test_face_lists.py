"""Lists of faces: reading them, training and scoring by them, what is recorded."""

from __future__ import annotations

import dataclasses
import hashlib
import html
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from small_bundle import SMALL, fer

from fer_analysis.config import load_config
from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.data.vote_labels import label_by_votes
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.listed_faces import relabelled, without_faces
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.study.cell_key import cell_key
from fer_analysis.training.face_lists import doubts, effects, notices


def listed(text, name="faces.csv"):
    Path(name).write_text(text)
    return Path(name)


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def loaded(ids, splits):
    n = len(ids)
    images = np.arange(n * 4, dtype=np.uint8).reshape(n, 2, 2, 1)
    labels = np.arange(n) % 7
    dataset = FaceDataset(images, labels, FER_LABELS, np.array(ids), np.array(splits))
    return LoadedData(dataset, "folders", "own", "abc", (), False)


FOLDERS = loaded(
    ["train/angry/1.jpg", "train/fear/1.jpg", "test/fear/1.jpg", "-odd/é.png"],
    ["train", "train", "test", "validation"],
)


def test_a_list_is_read_with_each_face_once_and_its_fingerprint():
    rows = [
        "issue,id,label,score",
        "leak,'-odd/é.png,sad,1",
        "tie,'-odd/é.png,Sadness,",
        "",
        ",7,,",
    ]
    text = "\ufeff" + "\r\n".join(rows)
    found = read_face_list(listed(text))
    assert found.ids == ("-odd/é.png", "7")
    assert found.labels == ("sad", "")
    assert found.by_issue() == {"leak": {"-odd/é.png"}, "tie": {"-odd/é.png"}, "faces.csv": {"7"}}
    assert found.sha256 == hashlib.sha256(Path("faces.csv").read_bytes()).hexdigest()
    assert found.with_issues(["tie"]).ids == ("-odd/é.png",)
    assert found.label_positions(FER_LABELS) == {"-odd/é.png": 4}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "an empty file; expected a CSV with a column 'id'"),
        ("id,label\n", "no face in it"),
        ("name,label\n1,sad\n", "expected a column 'id', received name, label"),
        ("id;label\n1;sad\n", "separate the columns by commas"),
        ("id,label\n1,sad\n,fear\n ,sad\n", "2 rows have no id: row 3, 4"),
        ("issue,id\nleak\n", "1 rows have no id: row 2"),
        ("id,id,label\n1,2,sad\n", "the column 'id' is twice in its first line"),
        ("id,label,label\n1,sad,fear\n", "the column 'label' is twice in its first line"),
        ("id,label\na,b.png,sad\n", "1 rows have more cells than the 2 columns: row 2"),
        ("id,label\n1,sad\n1,fear\n2,sad\n2,SAD\n", "1 ids have several labels: '1' .sad, fear"),
        ("id,pixels\n1,2x2-a\n1,2x2-b\n2,2x2-a\n", "1 ids have several images, as lists of sev"),
    ],
)
def test_a_list_that_is_none_is_told_in_one_line(text, message):
    with pytest.raises(FerError, match=message):
        read_face_list(listed(text))


def test_bytes_that_are_no_text_and_a_missing_file_are_told():
    Path("faces.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("faces.csv", "missing.csv"):
        with pytest.raises(FerError, match=f"{name}: cannot be read as a list of faces"):
            read_face_list(name)


def test_unknown_ids_are_counted_and_named_with_the_data():
    listed("id\n1\n2\ntrain/fear/1.jpg\n3\n4\n")
    with pytest.raises(FerError) as error:
        read_face_list("faces.csv").by_split(FOLDERS)
    assert "4 of its 5 ids are not in the data (layout folders): '1', '2', '3', …" in str(error)
    assert "ids there are like 'train/angry/1.jpg'" in str(error)


def test_faces_of_another_split_are_named_as_such():
    listed("id\ntest/fear/1.jpg\n-odd/é.png\n")
    with pytest.raises(FerError, match="none of its 2 faces is in the split 'train': 1 of valid"):
        read_face_list("faces.csv").in_split(FOLDERS, "train")
    assert read_face_list("faces.csv").in_split(FOLDERS, "test") == {"validation": 1, "test": 1}


def test_labels_are_known_in_every_spelling_and_others_refused():
    given = read_face_list(listed("id,label\n1,HAPPINESS\n2,happy\n3,4: Sad\n4,\n"))
    assert given.label_positions(FER_LABELS) == {"1": 3, "2": 3, "3": 4}
    assert given.label_positions(("Sadness", "joy")) == {"1": 1, "2": 1, "3": 0}
    given = read_face_list(listed("id,label\n1,hapy\n2,hapy\n3,bored\n"))
    with pytest.raises(FerError) as error:
        given.label_positions(FER_LABELS)
    assert len(error.value.problems) == 2
    assert "no label 'hapy' (did you mean 'happy'" in error.value.problems[0]
    assert "2 faces, '1', '2'" in error.value.problems[0]
    with pytest.raises(FerError, match="no column 'label' in it; expected id,label"):
        read_face_list(listed("id,suggested\n1,sad\n")).label_positions(FER_LABELS)


def test_what_an_audit_suggests_is_never_taken_silently():
    """Its column `label` is the label that the face has: nothing changes, and that is said."""
    text = "id,issue,label,suggested\ntrain/angry/1.jpg,label_issue,angry,sad\n"
    dataset = FOLDERS.dataset
    with pytest.raises(FerError, match="changes no label: 1 of its 1 .* 'suggested' is not used"):
        read_face_list(listed(text)).new_labels(dataset.labels, dataset.ids, FER_LABELS)


def by_votes():
    """Return six images labelled by votes; the votes leave out the last two."""
    told = [{3: 6, 4: 4}, {3: 9}, {1: 8}, {4: 7}, {3: 5, 4: 5}, {}]
    votes = np.array([[row.get(place, 0) for place in range(7)] for row in told])
    splits = np.array(["train"] * 3 + ["validation"] + ["train"] * 2)
    own = FaceDataset(
        np.zeros((6, 2, 2, 1), np.uint8),
        np.array([4, 3, 1, 4, 3, 0]),
        FER_LABELS,
        np.arange(6).astype(str),
        splits,
        votes=votes,
        vote_names=FER_LABELS,
    )
    dataset, facts = label_by_votes(own, minimum_share=0.5, least_votes=2)
    return LoadedData(dataset, "csv", "own+votes", "abc", (), False, vote_labels=facts)


def test_faces_that_the_votes_left_out_are_known_and_counted():
    data = by_votes()
    given = read_face_list(listed("id\n0\n3\n4\n5\n"))
    assert given.in_split(data, "train") == {"train": 1, "validation": 1}
    assert given.without_a_label(data) == ["4", "5"]
    with pytest.raises(FerError, match="1 of its 2 ids are not in the data .*: '6'"):
        read_face_list(listed("id\n5\n6\n")).by_split(data)
    with pytest.raises(FerError, match="none of its 1 faces .* 'train': the votes give none"):
        read_face_list(listed("id\n5\n")).in_split(data, "train")
    config = load_config("tiny", ["manipulations.exclude_faces.faces=faces.csv"])
    listed("id\n0\n4\n5\n")
    [found] = effects(config, data)
    assert (found["changes"], found["unlabelled"]) == (1, 2)
    assert "faces.csv: 2 of its faces have no label by the annotators' votes" in notices([found])[1]


def test_an_audit_is_known_by_the_labels_that_the_data_has_or_had_before_the_votes():
    data = by_votes()
    header = "id,issue,label\n"
    for rows in ("0,tie,sad\n1,tie,happy\n4,tie,happy\n", "0,tie,happy\n9,tie,fear\n"):
        read_face_list(listed(header + rows)).check_audit(data.dataset, data)
    for row, here in (("0,tie,fear", "fear there and happy"), ("5,tie,sad", "sad there and angry")):
        with pytest.raises(FerError, match=f"audit of other data: image '.' is {here} here"):
            read_face_list(listed(header + row)).check_audit(data.dataset, data)
    read_face_list(listed("id,label\n0,fear\n")).check_audit(data.dataset, data)


ROWS = loaded([str(row) for row in range(8)], ["train"] * 4 + ["test"] * 4)


def without_first_row(data):
    """Return the data as its CSV is read once its first row is deleted."""
    left = data.dataset.take(np.arange(1, 8))
    return dataclasses.replace(data, dataset=dataclasses.replace(left, ids=data.dataset.ids[:7]))


def marked(rows, data=ROWS):
    """Write a list of faces by row number with marks of their pixels, all labelled sad."""
    images = data.dataset.images
    lines = [f"{row},sad,{pixel_mark(images[row])}" for row in rows]
    return listed("\n".join(["id,label,pixels", *lines]))


@pytest.mark.parametrize("kind", ["exclude_faces", "relabel_faces"])
def test_training_refuses_a_list_of_rows_of_other_data(kind):
    config = load_config("tiny", [f"manipulations.{kind}.faces={marked([1, 5])}"])
    assert effects(config, ROWS)[0]["changes"] == 1
    other = without_first_row(ROWS)
    with pytest.raises(FerError, match="a list of other data: image '1' has other pixels in the d"):
        effects(config, other)
    assert doubts(config, ROWS) == []
    listed("id,label\n1,sad\n5,sad\n")
    assert effects(config, other)[0]["changes"] == 1
    [told] = doubts(config, other)
    assert told.startswith("faces.csv: says by row number alone which faces it means")


def test_scoring_refuses_a_list_of_rows_of_other_data():
    faces = marked([4, 5])

    def scored_on(data):
        part = data.dataset.part("test")
        return Evaluation(part.labels, np.eye(7)[part.labels], part.ids, "test", FER_LABELS)

    assert len(without_faces(scored_on(ROWS), faces, data=ROWS)[0]) == 2
    other = without_first_row(ROWS)
    for scored_by in (without_faces, relabelled):
        with pytest.raises(FerError, match="a list of other data: image '4' has other pixels"):
            scored_by(scored_on(other), faces, data=other)


def test_marks_are_of_images_of_one_size_and_names_of_files_need_none():
    images = np.repeat(np.repeat(ROWS.dataset.images, 2, axis=1), 2, axis=2)
    larger = dataclasses.replace(ROWS, dataset=dataclasses.replace(ROWS.dataset, images=images))
    given = read_face_list(marked([1, 5]))
    given.check_known(larger)
    assert given.notices(ROWS) == [] and len(given.notices(larger)) == 1
    assert read_face_list(listed("id\ntrain/angry/1.jpg\n")).notices(FOLDERS) == []
    assert read_face_list(listed("id,issue,label\n1,tie,sad\n")).notices(ROWS) == []


def test_files_that_were_saved_anew_are_told_and_taken():
    names, dataset = FOLDERS.dataset.ids[:2], FOLDERS.dataset
    lines = [f"{name},sad,{pixel_mark(dataset.images[i] // 2)}" for i, name in enumerate(names)]
    given = read_face_list(listed("\n".join(["id,label,pixels", *lines])))
    given.check_known(FOLDERS)
    [told] = given.notices(FOLDERS)
    assert told.startswith("faces.csv: 2 of 2 images have other pixels in")


def test_one_image_at_two_sizes_is_one_image():
    given = read_face_list(listed("id,pixels\n1,48x48-a\n1,64x64-b\n2,48x48-c\n"))
    assert given.pixels == ("48x48-a", "48x48-c")


@pytest.mark.parametrize("kind", ["exclude_faces", "relabel_faces"])
def test_training_refuses_an_audit_of_other_data(kind):
    listed("id,issue,label\ntrain/angry/1.jpg,tie,angry\ntrain/fear/1.jpg,tie,sad\n")
    config = load_config("tiny", [f"manipulations.{kind}.faces=faces.csv"])
    with pytest.raises(FerError, match="an audit of other data: image 'train/fear/1.jpg' is sad"):
        effects(config, FOLDERS)


def test_an_audit_is_no_list_to_relabel_by_where_the_votes_gave_other_labels():
    data = by_votes()
    listed("id,issue,label\n0,tie,sad\n")
    config = load_config("tiny", ["manipulations.relabel_faces.faces=faces.csv"])
    with pytest.raises(FerError, match="give a list of the columns id and label alone"):
        effects(config, data)


def test_labels_are_counted_once_the_excluded_faces_are_gone():
    data = loaded(list("abcdef"), ["train"] * 6)
    listed("id,label\na,sad\nb,sad\n", "gone.csv")
    listed("id,label\na,sad\nb,sad\nc,sad\n", "again.csv")
    lists = ["manipulations.exclude_faces.faces=gone.csv"]

    def changes(file):
        config = load_config("tiny", [*lists, f"manipulations.relabel_faces.faces={file}"])
        return [each["changes"] for each in effects(config, data)]

    assert changes("again.csv") == [2, 1]
    with pytest.raises(FerError, match="gone.csv: changes no label: .* names are all excluded"):
        changes("gone.csv")


def test_an_audit_still_fits_after_its_faces_were_labelled_again():
    data = loaded(list("abcde"), ["test"] * 5)
    evaluation = dataclasses.replace(
        scored(), labels=data.dataset.labels, label_names=FER_LABELS, probabilities=np.eye(7)[:5]
    )
    after = relabelled(evaluation, listed("id,label\na,sad\n", "again.csv"), data)
    audit = listed("id,issue,label\na,tie,angry\n", "audit.csv")
    assert len(without_faces(after, audit, data=data)[0]) == 4


def voted_dataset():
    images = np.zeros((60, 2, 2, 1), np.uint8)
    labels = np.repeat(np.arange(3), 20)
    ids = np.arange(60).astype(str)
    return FaceDataset(images, labels, ("cat", "dog", "owl"), ids, np.full(60, "train"))


def test_faces_are_excluded_or_as_many_of_each_label_at_random():
    data, exclude = voted_dataset(), MANIPULATIONS["exclude_faces"]
    listed("id,issue\n0,tie\n1,leak\n25,tie\n900,tie\n")
    gone = set(data.ids) - set(exclude(data, seed=0, faces="faces.csv").ids)
    assert gone == {"0", "1", "25"}
    assert set(data.ids) - set(exclude(data, seed=0, faces="faces.csv", issues=("tie",)).ids) == {
        "0",
        "25",
    }
    control = exclude(data, seed=0, faces="faces.csv", at_random=True)
    assert np.bincount(control.labels).tolist() == [18, 19, 20]
    assert set(data.ids) - set(control.ids) != gone
    with pytest.raises(FerError, match="names no training image"):
        exclude(data, seed=0, faces=str(listed("id\n900\n")))
    with pytest.raises(FerError, match="not the list that was recorded .sha256 000000000000,"):
        exclude(data, seed=0, faces="faces.csv", sha256="0" * 64)


def test_faces_are_labelled_again():
    data = voted_dataset()
    faces = str(listed("id,label\n0,Dog\n1,cat\n59,cat\n900,owl\n"))
    after = MANIPULATIONS["relabel_faces"](data, seed=0, faces=faces)
    assert np.flatnonzero(after.labels != data.labels).tolist() == [0, 59]
    assert after.labels[[0, 59]].tolist() == [1, 0]


def scored():
    labels = np.array([0, 0, 1, 1, 2])
    probabilities = np.eye(3)[[0, 1, 1, 1, 0]]
    leaked = np.array([True, False, False, False, False])
    ids = np.array(list("abcde"))
    names = ("sad", "fear", "happy")
    return Evaluation(labels, probabilities, ids, "test", names, leaked=leaked, comparable=True)


def test_figures_without_a_list_are_named_by_it():
    listed("id\nb\ne\n")
    left, keep = without_faces(scored(), "faces.csv")
    assert keep.tolist() == [True, False, True, True, False]
    assert left.accuracy == 1 and len(left.leak_free) == 2
    assert left.notes[0].startswith("without 2 faces of faces.csv (sha256 ")
    assert not left.comparable
    [row] = left.exclusions
    assert (row["issue"], row["excluded"], row["n"]) == ("faces.csv", 2, 3)
    assert row["difference"].value == pytest.approx(1 - 3 / 5)
    with pytest.raises(FerError, match="names no image of it"):
        without_faces(scored(), listed("id\nz\n"))
    with pytest.raises(FerError, match="leaves no image"):
        without_faces(scored(), listed("id\n" + "\n".join("abcde")))


def test_figures_by_a_second_opinion_are_named_by_it():
    after = relabelled(scored(), listed("id,label\nb,fear\ne,Sadness\nc,fear\n"))
    assert after.labels.tolist() == [0, 1, 1, 1, 0]
    assert after.accuracy == 1 and not after.comparable
    assert after.notes[0].startswith("relabelled: 2 of 5 faces have labels of faces.csv (sha256 ")


def test_a_cell_of_a_study_is_known_by_the_content_of_its_list():
    def key(**options):
        values = {"model": {"name": "self_built"}, "manipulations": {"exclude_faces": options}}
        return cell_key(json.dumps(values), 1)

    one = key(faces="/here/faces.csv", sha256="0" * 64)
    assert one == key(faces="/there/list.csv", sha256="0" * 64)
    assert one != key(faces="/here/faces.csv", sha256="1" * 64)


def ids_of(data, split):
    from fer_analysis.api import load_data

    return load_data(data).dataset.part(split).ids.tolist()


def test_a_run_records_its_lists_and_resumes_with_no_other(trained):
    train, validation = ids_of(trained, "train"), ids_of(trained, "validation")
    names = [*train[:12], *validation[:3]]
    faces = listed("id\n" + "\n".join(names))
    again = listed("id,label\n" + "\n".join(f"{name},disgust" for name in train[20:60]), "b.csv")
    words = ["--data", trained, "--run-dir", "other", *SMALL]
    told = fer("train", "tiny", "--exclude", faces, "--relabel", again, *words).stderr
    digest = hashlib.sha256(faces.read_bytes()).hexdigest()
    flat = " ".join(told.split())
    assert f"trained without 12 faces of faces.csv (sha256 {digest[:12]})" in flat
    assert "3 of validation are no training images and stay as they are" in flat
    assert "fer study run disputed" in flat
    assert "b.csv: says by row number alone which faces it means" in flat

    config = yaml.safe_load(Path("other/config.yaml").read_text())["manipulations"]
    assert config["exclude_faces"]["sha256"] == digest
    assert config["exclude_faces"]["faces"] == str(faces.resolve())
    environment = json.loads(Path("other/environment.json").read_text())
    before = json.loads(Path("run/environment.json").read_text())
    assert environment["data"]["fingerprint"] == before["data"]["fingerprint"]
    assert sum(environment["training_counts"]) == sum(before["training_counts"]) - 12
    disgust = FER_LABELS.index("disgust")
    [excluded, labelled] = environment["data"]["face_lists"]
    assert (excluded["changes"], excluded["splits"]) == (12, {"train": 12, "validation": 3})
    assert environment["training_counts"][disgust] > before["training_counts"][disgust]
    assert 0 < labelled["changes"] <= 40
    hashes = [len(np.load(f"{run}/training_images.npy")) for run in ("run", "other")]
    assert hashes[0] - hashes[1] == 12

    notes = json.loads(fer("evaluate", "other", "--json").stdout)["notes"]
    assert [note.split(" of ")[0] for note in notes] == [
        "trained without 12 faces",
        f"trained with {labelled['changes']} labels",
    ]
    Path("other/result.json").unlink()
    other = listed("id\n" + "\n".join(train[:5]), "other.csv")
    message = "was started with another list of faces"
    assert message in fer("train", "--resume", "other", "--exclude", other, code=1).stderr
    faces.write_text("id\n" + "\n".join(train[:5]))
    changed = fer("train", "--resume", "other", code=1).stderr
    assert "not the list that was recorded" in changed


def test_wrong_lists_are_refused_before_a_run_begins(trained):
    words = ["train", "tiny", "--data", trained, "--run-dir", "new", *SMALL]
    faces = listed("id\n1\n999999\n")
    assert "1 of its 2 ids are not in" in fer(*words, "--exclude", faces, code=1).stderr
    faces = listed("id,label\n" + "\n".join(f"{n},sad" for n in ids_of(trained, "validation")))
    text = fer(*words, "--relabel", faces, code=1).stderr
    assert "is in the split 'train'" in text
    votes = ["--set", "remedies.soft_labels.weight=1"]
    faces = listed("id,label\n" + "\n".join(f"{n},sad" for n in ids_of(trained, "train")))
    assert "would have no effect" in fer(*words, *votes, "--relabel", faces, code=1).stderr
    assert "name an audit.csv" in fer(*words, "--issue", "tie", code=1).stderr
    assert not Path("new").exists()


def test_an_evaluation_is_kept_apart_and_named_by_its_list(trained):
    ids, train = ids_of(trained, "test"), ids_of(trained, "train")
    plain = json.loads(fer("evaluate", "run", "--json").stdout)
    faces = listed("id\n" + "\n".join([*ids[:4], train[0]]))
    shown = fer("evaluate", "run", "--exclude", faces).stdout
    assert "without 4 faces of faces.csv (sha256 " in " ".join(shown.split())
    assert json.loads(fer("evaluate", "run", "--json").stdout) == plain
    faces = listed("id,label\n" + "\n".join(f"{name},sad" for name in ids[:9]))
    shown = fer("evaluate", "run", "--relabel", faces, "--json")
    assert "faces.csv: says by row number alone" in " ".join(shown.stderr.split())
    told = json.loads(shown.stdout)
    assert told["notes"][0].startswith("relabelled: ")
    assert told["run"] == plain["run"] and Path("run/evaluation/test-relabelled").is_dir()
    [record] = told["face_lists"]
    assert record["sha256"] == hashlib.sha256(faces.read_bytes()).hexdigest()
    assert (record["kind"], record["file"], record["faces"]) == ("relabel", "faces.csv", 9)
    saved = json.loads(Path("run/evaluation/test-relabelled/metrics.json").read_text())
    assert saved["face_lists"] == [record] and plain["face_lists"] == []
    fer("report", "run", "--out", "page.html")
    page = html.unescape(Path("page.html").read_text())
    origin = page[page.index('id="origin"') :]
    assert f"{record['sentence']}: accuracy " in origin and record["sha256"][:12] in origin
    assert "without 4 faces of faces.csv" in origin
    text = fer("evaluate", "run", "--exclude", listed(f"id\n{train[0]}\n"), code=1).stderr
    assert "none of its 1 faces is in the split 'test': 1 of train" in " ".join(text.split())


def test_the_page_of_a_trained_run_has_its_curves_and_names_its_lists(trained):
    """Of a run with a history; the lists are written by hand: no second training."""
    file = Path("run/environment.json")
    environment = json.loads(file.read_text())
    each = {
        "kind": "exclude",
        "file": "bad.csv",
        "sha256": "ab" * 32,
        "issues": [],
        "faces": 3,
        "splits": {"train": 3},
        "changes": 3,
        "sentence": "trained without 3 faces of bad.csv",
    }
    environment["data"]["face_lists"] = [each]
    file.write_text(json.dumps(environment))
    fer("evaluate", "run", "--split", "validation")
    fer("report", "run", "--out", "page.html")
    page = Path("page.html").read_text()
    assert "trained without 3 faces of bad.csv (exclude, SHA-256 abababababababab)" in page
    training = page[page.index('id="training"') : page.index('id="conditions"')]
    assert "<svg" in training or "<img" in training
