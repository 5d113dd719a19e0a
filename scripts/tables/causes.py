"""Tables of what a diagnosis says of planted causes."""

from __future__ import annotations

from collections.abc import Iterable

from tables.evidence import STUDIES, markdown, read_csv, share

LEVELS = ("weak", "medium", "strong")


def planted_causes() -> str:
    """How often a diagnosis names exactly the planted causes: the first test."""
    groups = {
        "network, three a study: with votes": ("network", "3", "True"),
        "six: with votes": ("network", "6", "True"),
        "three: without votes": ("network", "3", "False"),
        "quick: with votes": ("quick", "3", "True"),
        "without": ("quick", "3", "False"),
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


def planted_strengths() -> str:
    """From which strength on a cause is seen."""
    return _by("level", LEVELS, {"set": "first", "classifier": "quick", "scale": "1"})


def planted_sizes() -> str:
    """How the number of images matters."""
    wanted = {"set": "first", "classifier": "quick", "level": "medium"}
    return _by("scale", ("0.45", "1", "1.8"), wanted, "× {}")


def planted_others() -> str:
    """Causes outside the list, two causes in one label, two labels with a cause each."""
    rows = []
    some = [row for row in _verdicts() if row["set"] in ("outside", "pairs", "two labels")]
    for name in dict.fromkeys(row["condition"] for row in some):
        cells = []
        for votes in ("True", "False"):
            own = [r for r in some if (r["condition"], r["votes"]) == (name, votes)]
            named = f"{sum(int(r['found']) for r in own)} of {sum(int(r['of']) for r in own)}"
            cells += [_of(own), named, str(sum(int(row["false"]) for row in own))]
        rows.append((name, *cells))
    head = ("with votes: correct", "causes named", "false", "without: correct", "named", "false")
    return markdown(("planted", *head), rows)


def _by(key: str, values: tuple[str, ...], wanted: dict[str, str], title: str = "{}") -> str:
    some = [row for row in _verdicts() if all(row[k] == v for k, v in wanted.items())]
    some = [row for row in some if row["condition"] not in ("none", "recipe")]
    columns = [(value, votes) for votes in ("True", "False") for value in values]
    chosen = [[row for row in some if (row[key], row["votes"]) == column] for column in columns]
    rows = [
        (name, *(_of(row for row in own if row["condition"] == name) for own in chosen))
        for name in dict.fromkeys(row["condition"] for row in some)
    ]
    rows.append(("**all**", *(f"**{_right(own)}**" for own in chosen)))
    rows.append(("false causes", *map(_false, chosen)))
    said = {"True": "with votes: ", "False": "without: "}
    return markdown(
        ("planted", *(said[votes] + title.format(value) for value, votes in columns)), rows
    )


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
