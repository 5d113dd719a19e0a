"""Importing TensorFlow without the remarks on graphics cards that it writes to stderr."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

from fer_analysis.errors import FerError


def import_tensorflow_quietly() -> None:
    """Import TensorFlow and Keras; what their libraries write to stderr meanwhile is dropped.

    TensorFlow's C++ part logs before its own log level is read, so the descriptor itself has
    to be turned away. Python's errors are raised as ever. Settings of other projects (keras.json,
    KERAS_BACKEND) are set aside.

    Raises:
        FerError: If Keras runs on another backend in this process already.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever other projects' settings are
    if "tensorflow" not in sys.modules or "keras" not in sys.modules:
        _import()
    import keras

    if keras.backend.backend() != "tensorflow":
        raise FerError(
            f"Keras runs on {keras.backend.backend()} here: import fer_analysis before keras, or "
            "set KERAS_BACKEND=tensorflow"
        )
    # keras.json may differ, and training or a saved model would follow it.
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def _import() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Its Python part warns of functions that are compiled again, one for each network.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    with stderr_dropped():
        with any_mplbackend():
            import keras  # noqa: F401
        import tensorflow as tf

        # Cards are looked for now, not later, and their memory is taken as it is needed.
        for card in tf.config.list_physical_devices("GPU"):
            with contextlib.suppress(RuntimeError):  # in use already
                tf.config.experimental.set_memory_growth(card, True)


@contextlib.contextmanager
def stderr_dropped() -> Iterator[None]:
    """Drop what libraries write to stderr, those in C++ too; Python's errors are raised."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def any_mplbackend() -> Iterator[None]:
    """Let matplotlib be imported (Keras does) even where MPLBACKEND names no backend.

    One that matplotlib knows is set as it would have been.
    """
    backend = None if "matplotlib" in sys.modules else os.environ.pop("MPLBACKEND", None)
    yield
    if backend is not None:
        os.environ["MPLBACKEND"] = backend
        if "matplotlib" in sys.modules:
            with contextlib.suppress(ValueError):
                sys.modules["matplotlib"].rcParams["backend"] = backend
