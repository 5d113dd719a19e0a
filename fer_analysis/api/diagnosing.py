"""Why labels fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fer_analysis.api.listed import listed

if TYPE_CHECKING:
    from fer_analysis.progress import Progress
    from fer_analysis.run import Run
    from fer_analysis.study.design import Study
    from fer_analysis.study.diagnosis import Diagnosis


def diagnose(
    names: str | Path | Run | Study | Sequence[str | Path | Study] | None = None,
    *,
    data: str | Path | None = None,
    subject: str = "base",
    votes: bool = True,
    labels: Sequence[str] = (),
    base: str | None = None,
    store: str | Path | None = None,
    predictions: str | Path | None = None,
    split: str | None = None,
    counts: Mapping[str, int] | None = None,
    prior: str | Mapping[str, float] | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Find which labels a network fails on and why, and save the result.

    Args:
        names: Studies, whose finished cells are read together; or one RUN: a run directory, a
            `.keras` file, `bundled` or a `Run`; the newest run if None.
        data: The data set's path, or `synthetic`; the run's or the study's own if None.
        subject: The cell whose failures are examined.
        votes: False to ignore annotators' votes.
        labels: What `{label}` stands for in the cells of the study files.
        base: Another base than the study file's.
        store: Where cells are stored: a folder of `fer study run` or `fer study keep`;
            `runs/cells` if None.
        predictions: Instead of `names`, predictions of any network: a CSV with columns id, label
            and a probability for each label. Causes that need a training are not tested.
        split: With predictions: which split, where they are of several.
        counts: With predictions: label -> images that the network was trained on; those of the
            data's training split if None.
        prior: With predictions: how frequent the labels were for the loss, `uniform` or label ->
            share; the shares of the counts if None. Right for a network trained with class
            weights, balanced sampling (both `uniform`) or a teacher (the mean of its answers).
        out: Folder for the result and its pictures; `runs/diagnosis-<name>` if None.
        progress: Receives how far predictions and features of a lone run are.

    Raises:
        FerError: If there is no such study or run, no base cell is finished, or cells were
            trained on other data.

    Example:
        >>> import fer_analysis as fer
        >>> diagnosis = fer.diagnose(["matched", "dose"], data="fer2013.csv", store="answers")
        >>> {row.label: row.headline for row in diagnosis.failing}
        >>> fer.diagnose("bundled", data="fer2013.csv").follow_up
        >>> fer.diagnose(predictions="theirs.csv", data="fer2013.csv", prior="uniform")
    """
    from fer_analysis.figures.study_folders import save_diagnosis
    from fer_analysis.progress import Progress
    from fer_analysis.result_folders import default_folder
    from fer_analysis.study.diagnose_names import diagnose_names
    from fer_analysis.study.diagnose_predictions import Table

    names = [] if names is None else names if isinstance(names, list | tuple) else [names]
    result, name = diagnose_names(
        names,
        data,
        subject=subject,
        votes=votes,
        labels=listed(labels),
        base=base,
        store=store,
        table=Table(predictions, split, counts, prior),
        progress=progress,
    )
    folder = Path(out or default_folder(f"diagnosis-{name}", result.fingerprint))
    save_diagnosis(result, folder)
    (progress or Progress()).wrote(folder, "diagnosis.json and three .csv, pictures")
    return result
