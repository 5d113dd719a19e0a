"""The page on which a person labels faces again: one HTML file that asks for nothing outside."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from PIL import Image

from fer_analysis.data.ids import rows_of
from fer_analysis.data.load import LoadedData
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.files import updating_folder, write_json, write_text
from fer_analysis.text import percent, short

TEMPLATES = Path(__file__).parent / "templates"

PAGE, FACTS = "relabel.html", "relabel.json"

SHOWABLE = ("label", "model")
"""What the page shows of a face only if it is asked for."""

SIDE = 192
"""Pixels of a face on the page, at most."""


@dataclass(frozen=True)
class RelabelPage:
    """A page on which faces are labelled again.

    Args:
        path: The HTML file.
        ids: The faces, in the order of the page.
        fingerprint: Of their data.
        shown: What the page shows besides the face; empty for a blind one.
    """

    path: Path
    ids: tuple[str, ...]
    fingerprint: str
    shown: tuple[str, ...] = ()


def check_shown(show: Collection[str]) -> tuple[str, ...]:
    """Return what the page is to show besides the face, in order.

    Raises:
        FerError: If it is not one of `SHOWABLE`.
    """
    for name in show:
        if name not in SHOWABLE:
            raise FerError(f"show: nothing called '{name}'{did_you_mean(name, SHOWABLE)}")
    return tuple(name for name in SHOWABLE if name in show)


def write_page(
    data: LoadedData,
    ids: Sequence[str],
    folder: Path,
    *,
    seed: int,
    shown: tuple[str, ...] = (),
    answers: Mapping[str, str] | None = None,
) -> RelabelPage:
    """Write the page for some faces, in random order.

    Neither labels nor answers nor split are in the file unless they are shown; ids and
    marks of the pixels are, because the download needs them, but the page does not display them.

    Args:
        data: The data.
        ids: The faces.
        folder: Receives `relabel.html` and `relabel.json`; other files there stay.
        seed: Of the order.
        shown: See `SHOWABLE`.
        answers: Id -> what the model says of the face, where that is shown.
    """
    order = [ids[place] for place in np.random.default_rng(seed).permutation(len(ids))]
    rows = rows_of(np.array(order), data.dataset.ids).tolist()
    faces = []
    for name, row in zip(order, rows, strict=True):
        image = data.dataset.images[row, ..., 0]
        face = {"id": name, "pixels": pixel_mark(image), "src": _picture(image)}
        if "label" in shown:
            face["label"] = data.dataset.label_names[data.dataset.labels[row]]
        if "model" in shown:
            face["model"] = (answers or {}).get(name, "no answer")
        faces.append(face)
    key = hashlib.blake2b("\n".join(sorted(order)).encode(), digest_size=6).hexdigest()
    content = {
        "key": f"fer-relabel-{data.fingerprint}-{key}",
        "labels": list(data.dataset.label_names),
        "faces": faces,
    }
    facts = {
        "fingerprint": data.fingerprint,
        "ids": order,
        "seed": seed,
        "shown": list(shown),
        "label_names": list(data.dataset.label_names),
    }
    with updating_folder(folder) as new:
        write_text(new / PAGE, _html(content, source=_name(data), shown=shown))
        write_json(new / FACTS, facts)
    return RelabelPage(folder / PAGE, tuple(order), data.fingerprint, shown)


def answers_of(
    ids: Sequence[str], probabilities: np.ndarray, label_names: Sequence[str]
) -> dict[str, str]:
    """Return id -> a model's answer as the page shows it: `fear, 61.0 %`."""
    best = probabilities.argmax(axis=1)
    return {
        name: f"{label_names[label]}, {percent(float(row[label]))}"
        for name, label, row in zip(ids, best.tolist(), probabilities, strict=True)
    }


def _name(data: LoadedData) -> str:
    """Return what the data is called, without this machine's folders."""
    source = data.section and data.section.source
    return f"{Path(source).name} ({data.layout})" if source else data.layout


def _html(content: dict, *, source: str, shown: tuple[str, ...]) -> str:
    style, script = ((TEMPLATES / name).read_text() for name in ("relabel.css", "relabel.js"))
    # The browser runs this script and no other, whatever a label is called.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("relabel.html").render(
        content=content,
        source=short(source),
        shown=shown,
        style=Markup(style),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
    )


def _picture(image: np.ndarray) -> str:
    """Return a face as a data URI, without loss unless it is larger than `SIDE`."""
    picture = Image.fromarray(image)
    picture.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
