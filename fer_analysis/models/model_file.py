"""What a model file is, looked at without Keras: nothing in it is unpacked or run."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError

NOTE = "fer_analysis.json"
"""A file of our own inside the `.keras` archive; Keras reads past it."""

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
ANY_SIZE = 48
"""Side in pixels if a network takes images of any size and no run has one."""

LARGEST_TEXT = 32_000_000
"""Bytes of a JSON file in the archive."""

LARGEST = 4_000_000_000
GROWTH, ALLOWANCE = 8, 64_000_000
"""An archive may unpack to so many times its size, and a little: weights hardly compress."""

KINDS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the model itself; fetch it: git lfs pull"),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file (.h5); load it where it was made and save it as .keras: "
        "model.save('model.keras')",
    ),
    (b"PK", "a damaged or truncated archive; copy or download it again"),
    (b"\x80", "a Python pickle, which can run code and is never opened"),
)


@dataclass(frozen=True)
class ModelFile:
    """A `.keras` archive that may be opened.

    Args:
        config: Keras's description of the network.
        label_names: The labels, where the file was written by `save_model`.
    """

    config: dict
    label_names: tuple[str, ...] | None

    @property
    def size(self) -> int | None:
        """Height of the images that the network takes, in pixels; None for any, or unknown.

        Unknown is also that of a network which takes the channels first.
        """
        shape = next((s for s in _input_shapes(self.config) if len(s) == 4), (None,) * 4)
        return shape[1] if isinstance(shape[1], int) and shape[3] in (1, 3) else None


def read_model_file(path: Path) -> ModelFile:
    """Check a model file and read its description.

    Raises:
        FerError: If it is not a `.keras` archive of reasonable size, or label names are damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            if reason := _unfit(sizes, path.stat().st_size):
                raise _Unfit(reason)
            config = json.loads(archive.read(CONFIG))
            note = json.loads(archive.read(NOTE)) if NOTE in sizes else None
        if not isinstance(config, dict) or not isinstance(config.get("config"), dict):
            raise _Unfit(f"{CONFIG} does not describe a Keras model")
        if reason := _needs_code(config, sizes[WEIGHTS]):
            raise _Unfit(reason)
        return ModelFile(config, None if note is None else _names(note))
    except (_Unfit, OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        reason = error.args[0] if isinstance(error, _Unfit) else _kind(path)
        raise FerError(f"{path}: not a model that can be loaded: {reason}") from None


class _Unfit(Exception):
    """Why an archive is not opened."""


def _unfit(sizes: dict[str, int], size: int) -> str | None:
    """Return why an archive with files of these sizes is not opened; None if it may be."""
    if CONFIG not in sizes or WEIGHTS not in sizes:
        if any(name.endswith("data.pkl") for name in sizes):
            return "a PyTorch file; expected a Keras model (.keras)"
        return f"an archive without {CONFIG if CONFIG not in sizes else WEIGHTS}"
    total = sum(sizes.values())
    if total > min(LARGEST, GROWTH * size + ALLOWANCE):
        return f"an archive of {size:,} bytes that unpacks to {total:,} is not opened"
    for name in (CONFIG, NOTE, "metadata.json"):
        if sizes.get(name, 0) > LARGEST_TEXT:
            return f"{name} has {sizes[name]:,} bytes, expected {LARGEST_TEXT:,} at most"
    return None


def _kind(path: Path) -> str:
    """Tell what a file is that is no readable archive."""
    try:
        with open(path, "rb") as file:
            head = file.read(64)
    except OSError as error:
        return error.strerror or str(error)
    if not head:
        return "an empty file"
    if head[4:8] == b"TFL3":
        return "a TensorFlow Lite file; expected a Keras model (.keras)"
    found = (kind for start, kind in KINDS if head.startswith(start))
    return next(found, "not a Keras archive (.keras)")


def _names(note: object) -> tuple[str, ...]:
    names = note.get("label_names") if isinstance(note, dict) else None
    named = isinstance(names, list) and all(isinstance(n, str) and n.strip() for n in names)
    if not named or len(set(names)) < len(names):
        raise _Unfit(f"{NOTE}: expected label_names, different texts, received {str(names)[:100]}")
    return tuple(names)


def _needs_code(config: dict, weight_bytes: int) -> str | None:
    """Return which layer carries code of its own or is larger than its weights; None without."""
    for entry in _entries(config):
        kind, settings = entry.get("class_name"), entry.get("config")
        if kind == "Lambda":
            return f"its Lambda layer {_name(settings)}carries code, which is never run"
        if "registered_name" in entry and str(entry.get("module") or "").split(".")[0] != "keras":
            own = str(entry.get("registered_name") or kind)[:80]
            return f"it is made with '{own}', a class of its own that stock Keras does not have"
        for key in ("units", "filters", "output_dim", "input_dim"):
            width = settings.get(key) if isinstance(settings, dict) else None
            if isinstance(width, int) and width > weight_bytes:
                return f"its layer {_name(settings)}has {key} {width:,}, more than its weights"
    return None


def _name(settings: object) -> str:
    name = settings.get("name") if isinstance(settings, dict) else None
    return f"'{str(name)[:80]}' " if name else ""


def _input_shapes(config: dict):
    """Yield the shapes of the network's inputs, the outermost network's first."""
    for entry in _entries(config):
        settings = entry.get("config")
        if isinstance(settings, dict):
            shape = settings.get("batch_shape") or settings.get("batch_input_shape")
            if isinstance(shape, list):
                yield shape


def _entries(value: object):
    """Yield every described object (a class name with its config) in a config, outer ones first."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "class_name" in value:
                yield value
            waiting.extend(reversed(list(value.values())))
        elif isinstance(value, list):
            waiting.extend(reversed(value))
