"""Studies: many runs that change one thing each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.progress import Progress
    from fer_analysis.study.design import Study
    from fer_analysis.study.differences import Differences
    from fer_analysis.study.join import Joined
    from fer_analysis.study.run_study import StudyStatus


def run_study(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    only: str | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    jobs: int | None = None,
    ray: str | None = None,
    progress: Progress | None = None,
) -> StudyStatus:
    """Train the cells of a study that are not finished; started again, it goes on.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: The data set's path, or `synthetic`; cells are trained in processes of their own,
            which read it themselves. The study file's own, else `FER2013_DIR`, if None.
        only: Only the cells of this name.
        labels: What `{label}` stands for in the file's cells.
        base: Another base than the file's: a config, or a run's `config.yaml`.
        store: Where cells are stored; `runs/cells` if None.
        jobs: Cells at a time; as many as the machine has cores for if None.
        ray: Address of a Ray cluster to run on; None to run here.
        progress: Receives the expected cost, and each cell as it is finished.

    Returns:
        How many cells of each name are finished.

    Raises:
        FerError: If the study or its data cannot be read, or cells failed.

    Example:
        >>> import fer_analysis as fer
        >>> status = fer.run_study("matched", data="fer2013.csv", only="base")
        >>> fer.show_study("matched", data="fer2013.csv").watched
        ('disgust', 'fear')
    """
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import run_study as run
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=listed(labels)).only(only)
    return run(planned, CellStore(store), jobs=jobs, ray=ray, progress=progress)


def study_status(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
) -> StudyStatus:
    """Count the finished cells of a study; nothing is trained.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: As for `run_study`.
        labels: As for `run_study`.
        base: As for `run_study`.
        store: As for `run_study`.

    Raises:
        FerError: If the study or its data cannot be read.

    Example:
        >>> import fer_analysis as fer
        >>> status = fer.study_status("matched", data="fer2013.csv")
        >>> status.finished, status.n
    """
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import study_status as status
    from fer_analysis.study.store import CellStore

    return status(load_study(study, data, base=base, labels=listed(labels)), CellStore(store))


def keep_study(
    study: str | Path | Study,
    out: str | Path,
    *,
    data: str | Path | None = None,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    progress: Progress | None = None,
) -> int:
    """Keep the predictions of a study's finished cells in two small files that can be shared.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        out: The folder: a store for `diagnose(store=...)` and `join_studies`. Several studies may
            share it.
        data: As for `run_study`.
        labels: As for `run_study`.
        base: As for `run_study`.
        store: As for `run_study`.
        progress: Receives where the files are.

    Returns:
        How many cells were kept.

    Raises:
        FerError: If no cell is finished, or one was trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> fer.keep_study("matched", "kept", data="fer2013.csv")
        42
    """
    from fer_analysis.progress import Progress
    from fer_analysis.study.design import load_study
    from fer_analysis.study.run_study import keep_study as keep
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=listed(labels))
    kept = keep(planned, CellStore(store), Path(out))
    (progress or Progress()).wrote(Path(out), f"{kept:,} of {len(planned.cells):,} cells")
    return kept


def join_studies(
    stores: Sequence[str | Path],
    out: str | Path,
    *,
    progress: Progress | None = None,
) -> Joined:
    """Join the cells of one study that several machines ran, or of studies with the same base.

    Args:
        stores: Folders of `run_study(store=...)` or `keep_study`.
        out: The folder of the joined store; if it has cells, they are joined too.
        progress: Receives what could not be checked, and where the files are.

    Returns:
        How many cells there are, how many were found more than once, and how many have no record
        of their study.

    Raises:
        FerError: If a store has no cell, or naming the cells that do not belong with the others:
            of another base, other data or another contract of cells, or there twice with different
            predictions. Nothing is written then.

    Example:
        >>> import fer_analysis as fer
        >>> fer.join_studies(["machine1/cells", "machine2/cells"], "joined").cells
        >>> fer.diagnose("matched", data="fer2013.csv", store="joined")
    """
    from fer_analysis.progress import Progress
    from fer_analysis.study.join import join_stores

    progress = progress or Progress()
    joined = join_stores(listed(stores), out)
    if joined.unknown:
        progress.notice(
            f"{joined.unknown:,} cells have no record of their study: their data was compared"
        )
    twice = f", {joined.twice:,} of them found more than once" if joined.twice else ""
    progress.wrote(Path(out), f"{joined.cells:,} cells{twice}")
    return joined


def show_study(
    study: str | Path | Study,
    *,
    data: str | Path | None = None,
    reference: str = "base",
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Differences:
    """Compare the finished cells of a study with one of them, and save the result.

    Args:
        study: A YAML file, the name of a shipped study, or a `Study`.
        data: As for `run_study`.
        reference: The cell that the others are compared with.
        labels: What `{label}` stands for, and the labels whose recalls are compared; the two
            with the lowest recall if empty.
        base: As for `run_study`.
        store: As for `run_study`.
        out: Folder for the result and its picture; `runs/study-<name>` if None.
        progress: Receives where the result is.

    Raises:
        FerError: If no base cell is finished, or cells were trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> differences = fer.show_study("remedies", data="fer2013.csv", labels=["disgust"])
        >>> {row.cell: row.figures["macro_f1"].difference for row in differences.others}
    """
    from fer_analysis.figures.study_folders import save_differences
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder
    from fer_analysis.study.collect import collect
    from fer_analysis.study.compare_cells import compare_cells
    from fer_analysis.study.design import load_study
    from fer_analysis.study.store import CellStore

    planned = load_study(study, data, base=base, labels=listed(labels))
    evidence = collect([planned], CellStore(store))
    result = compare_cells(planned, evidence, reference, listed(labels))
    folder = Path(out or default_folder(f"study-{planned.name}", result.fingerprint))
    save_differences(result, folder)
    (progress or Progress()).wrote(folder, "differences.json, .csv and .png")
    return result
