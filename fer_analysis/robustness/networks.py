"""What is put to the test: a run, a model file with another input, or anyone's function."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from fer_analysis.errors import FerError, first_line
from fer_analysis.evaluation.evaluate_run import open_model, open_predictor
from fer_analysis.evaluation.kept_guard import kept_guard
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.network_identity import network_identity
from fer_analysis.evaluation.trained_conditions import trained_conditions
from fer_analysis.files import file_name
from fer_analysis.quality.guard import Guard
from fer_analysis.result_folders import RUNS
from fer_analysis.robustness.function_identity import function_identity
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

Predict = Callable[[np.ndarray], np.ndarray]
_BATCH = 256


@dataclass(frozen=True, eq=False)
class Network:
    """A network that is put to the test.

    Args:
        name: What it is called in tables.
        run: Where its results go; its model is loaded when it is needed.
        identity: A hash that changes when the network does.
        load: Returns the function from images, uint8 `(n, h, w, 1)`, to probabilities `(n, k)`.
        temperature: Divides the logits; None where none was fitted.
        rule: See `selective_prediction.answer_rule`; None where there is none.
        rule_from: The images that it was fitted on.
        seen: Conditions that it was trained on.
        guard: Which pictures it is not asked about; None where none was made.
    """

    name: str
    run: Run
    identity: str
    load: Callable[[tuple[str, ...]], Predict]
    temperature: float | None = None
    rule: dict | None = None
    rule_from: str = ""
    seen: frozenset[str] = frozenset()
    guard: Guard | None = None


def network_of_run(
    run: Run,
    *,
    input_size: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> Network:
    """Return a run's network.

    Args:
        run: The run.
        input_size: Height and width that the model takes, if they are not the data's.
        scale: What the model takes for black and for white, if not 0 and 255.
    """
    file = run.trained_model_file()
    adapted = input_size is not None or scale is not None
    if adapted and run.is_exported:
        raise FerError(f"{file}: an exported network takes images as they are: no --input-size")
    kept = {} if adapted else kept_temperature(run) or {}

    def load(label_names: tuple[str, ...]) -> Predict:
        if not run.is_exported:
            import_tensorflow_quietly()
        if adapted:
            return _adapted_model(run, label_names, input_size, scale)
        return open_predictor(run, label_names)

    return Network(
        name=run.name,
        run=run,
        identity=network_identity(file, input_size, scale),
        load=load,
        temperature=kept.get("temperature"),
        rule=kept.get("answers"),
        rule_from=kept.get("from", ""),
        seen=trained_conditions(run),
        guard=None if adapted else kept_guard(run),
    )


def network_of_function(place: str | Predict, sample: np.ndarray) -> Network:
    """Return a function from outside the package as a network.

    Args:
        place: The function, or `module:function`; the working directory is searched for the
            module too. It takes images, uint8 `(n, h, w, 1)`, and returns probabilities
            `(n, k)` of the data's labels in the data's order.
        sample: A few images; its predictions of them, as they are and spoilt, identify its
            version.

    Raises:
        FerError: If there is no such function.
    """
    theirs = place if callable(place) else _import(place)
    function = _of_arrays(theirs, place)
    if callable(place):
        place = f"{place.__module__}:{getattr(place, '__qualname__', type(place).__qualname__)}"
    return Network(
        name=place,
        run=Run(RUNS / file_name(place)),
        identity=function_identity(place, getattr(theirs, "__module__", None), function, sample),
        load=lambda label_names: _in_batches(function),
    )


def checked(probabilities: np.ndarray, n: int, label_names: tuple[str, ...]) -> np.ndarray:
    """Return probabilities as float32 `(n, k)`.

    Raises:
        FerError: If they are no probabilities of these labels.
    """
    found = np.asarray(probabilities, dtype=np.float32)
    if found.shape != (n, len(label_names)):
        raise FerError(
            f"the predictor returned an array of shape {found.shape}; expected "
            f"{(n, len(label_names))}, a probability for each of {', '.join(label_names)}"
        )
    wrong = ~np.isfinite(found).all(axis=1) | (found < 0).any(axis=1)
    wrong |= np.abs(found.sum(axis=1) - 1) > 1e-2
    if wrong.any():
        raise FerError(
            "the predictor returned no probabilities: expected shares of 1 in each row, received "
            f"{np.round(found[wrong][0], 4).tolist()}; is the softmax missing?"
        )
    return found / found.sum(axis=1, keepdims=True)


def _import(place: str) -> Callable:
    module, colon, name = place.partition(":")
    if not colon or not name or not all(part.isidentifier() for part in module.split(".")):
        raise FerError(f"--predictor: expected module:function, received '{place}'")
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        found = importlib.import_module(module)
    except Exception as error:  # whatever is in somebody's module
        raise FerError(f"--predictor {place}: {_told(error)}") from error
    function = getattr(found, name, None)
    if not callable(function):
        raise FerError(f"--predictor {place}: module '{module}' has no function '{name}'")
    return function


def _of_arrays(function: Callable, place: str | Predict) -> Predict:
    """Return somebody's function as one that leaves its images as they are and gives an array.

    Its errors are told with the file and the line that they are from.
    """
    name = getattr(place, "__name__", place)

    def predict(images: np.ndarray) -> np.ndarray:
        try:
            found = function(images.copy())
        except Exception as error:
            raise FerError(f"the predictor {name} failed: {_told(error)}") from error
        try:
            return np.asarray(found, dtype=float)
        except (TypeError, ValueError) as error:
            raise FerError(
                f"the predictor {name} returned {type(found).__name__}, no array of probabilities "
                f"({first_line(error)[:100]})"
            ) from error

    return predict


def _told(error: Exception) -> str:
    """Return an error of somebody's program: its kind, text and place."""
    kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
    steps = traceback.extract_tb(error.__traceback__)
    place = f" ({steps[-1].filename}, line {steps[-1].lineno})" if kind and steps else ""
    return f"{kind}{first_line(error)}{'' if isinstance(error, SyntaxError) else place}"


def _in_batches(function: Predict) -> Predict:
    def predict(images: np.ndarray) -> np.ndarray:
        parts = [images[start : start + _BATCH] for start in range(0, len(images), _BATCH)]
        return np.concatenate([np.atleast_1d(function(part)) for part in parts])

    return predict


def _adapted_model(run: Run, label_names, input_size, scale) -> Predict:
    """Load any Keras classifier; images are resized and scaled to what it takes."""
    from fer_analysis.models.predict import predictor

    model = open_model(run, label_names, square=False)
    predict, (black, white) = predictor(model), scale or (0.0, 255.0)

    def adapted(images: np.ndarray) -> np.ndarray:
        if input_size is not None:
            images = resize(images, input_size)
        scaled = black + images.astype(np.float32) * np.float32((white - black) / 255)
        return predict(scaled)

    return _in_batches(adapted)


def resize(images: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return images at a size (height, width), bilinear, uint8 `(n, height, width, 1)`."""
    height, width = size
    return np.stack(
        [
            np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))
            for image in images[..., 0]
        ]
    )[..., None]
