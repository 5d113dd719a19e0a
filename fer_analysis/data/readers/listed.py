"""Images whose labels are in a list: each is read once, however often the list names it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fer_analysis.data.readers.image_files import ImageFile
from fer_analysis.data.readers.source import few


def each_once(
    path: Path, listed: Iterable[tuple[int, ImageFile]]
) -> tuple[list[ImageFile], list[str], tuple[str, ...]]:
    """Return each image of a list once, those with several labels as problems.

    Args:
        path: The list.
        listed: The line and the image, in the list's order.

    Returns:
        The images, one problem for each image whose lines contradict each other, and notices.
    """
    lines: dict[str, list[tuple[int, ImageFile]]] = {}
    for line, entry in listed:
        lines.setdefault(entry.name, []).append((line, entry))
    entries, problems, repeated = [], [], []
    for name, found in lines.items():
        labels = dict.fromkeys(entry.label for _, entry in found)
        numbers = few(str(line) for line, _ in found)
        if len(labels) > 1:
            what = f"{ascii(name[:80])} has several labels: {', '.join(labels)}"
            problems.append(f"{path}, lines {numbers}: {what}")
            continue
        entries.append(found[0][1])
        if len(found) > 1:
            repeated.append(f"{ascii(name[:80])} on lines {numbers}")
    if not repeated:
        return entries, problems, ()
    what = "image is listed" if len(repeated) == 1 else "images are listed"
    notice = f"{len(repeated):,} {what} more than once in {path.name} and read once: "
    return entries, problems, (notice + few(repeated, 3),)
