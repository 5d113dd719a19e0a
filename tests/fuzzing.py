"""Inputs that nobody would write: valid files, changed at random, for every reader we have.

A group makes one input in an empty folder and gives it to the code that reads it. Allowed is an
answer or a `FerError` (click's errors from the command line); anything else is a finding, and so
is an input that takes longer than `LIMIT` seconds. Used by `tests/test_fuzz.py` and
`scripts/fuzz`.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import shutil
import signal
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import click
import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from fer_analysis.data.dataset import FER_LABELS
from fer_analysis.errors import FerError

LIMIT = 20
"""Seconds that an input may take."""

WORDS = (
    "",
    " ",
    "0",
    "1",
    "-1",
    "7",
    "1e400",
    "nan",
    "inf",
    "-0",
    "0x10",
    "1_000",
    "²",
    "true",
    "null",
    "~",
    "[]",
    "{}",
    "[1, 2",
    "{a: b",
    "&a [*a]",
    "!!python/object:os.system",
    "2024-01-01",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "a" * 5000,
    "é",
    "e\u0301",
    "\ud800",
    "emotion",
    "id",
    "label",
    "happy",
    "joy",
    "angry",
    "train",
    "test",
    "=1+1",
    "'",
    '"',
    ",",
    ";",
    "\t",
    "\r",
    "\n",
    str(2**63),
    str(2**64),
    str(10**30),
    "..",
    "/",
    "/dev/zero",
    "synthetic",
    "0.1",
    "1.0000001",
)
"""Cells and values that programs stumble over."""


class Slow(BaseException):
    """An input took longer than `LIMIT` seconds."""


@dataclass
class Tally:
    """What a group's inputs led to."""

    inputs: int = 0
    refused: int = 0
    slowest: float = 0.0
    findings: dict[str, str] = field(default_factory=dict)


def fuzz(name: str, folder: Path, *, inputs: int, start: int = 0) -> Tally:
    """Give `inputs` inputs to a group.

    Args:
        name: The group, a key of `GROUPS`.
        folder: Where inputs are made; what led to a finding is kept there.
        inputs: How many.
        start: Seed of the first.
    """
    tally, group = Tally(), GROUPS[name]
    folder.mkdir(parents=True, exist_ok=True)
    if name in ("model", "commands"):
        _model()  # imports Keras, which takes longer than an input may

    @seed(start)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False, note_method_calls=False))
    def once(source: random.Random) -> None:
        place = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
        tally.inputs += 1
        began, kept = time.perf_counter(), False
        try:
            with _limit(), contextlib.redirect_stdout(io.StringIO()):
                group(source, place)
        except (FerError, click.ClickException, click.exceptions.Exit):
            tally.refused += 1
        except (Exception, Slow) as error:
            where = traceback.extract_tb(error.__traceback__)
            own = [f for f in where if "fer_analysis" in f.filename] or where
            key = f"{type(error).__name__} at {Path(own[-1].filename).name}:{own[-1].lineno}"
            kept = key not in tally.findings
            tally.findings.setdefault(key, f"{place}: {str(error)[:300]}")
        finally:
            if not kept:
                shutil.rmtree(place, ignore_errors=True)
        tally.slowest = max(tally.slowest, time.perf_counter() - began)

    once()
    return tally


