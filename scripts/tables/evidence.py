"""Tables of the guides that are made from comparisons and from what planted flaws showed."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

from fer_analysis.statistics.intervals import proportion

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "configs" / "results"
STUDIES = ROOT / "configs" / "studies" / "results"


def conditions() -> str:
    """`fast` with and without conditions in training, seed by seed."""
    rows = read_csv(RESULTS / "conditions_fast.csv")
    body = [
        (
            f"{row['conditions']}, seed {row['seed']}",
            *(f"{100 * float(row[key]):.1f} %" for key in ("accuracy", "mean")),
            *(f"{100 * float(row[key]):.1f} %" for key in ("trained_on", "scenes")),
            f"{row['broken']} of 130",
        )
        for row in rows
    ]
    head = ("", "clean, n = 3,589", "mean of 130", "23 conditions", "3 scenes", "promise broken")
    return markdown(("conditions in training", *head[1:]), body)


def conditions_cost() -> str:
    """What training under each kind of conditions costs `fast` on clean images."""
    found: dict[str, dict[str, dict]] = {}
    for row in read_csv(STUDIES / "conditions.csv"):
        found.setdefault(row["cell"], {})[row["figure"]] = row

    def difference(row: dict) -> str:
        if not row["difference"]:
            return ""
        value, low, high = (100 * float(row[f"difference{end}"]) for end in ("", "_low", "_high"))
        return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"

    body = [
        (
            cell.replace("base", "none"),
            figures["accuracy"]["seeds"],
            f"{100 * float(figures['accuracy']['value']):.1f} %",
            *(difference(figures[name]) for name in ("accuracy", "macro_f1", "disgust", "fear")),
        )
        for cell, figures in found.items()
    ]
    head = ("conditions in training", "seeds", "accuracy, clean", "difference, points")
    return markdown((*head, "of macro-F1", "of disgust's recall", "of fear's"), body)


def stress() -> str:
    """Four networks under all conditions, on the same images."""
    names = {"best": "`best`", "robust": "`robust`", "distilled": "**`distilled`**"}
    return _stress("stress.json", names)


def stress_paper() -> str:
    """The network in the package and the paper's two under all conditions, on the same images."""
    return _stress("stress_paper.json", {"bundled": "**`bundled`**"})


def unseen_in_a_sentence() -> str:
    """How the bundled network fares under the conditions that it was not trained on."""
    run = {run["run"]: run for run in read_json(RESULTS / "stress.json")["runs"]}["distilled"]
    return (
        "It was trained on 23 of these conditions; under the three others, scenes made of them, it "
        f"is correct for {100 * run['kinds']['scenes']:.1f} %. Real bad pictures were not measured."
    )


def _stress(file: str, names: dict[str, str]) -> str:
    record = read_json(RESULTS / file)
    runs = {run["run"]: run for run in record["runs"]}
    pairs = {pair["run"]: pair for pair in record["pairs"]}
    reference = next(iter(runs))

    def row(title: str, cell) -> tuple[str, ...]:
        return title, *(cell(run) for run in runs.values())

    def kind(name: str):
        return lambda run: f"{100 * run['kinds'][name]:.1f} %"

    def paired(run: dict) -> str:
        pair = pairs.get(run["run"])
        if pair is None:
            return ""
        value, low, high = (100 * pair["groups"]["all"][key] for key in ("value", "low", "high"))
        return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"

    def titled(name: str) -> str:
        return names.get(name, "the wheel" if ":" in name or name == "wheel" else f"`{name}`")

    rows = [
        row("clean", lambda run: share_of(run["clean"])),
        row("mean of 26 conditions x 5 severities", lambda run: share_of(run["mean"])),
        row(f"difference from `{reference}`, points", paired),
        *(row(name, kind(name)) for name in runs[reference]["kinds"]),
        row("promise broken, of 130 cells", lambda run: str(run["promise"]["broken"])),
        row("promise kept", lambda run: str(run["promise"]["kept"])),
    ]
    return markdown(("", *map(titled, runs)), rows)


def stress_recipes() -> str:
    """Recipes of half an hour and less, trained under conditions from the start."""
    return _stress("stress_recipes.json", {"bundled": "**`bundled`**"})


