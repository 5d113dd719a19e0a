"""Under which conditions a network works: what `fer stress` saved, for the page."""

from __future__ import annotations

from fer_analysis.evaluation.network_identity import is_stressed
from fer_analysis.evaluation.stress_extent import conditions_told
from fer_analysis.files import read_json
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.robustness.stress_test import STRESS
from fer_analysis.statistics.estimate import from_json
from fer_analysis.text import short


def conditions_of(saved: SavedRun) -> dict | None:
    """Return the saved stress test of a run's split; None without one, or where it is left out.

    It is left out where it is damaged, or of another network (`why_left_out`).

    Args:
        saved: The run.

    Returns:
        `n`, `told` (which conditions and severities), `clean`, `mean` and `relative`
        (estimates), `severities`, `promise` and `guard` (see
        `robustness.promise`), `answers` (see `_answers`), `same_data`, and a row for each
        condition.
    """
    told = _saved(saved)
    try:
        return (
            _shown(from_json(told), saved.data_fingerprint)
            if told and not why_left_out(saved)
            else None
        )
    except (KeyError, TypeError, AttributeError):
        return None


def why_left_out(saved: SavedRun) -> str:
    """Return why a saved stress test is left out; empty where there is none, or it is shown."""
    told = _saved(saved)
    if not told or is_stressed(saved.results, told):
        return ""
    return "the saved stress test is of an earlier state of the network, or of another input"


def _saved(saved: SavedRun) -> dict | None:
    return read_json(saved.results.stress_folder(saved.split) / STRESS)


def _shown(told: dict, fingerprint: str | None) -> dict:
    overall = told["overall"]["all"]
    names = [row["condition"] for row in told["conditions"]]
    return {
        "n": told["n"],
        "told": conditions_told(len(names), names, told["severities"]),
        "clean": told["clean"]["accuracy"],
        "mean": overall["accuracy"],
        "relative": overall["relative"].value,
        "severities": told["severities"],
        "promise": told["promise"],
        "guard": told["guard"],
        "refused": told["clean"].get("refused"),
        "answers": _answers(told),
        "same_data": fingerprint in (None, told["data"]),
        "rows": [_row(row, told["rows"]) for row in told["conditions"]],
    }


def _row(condition: dict, cells: list[dict]) -> dict:
    own = [cell for cell in cells if cell["condition"] == condition["condition"]]
    fallen = condition["falls_first"]
    return {
        "name": short(condition["condition"].replace("_", " "), 60),
        "kind": condition["kind"],
        "seen": condition["seen"],
        "accuracies": [cell["accuracy"].value for cell in own],
        "works_up_to": condition["works_up_to"],
        "falls_first": fallen and short(f"{fallen['label']}, as {fallen['predicted_as']}", 60),
        "broken": sum(cell.get("promise") == "broken" for cell in own),
    }


def _answers(told: dict) -> dict | None:
    """Return how the "unsure" rule does, with the guard if there is one; None without a rule.

    Returns:
        `correct` (estimate, of the answers to clean images), `target`, `promise` (see
        `robustness.promise.promises`, over conditions and severities), and `guard`, whether one
        was at work.
    """
    clean, guard = told["clean"], told["guard"]
    if not told["promise"]:
        return None
    return {
        "correct": (clean["guarded"] if guard else clean)["correct_answers"],
        "target": told["rule"]["target"],
        "promise": guard["with"]["promise"] if guard else told["promise"],
        "guard": bool(guard),
    }
