"""The command line as a user meets it: help, errors of one line, the whole walk."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import click
import numpy as np
import pytest
from fer_layouts import write_layout
from quick import quick
from small_bundle import fer

from fer_analysis import api
from fer_analysis.cli import main
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.models import MODELS
from fer_analysis.paper import MODELS as PAPER_MODELS
from fer_analysis.progress import Progress
from fer_analysis.training.begin import begin

README = Path(__file__).parent.parent / "README.md"
QUICK = ["--set", "training.epochs=1", "--set", "model.dense=[8]"]
SMALL = {
    "self_built": [*QUICK, "--set", "model.filters=[4,4]"],
    "mobilenet": [*QUICK, "--set", "model.alpha=0.25"],
    "residual": [
        *QUICK[:2],
        "--set",
        "model.stem=4",
        "--set",
        "model.widths=[4,8]",
        "--set",
        "model.blocks=[1,1]",
        "--set",
        "remedies.soft_labels=false",
    ],
}


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FER2013_DIR", raising=False)


def flat(text):
    """Return a text without the line breaks of the terminal's width."""
    return " ".join(text.split())


def error(*words):
    """Run a command that must fail; return its one line."""
    result = fer(*words, code=1)
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    assert "Traceback" not in result.stderr
    return lines[0]


@pytest.mark.parametrize("name", main.commands)
def test_every_command_teaches_with_an_example_and_stands_in_the_readme(name):
    text = fer(name, "--help").stdout
    assert "Examples:" in text
    assert f"fer {name}" in text
    assert f"fer {name}" in README.read_text()


def numbers(command, path=()):
    """Yield the options of a command, and of those below it, that take a whole number."""
    for name, below in getattr(command, "commands", {}).items():
        yield from numbers(below, (*path, name))
    for option in command.params:
        if isinstance(option.type, (click.types.IntParamType, click.IntRange)):
            yield path, option


@pytest.mark.parametrize(
    ("path", "option"),
    [*numbers(main)],
    ids=lambda part: "-".join(part) if isinstance(part, tuple) else part.name,
)
def test_every_whole_number_has_limits(path, option):
    for value in ("-1", "9" * 30):
        result = fer(*path, option.opts[0], value, code=2)
        assert "is not in the range" in result.output


def test_the_help_of_train_names_every_remedy():
    from fer_analysis.remedies import REMEDIES

    text = fer("train", "--help").stdout
    assert all(name in text for name in REMEDIES)


def test_without_data_one_line_names_the_three_ways():
    for words in (["data"], ["train", "--model", "self_built"]):
        line = error(*words)
        assert "--data PATH" in line
        assert "FER2013_DIR" in line
        assert "--data synthetic" in line


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["evaluate"], "no run in runs/"),
        (["evaluate", "nowhere"], "nowhere: no such run"),
        (["saliency", "nowhere"], "nowhere: no such run"),
        (["train", "nowhere", "--data", "synthetic"], "nor a shipped config"),
        (["train"], "no config: name one"),
        (["train", "tiny", "--model", "mobilenet"], "name either a config (tiny) or --model"),
        (["train", "tiny", "--set", "training.epoch=1"], "did you mean 'epochs'"),
        (["train", "tiny", "--set", "model.name=mobilnet"], "did you mean 'mobilenet'"),
        (["train", "tiny", "--set", "data.counts={disgst: 4}"], "did you mean 'disgust'"),
        (["train", "--resume", "nowhere"], "nowhere: no such run"),
        (["train", "--resume", "x", "--seed", "3"], "takes no config"),
        (["train", "tiny", "--set", "model="], "model: an empty section"),
        (["train", "tiny", "--set", "remedies.mixup.alfa=1"], "did you mean 'alpha'"),
        (["data", "--data", "nowhere.csv"], "nowhere.csv: no such file"),
        (["predict", ""], "an empty argument after 'predict' (a variable that is not set?)"),
        (["evaluate", ""], "an empty argument after 'evaluate'"),
        (["predict", "a.png", "--run", ""], "an empty argument after '--run'"),
        (["data", "--data="], "--data= without a value"),
    ],
)
def test_mistakes_are_one_line(words, expected):
    assert expected in error(*words)


