"""The audit: planted issues are found under their names, by hand-worked rules."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from fer_layouts import faces, training_and_public, write_layout
from test_duplicates import photographs

from fer_analysis.auditing.audit import COLUMNS, Audit
from fer_analysis.auditing.audit_data import audit_data
from fer_analysis.auditing.confident_learning import confident_labels, label_issues
from fer_analysis.auditing.duplicate_issues import duplicate_issues
from fer_analysis.auditing.out_of_fold import OutOfFold
from fer_analysis.auditing.pixel_issues import span
from fer_analysis.auditing.vote_issues import vote_issues
from fer_analysis.cli import main
from fer_analysis.data.dataset import FER_LABELS, FaceDataset
from fer_analysis.data.duplicates.cached import Copies
from fer_analysis.data.duplicates.search import NO_PAIRS, exact_groups
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError

VOTE_NAMES = (*FER_LABELS, "contempt", "unknown", "NF")
ANGRY, DISGUST, FEAR, HAPPY, SAD, SURPRISE, NEUTRAL = range(7)


def dataset_of(images, labels, split=None, votes=None):
    n = len(images)
    return FaceDataset(
        images=images[..., None],
        labels=np.asarray(labels),
        label_names=FER_LABELS,
        ids=np.array([f"image {row}" for row in range(n)]),
        split=np.array(["train"] * n if split is None else split),
        votes=votes,
        vote_names=() if votes is None else VOTE_NAMES,
    )


def loaded(dataset):
    return LoadedData(dataset, "csv", "official", dataset.fingerprint(), (), comparable=False)


def by_kind(dataset, **options):
    return {finding.kind: finding for finding in audit_data(loaded(dataset), **options).groups}


def cases(finding):
    return list(zip(finding.rows.tolist(), finding.partner.tolist(), strict=True))


def test_copies_leaks_and_contradictions():
    a, b, c, d, e = photographs(5)
    images = np.stack([a, b, a, c, a[:, ::-1], b, d, c, e])
    split = ["train"] * 4 + ["validation"] * 3 + ["test"] * 2
    labels = [HAPPY, SAD, HAPPY, FEAR, HAPPY, ANGRY, SAD, FEAR, SAD]
    found = by_kind(dataset_of(images, labels, split))
    assert cases(found["exact_duplicate"]) == [(2, 0), (5, 1), (7, 3)]
    assert found["exact_duplicate"].facts["groups"] == 3
    assert found["exact_duplicate"].facts["across_splits"] == {
        "train-validation": 1,
        "train-test": 1,
        "validation-test": 0,
    }
    assert cases(found["near_duplicate"]) == [(4, 0)]
    assert found["near_duplicate"].facts["mirrored"] == 1
    assert found["near_duplicate"].facts["largest_group"] == 3
    assert cases(found["leak"]) == [(5, 1), (7, 3)]
    assert cases(found["near_leak"]) == [(4, 0)]
    assert found["leak"].among.sum() == 5
    # Both sides of the contradiction are named, each with the other.
    assert cases(found["contradictory_label"]) == [(1, 5), (5, 1)]
    assert found["contradictory_label"].facts["groups"] == 1


def test_a_near_leak_is_found_through_identical_images():
    # The held-out image is like one whose twin, and not itself, was trained on.
    a, b = photographs(2)
    images = np.stack([a[:, ::-1], a, a, b])
    split = ["validation", "validation", "train", "train"]
    found = by_kind(dataset_of(images, [0] * 4, split))
    assert cases(found["leak"]) == [(1, 2)]
    assert cases(found["near_leak"]) == [(0, 2)]


def test_leaks_of_fer2013_are_those_that_are_known():
    dataset = training_and_public()
    findings = duplicate_issues(dataset, Copies(exact_groups(dataset.images), NO_PAIRS))
    leak = next(finding for finding in findings if finding.kind == "leak")
    assert np.bincount(dataset.labels[leak.rows]).tolist() == [29, 15, 47, 29, 27, 114, 19]


def test_blank_images_placeholders_and_drawings():
    card = np.full((48, 48), 250, np.uint8)
    card[20:28, 12:36:2] = 40  # a line of writing
    drawing = np.full((48, 48), 255, np.uint8)
    for row in range(2, 46, 5):
        drawing[row : row + 2, 3:45] = 0
    blank = np.full((48, 48), 7, np.uint8)
    images = np.concatenate([photographs(10), np.stack([blank, card, drawing])])
    found = by_kind(dataset_of(images, [0] * 13))
    assert found["blank"].rows.tolist() == [10]
    assert found["placeholder"].rows.tolist() == [11]
    assert found["not_a_photograph"].rows.tolist() == [12]


def test_span_equals_the_definition():
    image = faces(1).images[..., 0]
    expected = [
        [np.ptp(image[0, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]) for x in range(48)]
        for y in range(48)
    ]
    assert span(image)[0].tolist() == expected


VOTES = {
    "agreed": (HAPPY, {HAPPY: 10}, set()),
    "half is no majority": (HAPPY, {HAPPY: 5, SAD: 3, 8: 2}, {"low_agreement"}),
    "six of ten is one": (HAPPY, {HAPPY: 6, SAD: 4}, set()),
    "a tie": (HAPPY, {HAPPY: 4, SAD: 4, FEAR: 2}, {"tie", "low_agreement"}),
    "a tie of two halves": (HAPPY, {HAPPY: 5, 7: 5}, {"tie", "low_agreement"}),
    "eight of ten on another label": (FEAR, {SURPRISE: 8, FEAR: 2}, {"label_mismatch"}),
    "seven of ten are not enough": (FEAR, {SURPRISE: 7, FEAR: 3}, set()),
    "contempt is no label": (FEAR, {7: 9, FEAR: 1}, set()),
    "no face": (FEAR, {9: 10}, {"no_face"}),
    "half saw none": (FEAR, {9: 5, FEAR: 4, SAD: 1}, {"no_face", "low_agreement"}),
    "nobody voted": (FEAR, {}, set()),
}


@pytest.mark.parametrize("case", VOTES)
def test_votes_by_hand(case):
    label, given, expected = VOTES[case]
    votes = np.zeros((1, 10), np.int64)
    for option, count in given.items():
        votes[0, option] = count
    findings = vote_issues(dataset_of(photographs(1), [label], votes=votes))
    assert {f.kind for f in findings if len(f)} == expected
    for finding in findings:
        assert finding.among.tolist() == [bool(given)]
        if finding.kind == "label_mismatch" and len(finding):
            assert finding.suggested.tolist() == [SURPRISE]


def test_confident_learning_by_hand():
    # The mean probability of a label on its own images: .5 for the first, .375 for the second.
    labels = np.array([0, 0, 0, 1, 1, 1])
    first = np.array([0.875, 0.4375, 0.1875, 0.4375, 0.6875, 0.75])
    probabilities = np.stack([first, 1 - first], axis=1)
    assert confident_labels(labels, probabilities).tolist() == [0, 1, 1, 1, 0, 0]
    # Where networks give each label .75 on its own images, they are sure of nothing at .5.
    first = np.array([0.875, 0.875, 0.5, 0.25, 0.25, 0.25])
    probabilities = np.stack([first, 1 - first], axis=1)
    assert confident_labels(labels, probabilities).tolist() == [0, 0, -1, 1, 1, 1]


def test_a_label_without_images_is_never_confident():
    probabilities = np.tile([0.1, 0.2, 0.7], (4, 1))
    assert set(confident_labels(np.array([0, 0, 1, 1]), probabilities)) <= {0, 1}


def noisy_matrix(n=2000, wrong=0.1, seed=0):
    """Return (labels, probabilities, which labels are wrong): networks correct 4 times of 5."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 7, n)
    is_wrong = rng.random(n) < wrong
    labels = np.where(is_wrong, (truth + rng.integers(1, 7, n)) % 7, truth)
    seen = np.where(rng.random(n) < 0.8, truth, rng.integers(0, 7, n))
    logits = rng.normal(0, 1, (n, 7)) + 4 * np.eye(7)[seen]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities, is_wrong, truth


