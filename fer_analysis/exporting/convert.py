"""Keras models as LiteRT, ONNX and SavedModel files."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.errors import FerError, first_line
from fer_analysis.models.exported import FILES, require
from fer_analysis.models.model_file import ANY_SIZE
from fer_analysis.registry import Registry
from fer_analysis.tensorflow_setup import stderr_dropped

if TYPE_CHECKING:
    import keras

FORMATS = Registry("format", {name: f"fer_analysis.exporting.convert:to_{name}" for name in FILES})
"""Format -> function `(model, folder, quantize, samples)` that writes the file."""

QUANTIZED = {"litert": ("dynamic", "full", "none"), "onnx": ("none",), "saved_model": ("none",)}
"""Format -> how weights can be kept, the default first.

`dynamic`: weights in 8 bits, activations too while an image is computed, with a range of their
own (dynamic range quantisation). `full`: activations in 8 bits with ranges found on samples
(Jacob et al. 2018). `none`: all in 32-bit floats.
"""

SAMPLES = 300
"""Images on which `full` finds the ranges of activations."""


def convert(
    model: keras.Model, to: str, folder: Path, quantize: str, samples: np.ndarray | None = None
) -> Path:
    """Write a model to a folder in another format.

    Args:
        model: Raw pixels in, probabilities out.
        to: Of `FORMATS`.
        folder: Receives the file, named as in `FILES`.
        quantize: Of `QUANTIZED[to]`.
        samples: Images uint8 `(n, h, w, 1)` that `full` requires.

    Returns:
        The file.

    Raises:
        FerError: If an optional package is missing, or the model cannot be converted.
    """
    write: Callable = FORMATS[to]
    try:
        with _quietly():
            write(model, folder, quantize, samples)
    except FerError:
        raise
    except Exception as error:  # the converters raise nearly anything
        raise FerError(f"the model cannot be converted to {to}: {first_line(error)}") from error
    return folder / FILES[to]


def to_litert(model, folder: Path, quantize: str, samples: np.ndarray | None) -> None:
    """Write `model.tflite`, by TensorFlow's converter."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if quantize != "none":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if quantize == "full":
        chosen = np.random.default_rng(0).permutation(len(samples))[:SAMPLES]
        converter.representative_dataset = lambda: (
            [image[None].astype(np.float32)] for image in samples[chosen]
        )
    (folder / FILES["litert"]).write_bytes(converter.convert())


def to_onnx(model, folder: Path, quantize: str, samples: np.ndarray | None) -> None:
    """Write `model.onnx`, by Keras with tf2onnx."""
    for package in ("tf2onnx", "onnx", "onnxruntime"):
        require(package, why="exporting to ONNX", install="'fer-analysis[onnx]'")
    model(np.zeros((1, *(side or ANY_SIZE for side in model.input_shape[1:]))))  # Keras asks for it
    model.export(folder / FILES["onnx"], format="onnx", verbose=False)


def to_saved_model(model, folder: Path, quantize: str, samples: np.ndarray | None) -> None:
    """Write a TensorFlow SavedModel with the endpoint `serve`."""
    model.export(folder, format="tf_saved_model", verbose=False)


@contextlib.contextmanager
def _quietly():
    """Drop the converters' remarks: of optimisations, of artefacts in temporary folders."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            stderr_dropped(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