def test_the_variable_serves_where_no_data_is_named(monkeypatch):
    write_layout(generate(n=140, seed=0), Path("fer"), "csv")
    monkeypatch.setenv("FER2013_DIR", "fer")
    assert "layout csv" in fer("data").stdout
    monkeypatch.setenv("FER2013_DIR", "")
    monkeypatch.chdir("fer")  # it does not stand for the current folder
    for words in (["data"], ["train", "self_built"], ["study", "run", "disputed"]):
        assert "no data: " in error(*words)


@pytest.mark.pictures
def test_data_prints_the_counts_and_draws():
    result = fer("data", "--data", "synthetic", "--set", "data.n=200", "--augmented", "--out", "p")
    assert "layout synthetic" in result.stdout
    facts = json.loads(fer("data", "--data", "synthetic", "--set", "data.n=200", "--json").stdout)
    assert sum(map(sum, facts["counts"].values())) == 200
    for split, counts in facts["counts"].items():
        assert split in result.stdout
        assert str(sum(counts)) in result.stdout
    assert Path("p/samples.png").stat().st_size > 10_000
    assert Path("p/augmented.png").stat().st_size > 10_000


# Every model, and every layout, with one of the other.
WALKS = [
    *(pytest.param(model, "csv", marks=pytest.mark.compiled) for model in MODELS),
    *product(["self_built"], ["icml", "kaggle"]),
    pytest.param("self_built", "folders", marks=pytest.mark.pictures),
]


@pytest.mark.parametrize(("model", "layout"), WALKS)
def test_the_whole_walk_in_each_real_layout(model, layout):
    """train -> evaluate -> saliency, through the command line."""
    write_layout(generate(n=140, seed=0), Path("fer"), layout)
    config = ["--model", model] if model in PAPER_MODELS else ["quick"]
    result = fer("train", *config, "--data", "fer", "--run-dir", "run", *SMALL[model])
    assert "val. acc." in result.stdout
    run = Path("run")
    for name in ("curves.png", "structure.png", "summary.txt", "model.keras", "history.csv"):
        assert (run / name).stat().st_size > 0, name
    assert not (run / "checkpoint.npz").exists()
    row = json.loads((run / "result.json").read_text())["table_1"]
    assert row["epochs"] == 1

    metrics = json.loads(fer("evaluate", "run", "--json").stdout)
    assert metrics["split"] == "test"
    assert metrics["all"]["accuracy"]["value"] == pytest.approx(row["test_accuracy"])
    assert metrics["leak_free"]["n"] <= metrics["all"]["n"]
    for name in ("confusion.png", "recall.png", "confusion.csv", "predictions.npz"):
        assert (run / "evaluation/test" / name).stat().st_size > 0, name

    fer(
        "saliency",
        "run",
        "--label",
        "disgust",
        "--n",
        "4",
        "--method",
        "gradient",
        "--checks",
        "none",
    )
    folder = run / "saliency/test"
    assert (folder / "disgust.png").stat().st_size > (10_000 if layout == "folders" else 0)
    assert (folder / "maps.npz").exists()


def test_newest_run_other_data_and_bare_models():
    options = [*SMALL["self_built"], "--set", "data.n=140"]
    fer("train", "tiny", *options)
    fer("train", "tiny", *options, "--set", "data.seed=1", "--run-dir", "runs/second")
    assert "runs/second: test split" in fer("evaluate").stdout
    assert "note: split: test (the default)" in fer("evaluate").stderr
    assert "validation split" in fer("evaluate", "--split", "validation").stdout

    # Other data than the run's: results go apart, leaks are still known.
    write_layout(generate(n=100, seed=5), Path("other"), "csv")
    text = fer("evaluate", "--data", "other").stdout
    assert re.match(r"runs/second-other-[0-9a-f]{8}: test split", text)
    assert "leak-free: the same" in fer("evaluate", "--data", "other", "-v").stdout

    # A bare model file, found without its run.
    Path("runs/second/model.keras").rename("lonely.keras")
    text = fer("evaluate", "lonely.keras", "--data", "other").stdout
    assert re.match(r"runs/lonely-other(-[0-9a-f]{8})?: test split", text)
    assert "leak-free: unknown" in text
    assert "has no model.keras" in error("evaluate", "runs/second")
    assert "no data" in error("evaluate", "lonely.keras")


