"""Tables of what a diagnosis says of planted causes."""

from __future__ import annotations

from collections.abc import Iterable

from tables.evidence import STUDIES, markdown, read_csv, share

EARLIER, PRESENT = range(200, 500), range(910, 916)
"""Data seeds by which a form of the rule was tested."""


def planted_causes() -> str:
    """How often a diagnosis names exactly the planted causes, by the rule that was asked."""
    groups = {
        "earlier rule, three networks, with votes": (EARLIER, "3", "True"),
        "earlier rule, six, with votes": (EARLIER, "6", "True"),
        "present rule, three, with votes": (PRESENT, "3", "True"),
        "present rule, three, without": (PRESENT, "3", "False"),
    }
    first = [
        row
        for row in _verdicts()
        if (row["classifier"], row["set"]) == ("network", "first")
        and (row["level"], row["scale"]) == ("medium", "1")
    ]
    found = {
        title: [
            row
            for row in first
            if int(row["seed"]) in seeds and (row["folds"], row["votes"]) == tuple(of)
        ]
        for title, (seeds, *of) in groups.items()
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
