"""A window that shows frames, where there is a display."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np

from fer_analysis.faces.opencv import import_opencv

PATIENCE = 30.0
"""Seconds until a display that does not answer counts as none."""


class Window:
    """Shows frames where there is a display; elsewhere it does nothing.

    `q` ends it, and so does closing the window.
    """

    def __init__(self, title: str):
        self._cv2, self._title, self._seen = import_opencv(), title, False
        self.is_open = can_show()
        if self.is_open:
            self._cv2.namedWindow(title, self._cv2.WINDOW_NORMAL)

    def show(self, pixels: np.ndarray) -> bool:
        """Show a frame, RGB; return False when the user asked to end."""
        if not self.is_open:
            return True
        self._cv2.imshow(self._title, np.ascontiguousarray(pixels[..., ::-1]))
        key = self._cv2.waitKey(1)
        # Not every OpenCV knows what is visible; one that does has said so of the open window.
        seen, self._seen = self._seen, self._visible()
        return key & 0xFF != ord("q") and (self._seen or not seen)

    def _visible(self) -> bool:
        try:
            return self._cv2.getWindowProperty(self._title, self._cv2.WND_PROP_VISIBLE) >= 1
        except self._cv2.error:  # Qt, once its last window is closed
            return False


def can_show() -> bool:
    """Return whether OpenCV can open a window.

    Found out in another process: Qt ends the one in which it finds no display.
    """
    if sys.platform.startswith("linux") and not {"DISPLAY", "WAYLAND_DISPLAY"} & {*os.environ}:
        return False
    command = [sys.executable, "-c", "import cv2; cv2.namedWindow('fer'); cv2.waitKey(1)"]
    try:
        return not subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode
    except (OSError, subprocess.TimeoutExpired):
        return False
