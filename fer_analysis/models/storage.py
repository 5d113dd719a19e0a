"""Saving and loading a model together with the names of its labels."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import keras

from fer_analysis.errors import FerError, first_line
from fer_analysis.files import replacing

_NOTE = "fer_analysis.json"
"""A file of our own inside the `.keras` archive; Keras reads past it."""


def save_model(model: keras.Model, path: Path, label_names: tuple[str, ...]) -> None:
    """Write a `.keras` file that stock Keras loads, with the label names in it."""
    with replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary, "a") as archive:
            archive.writestr(_NOTE, json.dumps({"label_names": list(label_names)}))


def load_model(path: Path) -> tuple[keras.Model, tuple[str, ...] | None]:
    """Read a `.keras` file.

    Returns:
        The model, and the label names where the file was written by `save_model`.

    Raises:
        FerError: If the file is no model, or not one that keeps the models' contract.
    """
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        with zipfile.ZipFile(path) as archive:
            names = None
            if _NOTE in archive.namelist():
                names = tuple(json.loads(archive.read(_NOTE))["label_names"])
    except (ValueError, OSError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise FerError(f"{path}: not a model that can be loaded: {first_line(error)}") from error
    if "logits" not in [layer.name for layer in model.layers]:
        raise FerError(f"{path}: the model has no layer 'logits' before its softmax")
    return model, names