def test_runs_are_compared_with_each_other_and_with_the_paper():
    options = [*SMALL["self_built"], "--set", "data.n=140"]
    fer("train", "tiny", *options, "--run-dir", "runs/plain")
    fer("train", "tiny", *options, "--set", "remedies.expansion=true", "--run-dir", "runs/expanded")
    write_layout(generate(n=140, seed=0), Path("csv"), "csv")
    csv = Path("csv/fer2013.csv")
    csv.write_text("\n".join(li for li in csv.read_text().split("\n") if "PrivateTest" not in li))
    fer("train", "tiny", "--data", "csv", *SMALL["self_built"], "--run-dir", "runs/other")
    result = fer("compare", "runs/plain", "runs/expanded", "-v")
    rows = {line.split("  ")[0]: line for line in result.stdout.splitlines()}
    assert rows["paper MobileNet"].split()[2:] == [
        "0.9334",
        "0.6751",
        "1.0420",
        "0.6433",
        "0.6326",
        "74",
        "kaggle",
    ]
    assert "of another protocol are not comparable" in " ".join(result.stdout.split())
    told = json.loads(fer("compare", "runs/plain", "runs/expanded", "--json").stdout)
    assert [run["run"] for run in told["runs"]] == ["runs/plain", "runs/expanded"]
    for run in told["runs"]:
        row = run["result"]["table_1"]
        assert f"{row['test_accuracy']:.4f}" in result.stdout
        assert run["metrics"]["all"]["accuracy"]["value"] == pytest.approx(row["test_accuracy"])
        disgust = run["metrics"]["all"]["labels"][1]
        assert f"{disgust['correct']} of {disgust['support']}" in result.stdout
    assert "choose one, e.g. --split" in error("compare", "runs/plain", "runs/other")
    # A bare model has predictions, but no row of Table 1.
    Path("runs/plain/model.keras").rename("lonely.keras")
    text = fer("compare", "lonely.keras", "--data", "synthetic", "--set", "data.n=140").stdout
    assert text.startswith("test split") and "\nlonely  " in text
    assert "no such run" in error("compare", "nowhere")


def test_what_if_all_labels_were_equally_frequent():
    options = [*SMALL["self_built"], "--set", "data.n=140"]
    fer("train", "tiny", *options, "--run-dir", "run")
    plain = json.loads(fer("evaluate", "run", "--json").stdout)
    adjusted = json.loads(fer("evaluate", "run", "--logit-adjustment", "1", "--json").stdout)
    assert adjusted["notes"] == ["logit adjustment after training, tau = 1"]
    assert json.loads(fer("evaluate", "run", "--json").stdout) == plain, "kept apart"
    assert (Path("run/evaluation/test-adjusted") / "confusion.png").exists()
    means = [
        np.load(f"run/evaluation/{split}/predictions.npz")["probabilities"].mean(axis=0)
        for split in ("test", "test-adjusted")
    ]
    happy, disgust = 3, 1  # the most and the least frequent
    assert means[1][happy] < means[0][happy]
    assert means[1][disgust] > means[0][disgust]
    environment = Path("run/environment.json")
    environment.write_text(environment.read_text().replace('"prior"', '"before"'))
    assert "not on record" in error("evaluate", "run", "--logit-adjustment", "1")


def test_soft_labels_without_votes_are_refused_in_one_line():
    write_layout(generate(n=140, seed=0), Path("own"), "folders")
    words = ["train", "tiny", "--data", "own", "--run-dir", "run", *SMALL["self_built"]]
    assert "no annotators' votes" in error(*words, "--set", "remedies.soft_labels=true")
    fer(*words)  # the name is not taken by the run that never began


def test_labels_that_are_not_the_model_s_are_refused():
    fer("train", "tiny", *SMALL["self_built"], "--set", "data.n=140", "--run-dir", "run")
    faces = generate(n=100, seed=5)
    write_layout(faces, Path("own"), "folders")
    for folder in Path("own").glob("*/disgust"):
        folder.rename(folder.with_name("yawning"))
    told = error("evaluate", "run", "--data", "own")
    assert "the model's labels are not the data's" in told
    assert "to score it all the same: --map yawning=-" in " ".join(told.split())
    for split in Path("own").iterdir():
        for number, folder in enumerate(sorted(split.iterdir())):
            folder.rename(folder.with_name(str(number)))
    told = " ".join(error("evaluate", "run", "--data", "own").split())
    assert "--map 0=LABEL for each label, LABEL one of the model's" in told


