"""The facts below a figure's title: of which run, and of how many images."""

from __future__ import annotations

from fer_analysis.figures import plain


def of_run(name: str) -> str:
    """Return of which run a figure is made; empty where it is unknown."""
    return f"run {plain(name, 48)}" if name else ""


def of_images(n: int, images: str = "images") -> str:
    """Return of how many images a figure is made: `n = 3,309 leak-free images`."""
    return f"n = {n:,} {images[:-1] if n == 1 and images.endswith('images') else images}"
