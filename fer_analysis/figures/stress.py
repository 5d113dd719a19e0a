"""Pictures of a stress test: what breaks, how fast, and what it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.conditions import CONDITIONS, kind_of
from fer_analysis.figures import plain, save
from fer_analysis.figures.colours import ink_on, series_styles
from fer_analysis.figures.facts import of_images
from fer_analysis.figures.style import WIDTH, bare, describe, share_axis, styled, theme
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.statistics.temperature_scaling import at_temperature
from fer_analysis.text import percent

HEAT_MAP, CURVES, FACES = "heat_map.png", "curves.png", "faces.png"
ACROSS = 4
"""Panels beside each other."""

MOST_WRITTEN = 18
"""Columns whose figures are written into the heat map."""

NAMES, BESIDE, BELOW = 2.4, 1 / 6, 1 / 2
"""Room beside a row of faces, beside a face and below it, in faces."""


def save_figures(test: StressTest, folder: Path) -> None:
    """Write the heat map, the curves and example faces of one network."""
    save(heat_map_figure(test), folder / HEAT_MAP)
    save(curves_figure([test]), folder / CURVES)
    save(faces_figure(test), folder / FACES)


@styled
def heat_map_figure(test: StressTest) -> Figure:
    """Draw each label's recall under each condition, mean over severities.

    Args:
        test: The stress test.
    """
    summary = test.summary
    clean = [summary["clean"]["recall"][name].value for name in test.label_names]
    rows = [("clean", clean, summary["clean"]["accuracy"].value)]
    for condition in summary["conditions"]:
        name = condition["condition"]
        own = [row["recall"] for row in summary["rows"] if row["condition"] == name]
        means = [_mean([recall[label].value for recall in own]) for label in test.label_names]
        rows.append((_title(name, condition["seen"]), means, condition["accuracy"].value))
    values = np.array([[*recalls, mean] for _, recalls, mean in rows], dtype=float)
    figure = Figure(figsize=(WIDTH, 2.3 + 0.29 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shown = axes.imshow(values, cmap=theme().sequential, vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values) if values.shape[1] <= MOST_WRITTEN else ():
        text = "–" if np.isnan(value) else f"{100 * value:.0f}"
        ink = theme().ink if np.isnan(value) else ink_on(shown.cmap(value)[:3])
        axes.text(column, row, text, ha="center", va="center", color=ink)
    names = [*(plain(name, 14) for name in test.label_names), "all images"]
    step = slice(None, None, -(-len(names) // 30))
    turned = {} if len(names) <= 9 else {"rotation": 40, "ha": "left", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(names))[step], names[step], **turned)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
    axes.axvline(len(names) - 1.5, color=theme().ground, linewidth=4)
    axes.axhline(0.5, color=theme().ground, linewidth=4)
    bare(axes)
    bar = figure.colorbar(shown, ax=axes, shrink=0.5, pad=0.02)
    share_axis(bar.ax.yaxis)
    bar.set_label("recall; last column: accuracy")
    bar.outline.set_visible(False)
    figure.supxlabel(_widest_intervals(test), fontsize=9, color=theme().muted)
    levels = ", ".join(map(str, test.severities))
    describe(
        figure,
        "Recall of each label under each condition, in %",
        *_facts(test),
        f"mean over severities {levels}",
        "seen: the network was trained on it",
    )
    return figure


def _facts(test: StressTest) -> tuple[str, ...]:
    notes = [_clauses(plain(note, 1000)) for note in test.meta.get("label_notes", ())]
    return plain(test.name, 48), test.where, of_images(len(test)), *notes


def _clauses(note: str, most: int = 190) -> str:
    """Return as many of a note's clauses as there is room for: none is cut."""
    first, *more = note.split("; ")
    told = plain(first, most)
    for clause in more:
        if len(told) + len(clause) > most:
            break
        told += f"; {clause}"
    return told


def _widest_intervals(test: StressTest) -> str:
    """Return how uncertain the means are: the interval of a clean recall, label by label."""
    clean = test.summary["clean"]
    widths = [
        f"{plain(name, 14)} ±{50 * (figure.high - figure.low):.0f}"
        for name in test.label_names
        if (figure := clean["recall"][name]).interval
    ]
    whole = clean["accuracy"]
    parts = [*widths, f"all images ±{50 * (whole.high - whole.low):.0f}"]
    lines = wrap(f"95 % intervals of a cell at one severity, points: {', '.join(parts)}", 120)
    return "\n".join(lines)


