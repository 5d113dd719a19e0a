"""The report of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.data.label_map import Given
    from fer_analysis.progress import Progress
    from fer_analysis.report.write import Report
    from fer_analysis.run import Run


def write_report(
    runs: str | Path | Run | Sequence[str | Path | Run] | None = None,
    *,
    data: str | Path | None = None,
    split: str | None = None,
    studies: Sequence[str | Path] = (),
    audit: str | Path | None = None,
    faces: bool = True,
    per_cell: int | None = None,
    out: str | Path | None = None,
    force: bool = False,
    label_map: Given | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Report:
    """Write one page that leads from a figure to the faces behind it, and a model card.

    It is made from what the other functions saved: no model is loaded.

    Args:
        runs: One or more runs that were evaluated before, each a run directory, a `.keras` file,
            `bundled` or a `Run`; None takes the newest run. The first one is shown in full, the
            others are compared with it.
        data: The data that they were evaluated on, where it is not their own.
        split: Which evaluated split; by default test, else validation.
        studies: Folders that `diagnose` and `show_study` wrote.
        audit: The folder that `audit` wrote for the same data.
        faces: False leaves out every picture of a face and all that is drawn from one.
        per_cell: Faces of each cell of the confusion matrix, at most; by default all, on a page
            of up to 7,500.
        out: The HTML file; by default `report.html` in the first run's folder.
        force: Replace the file even if `write_report` did not make it.
        label_map: How labels of the data are labels of the networks, as it was given to
            `evaluate`.
        overrides: `KEY=VALUE` texts that change the data section.
        progress: Receives tasks and notices.

    Returns:
        The page's `path` (it also can be opened itself), its `model_card` and its `headline`.

    Raises:
        FerError: If nothing was evaluated, an attachment is of other data, or the file is not
            to be replaced.

    Example:
        >>> import fer_analysis as fer
        >>> report = fer.write_report("runs/first", audit="runs/audit-fer2013")
        >>> report.headline
        'disgust: 16 of 56 correct, ...'
    """
    from fer_analysis.data.label_map import read_label_map
    from fer_analysis.errors import FerError
    from fer_analysis.progress import Progress
    from fer_analysis.report.commands import Request
    from fer_analysis.report.write import write_page
    from fer_analysis.run import Run

    runs = [None] if runs is None else list(dict.fromkeys(listed(runs)))
    if not runs:
        raise FerError("runs: an empty list; leave it out for the newest run")
    opened = [run or Run.newest() for run in runs]
    request = Request(
        runs=tuple(str(run.path) if isinstance(run, Run) else str(run) for run in opened),
        data=None if data is None else str(data),
        split=split,
        studies=tuple(map(Path, listed(studies))),
        audit=None if audit is None else Path(audit),
        label_map=None if label_map is None else read_label_map(label_map),
        overrides=listed(overrides),
    )
    return write_page(
        opened,
        request,
        faces=faces,
        per_cell=per_cell,
        out=None if out is None else Path(out),
        force=force,
        overrides=listed(overrides),
        progress=progress or Progress(),
    )