def test_planted_wrong_labels_are_found_and_their_precision_is_told():
    labels, probabilities, is_wrong, truth = noisy_matrix()
    votes = 10 * np.eye(10, dtype=np.int64)[truth]
    dataset = dataset_of(np.zeros((len(labels), 4, 4), np.uint8), labels, votes=votes)
    finding = label_issues(dataset, probabilities.astype(np.float16))
    precision = is_wrong[finding.rows].mean()
    recall = is_wrong[finding.rows].sum() / is_wrong.sum()
    assert precision > 0.4 and recall > 0.6
    assert (np.diff(finding.score) <= 0).all()
    told = finding.facts["against_votes"]["another_first_choice"]
    assert told["all"]["share"].value == pytest.approx(precision)
    assert told["base_rate"] == pytest.approx(is_wrong.mean())
    assert told["all"]["lift"] == pytest.approx(precision / is_wrong.mean())
    assert told["all"]["share"].low < precision < told["all"]["share"].high
    # Being confident says more than merely being wrong.
    assert told["all"]["share"].value > told["merely_misclassified"]["share"].value
    for label, name in enumerate(FER_LABELS):
        mine = finding.rows[labels[finding.rows] == label]
        in_label = finding.facts["against_votes"]["another_first_choice"]["by_label"][name]
        assert in_label["share"].value == pytest.approx(is_wrong[mine].mean())
        expected = is_wrong[mine].mean() / is_wrong[labels == label].mean()
        assert in_label["lift"] == pytest.approx(expected)
    right = truth[finding.rows] == finding.suggested
    assert (
        finding.facts["against_votes"]["suggestion_is_first_label"]["confirmed"]
        == right[is_wrong[finding.rows]].sum()
    )


