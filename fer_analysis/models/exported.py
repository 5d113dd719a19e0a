"""An exported network: its file, `export.json` beside it, and how it is run without TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError, first_line
from fer_analysis.files import content_hash, read_json, write_json
from fer_analysis.tensorflow_setup import stderr_dropped

DESCRIPTION = "export.json"
FILES = {"litert": "model.tflite", "onnx": "model.onnx", "saved_model": "saved_model.pb"}
"""Format -> the file of the network."""

BESIDE = ("variables", "assets", "fingerprint.pb")
"""What a SavedModel has beside its file."""

VERSION = 1
_AGAIN = "export the network again with `fer export`"


@dataclass(frozen=True)
class ExportedModel:
    """What `export.json` says of the network beside it.

    Args:
        to: The format, of `FILES`.
        quantize: How weights are kept: `none`, `dynamic` or `full`.
        name: The run that it was made of.
        made_from: `content_hash` of that run's model file.
        content: `content_hash` of the exported file.
        label_names: The k labels.
        size: Height and width of the images that it takes, in pixels.
        temperature: Divides the logits; None where none was fitted.
        rule: When an answer is not unsure; see `evaluation.selective_prediction.answer_rule`.
        parity: How it differs from the Keras model; see `exporting.parity`. None: not measured.
        version: Of this description.
    """

    to: str
    quantize: str
    name: str
    made_from: str
    content: str
    label_names: tuple[str, ...]
    size: int
    temperature: float | None
    rule: dict | None
    parity: dict | None = None
    version: int = VERSION

    @property
    def form(self) -> str:
        """The format in a few words."""
        kept = {"none": "float weights", "dynamic": "8-bit weights", "full": "8-bit integers"}
        name = {"litert": "LiteRT", "onnx": "ONNX", "saved_model": "SavedModel"}[self.to]
        return f"{name}, {kept[self.quantize]}"

    def save(self, folder: Path) -> None:
        """Write `export.json`."""
        write_json(folder / DESCRIPTION, asdict(self))


def is_exported(file: Path) -> bool:
    """Tell an exported network from a Keras model by its name."""
    return file.suffix in (".tflite", ".onnx")


def exported_file(folder: Path) -> Path | None:
    """Return the network's file in a folder that `fer export` wrote; None in any other."""
    if not (folder / DESCRIPTION).is_file():
        return None
    return next((folder / name for name in FILES.values() if (folder / name).is_file()), None)


def is_export(folder: Path) -> bool:
    """Return whether a folder's `export.json` is one that `fer export` wrote, of any version."""
    return {"made_from", "content"} <= (read_json(folder / DESCRIPTION) or {}).keys()


def read_exported(file: Path) -> ExportedModel:
    """Read the description of an exported network, and check that it is of this file.

    Raises:
        FerError: If there is none, it is damaged, or it is of another file.
    """
    description = file.with_name(DESCRIPTION)
    try:
        given = json.loads(description.read_text(encoding="utf-8"))
        model = ExportedModel(**given | {"label_names": tuple(given["label_names"])})
    except FileNotFoundError:
        raise FerError(
            f"{file}: no {DESCRIPTION} beside it, which names its labels; expected a file that "
            "`fer export` wrote"
        ) from None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise FerError(f"{description}: damaged ({first_line(error)}); {_AGAIN}") from None
    if problem := _problem(model):
        raise FerError(f"{description}: {problem}; {_AGAIN}")
    if content_hash(file) != model.content:
        raise FerError(f"{file}: not the file that {DESCRIPTION} describes, or damaged; {_AGAIN}")
    return model


def _problem(model: ExportedModel) -> str | None:
    names, rule = model.label_names, model.rule
    checks = {
        "version": model.version == VERSION,
        "to": model.to in FILES,
        "quantize": model.quantize in ("none", "dynamic", "full"),
        "name": isinstance(model.name, str),
        "label_names": len(names) > 1 and all(isinstance(n, str) and n for n in names),
        "size": isinstance(model.size, int) and 0 < model.size < 10_000,
        "temperature": model.temperature is None or _number(model.temperature, 0.01, 100),
        "rule": rule is None or (isinstance(rule, dict) and _number(rule.get("least"), 0, 1)),
        "parity": model.parity is None or isinstance(model.parity, dict),
    }
    wrong = next((name for name, good in checks.items() if not good), None)
    return wrong and f"{wrong}: received {str(getattr(model, wrong))[:60]}"