@styled
def curves_figure(tests: Sequence[StressTest]) -> Figure:
    """Draw accuracy by severity with 95 % intervals, a panel for each condition.

    Args:
        tests: One network or several, under the same conditions.
    """
    first = tests[0]
    columns = min(ACROSS, len(first.conditions))
    rows = -(-len(first.conditions) // columns)
    figure = Figure(figsize=(WIDTH, 1.65 * rows + 1.5), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    styles = series_styles(len(tests), theme())
    if len(tests) == 1:
        styles[0]["color"] = theme().network
    for axes, name in zip(panels, first.conditions, strict=False):
        for test, style in zip(tests, styles, strict=True):
            _curve(axes, test, name, style)
        axes.set_title("\n".join(wrap(_title(name, _seen_by(tests, name)), 36)), fontsize=8.5)
        axes.grid()
    for axes in panels[len(first.conditions) :]:
        axes.remove()
    panels[0].set_ylim(0, 1)
    share_axis(panels[0].yaxis)
    panels[0].set_xticks([0, *first.severities])
    for axes in panels[max(len(first.conditions) - columns, 0) : len(first.conditions)]:
        axes.set_xlabel("severity (0: clean)")
        axes.tick_params(axis="x", labelbottom=True)
    if rows > 1:
        figure.supylabel("accuracy (bands: 95 % intervals)", fontsize=9)
    else:  # centred on the whole figure it would reach into the title
        panels[0].set_ylabel("accuracy (bands:\n95 % intervals)", fontsize=9)
    facts = _facts(first)[0 if len(tests) == 1 else 1 :]
    if len(tests) > 1:
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=4)
    describe(figure, "Accuracy by severity of each condition", *facts)
    return figure


@styled
def faces_figure(test: StressTest) -> Figure:
    """Draw a few faces under each condition at the middle severity, with what is predicted.

    Args:
        test: The stress test, with its example images.
    """
    severity = test.severities[len(test.severities) // 2]
    names = (None, *test.conditions)
    rows = -(-len(names) // 2)
    count = len(test.example_images)
    face = (WIDTH / 2 - 0.1) / (NAMES + count * (1 + BESIDE))
    figure = Figure(figsize=(WIDTH, face * (1 + BELOW) * rows + 1.4), layout="constrained")
    blocks = figure.subplots(1, 2)
    for axes, first in zip(blocks, (0, rows), strict=True):
        _faces(axes, test, names[first : first + rows], severity)
    describe(
        figure,
        f"Faces under each condition at severity {severity}",
        *_facts(test),
        f"{count} of them shown",
        "above: the label, below: the predicted one and its probability at temperature "
        f"{test.temperature or 1:.2f}",
        "red with a cross: wrong",
    )
    return figure


def _faces(axes: Axes, test: StressTest, names: tuple, severity: int) -> None:
    """Draw a row of faces for each condition: one image is many times faster than one a face."""
    axes.axis("off")
    if not names:
        return
    images = test.example_images
    height, width = images.shape[1:3]
    below, beside = round(BELOW * height), round(BESIDE * width)
    rows = []
    for row, name in enumerate(names):
        found = test.clean if name is None else test.cells[name, severity]
        found = at_temperature(found, test.temperature or 1.0)
        shown = images
        if name is not None:
            shown = CONDITIONS[name](images, severity=severity, seed=test.meta["seed"])
        edge = ((0, 0), (0, below), (0, beside))
        faces = np.pad(shown[..., 0].astype(float), edge, constant_values=np.nan)
        rows.append(np.hstack(faces))
        top = row * (height + below)
        title = "clean" if name is None else _title(name, name in test.meta["seen"])
        title = title.replace(" (", "\n(")
        axes.text(-beside, top + height / 2, title, ha="right", va="center", fontsize=7)
        for column, place in enumerate(test.examples):
            middle = column * (width + beside) + width / 2
            _answer(axes, (middle, top + height), found[place], int(test.labels[place]), test)
            if row == 0:
                title = plain(test.label_names[test.labels[place]], 10)
                axes.text(middle, -2, title, ha="center", va="bottom", fontsize=7)
    canvas = np.vstack(rows)
    axes.imshow(canvas, cmap=theme().greys, vmin=0, vmax=255)
    axes.set_xlim(-NAMES * width, canvas.shape[1])  # room for the names


def _answer(axes: Axes, place: tuple, found: np.ndarray, label: int, test: StressTest) -> None:
    predicted = int(found.argmax())
    wrong = predicted != label
    text = f"{plain(test.label_names[predicted], 9)}\n{percent(float(found.max()), 0)}"
    colour = theme().bad if wrong else theme().ink
    text += " ✗" if wrong else ""
    axes.text(*place, text, ha="center", va="top", fontsize=6.5, color=colour, linespacing=1)


def _curve(axes: Axes, test: StressTest, name: str, style: dict) -> None:
    summary = test.summary
    rows = [row for row in summary["rows"] if row["condition"] == name]
    figures = [summary["clean"]["accuracy"], *(row["accuracy"] for row in rows)]
    places = [0, *(row["severity"] for row in rows)]
    values, low, high = (
        [getattr(figure, part) for figure in figures] for part in ("value", "low", "high")
    )
    axes.fill_between(places, low, high, color=style["color"], alpha=0.2, linewidth=0)
    axes.plot(places, values, markersize=3.5, label=plain(test.name), **style)


def _seen_by(tests: Sequence[StressTest], name: str) -> bool | str:
    """Tell whether the networks were trained on a condition; if some were, which."""
    seen = [plain(test.name) for test in tests if name in test.meta["seen"]]
    return len(seen) == len(tests) or (bool(seen) and f"seen by {', '.join(seen)}")


def _title(name: str, seen: bool | str) -> str:
    told = f", {'seen' if seen is True else seen}" if seen else ""
    return f"{name.replace('_', ' ')} ({kind_of(name)}{told})"


def _mean(values: list[float | None]) -> float:
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if defined else float("nan")