def test_predictions_are_made_once(monkeypatch):
    fer("train", "tiny", *SMALL["self_built"], "--set", "data.n=140", "--run-dir", "run")
    first = fer("evaluate", "run", "--json").stdout
    Path("run/model.keras").stat()
    predictions = Path("run/evaluation/test/predictions.npz")
    before = predictions.stat().st_mtime_ns
    assert fer("evaluate", "run", "--json").stdout == first
    assert predictions.stat().st_mtime_ns == before


def test_a_run_is_not_overwritten_and_a_finished_one_not_trained_again():
    words = ["train", "tiny", *SMALL["self_built"], "--set", "data.n=140", "--run-dir", "run"]
    fer(*words)
    assert "exists already" in error(*words)
    history = Path("run/history.csv").read_text()
    assert "complete already" in fer("train", "--resume", "run").stderr
    assert Path("run/history.csv").read_text() == history


@pytest.mark.parametrize(
    ("cpuinfo", "warned"),
    [
        ("processor\t: 0\nmodel name\t: Old\nflags\t\t: fpu avx2 avx512f\n", True),
        ("processor\t: 0\nmodel name\t: New\nflags\t\t: fpu avx2 avx512_bf16\n", False),
        ("processor\t: 0\nFeatures\t: fp asimd bf16\n", False),
        (None, False),  # not Linux: nothing is known
    ],
)
def test_bfloat16_is_warned_of_where_the_processor_lacks_it(cpuinfo, warned, monkeypatch):
    file = Path("cpuinfo")
    if cpuinfo:
        file.write_text(cpuinfo)
    monkeypatch.setattr("fer_analysis.environment.CPUINFO", file)
    assert ("training.precision=float32" in announced("training.precision=bfloat16")) == warned
    assert "float32" not in announced()


def announced(*overrides):
    """Start a run, without training it; return its notices."""
    notices = []

    class Noted(Progress):
        def notice(self, text):
            notices.append(text)

    begun = begin(
        "tiny",
        "synthetic",
        seed=None,
        run_dir=f"run-{len(overrides)}",
        resume=None,
        overrides=("data.n=140", *overrides),
        progress=Progress(),
    )
    begun.announce(Noted())
    return "\n".join(notices)


def test_the_warning_of_bfloat16_is_printed(monkeypatch):
    Path("cpuinfo").write_text("flags\t\t: fpu avx2\n")
    monkeypatch.setattr("fer_analysis.environment.CPUINFO", Path("cpuinfo"))
    words = ["train", "tiny", *SMALL["self_built"], "--set", "data.n=140"]
    printed = fer(*words, "--set", "training.precision=bfloat16").stderr
    assert "training.precision=float32" in printed


def test_resume_refuses_other_data():
    words = ["train", "tiny", *SMALL["self_built"], "--set", "data.n=140", "--run-dir", "run"]
    fer(*words)
    Path("run/result.json").unlink()
    environment = Path("run/environment.json")
    before = environment.read_text()
    targets = json.loads(before)["data"]["targets"]
    environment.write_text(before.replace(targets, "0" * len(targets)))
    assert "was started with other votes" in error("train", "--resume", "run")
    fingerprint = json.loads(before)["data"]["fingerprint"]
    environment.write_text(before.replace(fingerprint, "0" * len(fingerprint)))
    assert "was started with other data" in error("train", "--resume", "run")
    environment.write_text(before)
    config = Path("run/config.yaml")
    config.write_text(config.read_text().replace("n: 140", "n: 150"))
    assert "data.n: 140, now 150" in error("train", "--resume", "run")


def test_saved_predictions_are_analysed_without_a_framework(trained):
    """In a fresh interpreter: evaluate, compare, exclude, and a table from elsewhere."""
    fer("evaluate", "run")
    fer("evaluate", "run", "--split", "validation")
    table = own_table("run/evaluation/test", "theirs.csv")
    ids = np.load("run/evaluation/test/predictions.npz")["ids"]
    Path("audit.csv").write_text(f"id,issue,partner,score\n{ids[0]},leak,3,1\n")
    commands = [
        ["evaluate", "run", "--exclude", "audit.csv"],
        ["compare", "run", table, "--data", "fer"],
        ["evaluate", "--predictions", table, "--data", "fer"],
    ]
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import quick\n"
        "quick.quick()\n"
        "from click.testing import CliRunner\n"
        "from fer_analysis.cli import main\n"
        f"for words in {commands!r}:\n"
        "    result = CliRunner().invoke(main, words)\n"
        "    assert result.exit_code == 0, result.output\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def own_table(folder, name):
    """Write saved predictions as a table from elsewhere; return its name."""
    saved = np.load(f"{folder}/predictions.npz")
    names = saved["label_names"].tolist()
    lines = ["id,label," + ",".join(names)]
    for i, label, shares in zip(saved["ids"], saved["labels"], saved["probabilities"], strict=True):
        lines.append(f"{i},{names[label]},{','.join(map(str, shares))}")
    Path(name).write_text("\n".join(lines) + "\n")
    return name