def stress_guard() -> str:
    """The network in the package under all conditions, without and with its guard."""
    runs = {run["run"]: run for run in read_json(RESULTS / "stress.json")["runs"]}
    sides = [runs["distilled"]["guard"][side] for side in ("without", "with")]

    def row(title: str, cell) -> tuple[str, ...]:
        return title, *(cell(side) for side in sides)

    def reached(key: str):
        """Of the cells that answer at all, those that reach a share of correct answers."""
        return lambda side: f"{side[key] - side['silent']} of {side['cells'] - side['silent']}"

    def promised(state: str):
        return lambda side: str(side["promise"][state])

    rows = [
        row("answered, of all images", lambda side: f"{100 * side['answered']:.0f} %"),
        row("correct, of all answers", lambda side: share_of(side["correct"])),
        row("cells that answer less than 2 % of the images", lambda side: str(side["silent"])),
        row("of the others: at least 75 % correct", reached("at_75")),
        row("at least 60 % correct", reached("at_60")),
        row("lowest share correct", lambda side: f"{100 * side['lowest']:.0f} %"),
        *(row(f"promise {state}", promised(state)) for state in ("broken", "kept", "not decided")),
    ]
    return markdown(("over 130 cells", "without the guard", "with it"), rows)


def stress_conditions() -> str:
    """The network in the package under each condition: accuracy by severity, what is broken."""
    cells: dict[str, list[dict]] = {}
    for row in read_csv(RESULTS / "stress_bundled.csv"):
        if row["condition"] != "clean":
            cells.setdefault(row["condition"], []).append(row)

    def works(rows: list[dict]) -> str:
        """The highest severity to which the loss is shown to be below 5 points."""
        shown = [float(row["difference_low"]) > -0.05 for row in rows]
        return str([*shown, False].index(False)) if shown[0] else "none"

    def severities(rows: list[dict], column: str) -> str:
        return ", ".join(row["severity"] for row in rows if row[column] == "broken")

    body = [
        (
            name.replace("_", " "),
            *(f"{100 * float(row['accuracy']):.0f}" for row in rows),
            works(rows),
            severities(rows, "promise"),
            *(f"{100 * float(rows[2][key]):.0f}" for key in ("answered", "guarded_answered")),
        )
        for name, rows in cells.items()
    ]
    head = ("condition", *(f"at {severity}, %" for severity in range(1, 6)), "works up to")
    tail = ("promise broken at", "answered at 3, %", "with the guard, %")
    return markdown((*head, *tail), body)


def guard_signals() -> str:
    """What tells wrong answers of the network in the package from correct ones."""
    rows = read_csv(RESULTS / "guard_comparison.csv")
    measures = [row for row in rows if row["candidate"].startswith("measure: ")]
    best = max(measures, key=lambda row: float(row["auroc_against_correct_under_conditions"]))
    body = [
        (
            row["candidate"].removeprefix("network: "),
            *(row[f"auroc_against_correct_{side}"] for side in ("under_conditions", "clean")),
            *(f"{100 * float(row[share]):.0f} %" for share in ("answered", "correct_of_answered")),
            *(row[count] for count in ("silent_cells", "cells_at_75", "cells_at_60")),
        )
        for row in rows
        if row not in measures or row is best
    ]
    head = ("refused by", "AUROC under conditions", "AUROC against clean", "answered")
    counts = ("silent cells", "at least 75 %", "at least 60 %")
    return markdown((*head, "correct of the answers", *counts), body)


def comparison() -> str:
    """`best`, the wheel's network and the paper's two, on the same images."""
    record = read_json(RESULTS / "comparison_bundled.json")
    parts = ("all images", "leak-free images")
    pairs = {pair[parts[0]]["second"]: pair for pair in record["comparisons"]}
    rows = []
    for index, run in enumerate(record["runs"][parts[0]]):
        cells = []
        for part in parts:
            row = record["runs"][part][index]
            cells.append(f"{100 * row['accuracy']['mean']:.1f} %")
            pair = pairs.get(run["name"])
            cells.append(difference(pair[part]["accuracy"]) if pair else "")
        free = record["runs"][parts[1]][index]
        recalls = [record["runs"][part][index]["recall"]["disgust"]["mean"] for part in parts]
        name = {"bundled": "best"}.get(run["name"], run["name"])
        shares = " / ".join(f"{100 * recall:.0f} %" for recall in recalls)
        rows.append((f"`{name}`", *cells, f"{100 * free['macro_f1']['mean']:.1f} %", shares))
    head = ("", "accuracy, all", "against `best`", "leak-free", "against `best`")
    return markdown((*head, "macro-F1, leak-free", "disgust, all / leak-free"), rows)


