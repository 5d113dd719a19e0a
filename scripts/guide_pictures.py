#!/usr/bin/env python3
"""Make the pictures of the guides, small, from a run on faces that the package draws itself.

    fer data --data synthetic --conditions
    fer train tiny --data synthetic --run-dir runs/first
    fer evaluate runs/first && fer saliency runs/first --n 20 && fer stress runs/first
    fer audit --data synthetic && fer report runs/first --audit runs/audit-synthetic
    python scripts/guide_pictures.py runs/first

Writes fer_analysis/guides/pictures/*.webp. A picture whose source is missing is left as it is. The
report's top is photographed with Chromium, where playwright finds one.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image

PICTURES = Path(__file__).resolve().parent.parent / "fer_analysis" / "guides" / "pictures"
SOURCES = {
    "samples": ("../data/samples.png", 700),
    "confusion": ("evaluation/test/confusion.png", 900),
    "overview": ("saliency/test/overview.png", 1000),
    "stress": ("stress/test/heat_map.png", 900),
}
"""Name -> file, from the run directory, and width in pixels."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="run directory on embedded data")
    run = parser.parse_args().run
    for name, (file, width) in SOURCES.items():
        if (run / file).is_file():
            _save(name, Image.open(run / file), width)
    if (run / "report.html").is_file() and (chromium := shutil.which("chromium")):
        _save("report", _top_of(run / "report.html", chromium), 900)


def _top_of(page: Path, chromium: str) -> Image.Image:
    """Return a picture of the first screen of a page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1200, "height": 1000}, color_scheme="light")
        tab.goto(page.resolve().as_uri())
        shot = tab.screenshot()
        browser.close()
    return Image.open(io.BytesIO(shot))


def _save(name: str, picture: Image.Image, width: int) -> None:
    small = picture.convert("RGB")
    small.thumbnail((width, 10 * width))
    file = PICTURES / f"{name}.webp"
    small.save(file, quality=60, method=6)
    print(f"wrote {file.name}: {small.width}x{small.height}, {file.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