def test_own_predictions_give_the_same_analysis(trained):
    ours = json.loads(fer("evaluate", "run", "--json").stdout)
    table = own_table("run/evaluation/test", "theirs.csv")
    theirs = json.loads(fer("evaluate", "--predictions", table, "--data", "fer", "--json").stdout)
    assert re.fullmatch("runs/predictions-theirs-fer-[0-9a-f]{8}", theirs["run"])
    for block in ("all", "leak_free"):
        for key in ("accuracy", "macro_f1", "labels", "asymmetries"):
            assert theirs[block][key] == ours[block][key], key
        assert theirs[block]["annotators"]["strata"] == ours[block]["annotators"]["strata"]
    assert (Path(theirs["run"]) / "evaluation/test/top_losses.png").exists()
    alone = json.loads(fer("evaluate", "--predictions", table, "--json").stdout)
    assert alone["split"] == "given"
    assert alone["leak_free"] is None
    assert alone["all"]["accuracy"] == ours["all"]["accuracy"]
    same = json.loads(fer("compare", "run", table, "--data", "fer", "--json").stdout)
    assert same["comparisons"][0]["all images"]["mcnemar"]["p"] == 1
    assert "takes no RUN" in error("evaluate", "run", "--predictions", table)
    assert "takes no RUN" in error("evaluate", "bundled", "--predictions", table)
    told = error("evaluate", "--predictions", table, "--set", "data.size=64")
    assert "data.size=64: a table of predictions reads no data unless --data does" in told
    assert api.evaluate(predictions=table).accuracy > 0


def test_the_temperature_is_validation_s_and_is_kept(trained):
    first = json.loads(fer("evaluate", "run", "--json").stdout)["all"]["calibration"]
    kept = json.loads(Path("run/temperature.json").read_text())["plain"]
    assert first["temperature"] == kept["temperature"]
    assert "validation images" in first["temperature_from"]
    validation = json.loads(fer("evaluate", "run", "--split", "validation", "--json").stdout)
    assert "cross-fitted" in validation["all"]["calibration"]["temperature_from"]
    # Test-time augmentation has predictions and a temperature of its own.
    averaged = json.loads(fer("evaluate", "run", "--tta", "--json").stdout)
    assert averaged["notes"] == ["test-time augmentation"]
    assert set(json.loads(Path("run/temperature.json").read_text())) == {"plain", "plain-tta"}
    assert averaged["all"]["calibration"]["temperature"] != first["temperature"]
    assert json.loads(fer("evaluate", "run", "--json").stdout)["all"]["calibration"] == first


def test_scoring_without_the_images_of_an_audit(trained):
    plain = json.loads(fer("evaluate", "run", "--json").stdout)
    ids = np.load("run/evaluation/test/predictions.npz")["ids"]
    rows = [f"{ids[0]},leak,3,1", f"{ids[1]},tie,,", f"{ids[1]},leak,4,1"]
    Path("audit.csv").write_text("\n".join(["id,issue,partner,score", *rows]))
    told = json.loads(fer("evaluate", "run", "--exclude", "audit.csv", "--json").stdout)
    assert told["n"] == plain["n"] - 2
    assert [(row["issue"], row["excluded"]) for row in told["exclusions"]] == [
        ("leak", 2),
        ("tie", 1),
        ("all together", 2),
    ]
    only = fer("evaluate", "run", "--exclude", "audit.csv", "--issue", "tie")
    assert f"n = {plain['n'] - 1}" in only.stdout
    assert "without tie (1 image)" in only.stdout
    assert "name an audit.csv" in error("evaluate", "run", "--issue", "tie")
    assert json.loads(fer("evaluate", "run", "--json").stdout)["n"] == plain["n"], "kept apart"


