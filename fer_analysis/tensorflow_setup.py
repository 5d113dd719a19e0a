"""Importing TensorFlow without the remarks on graphics cards that it writes to stderr."""

from __future__ import annotations

import logging
import os
import sys


def import_tensorflow_quietly() -> None:
    """Import TensorFlow and Keras; what their libraries write to stderr meanwhile is dropped.

    TensorFlow's C++ part logs before its own log level is read, so the descriptor itself has
    to be turned away. Python's errors are raised as ever.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Its Python part warns of functions that are compiled again, one for each network.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import keras  # noqa: F401
        import tensorflow as tf

        tf.config.list_physical_devices()  # looks for graphics cards now, not later
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
