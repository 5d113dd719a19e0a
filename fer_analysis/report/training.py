"""How a run was trained: its curves, its network, and its row of the paper's Table 1."""

from __future__ import annotations

import base64

from fer_analysis.paper import PROTOCOL, TABLE_1, TEST_IMAGES
from fer_analysis.report import charts
from fer_analysis.report.origin import config_of, short_lines
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.text import short

MOST_BYTES = 500_000
"""A picture of a network that is larger stays out of the page."""


def curves(saved: SavedRun) -> dict | None:
    """Return a training's history, drawn, and how it ended; None where none was saved."""
    run = saved.run.origin
    if not run.history_file.is_file():
        return None
    history = run.history()
    if not history:
        return None
    result = run.result() if run.is_complete else {}
    config = config_of(saved)
    chosen = config is not None and config.training.keep == "best"
    return {
        "chart": charts.curves_chart(run, history, result.get("best_epoch") if chosen else None),
        "chosen": chosen,
        "result": {
            key: result.get(key)
            for key in ("epochs", "best_epoch", "seconds", "images_per_second", "stopped_because")
        },
        "last": history[-1],
    }


def table_1(runs: list[SavedRun]) -> dict | None:
    """Return the paper's Table 1 with a row for each run; None where no run has one.

    Args:
        runs: The runs on the page.

    Returns:
        `columns`, `rows` (name, figures, protocol), `whose` rows were added, `losses` (a run, and
        what its training loss has beside the cross-entropy), and `comparable`, whether all runs
        were tested on the paper's `images`.
    """
    from fer_analysis.figures.training import CHANGED

    rows = [(f"the paper's {name}", [*row.values()], PROTOCOL) for name, row in TABLE_1.items()]
    columns = list(next(iter(TABLE_1.values())))
    comparable, whose, losses = True, [], []
    for saved in runs:
        run = saved.run.origin
        result = run.result() if run.is_complete else {}
        if not result.get("table_1"):
            continue
        figures = [result["table_1"].get(column) for column in columns]
        rows.append((short(saved.name, 80), figures, result.get("protocol", "")))
        if changed := [n.replace("_", " ") for n in result.get("remedies", {}) if n in CHANGED]:
            losses.append((short(saved.name, 80), ", ".join(changed)))
        whose.append("this run" if saved is runs[0] else short(saved.name, 80))
        comparable &= result.get("protocol") == PROTOCOL and bool(result.get("comparable"))
    if not whose:
        return None
    return {
        "columns": [column.replace("_", " ") for column in columns],
        "rows": rows,
        "whose": whose,
        "losses": losses,
        "comparable": comparable,
        "images": TEST_IMAGES,
    }


def structure(saved: SavedRun) -> dict | None:
    """Return a network's layers as `text` and, where it was drawn, as a picture; None without."""
    run = saved.run.origin
    if not run.summary_file.is_file():
        return None
    picture, file = None, run.structure_file
    if file.is_file() and file.stat().st_size <= MOST_BYTES:
        picture = {
            "uri": f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}",
            "dark": "",
            "width": 760,
            "alt": "The network's layers, from picture to probabilities; the table has them.",
        }
    return {"text": short_lines(run.summary_file.read_text()), "picture": picture}