def _number(value: object, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low <= value <= high


def exported_predictor(file: Path) -> Callable[..., np.ndarray]:
    """Return an exported network as a function, called as that of `models.predict.predictor`.

    Args:
        file: The network.

    Raises:
        FerError: If it cannot be loaded, or the package that runs it is not installed.
    """
    model = read_exported(file)
    load = {"litert": _litert, "onnx": _onnx, "saved_model": _saved_model}[model.to]
    try:
        one_batch, at_once = load(file)
        shape = one_batch(np.zeros((1, model.size, model.size, 1), np.float32)).shape
    except FerError:
        raise
    except Exception as error:  # each runtime raises errors of its own
        raise FerError(f"{file}: cannot be loaded ({first_line(error)}); {_AGAIN}") from None
    if shape != (1, len(model.label_names)):
        raise FerError(f"{file}: gives {shape[-1]} outputs for {len(model.label_names)} labels")
    predict = _in_batches(one_batch, at_once, model.size)
    return _as_shares(predict) if model.quantize == "full" else predict


def _in_batches(one_batch: Callable, at_once: int, size: int) -> Callable[..., np.ndarray]:
    def predict(images: np.ndarray, progress: Callable[[int, int], None] | None = None):
        if images.shape[1:3] != (size, size):
            own = "x".join(map(str, images.shape[1:3]))
            raise FerError(
                f"the model takes images of {size}x{size} pixels, the data has {own}: "
                f"read it at that size with --set data.size={size}"
            )
        results = []
        for start in range(0, len(images), at_once):
            results.append(one_batch(images[start : start + at_once].astype(np.float32)))
            if progress and (start // at_once) % 64 == 0:
                progress(min(start + at_once, len(images)), len(images))
        if progress:
            progress(len(images), len(images))
        return np.concatenate(results)

    return predict


def _as_shares(predict: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Let probabilities in steps of 1/256 sum to 1."""

    def shares(images: np.ndarray, progress: Callable[[int, int], None] | None = None):
        probabilities = predict(images, progress)
        return probabilities / np.maximum(probabilities.sum(axis=1, keepdims=True), 1e-6)

    return shares


def require(package: str, *, why: str, install: str) -> None:
    """Check that an optional package is installed.

    Raises:
        FerError: If it is not.
    """
    if find_spec(package) is None:
        raise FerError(f"{why} requires the package '{package}': pip install {install}")


def _litert(file: Path) -> tuple[Callable, int]:
    """Load a LiteRT file; one image at a time is its fastest way."""
    require("ai_edge_litert", why="running a LiteRT file", install="ai-edge-litert")
    from ai_edge_litert.interpreter import Interpreter

    with stderr_dropped():
        interpreter = Interpreter(model_content=file.read_bytes(), num_threads=1)
        interpreter.allocate_tensors()
    [given], [gives] = interpreter.get_input_details(), interpreter.get_output_details()

    def one_batch(batch: np.ndarray) -> np.ndarray:
        interpreter.set_tensor(given["index"], batch)
        interpreter.invoke()
        return interpreter.get_tensor(gives["index"])

    return one_batch, 1


def _onnx(file: Path) -> tuple[Callable, int]:
    require("onnxruntime", why="running an ONNX file", install="'fer-analysis[onnx]'")
    import onnxruntime

    session = onnxruntime.InferenceSession(file.read_bytes(), providers=["CPUExecutionProvider"])
    [given] = session.get_inputs()
    return lambda batch: session.run(None, {given.name: batch})[0], 64


def _saved_model(file: Path) -> tuple[Callable, int]:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(file.parent))
    return lambda batch: loaded.serve(batch).numpy(), 256
