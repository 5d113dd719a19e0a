"""From runs and attachments to a page on disk, with the model card in the same folder."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.config import check_sections, load_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.open_run import data_section, read_data, taken_size
from fer_analysis.evaluation.open_run import open_run as open_with_data
from fer_analysis.files import write_text
from fer_analysis.progress import Progress
from fer_analysis.report.commands import Request
from fer_analysis.report.own_pages import PAGE, is_ours
from fer_analysis.report.page import page
from fer_analysis.report.render import html, model_card
from fer_analysis.report.saved_run import (
    SavedRun,
    common_split,
    open_run,
    read_run,
    results_of,
)
from fer_analysis.run import Run

CARD = "MODEL_CARD.md"
HASH = "<!-- fer report: "
"""Begins the last line of a model card: the hash of the text above it, to recognise edited ones."""


@dataclass(frozen=True)
class Report:
    """What `write_report` returns; usable as the page's path.

    Args:
        path: The page.
        model_card: The model card in Markdown.
        headline: The sentence at the top: where the first run fails most.
        faces_missing: Why no faces are on the page; empty where there are some.
    """

    path: Path
    model_card: Path
    headline: str
    faces_missing: str

    def __fspath__(self) -> str:
        return str(self.path)


def write_page(
    runs: Sequence[str | Path | Run | None],
    request: Request,
    *,
    faces: bool,
    per_cell: int | None,
    out: Path | None,
    force: bool,
    overrides: tuple[str, ...],
    progress: Progress,
) -> Report:
    """Write the page; see `fer_analysis.api.write_report`."""
    check_sections(overrides, "data")
    opened = [open_run(run) for run in runs]
    data = [None] * len(opened)
    if request.label_map is not None:
        data = [_mapped(run, request, overrides, progress) for run in opened]
    elif request.data is not None:
        data = _read_at_their_sizes(opened, request.data, overrides, progress)
    results = [results_of(run, other) for run, other in zip(opened, data, strict=True)]
    split = common_split(results, request)
    saved = [
        read_run(name, run, result, split, request)
        for name, run, result in zip(request.runs, opened, results, strict=True)
    ]
    out = out or saved[0].results.path / PAGE
    _refuse_foreign(out, force)
    if faces:
        saved[0] = _with_faces(saved[0], data[0], overrides, progress)
    else:
        saved[0] = saved[0].without_faces("left out on request (--no-faces)")
    content = page(saved, request, faces=faces, per_cell=per_cell, out=out)
    write_text(out, html(content))
    progress.wrote(out, f"{out.stat().st_size / 1e6:.1f} MB")
    card = out.with_name(CARD if out.stem == "report" else f"{out.stem}.{CARD}")
    _write_card(card, model_card(content), force, progress)
    return Report(out, card, content["headline"], content["faces_missing"] if faces else "")


def _mapped(
    run: Run, request: Request, overrides: tuple[str, ...], progress: Progress
) -> LoadedData:
    """Return the data with its labels translated to a run's, as `fer evaluate --map` did."""
    options = {"label_map": request.label_map, "progress": _TasksOnly(progress)}
    _, data, _ = open_with_data(run, request.data, request.split or "test", overrides, **options)
    return data


def _read_at_their_sizes(
    runs: list[Run], source: str, overrides: tuple[str, ...], progress: Progress
) -> list[LoadedData]:
    """Return the data as each run's network takes it, read once for each size."""
    sizes = [_size(run, source) for run in runs]
    read = {}
    for size in dict.fromkeys(sizes):
        section = data_section(source, overrides, **({} if size is None else {"size": size}))
        read[size] = read_data(section, _TasksOnly(progress))
    return [read[size] for size in sizes]


def _size(run: Run, source: str) -> int | None:
    """Return the size that `fer evaluate` read the data at, pixels; None for the default."""
    return taken_size(run) if run.model_file.is_file() and source != SYNTHETIC else None


def _with_faces(
    saved: SavedRun, other: LoadedData | None, overrides: tuple[str, ...], progress: Progress
) -> SavedRun:
    """Return the run with its faces, read through its data config or from other data."""
    if other is not None:
        return saved.with_faces(other)
    try:
        config = saved.run.config_file
        own = config.is_file()
        section = load_config(config, overrides).data if own else data_section(None, overrides)
        return saved.with_faces(read_data(section, _TasksOnly(progress)))
    except FerError as error:
        return saved.without_faces(str(error))


class _TasksOnly(Progress):
    """Shows tasks only: the notices of the data were given when it was evaluated."""

    def __init__(self, progress: Progress):
        self.task = progress.task


def _refuse_foreign(file: Path, force: bool) -> None:
    """Refuse to write over what is no page of ours.

    Raises:
        FerError: If the file is something else.
    """
    if not file.exists():
        return
    if not file.is_file():
        raise FerError(f"{file}: not a regular file; name another one with --out")
    if not force and not is_ours(file):
        raise FerError(
            f"{file}: exists and was not made by `fer report`; name another file with --out, or "
            "replace it with --force"
        )


def _write_card(file: Path, text: str, force: bool, progress: Progress) -> None:
    """Write the model card, unless one is there that a person wrote or changed."""
    if file.exists() and not force and not _unchanged(file):
        progress.notice(f"{file} was changed or not written by `fer report`, and is kept")
        return
    write_text(file, f"{text}{HASH}{_hash(text)} -->\n")
    progress.wrote(file)


def _unchanged(file: Path) -> bool:
    try:
        text, _, last = file.read_text().rpartition(HASH)
    except (OSError, ValueError):
        return False
    return last.strip() == f"{_hash(text)} -->"


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