def test_only_training_images_can_have_label_issues():
    labels, probabilities, *_ = noisy_matrix(100)
    split = np.where(np.arange(100) % 2, "train", "validation")
    dataset = dataset_of(np.zeros((100, 4, 4), np.uint8), labels, split)
    finding = label_issues(dataset, probabilities[1::2])
    assert len(finding) and (finding.rows % 2).all()
    assert finding.facts["against_votes"] is None


def test_the_table_is_complete_and_safe_in_a_spreadsheet(tmp_path):
    a, b = photographs(2)
    dataset = FaceDataset(
        images=np.stack([a, a, b])[..., None],
        labels=np.array([0, 1, 1]),
        label_names=("=1+1", "calm"),
        ids=np.array(["@evil/1.png", "-2.png", "3.png"]),
        split=np.array(["train", "validation", "train"]),
    )
    result = audit_data(loaded(dataset))
    result.save(tmp_path)
    with open(tmp_path / "audit.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    marks = {row["id"]: row["pixels"] for row in rows}
    assert marks and all(mark.startswith("48x48-") for mark in marks.values())
    assert tuple(rows[0]) == COLUMNS and COLUMNS[:4] == ("id", "issue", "partner", "score")
    assert {row["issue"] for row in rows} == {"exact_duplicate", "leak", "contradictory_label"}
    leak = next(row for row in rows if row["issue"] == "leak")
    assert (leak["id"], leak["partner"]) == ("'-2.png", "'@evil/1.png")
    assert (leak["label"], leak["partner_label"], leak["split"]) == ("calm", "'=1+1", "validation")
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())
    told = json.loads((tmp_path / "audit.json").read_text())
    assert told["issues"]["leak"]["n"] == 1 and told["issues"]["leak"]["among"] == 1
    assert told["issues"]["exact_duplicate"]["share"]["value"] == pytest.approx(1 / 3)
    assert "tie" not in told["issues"] and "no annotators' votes" in told["notes"][0]
    again = Audit.load(tmp_path)
    assert (again.summary, again.rows) == (result.summary, result.rows)
    assert again.ids("leak") == {"-2.png"} and "exact_duplicate" in again._repr_html_()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("audit.csv", "id,issue\n1.png,leak\n", "audit.csv is not of audit.json"),
        ("audit.json", '{"issues": 3}', "a damaged audit"),
        ("audit.json", "[", "a damaged audit"),
    ],
)
def test_files_that_are_no_whole_audit_are_refused(tmp_path, name, text, message):
    audit_data(loaded(dataset_of(photographs(3), [0, 1, 2]))).save(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(FerError, match=message):
        Audit.load(tmp_path)
    with pytest.raises(FerError, match="no audit.json"):
        Audit.load(tmp_path / "nowhere")


def test_nothing_found_is_a_table_with_a_header(tmp_path):
    audit_data(loaded(dataset_of(photographs(3), [0, 1, 2]))).save(tmp_path)
    assert (tmp_path / "audit.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.fixture
def fer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)

    def run(*words, code=0):
        result = CliRunner().invoke(main, [str(word) for word in words])
        assert result.exit_code == code, f"{result.output}\n{result.exception!r}"
        return result

    return run


QUICK = [
    word
    for text in ("training.epochs=1", "model.dense=[8]", "model.filters=[4,4]")
    for word in ("--set", text)
]


def write_photographs(folder):
    """Write photographs as a CSV with votes: a leak, a mirror image, a tie, a mismatch."""
    dataset = faces(140, votes=True)
    images = photographs(140)
    images[20] = images[0]
    images[8] = images[1, :, ::-1]
    split = np.where(np.arange(140) < 100, "train", "validation")
    split[20] = "validation"
    votes = 10 * np.eye(10, dtype=np.int64)[dataset.labels]
    votes[3] = [5, 5, *[0] * 8]
    votes[4] = [10, *[0] * 9]
    whole = FaceDataset(
        images[..., None], dataset.labels, FER_LABELS, dataset.ids, split, votes, dataset.vote_names
    )
    write_layout(whole, folder, "csv", votes=True)


@pytest.mark.pictures
def test_the_audit_without_networks(fer):
    write_photographs(Path("photos"))
    result = fer("audit", "--data", "photos", "-v")
    assert "leak" in result.stdout and "reference, not the truth" in result.stdout
    assert "runs/audit-photos/" in result.stderr
    out = Path("runs/audit-photos")
    for name in ("audit.csv", "leak.png", "near_duplicate.png", "tie.png"):
        assert (out / name).stat().st_size > 100, name
    assert not (out / "blank.png").exists()
    told = json.loads(fer("audit", "--data", "photos", "--json").stdout)
    assert told["issues"]["leak"]["by_split"]["validation"] == 1
    assert told["issues"]["near_duplicate"]["pairs"] == 1
    assert "label_issue" not in told["issues"]


def test_folds_make_probabilities_once(fer, monkeypatch):
    import fer_analysis.training.train as training

    write_photographs(Path("photos"))
    words = ["audit", "--data", "photos", "--out", "a"]
    words.append("-v")
    first = fer(*words, "--folds", 2, *QUICK)
    assert "label issues come from networks that are correct" in first.stdout
    assert "fold 2 of 2: a/folds/fold-1" in first.stderr
    out_of_fold = OutOfFold.load(Path("a/out_of_fold.npz"))
    assert out_of_fold.probabilities.shape == (99, 7)
    assert Path("a/label_issue.png").exists()
    # Each image's probabilities are those of the network that did not see it.
    for fold in range(2):
        saved = np.load(f"a/folds/fold-{fold}/evaluation/fold/predictions.npz")
        rows = np.isin(out_of_fold.ids, saved["ids"])
        assert rows.sum() == len(saved["ids"])
        np.testing.assert_allclose(
            out_of_fold.probabilities[rows].astype(float), saved["probabilities"], atol=1e-3
        )

    # Finished folds are not trained again; an interrupted one goes on.
    Path("a/folds/fold-1/result.json").unlink()
    with monkeypatch.context() as patch:
        trained = []
        original = training.fit
        patch.setattr(training, "fit", lambda *a, **k: trained.append(a) or original(*a, **k))
        again = fer(*words, "--folds", 2, *QUICK)
    assert len(trained) == 1
    assert again.stdout == first.stdout
    # Without --folds those of before serve, also elsewhere; not for other data.
    assert "label_issue" in fer(*words).stdout
    brought = [
        "audit",
        "-v",
        "--data",
        "photos",
        "--out",
        "b",
        "--probabilities",
        "a/out_of_fold.npz",
    ]
    assert fer(*brought).stdout == first.stdout
    assert "another config" in fer(*words, "--folds", 3, *QUICK, code=1).stderr
    csv_file = Path("photos/fer2013.csv")
    csv_file.write_text(csv_file.read_text().replace("\n0,", "\n2,", 1))
    assert "of other data" in fer(*brought, code=1).stderr
    assert "not used" in fer(*words).stderr

    # Of other data, what those networks say is not out of fold.
    csv_file = Path("photos/fer2013.csv")
    header, first_row, *rows = csv_file.read_text().splitlines()
    relabelled = f"{(int(first_row[0]) + 1) % 7}{first_row[1:]}"
    csv_file.write_text("\n".join([header, relabelled, *rows]) + "\n")
    refused = fer(*words, "--folds", 2, *QUICK, code=1)
    assert "a/folds/fold-0: a network of other data" in refused.stderr


def test_mistakes_are_one_line(fer):
    write_layout(faces(140), Path("own"), "csv")
    Path("broken.npz").write_text("nothing")
    for words, expected in (
        (["--folds", 2, "--probabilities", "x.npz"], "choose one"),
        (["--set", "data.folds=3"], "--folds K divides them"),
        (["--set", "training.epochs=3"], "is for the networks of --folds"),
        (["--probabilities", "x.npz"], "x.npz: no such file"),
        (["--probabilities", "broken.npz"], "broken.npz: not a file that"),
        (["--set", "data.protocl=kaggle"], "did you mean 'protocol'"),
    ):
        result = fer("audit", "--data", "own", *words, code=1)
        assert expected in result.stderr
        assert result.stdout == "" and "Traceback" not in result.stderr
    assert "--data PATH" in fer("audit", code=1).stderr


def test_drawn_faces_are_audited_but_never_called_copies(fer):
    told = json.loads(
        fer("audit", "--data", "synthetic", "--set", "data.n=140", "--out", "s", "--json").stdout
    )
    assert told["issues"]["near_duplicate"]["n"] == 0
    assert "drawn faces are all alike" in told["notes"][0]


def test_what_was_wrong_on_purpose_is_called_a_mismatch(fer):
    told = json.loads(
        fer(
            "audit",
            "--data",
            "synthetic",
            "--set",
            "data.n=700",
            "--out",
            "s",
            "--json",
            "--set",
            "data.wrong_labels={fear: [surprise, 0.5]}",
        ).stdout
    )
    by_label = told["issues"]["label_mismatch"]["by_label"]
    assert by_label["fear"] > 5 * max(v for k, v in by_label.items() if k != "fear")


def test_the_part_without_networks_never_imports_tensorflow(tmp_path):
    write_photographs(tmp_path / "photos")
    code = (
        "import sys\n"
        "from click.testing import CliRunner\n"
        "from fer_analysis.cli import main\n"
        f"words = ['audit', '--data', r'{tmp_path / 'photos'}', '--out', r'{tmp_path / 'out'}']\n"
        "result = CliRunner().invoke(main, words)\n"
        "assert result.exit_code == 0, result.output\n"
        "print(sorted({'tensorflow', 'keras', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
