"""What is attached to the runs: an audit of the data, studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from fer_analysis.auditing.audit import Audit
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.exclusions import exclusions
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences
from fer_analysis.text import short, short_names


def read_studies(
    folders: Sequence[Path], evaluation: Evaluation
) -> tuple[Diagnosis | None, list[Differences]]:
    """Read what `fer diagnose` and `fer study show` wrote.

    Args:
        folders: Of either; no more than one diagnosis.
        evaluation: Of the run.

    Returns:
        The diagnosis, None without one, and for each study what its cells change.

    Raises:
        FerError: If a folder holds neither, or is of other labels, or there are two diagnoses.
    """
    diagnosis, differences = None, []
    for folder in folders:
        if not Diagnosis.is_in(folder) and not Differences.is_in(folder):
            raise FerError(
                f"{folder}: no result of a study; `fer diagnose STUDY --out FOLDER` "
                "and `fer study show STUDY --out FOLDER` write such folders"
            )
        if Diagnosis.is_in(folder):
            if diagnosis:
                raise FerError(f"{folder}: a second diagnosis; a page shows one")
            diagnosis = _read_diagnosis(folder, evaluation)
        if Differences.is_in(folder):
            differences.append(_read_differences(folder, evaluation))
    return diagnosis, differences


def _new_names(folder: Path, labels: Sequence[str], evaluation: Evaluation) -> dict[str, str]:
    """Return label -> its name on the page, the run's own."""
    names = short_names(labels)
    if names != evaluation.label_names:
        raise FerError(
            f"{folder}: a study of other labels ({', '.join(names)}; "
            f"the run's: {', '.join(evaluation.label_names)})"
        )
    return dict(zip(labels, names, strict=True))


def _read_differences(folder: Path, evaluation: Evaluation) -> Differences:
    """Return a study's differences with texts shortened."""
    given = Differences.load(folder)
    given = given.renamed(_new_names(folder, given.label_names, evaluation))
    return replace(
        given,
        question=short(given.question, 200),
        study=short(given.study, 80),
        reference=short(given.reference, 80),
        notes=tuple(map(_shortened, given.notes)),
        cells=tuple(
            replace(row, cell=short(row.cell, 80), warnings=tuple(map(_shortened, row.warnings)))
            for row in given.cells
        ),
    )


def _shortened(text: str) -> str:
    return short(text, 500)


def _read_diagnosis(folder: Path, evaluation: Evaluation) -> Diagnosis:
    """Return a diagnosis with texts shortened."""
    given = Diagnosis.load(folder)
    given = given.renamed(_new_names(folder, given.label_names, evaluation))
    labels = (
        replace(row, caveats=tuple(short(caveat, 500) for caveat in row.caveats))
        for row in given.labels
    )
    return replace(given, labels=tuple(labels))


def read_audit(
    folder: Path, evaluation: Evaluation, own: dict[str, str], whole: str | None
) -> tuple[dict, dict[str, set[str]], tuple[dict[str, str], ...]]:
    """Read what `fer audit` wrote, and what its issues do to this evaluation.

    Args:
        folder: Of the audit.
        evaluation: Of the run.
        own: Split -> fingerprint, of the data that was evaluated; empty where unknown.
        whole: Its fingerprint over all splits; None where unknown.

    Returns:
        `n`, `fingerprint`, `issues` (`name`, `meaning`, `n`, `among`, `share` (an
        estimate), `effect`: the row of `exclusions` for the split that is evaluated, None where
        none of its images has the issue) and `together`, the effect of all; issue -> ids; and the
        audit's rows.

    Raises:
        FerError: If there is none, or it is of other data.
    """
    audit = Audit.load(folder)
    if not same_data(audit.summary.get("fingerprints"), audit.summary["fingerprint"], own, whole):
        raise FerError(
            f"{folder}: an audit of other data (fingerprint {audit.summary['fingerprint']}; the "
            f"page's {whole}); run `fer audit` on this data"
        )
    found = {kind: audit.ids(kind) for kind in audit.issues}
    found = {kind: ids for kind, ids in found.items() if ids}
    effects = {row["issue"]: row for row in exclusions(evaluation, found)}
    issues = [
        {
            "name": short(name.replace("_", " "), 40),
            "meaning": short(row.get("meaning", ""), 80),
            "n": row["n"],
            "among": row["among"],
            "share": row["share"],
            "effect": effects.get(name),
        }
        for name, row in audit.issues.items()
    ]
    shown = {
        "n": audit.summary["n"],
        "fingerprint": short(audit.summary["fingerprint"], 40),
        "issues": issues,
        "together": effects.get("all together"),
        "notes": [short(note, 300) for note in audit.notes],
    }
    return shown, found, audit.rows


def same_data(
    one: dict[str, str] | None, whole_one: str | None, other: dict[str, str], whole: str | None
) -> bool:
    """Return whether two results are of the same data, as far as is known.

    Whoever lacks a split has the same data still: the splits that both have are compared.

    Args:
        one: Split -> fingerprint of the first result's data; empty or None where unknown.
        whole_one: Its fingerprint over all splits.
        other: The second one's.
        whole: The second one's over all splits.
    """
    shared = {*(one or ())} & {*other}
    if shared:
        return all(one[split] == other[split] for split in shared)
    return None in (whole_one, whole) or whole_one == whole
