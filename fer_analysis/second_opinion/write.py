"""From a run, an audit or a list to the page on which a person labels faces again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import predict_split
from fer_analysis.evaluation.open_run import data_section, name_of, open_run, read_data
from fer_analysis.progress import Progress
from fer_analysis.result_folders import default_folder
from fer_analysis.run import Run
from fer_analysis.second_opinion.choose import of_audit, of_list, of_model
from fer_analysis.second_opinion.page import RelabelPage, answers_of, check_shown, write_page


def write_relabel_page(
    run: str | Path | Run | None,
    *,
    data: str | Path | LoadedData | None,
    split: str | None,
    faces: str | Path | None,
    audit: str | Path | None,
    issues: Sequence[str],
    n: int | None,
    seed: int,
    show: Sequence[str],
    out: Path | None,
    overrides: tuple[str, ...],
    progress: Progress,
) -> RelabelPage:
    """Choose faces and write their page; the arguments are those of `api.write_relabel_page`.

    Raises:
        FerError: If there is no such run, data, list or audit, or they do not fit together.
    """
    shown = check_shown(show)
    if faces is not None and audit is not None:
        raise FerError("name either a list of faces or an audit, not both")
    by_model = faces is None and audit is None
    if issues and by_model:
        raise FerError("issues choose faces of a list or an audit: name one")
    opened = None
    if run is None and not by_model and "model" not in shown:
        loaded = _read(data, overrides, progress)
    else:
        known = split if by_model else split or "all"  # with a list, no split is chosen
        opened, loaded, at = open_run(run, data, known, overrides, progress=progress)
        split = at if by_model else split
    if by_model:
        evaluation = predict_split(opened, loaded, split, progress=progress)
        ids = of_model(evaluation, n)
    elif faces is not None:
        ids = of_list(faces, loaded, issues, split, n, progress=progress)
    else:
        ids = of_audit(audit, loaded, issues, split, n)
    answers = _answers(opened, loaded, ids, progress) if "model" in shown else None
    folder = out or default_folder(f"relabel-{name_of(loaded)}", loaded.fingerprint)
    return write_page(loaded, ids, folder, seed=seed, shown=shown, answers=answers)


def _read(
    data: str | Path | LoadedData | None, overrides: tuple[str, ...], progress: Progress
) -> LoadedData:
    if isinstance(data, LoadedData):
        return data
    return read_data(data_section(data, overrides), progress)


def _answers(run: Run, data: LoadedData, ids: Sequence[str], progress: Progress) -> dict[str, str]:
    """Return what the run says of each face; its splits are predicted whole, as elsewhere."""
    rows = rows_of(np.array(ids), data.dataset.ids)
    answers = {}
    for split in np.unique(data.dataset.split[rows]).tolist():
        evaluation = predict_split(run, data, split, progress=progress)
        names = evaluation.label_names
        answers |= answers_of(evaluation.ids.tolist(), evaluation.probabilities, names)
    return answers