def test_seeds_of_one_config_are_taken_together(trained):
    for seed in (1, 2):
        words = ["train", "tiny", "--data", "fer", "--run-dir", f"run-{seed}", "--seed", seed]
        fer(*words, *SMALL["self_built"])
    fer(
        "train",
        "tiny",
        "--data",
        "fer",
        "--run-dir",
        "other",
        *SMALL["self_built"],
        "--set",
        "remedies.mixup=true",
    )
    quick(pictures=False)
    result = fer("compare", "run", "run-1", "run-2", "other", "--out", "c", "-v")
    quick()
    assert "run (3 seeds)" in result.stdout
    told = json.loads(Path("c/comparison.json").read_text())
    assert [row["seeds"] for row in told["spreads"]["all images"]] == [3, 1]
    accuracies = [
        json.loads(fer("evaluate", name, "--json").stdout)["all"]["accuracy"]["value"]
        for name in ("run", "run-1", "run-2")
    ]
    found = told["spreads"]["all images"][0]["accuracy"]
    assert found["mean"] == pytest.approx(np.mean(accuracies))
    assert found["sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert len(told["comparisons"]) == 1
    assert Path("c/comparison.png").stat().st_size > 10_000


def test_own_predictions_never_pass_for_a_run_s(trained):
    """A table called like the run: what the run saved stays its own."""
    Path("runs").mkdir()
    Path("run").rename("runs/theirs")
    ours = fer("evaluate", "runs/theirs", "--json").stdout
    table = Path(own_table("runs/theirs/evaluation/test", "theirs.csv"))
    swapped = table.read_text().replace("angry,disgust", "disgust,angry", 1)
    table.write_text(swapped)
    theirs = json.loads(fer("evaluate", "--predictions", "theirs.csv", "--json").stdout)
    assert theirs["all"]["accuracy"] is not None
    assert fer("evaluate", "runs/theirs", "--json").stdout == ours


def test_a_test_better_than_validation_is_warned_of_in_either_order(trained):
    """Planted: a model that calls nearly all happy, a test of happy faces, a validation of none."""
    dataset = generate(n=280, seed=0)
    labels = np.where(dataset.labels == 3, 0, dataset.labels)
    rare = np.random.default_rng(0).random(280) < 0.1
    labels[(dataset.split == "test") | ((dataset.split == "train") & ~rare)] = 3
    write_layout(replace(dataset, labels=labels), Path("odd"), "csv")
    words = ["train", "tiny", "--data", "odd", "--run-dir", "odd-run", *SMALL["self_built"]]
    words += ["--set", "training.epochs=5", "--set", "training.learning_rate=0.02"]
    fer(*words, "--set", "training.keep=last", "--set", "training.early_stopping.patience=null")
    assert "is better than validation" in flat(fer("evaluate", "odd-run").stdout)
    shutil.rmtree("odd-run/evaluation")
    Path("odd-run/temperature.json").unlink()
    validation = flat(fer("evaluate", "odd-run", "--split", "validation").stdout)
    assert "selected on this split" not in validation, "the last weights were kept: none chose"
    assert "is better than validation" in flat(fer("evaluate", "odd-run").stdout)
    assert "is better than validation" in flat(fer("evaluate", "odd-run").stdout), "and is kept"


def test_damaged_results_are_made_again(trained):
    plain = fer("evaluate", "run", "--json").stdout
    predictions = Path("run/evaluation/test/predictions.npz")
    for harm in (lambda: predictions.unlink(), lambda: predictions.write_bytes(b"PK")):
        harm()
        assert fer("evaluate", "run", "--json").stdout == plain
    Path("run/evaluation/test/made_from.json").write_text("{")
    assert fer("evaluate", "run", "--json").stdout == plain
    Path("run/temperature.json").write_text("{")
    shutil.rmtree("run/evaluation")
    assert "temperature.json: damaged" in error("evaluate", "run")
    Path("run/temperature.json").unlink()
    assert fer("evaluate", "run", "--json").stdout == plain


def test_an_adjusted_run_does_not_borrow_the_temperature(trained):
    words = ["evaluate", "run", "--logit-adjustment", "1", "--json"]
    told = json.loads(fer(*words).stdout)["all"]["calibration"]
    assert "cross-fitted" in told["temperature_from"]


def test_what_is_compared_is_not_mixed_up(trained):
    """Bare models of one name, a run and its copy, one run named twice."""
    fer("evaluate", "run")
    fer("train", "tiny", "--data", "fer", "--run-dir", "other", *SMALL["self_built"], "--seed", 5)
    shutil.copytree("run", "copy")
    models = [f"{name}/model.keras" for name in ("run", "other")]
    told = json.loads(fer("compare", *models, "--data", "fer", "--json").stdout)
    assert told["comparisons"][0]["all images"]["first"] == "run/model.keras"
    told = json.loads(fer("compare", "run", "copy", "--json").stdout)
    pair = told["comparisons"][0]["all images"]
    assert (pair["seeds"], pair["mcnemar"]["p"]) == ([1, 1], 1)
    once = fer("compare", "run", "run/").stdout
    assert "seeds)" not in once
    table = own_table("run/evaluation/test", "m.csv")
    Path("b").mkdir()
    Path("b/m.csv").write_text(Path(table).read_text())
    told = json.loads(fer("compare", "m.csv", "b/m.csv", "--json").stdout)
    assert told["comparisons"][0]["all images"]["second"] == "b/m.csv"
    # What speaks against figures goes with them.
    validation = fer("compare", "run", "copy", "--split", "validation", "--out", "c").stdout
    assert "run: selected on this split" in flat(validation)
    told = json.loads(Path("c/comparison.json").read_text())
    assert "selected" in told["runs"][0]["remarks"][0]
    assert "of two networks: other seeds can differ" in flat(validation)


def test_an_audit_of_other_data_is_refused(trained):
    fer("evaluate", "run")
    saved = np.load("run/evaluation/test/predictions.npz")
    wrong = saved["label_names"][(saved["labels"][0] + 1) % 7]
    Path("audit.csv").write_text(f"id,issue,label\n{saved['ids'][0]},tie,{wrong}\n")
    assert "an audit of other data" in error("evaluate", "run", "--exclude", "audit.csv")
    Path("audit.csv").write_text("id,issue\nnobody,tie\n")
    assert "1 of its 1 ids are not in" in error("evaluate", "run", "--exclude", "audit.csv")


def test_the_list_of_commands_has_whole_summaries_in_the_order_of_the_work():
    lines = fer("--help").stdout.split("Commands:")[1]
    assert "..." not in lines
    assert re.findall(r"^  (\w+)", lines, re.M) == list(main.commands)


def test_what_the_system_refuses_is_one_line():
    Path("file").touch()
    words = ["data", "--data", "synthetic", "--set", "data.n=140", "--out"]
    for folder, expected in (("file/x", "file/x: Not a directory"), ("n" * 300, "name too long")):
        failed = fer(*words, folder, code=1)
        assert failed.stderr.startswith("Error: ")
        assert expected in failed.stderr
        assert failed.stderr.count("\n") == 1


def python(*words, **options):
    """Run the command in a process of its own; return what it printed and its exit code."""
    command = [sys.executable, "-m", "fer_analysis", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_behind_stdout_is_one_line():
    words = ["data", "--data", "synthetic", "--set", "data.n=100", "--json"]
    command = [sys.executable, "-m", "fer_analysis", *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    lines = done.stderr.splitlines()
    assert lines.pop() == "Error: No space left on device"
    assert all(line.startswith("wrote ") for line in lines)
    assert done.returncode == 1


def test_a_closed_pipe_ends_without_a_word():
    script = f"{sys.executable} -m fer_analysis train --help | true"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_terminal_without_utf_8_and_hostile_names_do_no_harm():
    from fer_analysis.cli.tables import console

    with console.out.capture() as captured:
        rows = console.table("name", "n")
        rows.add_row("a\x1b[31mb", "[red]1[/red] :smile:")
        console.out.print(rows)
        console.out.print("c\x07\u202ed", "e", soft_wrap=True)
    text = captured.get()
    assert not {"\x1b", "\x07", "\u202e"} & {*text}
    assert "a\\x1b[31mb" in text
    assert "[red]1[/red] :smile:" in text
    write_layout(generate(n=140, seed=0), Path("own"), "folders")
    for folder in Path("own").glob("*/disgust"):
        folder.rename(folder.with_name("d\u00e9go\u00fbt \u5acc"))
    done = python("data", "--data", "own", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert "d\\xe9go\\xfbt" in done.stdout
