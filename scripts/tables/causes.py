"""Tables of what a diagnosis says of planted causes, and of FER-2013 by several networks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tables.evidence import STUDIES, markdown, read_csv, share

EARLIER, PRESENT = range(200, 500), range(910, 916)
"""Data seeds by which a form of the rule was tested."""

QUICK = range(910, 917)
"""Data seeds by which the present rule was tested with the quick classifier."""

VOTES = (("True", "with votes"), ("False", "without"))

NETWORKS = {
    "": "`fast`",
    "larger": "`fast`, twice the filters",
    "mobilenet": "MobileNet",
    "residual": "residual",
}
"""What follows `diagnosis_` in a record's name -> the network; others are named by their record."""


def causes_by_network(folder: Path = STUDIES) -> str:
    """Every label's verdict by each network that has a record `diagnosis*.csv`."""
    records = sorted(folder.glob("diagnosis*.csv"), key=lambda file: _place(file.stem))
    found = {_network(file.stem): _by_label(read_csv(file)) for file in records}
    labels = dict.fromkeys(label for rows in found.values() for label in rows)
    body = [(label, *(_shown(rows.get(label, [])) for rows in found.values())) for label in labels]
    judged = [sum(int(rows[0]["n"]) for rows in each.values()) for each in found.values()]
    body.append(("faces judged on", *(f"{n:,}" for n in judged)))
    body.append(("not tested", *map(_not_tested, found.values())))
    return markdown(("label", *found), body)


def _place(stem: str) -> tuple[int, str]:
    name = stem.removeprefix("diagnosis").lstrip("_")
    return ([*NETWORKS].index(name) if name in NETWORKS else len(NETWORKS)), name


def _network(stem: str) -> str:
    name = stem.removeprefix("diagnosis").lstrip("_")
    return NETWORKS.get(name, name.replace("_", " "))


def _by_label(rows: list[dict]) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {}
    for row in rows:
        found.setdefault(row["label"], []).append(row)
    return found


def _shown(rows: list[dict]) -> str:
    """Return the causes that are shown of a label: points of recall, of the gap that is left."""
    if not rows:
        return ""
    if rows[0]["fails"] != "True":
        return "no deficiency shown"
    gaps = {key: f"{100 * float(rows[0][key]):.0f}" for key in ("gap", "corrected_gap")}
    causes = []
    for row in (row for row in rows if row["verdict"] == "shown"):
        value, low, high = (f"{100 * float(row['effect' + end]):.0f}" for end in _ENDS)
        of = {"imbalance": f" of {gaps['gap']}", "recipe": ""}
        gap = of.get(row["cause"], f" of {gaps['corrected_gap']}")
        causes.append(f"**{row['cause']}** {value} [{low}, {high}]{gap}")
    return "; ".join(causes) or f"fails by {max(gaps.values(), key=int)}, no cause shown"


_ENDS = ("", "_low", "_high")


def _not_tested(rows_of: dict[str, list[dict]]) -> str:
    """Return the causes that were not tested: of no label that fails, or of which ones."""
    asked: dict[str, list[tuple[str, bool]]] = {}
    for row in (row for rows in rows_of.values() for row in rows if row["cause"]):
        tested = row["verdict"] != "not tested"
        asked.setdefault(row["cause"], []).append((row["label"], tested))
    found = []
    for cause, labels in asked.items():
        missing = [label for label, tested in labels if not tested]
        if missing:
            whole = len(missing) == len(labels)
            found.append(cause if whole else f"{cause} of {', '.join(missing)}")
    return "; ".join(found)


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


def planted_by_strength() -> str:
    """From which strength on a planted cause is named, with votes and without."""
    some = [
        row
        for row in _of_quick()
        if (row["set"], row["scale"]) == ("first", "1")
        and row["condition"] != "none"
        and " with " not in row["condition"]
    ]
    columns = {
        f"{level}, {how}": [row for row in some if (row["level"], row["votes"]) == (level, votes)]
        for votes, how in VOTES
        for level in ("weak", "medium", "strong")
    }
    rows = [
        (name, *(_of(row for row in each if row["condition"] == name) for each in columns.values()))
        for name in dict.fromkeys(row["condition"] for row in some)
    ]
    rows.append(("**all**", *(f"**{_right(each)}**" for each in columns.values())))
    rows.append(("causes shown where none was planted", *map(_false, columns.values())))
    return markdown(("planted", *columns), rows)


def planted_others() -> str:
    """Two causes in one label, and two labels with a cause each."""
    some = [r for r in _of_quick() if r["set"] in ("pairs", "two labels")]
    some += [r for r in _of_quick() if r["set"] == "first" and " with " in r["condition"]]
    rows = []
    for name in dict.fromkeys(row["condition"] for row in some):
        cells = []
        for votes, _ in VOTES:
            own = [r for r in some if (r["condition"], r["votes"]) == (name, votes)]
            found, planted, false = (
                sum(int(row[key]) for row in own) for key in ("found", "of", "false")
            )
            cells += [_of(own), f"{found} of {planted}", str(false)]
        rows.append((name, *cells))
    heads = (f"{what}, {how}" for _, how in VOTES for what in ("correct", "causes named", "false"))
    return markdown(("planted", *heads), rows)


def planted_outside() -> str:
    """Flaws that no cell of a study is made for: what they are called."""
    some = [row for row in _of_quick() if row["set"] == "outside"]
    rows = []
    for name in dict.fromkeys(row["condition"] for row in some):
        cells = []
        for votes, _ in VOTES:
            own = [r for r in some if (r["condition"], r["votes"]) == (name, votes)]
            fails = [r for r in own if r["label"] in r["fails"].split()]
            named = [r for r in own if f"{r['label']}: " in r["diagnosed"]]
            right = [r for r in named if r["right"] == "True"]
            wrong = str(sum(int(r["false"]) for r in own))
            cells += [f"{len(fails)} of {len(own)}", f"{len(right)} of {len(fails)}", wrong]
        rows.append((name, *cells))
    heads = (f"{what}, {how}" for _, how in VOTES for what in ("fails", "right name", "wrong"))
    return markdown(("planted", *heads), rows)


def _of_quick() -> list[dict]:
    """Return the verdicts of the present rule on the quick classifier."""
    return [r for r in _verdicts() if r["classifier"] == "quick" and int(r["seed"]) in QUICK]


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
