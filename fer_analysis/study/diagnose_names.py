"""From names of studies, or a run, to a diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.evaluation.open_run import open_run
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.study.collect import collect
from fer_analysis.study.design import BASE, Study, load_study
from fer_analysis.study.diagnose import diagnose
from fer_analysis.study.diagnose_predictions import Table, diagnose_predictions
from fer_analysis.study.diagnose_run import diagnose_run
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.store import CellStore
from fer_analysis.study.study_file import are_studies, hidden_by_folders


def diagnose_names(
    names: Sequence[str | Path | Study | Run],
    data: str | Path | None,
    *,
    subject: str,
    votes: bool,
    labels: Sequence[str],
    base: str | None,
    store: str | Path | None,
    table: Table,
    progress: Progress | None,
) -> tuple[Diagnosis, str]:
    """Diagnose studies together, or one run; the arguments are those of `api.diagnose`.

    `table` holds what is of predictions alone.

    Returns:
        The diagnosis, and the name of what was diagnosed.

    Raises:
        FerError: If there is no such study or run.
    """
    if table.file is not None:
        if names or base or labels or store or subject != BASE:
            raise FerError(
                "a table of predictions takes no STUDY, RUN, cell, label, base or store: it is "
                "diagnosed by itself"
            )
        found = diagnose_predictions(table, data, votes=votes, progress=progress)
        return found, f"predictions-{Path(table.file).stem}"
    if table != Table():
        raise FerError("split, counts and prior are those of a table: name it with --predictions")
    for name in hidden_by_folders(names):
        (progress or Progress()).notice(
            f"{name}: the folder of this name is taken as a RUN; {name}.yaml is the study"
        )
    if names and are_studies(names):
        studies = [load_study(name, data, base=base, labels=labels) for name in names]
        found = diagnose(collect(studies, CellStore(store), votes=votes), subject)
        return found, "-".join(study.name for study in studies)
    if len(names) > 1:
        raise FerError(f"{' '.join(map(str, names))}: expected studies, or one RUN")
    if labels or base or store:
        raise FerError("a RUN takes no label, base or store: these are of studies")
    run, loaded, split = open_run(names[0] if names else None, data, progress=progress)
    source = str(data) if isinstance(data, str | Path) else None
    found = diagnose_run(
        run, loaded, split, subject=subject, source=source, votes=votes, progress=progress
    )
    return found, run.name
