"""Tables of what a diagnosis says of planted causes."""

from __future__ import annotations

from collections.abc import Iterable

from tables.evidence import STUDIES, markdown, read_csv, share


def planted_causes() -> str:
    """How often a diagnosis names exactly the planted causes: the first test."""
    groups = {
        "network, three a study: with votes": ("network", "3", "True"),
        "six: with votes": ("network", "6", "True"),
    }
    first = [
        row
        for row in _verdicts()
        if row["set"] == "first" and (row["level"], row["scale"]) == ("medium", "1")
    ]
    found = {
        title: [row for row in first if (row["classifier"], row["folds"], row["votes"]) == group]
        for title, group in groups.items()
    }
    groups = {title: some for title, some in found.items() if some}
    chosen = list(groups.values())
    rows = [
        (name, *(_of(row for row in some if row["condition"] == name) for some in chosen))
        for name in dict.fromkeys(row["condition"] for row in first)
    ]
    rows.append(("**all**", *(f"**{_right(some)}**" for some in chosen)))
    rows.append(("causes shown where none was planted", *map(_false, chosen)))
    return markdown(("planted", *groups), rows)


def planted_others() -> str:
    """Two causes in one label, and two labels with a cause each, with votes."""
    some = [row for row in _verdicts() if row["set"] in ("pairs", "two labels")]
    rows = []
    for name in dict.fromkeys(row["condition"] for row in some):
        own = [row for row in some if row["condition"] == name]
        found, planted, false = (
            sum(int(row[key]) for row in own) for key in ("found", "of", "false")
        )
        rows.append((name, _of(own), f"{found} of {planted}", str(false)))
    return markdown(("planted", "correct", "causes named", "false"), rows)


def _verdicts() -> list[dict]:
    return read_csv(STUDIES / "planted_causes.csv")


def _of(rows: Iterable[dict]) -> str:
    rows = list(rows)
    return f"{sum(row['right'] == 'True' for row in rows)} of {len(rows)}" if rows else ""


def _right(rows: list[dict]) -> str:
    return share(sum(row["right"] == "True" for row in rows), len(rows), 0) if rows else ""


def _false(rows: list[dict]) -> str:
    false, asked = (sum(int(row[key]) for row in rows) for key in ("false", "unplanted"))
    return share(false, asked, 1) if rows else ""
