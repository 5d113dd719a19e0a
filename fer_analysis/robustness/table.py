"""A stress test as a flat table: one row a condition and severity."""

from __future__ import annotations

from fer_analysis.statistics.estimate import Estimate

_PLAIN = ("condition", "kind", "severity", "caption", "seen")
_ESTIMATES = ("accuracy", "difference", "ece", "answered", "correct_answers")


def table_rows(summary: dict) -> list[dict]:
    """Return the rows of `stress.csv`; the first is of the clean images.

    Args:
        summary: See `fer_analysis.robustness.summary.summarize`.
    """
    clean = summary["clean"] | {"condition": "clean", "kind": "", "severity": 0}
    clean |= {
        "caption": "clean",
        "seen": True,
        "difference": Estimate(0.0, n=summary["clean"]["accuracy"].n),
    }
    return [_flat(row) for row in (clean, *summary["rows"])]


def _flat(row: dict) -> dict:
    flat = {key: row[key] for key in _PLAIN}
    flat["n"] = row["accuracy"].n
    for key in _ESTIMATES:
        figure = row.get(key, Estimate(None))
        flat |= {key: figure.value, f"{key}_low": figure.low, f"{key}_high": figure.high}
    flat |= {key: row.get(key, "") for key in ("promise", "p_kept", "p_broken")}
    guarded = row.get("guarded", {})
    flat["refused"] = row["refused"].value if guarded else None
    for key in ("answered", "correct_answers"):
        flat[f"guarded_{key}"] = guarded[key].value if guarded else None
    flat["guarded_promise"] = guarded.get("promise", "")
    return flat | {f"recall {name}": each.value for name, each in row["recall"].items()}