def planted_cues() -> str:
    """Whether the rule and hiding alone name a planted region."""
    answers = read_csv(RESULTS / "planted_cues.csv")
    rows = []
    for title, column in (("the rule", "found"), ("hiding alone", "by_occlusion")):
        for which, asked in (("the case's label", ("True",)), ("all labels", ("True", "False"))):
            some = [row for row in answers if row["asked"] in asked]
            planted = [row for row in some if row["planted"] != "none"]
            controls = [row for row in some if row["planted"] == "none"]
            named = sum(row[column] == row["planted"] for row in planted)
            other = sum(row[column] not in ("none", row["planted"]) for row in planted)
            wrong = sum(row[column] != "none" for row in controls)
            cells = (f"{named} of {len(planted)}", str(other), f"{wrong} of {len(controls)}")
            rows.append((f"{title}, {which}", *cells))
    head = ("seeds 500-519", "planted region named", "another", "controls that name one")
    return markdown(head, rows)


def verdicts() -> str:
    """The verdict on every label of FER-2013, with the causes that are shown."""
    rows = []
    for label in read_json(STUDIES / "diagnosis.json")["labels"]:
        gaps = [label[key]["value"] for key in ("gap", "corrected_gap")]
        shown = [cause for cause in label["causes"] if cause["verdict"] == "shown"]
        effects = "; ".join(points(cause["effect"]) for cause in shown)
        names = ", ".join(f"**{cause['name']}**" for cause in shown)
        rows.append(
            (
                label["label"],
                f"{label['training']:,}",
                f"{label['n']:,}",
                ", ".join(f"{100 * label[key]['value']:.0f} %" for key in ("recall", "corrected")),
                ", ".join(f"{100 * gap:.0f}" for gap in gaps),
                names or ("fails, no cause shown" if label["fails"] else "no deficiency shown"),
                effects,
            )
        )
    head = ("label", "training images", "judged on", "recall, prior-corrected")
    return markdown((*head, "gap, corrected gap", "verdict", "effect, points of recall"), rows)


def row_of(part: dict, label: str) -> dict:
    """Return the figures of one label."""
    return next(row for row in part["labels"] if row["label"] == label)


def of(row: dict) -> str:
    """Return how many images of a label are correct."""
    return f"{row['correct']} of {row['support']}"


def estimate(part: dict) -> str:
    """Return the accuracy of a part of the images with its interval, in either form of a record."""
    figure = part["accuracy"]
    if isinstance(figure, float):
        figure = {"value": figure, "interval": part["interval"]}
    return share_of(figure)


def share_of(figure: dict) -> str:
    """Return a share with its interval."""
    low, high = figure.get("interval") or (figure["low"], figure["high"])
    return f"{100 * figure['value']:.1f} % [{100 * low:.1f}-{100 * high:.1f}]"


def share(count: int, n: int, digits: int) -> str:
    """Return a count with the interval of its share."""
    low, high = (100 * end for end in proportion(count, n).interval)
    return f"{count} of {n:,} [{low:.{digits}f}-{high:.{digits}f} %]"


def difference(figure: dict) -> str:
    """Return a difference in points with its interval."""
    low, high = (100 * end for end in figure["interval"])
    return f"{100 * figure['difference']:+.1f} [{low:.1f}, {high:.1f}]"


def points(figure: dict) -> str:
    """Return an effect in points with its interval."""
    value, low, high = (100 * figure[key] for key in ("value", "low", "high"))
    return f"{value:.0f} [{low:.0f}, {high:.0f}]"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def read_json(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def read_csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
