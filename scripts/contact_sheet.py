"""Every figure below some folders on one sheet, to be judged as a whole.

    python scripts/contact_sheet.py sheet.png runs/first runs/comparison runs/data

Figures keep their proportions: columns of one width, each filled from the top.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image, ImageDraw

COLUMN, GAP, CAPTION, TALLEST = 700, 12, 22, 1600
"""Pixels: a column's width, the space around a figure, its caption, the height it is cut to."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sheet", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--columns", type=int, default=4)
    given = parser.parse_args()
    files = [file for folder in given.folders for file in sorted(folder.rglob("*.png"))]
    if not files:
        parser.error("no PNG file in these folders")
    sheet([file for file in files if file != given.sheet], given.columns).save(given.sheet)
    print(f"wrote {given.sheet}: {len(files)} figures")


def sheet(files: list[Path], columns: int) -> Image.Image:
    """Return the sheet: each figure goes to the column that is shortest so far."""
    heights, places = [GAP] * columns, []
    for file in files:
        figure = _fitted(file)
        column = heights.index(min(heights))
        left = GAP + column * (COLUMN + GAP)
        places.append((file, figure, left, heights[column]))
        heights[column] += CAPTION + figure.height + GAP
    page = Image.new("RGB", (GAP + columns * (COLUMN + GAP), max(heights)), "#9a9a9a")
    draw = ImageDraw.Draw(page)
    for file, figure, left, top in places:
        draw.text((left, top + 4), f"{file.parent.name}/{file.name}", "black")
        page.paste(figure, (left, top + CAPTION))
    return page


def _fitted(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        figure = opened.convert("RGB")
    height = round(figure.height * COLUMN / figure.width)
    figure = figure.resize((COLUMN, height))
    return figure.crop((0, 0, COLUMN, min(height, TALLEST)))


if __name__ == "__main__":
    main()
