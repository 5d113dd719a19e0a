"""Reading a data set, and examining it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.auditing.audit import Audit
    from fer_analysis.config import RunConfig
    from fer_analysis.data.load import LoadedData
    from fer_analysis.progress import Progress


def load_data(
    source: str | Path | None = None,
    *,
    overrides: tuple[str, ...] = (),
    pictures: str | Path | None = None,
    augmented_by: str | Path | RunConfig | None = None,
    conditions: bool = False,
    progress: Progress | None = None,
    **options: object,
) -> LoadedData:
    """Read a data set, or let the package draw one.

    Args:
        source: A CSV, a folder, or `synthetic`; the variable `FER2013_DIR` if None.
        overrides: `KEY=VALUE` texts of the sections data and, for `augmented_by`, augmentation,
            e.g. `data.size=48`.
        pictures: A folder for `samples.png`, faces of every label.
        augmented_by: A config whose augmentation `augmented.png` shows, in the same folder.
        conditions: Draw `conditions.png` too, a face under every condition and severity.
        progress: Receives tasks and notices.
        **options: Keys of a config's `data` section, e.g. `layout="csv"`, `size=48`,
            `protocol="kaggle"`, `validation_share=0.2`; of `synthetic` those of
            `data.synthetic.generate`, e.g. `n=500`.

    Raises:
        FerError: If no data is named, it cannot be read, or an option is not what it should be.

    Example:
        >>> loaded = load_data("synthetic", n=300)
        >>> len(loaded.dataset)
        300
    """
    from fer_analysis.config import check_sections
    from fer_analysis.evaluation.open_run import data_section, read_data

    overrides = listed(overrides)
    check_sections(overrides, "data", *(("augmentation",) if augmented_by is not None else ()))
    own = tuple(text for text in overrides if text.startswith("data."))
    loaded = read_data(data_section(source, own, **options), progress)
    if pictures is None:
        return loaded
    from fer_analysis.config import load_augmentation
    from fer_analysis.figures.data import save_figures
    from fer_analysis.progress import Progress

    augmentation = None if augmented_by is None else load_augmentation(augmented_by, overrides)
    drawn = save_figures(
        loaded.dataset, Path(pictures), augmentation=augmentation, conditions=conditions
    )
    for file in drawn:
        (progress or Progress()).wrote(file)
    return loaded


def audit(
    data: str | Path | LoadedData | None = None,
    *,
    folds: int | None = None,
    probabilities: str | Path | None = None,
    out: str | Path | None = None,
    seed: int | None = None,
    overrides: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Audit:
    """Look for what is wrong with a data set: copies, leaks, no faces, doubtful labels.

    The result and a contact sheet of each kind of issue are written to `out`. Networks of
    `folds` are kept there too: after Ctrl-C the same call goes on from the last epoch.

    Args:
        data: A path, `synthetic`, or what `load_data` returned; `FER2013_DIR` if None.
        folds: Train so many networks, each without one part of the training images, and compare
            the labels of that part with its predictions.
        probabilities: Out-of-fold probabilities that an earlier audit wrote; by default those in
            `out`, if they are of this data.
        out: The folder; by default `runs/audit-<data>`.
        seed: Of the networks of `folds` and of the choice of images in the contact sheets.
        overrides: `KEY=VALUE` texts: of the data section, and with `folds` of the networks' config.
        progress: Receives tasks, trainings and notices.

    Raises:
        FerError: If the data or an argument is not what it should be, or another audit is writing
            to `out`.

    Example:
        >>> found = audit("synthetic", out="runs/audit")
        >>> found.issues["exact_duplicate"]["n"]
        0
    """
    from fer_analysis.auditing.audit_data import audit_data, check_arguments, find_probabilities
    from fer_analysis.data.load import LoadedData
    from fer_analysis.evaluation.open_run import name_of
    from fer_analysis.lock import locked_folder
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder

    progress, overrides = progress or Progress(), listed(overrides)
    check_arguments(folds, probabilities, overrides)
    loaded = data
    if not isinstance(data, LoadedData):
        own = tuple(text for text in overrides if text.startswith("data."))
        loaded = load_data(data, overrides=own, progress=progress)
    folder = Path(out or default_folder(f"audit-{name_of(loaded)}", loaded.fingerprint))
    with locked_folder(folder, progress.notice):
        found = find_probabilities(
            loaded,
            folder,
            folds=folds,
            probabilities=probabilities,
            seed=seed,
            overrides=overrides,
            progress=progress,
        )
        result = audit_data(loaded, probabilities=found, progress=progress)
        from fer_analysis.figures.audit import save_figures
        from fer_analysis.files import updating_folder

        with updating_folder(folder) as new:
            save_figures(result, new, seed=seed or 0)
            result.save(new)
    progress.wrote(folder, "audit.json, audit.csv, a contact sheet of each kind")
    return result
