"""What was fitted on a run's validation images, read by numpy alone: `fer predict` uses it."""

from __future__ import annotations

from fer_analysis.errors import FerError
from fer_analysis.files import content_hash
from fer_analysis.models.exported import read_exported
from fer_analysis.run import Run
from fer_analysis.statistics.temperature_scaling import RANGE


def folder_of(split: str, *, tta: bool = False) -> str:
    """Return the name of the folder for a split's results."""
    return f"{split}-tta" if tta else split


def kept_temperature(run: Run, *, tta: bool = False) -> dict | None:
    """Return what was fitted on a run's validation images; None without them.

    Returns:
        The record of `fit_promises` as saved (one of an earlier version has no `answers_by_label`
        and `sets`), the images that it is `from`, and the hash of the `model`.

    Raises:
        FerError: If what is kept is no temperature or no rule.
    """
    kept = run.temperatures().get(folder_of("plain", tta=tta))
    if not kept:
        return None
    _check(kept, run)
    file = run.trained_model_file()
    if kept["model"] == content_hash(file):
        return kept
    exported = run.is_exported and kept["model"] == read_exported(file).made_from
    return kept if exported else None


def _check(kept: object, run: Run) -> None:
    if problems := _problems(kept):
        files = (run.temperature_file, run.origin.temperature_file)
        file = next((file for file in files if file.is_file()), files[0])
        problems.append("delete it, and `fer evaluate --split validation` writes it again")
        raise FerError(f"{file}", problems)


def _problems(kept: object) -> list[str]:
    """Return what is wrong with a record, one line each.

    `answers_by_label` and `sets` may be missing: an earlier version did not fit them.
    """
    kept = kept if isinstance(kept, dict) else {}
    rule = kept.get("answers") or {}
    least = rule.get("least") if isinstance(rule, dict) else "no rule"
    checks = [
        ("temperature", kept.get("temperature"), *RANGE),
        ("answers.least", 0 if not rule else least, 0, 1),
    ]
    by_label, sets = (kept.get(key, {}) for key in ("answers_by_label", "sets"))
    checks += [(f"answers_by_label.{name}", value, 0, 1) for name, value in _least(by_label)]
    if sets:
        overall = sets.get("least") if isinstance(sets, dict) else "no sets"
        checks.append(("sets.least", overall, 0, 1))
        checks += [(f"sets.{name}", value, 0, 1) for name, value in _least(sets)]
    problems = [
        f"{key}: expected a number from {start:g} to {end:g}, received {str(value)[:40]}"
        for key, value, start, end in checks
        if not (isinstance(value, int | float) and start <= value <= end)
    ]
    return problems + [
        f"{key}: expected a text, received {str(kept.get(key))[:40]}"
        for key in ("model", "from")
        if not isinstance(kept.get(key), str)
    ]


def _least(record: object) -> list[tuple[str, object]]:
    """Return the thresholds by label, 0 for "never"; a problem where there are no labels."""
    if record == {}:
        return []
    rows = record.get("labels") if isinstance(record, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [("labels", "no labels")]
    values = [(str(row.get("label")), row.get("least", "none")) for row in rows]
    return [(name, 0 if value is None else value) for name, value in values]
