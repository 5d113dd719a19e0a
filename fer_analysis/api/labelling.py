"""People who label faces again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.data import load_data
from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.data.load import LoadedData
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run
    from fer_analysis.second_opinion.agreement import Agreement
    from fer_analysis.second_opinion.page import RelabelPage


def write_relabel_page(
    run: str | Path | Run | None = None,
    *,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    faces: str | Path | None = None,
    audit: str | Path | None = None,
    issues: Sequence[str] = (),
    n: int | None = None,
    seed: int = 0,
    show: Sequence[str] = (),
    out: str | Path | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> RelabelPage:
    """Write a page on which a person labels doubtful faces again.

    It is one HTML file that sends nothing. Its download is a list of faces, `id,label,pixels`, for
    `train(relabel=...)`, `evaluate(relabel=...)` and `agreement`.

    Args:
        run: Whose highest losses are asked about, and whose answer `show` can show: a run
            directory, a `.keras` file, `bundled` or a `Run`; the newest run if None and it is
            needed.
        data: Other data than the run's own; without a run, `FER2013_DIR` if None.
        split: Only faces of this split. For a list or an audit all of them if None; for a run test
            if the data has it, else validation.
        faces: Instead of the highest losses, the faces of a list (a CSV with a column `id`).
        audit: Instead of them, the folder of an audit: faces whose label it doubts.
        issues: With `faces` or `audit`, only faces with one of these issues.
        n: How many faces at most; 200 if None, and all of a list.
        seed: Of their order.
        show: Of `label` (the present one) and `model` (its answer); neither, so that the opinion is
            independent, if empty.
        out: The folder; by default `runs/relabel-<data>`.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If there is no such run, data, list or audit, or they do not fit together.

    Example:
        >>> page = write_relabel_page(audit="runs/audit-fer2013", data="fer2013.csv", n=50)
        >>> len(page.ids)
        50
    """
    from fer_analysis.progress import Progress
    from fer_analysis.second_opinion.write import write_relabel_page as write

    progress = progress or Progress()
    page = write(
        run,
        data=data,
        split=split,
        faces=faces,
        audit=audit,
        issues=listed(issues),
        n=n,
        seed=seed,
        show=listed(show),
        out=None if out is None else Path(out),
        overrides=listed(overrides),
        progress=progress,
    )
    progress.wrote(page.path, f"{len(page.ids):,} faces")
    return page


def agreement(
    first: str | Path,
    second: str | Path,
    *,
    data: str | Path | LoadedData | None = None,
    out: str | Path | None = "runs/agreement",
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Agreement:
    """Measure how far two people agree on the labels of the same faces: Cohen's kappa.

    Args:
        first: A list of faces with labels (`id,label`), as the page of `write_relabel_page` saves
            it.
        second: Another person's, or the same person's a second time.
        data: The data, to compare both with the present labels.
        out: The folder for `agreement.json`, and the lists `differing.csv` and `agreed.csv`; None
            to save nothing.
        overrides: `KEY=VALUE` texts that change the data section of the config.
        progress: Receives tasks and notices.

    Raises:
        FerError: If a list has no labels, or unknown ones, or the two have no face in common.

    Example:
        >>> found = agreement("mine.csv", "yours.csv", data="fer2013.csv")
        >>> found.summary["kappa"].value, found.summary["n"]
    """
    from fer_analysis.data.load import LoadedData
    from fer_analysis.data.read_face_list import read_face_list
    from fer_analysis.files import updating_folder
    from fer_analysis.second_opinion.agreement import agree

    lists = [read_face_list(each) for each in (first, second)]
    loaded = data
    if data is not None and not isinstance(data, LoadedData):
        loaded = load_data(data, overrides=listed(overrides), progress=progress)
    if loaded is not None and progress is not None:
        for text in (text for each in lists for text in each.notices(loaded)):
            progress.notice(text)
    found = agree(*lists, loaded)
    if out is not None:
        with updating_folder(out) as new:
            found.save(new)
        if progress is not None:
            progress.wrote(Path(out), "agreement.json, differing.csv, agreed.csv")
    return found
