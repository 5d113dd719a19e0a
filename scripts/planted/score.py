"""Scoring diagnoses of data with planted flaws."""

from __future__ import annotations

from planted.cases import LABELS, LEVELS, SETS, Case

from fer_analysis.statistics.intervals import wilson
from fer_analysis.study.diagnosis import CAUSES, Diagnosis


def row_of(case: Case, diagnosis: Diagnosis) -> dict:
    """Score one diagnosis of a case."""
    planted, allowed = case.planted(), case.allowed()
    shown = {row.label: set(row.shown) for row in diagnosis.labels if row.shown}
    false = sum(len(causes - allowed.get(label, set())) for label, causes in shown.items())
    anywhere = set().union(*shown.values())
    recipe = "recipe" in case.what.flaws
    found = [
        cause in (anywhere if recipe else shown.get(label, set()))
        for label, causes in planted.items()
        for cause in causes
    ]
    unplanted = sum(len(set(CAUSES) - allowed.get(label, set())) for label in LABELS)
    return {
        "set": next(name for name, conditions in SETS.items() if case.condition in conditions),
        "condition": case.condition,
        "seed": case.seed,
        "label": case.label,
        "partner": case.partner,
        "level": LEVELS[case.level],
        "scale": f"{case.scale:g}",
        "folds": diagnosis.seeds,
        "votes": diagnosis.votes,
        "planted": _text(planted),
        "diagnosed": _text(shown),
        "fails": " ".join(row.label for row in diagnosis.labels if row.fails),
        "right": all(found) and not false,
        "found": sum(found),
        "of": len(found),
        "false": false,
        "unplanted": unplanted,
    }


def _text(causes: dict[str, set[str]]) -> str:
    return "; ".join(f"{label}: {' + '.join(sorted(names))}" for label, names in causes.items())


def table(rows: list[dict]) -> str:
    """Return the table planted x diagnosed, and the two figures that matter."""
    lines = []
    for votes in (True, False):
        some = [row for row in rows if row["votes"] == votes]
        lines.append(f"\n{'with' if votes else 'without'} annotators' votes")
        for condition in dict.fromkeys(row["condition"] for row in some):
            own = [row for row in some if row["condition"] == condition]
            right = sum(row["right"] for row in own)
            wrong = [
                f"{r['seed']}, {r['label']}/{r['partner']} ({r['diagnosed'] or 'none'})"
                for r in own
                if not r["right"]
            ]
            lines.append(
                f"  {condition:24} {right} of {len(own)}"
                + (f"; wrong: {', '.join(wrong)}" if wrong else "")
            )
        for what, count, of in (
            ("cases right", sum(row["right"] for row in some), len(some)),
            ("planted causes found", sum(r["found"] for r in some), sum(r["of"] for r in some)),
            ("false causes", sum(r["false"] for r in some), sum(r["unplanted"] for r in some)),
        ):
            low, high = wilson(count, of) if of else (0, 1)
            lines.append(
                f"  {what}: {count} of {of}, {100 * count / max(of, 1):.1f} % "
                f"[{100 * low:.1f}-{100 * high:.1f}]"
            )
    return "\n".join(lines)
