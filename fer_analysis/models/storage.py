"""Saving and loading a model together with the names of its labels."""

from __future__ import annotations

import importlib
import inspect
import json
import zipfile
from pathlib import Path

import keras

from fer_analysis.errors import FerError, first_line
from fer_analysis.files import replacing
from fer_analysis.models.adapt import adapted, check_finite
from fer_analysis.models.model_file import CONFIG, NOTE, read_model_file


def save_model(model: keras.Model, path: Path, label_names: tuple[str, ...]) -> None:
    """Write a `.keras` file that stock Keras loads, with the label names in it.

    Its config holds no argument that has its default value: an older Keras, which does not
    know the argument, loads the file as well.
    """
    with replacing(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            contents = [(entry, archive.read(entry)) for entry in archive.infolist()]
        with zipfile.ZipFile(temporary, "w") as archive:
            for entry, content in contents:
                if entry.filename == CONFIG:
                    content = json.dumps(without_defaults(json.loads(content)))
                archive.writestr(entry, content)
            archive.writestr(zipfile.ZipInfo(NOTE), json.dumps({"label_names": [*label_names]}))


def load_model(
    path: Path, *, finite: bool = True, square: bool = True
) -> tuple[keras.Model, tuple[str, ...] | None]:
    """Read a `.keras` file, ours or one from elsewhere; the one place where models are opened.

    Args:
        path: The file.
        finite: Refuse a network whose weights are not finite.
        square: Refuse a network whose images are not as high as wide.

    Returns:
        The model, which takes raw grey pixels and ends in the layer `logits` and a softmax (see
        `adapt.adapted`), and the label names where the file was written by `save_model`.

    Raises:
        FerError: If the file is no model, or one that does not classify images.
    """
    names = read_model_file(path).label_names
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras, h5py and TensorFlow raise nearly anything
        reason = f"{_cause(error)[:200]} (Keras {keras.__version__})"
        raise FerError(f"{path}: not a model that can be loaded: {reason}") from error
    try:
        if finite:
            check_finite(model)
        model = adapted(model, square=square)
        outputs = model.output_shape[-1]
        if names is not None and len(names) != outputs:
            raise FerError(f"gives {outputs} outputs, but its file names {len(names)} labels")
    except FerError as error:
        raise FerError(f"{path}: {error}") from error
    return model, names


def _cause(error: Exception) -> str:
    """Return the line of Keras's message with the problem."""
    mark = "Exception encountered: "
    marked = [line for line in str(error).splitlines() if line.startswith(mark)]
    return marked[0].removeprefix(mark) if marked else first_line(error)


def without_defaults(value: object) -> object:
    """Return a Keras config without arguments that have their default value, at any depth."""
    if isinstance(value, list):
        return [without_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_defaults(item) for key, item in value.items()}
    if isinstance(kept.get("config"), dict) and kept.get("module"):
        defaults = _defaults(kept["module"], kept["class_name"])
        kept["config"] = {
            key: item
            for key, item in kept["config"].items()
            if key not in defaults or not _is(item, defaults[key])
        }
    kept.pop("compile_config", None)
    return kept


def _defaults(module: str, name: str) -> dict[str, object]:
    kind = getattr(importlib.import_module(module), name, None)
    parameters = inspect.signature(kind).parameters.values() if inspect.isclass(kind) else ()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    if issubclass(kind or object, keras.Layer) and "from_config" in vars(kind):
        # A layer that reads its config itself may ask for what has a default.
        return {key: value for key, value in defaults.items() if value is None or value is False}
    return defaults


def _is(item: object, default: object) -> bool:
    """Tell whether a config's value is the default; of two switches, None and False are off."""
    if item is None or item is False:
        return default is None or default is False
    if isinstance(default, tuple):
        default = list(default)
    return type(item) is type(default) and item == default