@contextlib.contextmanager
def _limit():
    def stop(*_):
        raise Slow(f"longer than {LIMIT} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def changed_bytes(source: random.Random, content: bytes) -> bytes:
    """Cut, flip, repeat or insert bytes, a few times."""
    for _ in range(source.choice((0, 1, 1, 2, 4))):
        at = source.randrange(len(content) + 1)
        kind = source.randrange(5)
        if kind == 0:
            content = content[:at]
        elif kind == 1 and content:
            at = min(at, len(content) - 1)
            content = content[:at] + bytes([source.randrange(256)]) + content[at + 1 :]
        elif kind == 2:
            content = content[:at] + content[at : at + 40] * 3 + content[at + 40 :]
        elif kind == 3:
            content = content[:at] + _word(source) + content[at:]
        else:
            content = content[:at] + content[at + source.randrange(1, 200) :]
    return content


def _word(source: random.Random) -> bytes:
    return source.choice(WORDS).encode("utf-8", "surrogatepass")


def changed_table(source: random.Random, rows: list[list[str]], separator: str = ",") -> bytes:
    """Change cells, rows and columns of a table, then its bytes."""
    rows = [list(row) for row in rows]
    for _ in range(source.choice((0, 0, 1, 1, 2))):
        row, kind = source.randrange(len(rows)), source.randrange(6)
        cells = rows[row]
        if kind == 0 and cells:
            cells[source.randrange(len(cells))] = source.choice(WORDS)
        elif kind == 1 and cells:
            del cells[source.randrange(len(cells))]
        elif kind == 2:
            rows.insert(row, list(cells))
        elif kind == 3 and cells:
            order = source.sample(range(len(cells)), len(cells))
            rows = [[each[i] for i in order if i < len(each)] for each in rows]
        elif kind == 4:
            cells.append(source.choice(WORDS))
        elif len(rows) > 1:
            del rows[row]
    separator = source.choice((separator,) * 9 + (";", "\t"))
    text = source.choice(("\n",) * 5 + ("\r\n", "\r")).join(separator.join(r) for r in rows)
    content = text.encode(source.choice(("utf-8",) * 9 + ("utf-8-sig", "utf-16")), "surrogatepass")
    return changed_bytes(source, content) if source.random() < 0.2 else content


# --- groups: one function each -------------------------------------------------------------------


def csv_data(source: random.Random, folder: Path) -> None:
    """`fer2013.csv` and `icml_face_data.csv`, some with FER+'s votes."""
    noise = np.random.default_rng(source.randrange(2**32))
    usages = ("Training", "PublicTest", "PrivateTest")
    rows = [["emotion", "pixels", "Usage"]]
    for row in range(source.choice((1, 7, 21))):
        side = source.choice((48,) * 9 + (1, 47, 200))
        pixels = " ".join(map(str, noise.integers(0, 256, side * side)))
        rows.append([str(row % 7), pixels, usages[row // 7 % 3]])
    name = source.choice(("fer2013.csv", "icml_face_data.csv", "faces.CSV"))
    (folder / name).write_bytes(changed_table(source, rows))
    if source.random() < 0.4:
        columns = (
            "neutral",
            "happiness",
            "surprise",
            "sadness",
            "anger",
            "disgust",
            "fear",
            "contempt",
            "unknown",
            "NF",
        )
        votes = [["Usage", "Image name", *columns]]
        for row in range(len(rows) - 1):
            given = np.bincount(noise.integers(0, 10, 10), minlength=10)
            votes.append([usages[row // 7 % 3], f"fer{row:07}.png", *map(str, given)])
        (folder / "fer2013new.csv").write_bytes(changed_table(source, votes))
    _load(source, source.choice((folder, folder / name)))


def image_folders(source: random.Random, folder: Path) -> None:
    """Label folders in all kinds of splits, with files that are no images in them."""
    splits = source.sample(
        ("train", "test", "val", "Training", "PublicTest", "dev set", "fold 1", "FER2013Valid", ""),
        source.randrange(1, 4),
    )
    labels = source.sample((*FER_LABELS, "joy", "Anger", "0", "1_sad", "…", "a" * 200, "happy "), 4)
    for split in splits:
        for label in labels:
            place = folder / split / label / source.choice(("", "", "", "more", "a/b/c"))
            place.mkdir(parents=True, exist_ok=True)
            for number in range(source.randrange(4)):
                stem = source.choice((str(number), "Training_1", "PublicTest_2", "=x", "ü", "-n"))
                suffix = source.choice((".png", ".jpg", ".PNG", "", ".txt", ".gif", ".tif"))
                (place / f"{stem}{number}{suffix}").write_bytes(_image(source))
    if source.random() < 0.1:
        (folder / "loop").symlink_to(folder)
    _load(source, folder)


def _image(source: random.Random) -> bytes:
    noise = np.random.default_rng(source.randrange(2**32))
    mode = source.choice(("L", "L", "RGB", "RGBA", "LA", "P", "1", "I;16", "CMYK", "F"))
    size = source.choice(((48, 48), (48, 48), (1, 1), (3, 200), (200, 60)))
    high = 65536 if mode == "I;16" else 256
    if mode == "I;16":
        image = Image.fromarray(noise.integers(0, high, size[::-1]).astype(np.uint16))
    else:
        image = Image.fromarray(noise.integers(0, high, size[::-1]).astype(np.uint8)).convert(mode)
    formats = {"L": ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"), "RGB": ("PNG", "JPEG", "WEBP")}
    buffer = io.BytesIO()
    image.save(buffer, source.choice(formats.get(mode, ("TIFF",))))
    return changed_bytes(source, buffer.getvalue())


def _load(source: random.Random, path: Path) -> None:
    from fer_analysis.data.load import load_data

    loaded = load_data(
        path,
        skip_bad=source.random() < 0.5,
        protocol=source.choice(("auto", "auto", "official", "kaggle")),
        cache=source.random() < 0.2,
    )
    assert len(loaded.dataset) > 0
    assert loaded.dataset.images.dtype == np.uint8


def yaml_config(source: random.Random, folder: Path) -> None:
    """Config files: those that are shipped, changed, and overrides."""
    from fer_analysis.config.load import load_config, shipped_configs

    shipped = shipped_configs()
    text = shipped[source.choice(sorted(shipped))].read_bytes()
    for _ in range(source.randrange(3)):
        lines = text.split(b"\n")
        row = source.randrange(len(lines))
        key, colon, _ = lines[row].partition(b":")
        lines[row] = key + colon + b" " + _word(source)
        text = b"\n".join(lines)
    (folder / "config.yaml").write_bytes(changed_bytes(source, text))
    load_config(folder / "config.yaml", _overrides(source)).to_yaml()


def overrides(source: random.Random, folder: Path) -> None:
    """`--set KEY=VALUE` of a shipped config."""
    from fer_analysis.config.load import load_config

    load_config("tiny", _overrides(source, at_least=1)).to_yaml()


def _overrides(source: random.Random, at_least: int = 0) -> tuple[str, ...]:
    keys = (
        "seed",
        "model.name",
        "model.filters",
        "model.dropout",
        "data.source",
        "data.size",
        "data.folds",
        "data.n",
        "data.validation_share",
        "augmentation.shift",
        "training.epochs",
        "training.batch_size",
        "training.learning_rate",
        "training.image_sizes",
        "training",
        "training.early_stopping.patience",
        "remedies",
        "remedies.mixup",
        "remedies.focal_loss",
        "remedies.focal_loss.gamma",
        "manipulations",
        "a.b.c",
        "",
        ".",
        "model.name.x",
    )
    made = [
        f"{source.choice(keys)}{source.choice(('=', '=', '=', '', ':'))}{source.choice(WORDS)}"
        for _ in range(source.randrange(at_least, at_least + 3))
    ]
    return tuple(made)


def predictions(source: random.Random, folder: Path) -> None:
    """Tables of anyone's predictions."""
    from fer_analysis.evaluation.predictions_csv import read_predictions

    orders = (FER_LABELS, FER_LABELS, tuple("0123456"), tuple("1234567"), ("happy", "sad"))
    names = source.choice(orders)
    rows = [["id", "label", *names]]
    for row in range(source.randrange(1, 12)):
        shares = np.random.default_rng(row).dirichlet(np.ones(len(names)))
        digits = source.choice((1, 2, 6, 6))
        rows.append([f"i{row}", source.choice(names), *(f"{x:.{digits}f}" for x in shares)])
    (folder / "theirs.csv").write_bytes(changed_table(source, rows))
    found = read_predictions(folder / "theirs.csv")
    assert np.isfinite(found.probabilities).all()
    assert np.allclose(found.probabilities.sum(axis=1), 1, atol=1e-4)


def audit_table(source: random.Random, folder: Path) -> None:
    """`audit.csv` as `fer evaluate --exclude` reads it."""
    from fer_analysis.evaluation.listed_faces import without_faces

    columns = ["id", "issue", "partner", "score", "label", "split"]
    rows = [columns] + [[f"i{i}", "leak", f"i{i + 1}", "1.000", "happy", "test"] for i in range(5)]
    (folder / "audit.csv").write_bytes(changed_table(source, rows))
    without_faces(_evaluation(), folder / "audit.csv")


def region_files(source: random.Random, folder: Path) -> None:
    """Regions of the face: boxes in YAML, masks in .npy and .png."""
    from fer_analysis.data.regions.files import read_regions

    kind = source.choice((".yaml", ".npy", ".png"))
    if kind == ".yaml":
        boxes = {
            "eyes": [14, 21, 8, 40],
            "mouth": [35, 43, 13, source.choice((35, 35, 99, -1))],
        }
        content = json.dumps(boxes).encode()
    elif kind == ".npy":
        buffer = io.BytesIO()
        shape = source.choice(((48, 48), (48, 48), (48, 48), (48, 48, 1), (4, 4), (0, 0)))
        dtype = source.choice((np.uint8, np.uint8, np.int64, np.float32, object))
        np.save(buffer, np.ones(shape, dtype), allow_pickle=True)
        content = buffer.getvalue()
    else:
        content = _image(source)
    if source.random() < 0.6:
        content = changed_bytes(source, content)
    (folder / f"regions{kind}").write_bytes(content)
    read_regions(folder / f"regions{kind}", 48, 48)


def saved_evaluation(source: random.Random, folder: Path) -> None:
    """A run's saved predictions, damaged."""
    from fer_analysis.evaluation.evaluation import Evaluation

    _evaluation().save(folder)
    _damage(source, folder)
    Evaluation.load(folder)


def run_directory(source: random.Random, folder: Path) -> None:
    """A run directory whose files are damaged."""
    from fer_analysis.config.load import load_config
    from fer_analysis.run import Run

    run = Run.create(load_config("tiny"), folder / "run")
    run.write_environment({"data": {"fingerprint": "0"}, "prior": [1 / 7] * 7, "seed": 0})
    run.write_result({"epochs": 1, "best_epoch": 1})
    run.write_history([{"epoch": 1, "loss": 1.5, "accuracy": 0.5, "labels_predicted": 7}])
    run.write_temperatures({"plain": {"temperature": 1.2, "from": "9 images", "model": "0"}})
    hashes = np.array(["a" * 32], dtype="S32")
    run.write_hashes(hashes, hashes)
    _damage(source, folder / "run")
    run = Run.open(folder / "run")
    reads = (
        run.config,
        run.environment,
        run.prior,
        run.training_counts,
        run.history,
        run.temperatures,
        lambda: run.is_complete and run.result(),
        lambda: run.leaked(hashes),
        lambda: run.selected(hashes),
    )
    refused = None
    for read in reads:
        try:
            read()
        except FerError as error:
            refused = error
    if refused:
        raise refused


def _damage(source: random.Random, folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in source.sample(files, min(len(files), source.randrange(1, 4))):
        kind = source.randrange(4)
        if kind == 0:
            path.unlink()
        elif kind == 1:
            path.write_bytes(b"")
        elif kind == 2:
            path.write_bytes(source.choice((b"{}", b"[]", b"null", b"1", b'{"data": 3}', b"\xff")))
        else:
            path.write_bytes(changed_bytes(source, path.read_bytes()))


def _evaluation():
    from fer_analysis.evaluation.evaluation import Evaluation

    noise = np.random.default_rng(0)
    return Evaluation(
        labels=np.arange(14) % 7,
        probabilities=noise.dirichlet(np.ones(7), 14),
        ids=np.array([f"i{i}" for i in range(14)]),
        split="test",
        label_names=FER_LABELS,
    )


def model_files(source: random.Random, folder: Path) -> None:
    """`.keras` files: bytes of the archive, and values of the config inside."""
    from fer_analysis.models.storage import load_model

    content = _model()
    if source.random() < 0.6:
        content = _changed_archive(source, content)
    path = folder / f"model{source.choice(('.keras',) * 8 + ('.h5', '.zip'))}"
    path.write_bytes(changed_bytes(source, content) if source.random() < 0.5 else content)
    load_model(path)


_MADE: dict[str, bytes] = {}


def _model() -> bytes:
    if "model" not in _MADE:
        import keras

        from fer_analysis.models.storage import save_model

        inputs = keras.Input((48, 48, 1), name="pixels")
        x = keras.layers.AveragePooling2D(12)(inputs)
        x = keras.layers.Dense(7, name="logits")(keras.layers.Flatten()(x))
        model = keras.Model(inputs, keras.layers.Softmax(name="probabilities")(x))
        path = Path(tempfile.mkdtemp()) / "model.keras"
        save_model(model, path, FER_LABELS)
        _MADE["model"] = path.read_bytes()
    return _MADE["model"]


def _changed_archive(source: random.Random, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if source.random() < 0.1:
                continue
            part = old.read(name)
            if name.endswith(".json") and source.random() < 0.7:
                words = part.split(b'"')
                at = source.randrange(len(words))
                words[at] = source.choice((_word(source).replace(b'"', b""), b"1", b"Lambda"))
                part = b'"'.join(words)
            elif source.random() < 0.3:
                part = changed_bytes(source, part)
            new.writestr(name, part)
    return buffer.getvalue()


def command_line(source: random.Random, folder: Path) -> None:
    """Commands with arguments that do not belong together."""
    from click.testing import CliRunner

    from fer_analysis.cli import main

    commands = (
        "data",
        "audit",
        "train",
        "evaluate",
        "compare",
        "saliency",
        "diagnose",
        "report",
        "predict",
        "study",
    )
    words = (
        "--data",
        str(folder),
        "synthetic",
        "nowhere",
        "--split",
        "test",
        "--out",
        "--json",
        "-q",
        "--label",
        "happy",
        "--set",
        "seed=1",
        "data.n=x",
        "--n",
        "0",
        "-1",
        "tiny",
        "bundlet",
        "--seed",
        "run",
        "show",
        "status",
        "why",
        "--method",
        "gradient",
        "a" * 300,
        "ü",
        "--store",
        "--of",
        "--exclude",
        str(folder / "x.csv"),
        "--tta",
        "--help",
    )
    (folder / "x.csv").write_bytes(changed_table(source, [["id", "issue"], ["1", "leak"]]))
    given = [source.choice(commands), *source.choices(words, k=source.randrange(5))]
    # What could really start training or drawing for minutes is not the subject here.
    if given[0] in ("train", "saliency", "study", "audit", "evaluate", "data") and (
        "synthetic" in given or "tiny" in given
    ):
        given += ["--set", "training.epochs=0"]
    runner = CliRunner()
    with contextlib.chdir(folder):
        result = runner.invoke(main, given)
    error = result.exception
    if error is not None and not isinstance(error, SystemExit):
        raise error
    if result.exit_code:
        raise FerError(f"exit code {result.exit_code}")


GROUPS: dict[str, Callable[[random.Random, Path], None]] = {
    "csv": csv_data,
    "folders": image_folders,
    "config": yaml_config,
    "overrides": overrides,
    "predictions": predictions,
    "audit": audit_table,
    "regions": region_files,
    "evaluation": saved_evaluation,
    "run": run_directory,
    "model": model_files,
    "commands": command_line,
}
"""Name -> function of (random source, empty folder)."""
