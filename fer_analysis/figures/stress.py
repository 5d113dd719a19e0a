"""Pictures of a stress test: what breaks, how fast, and what it looks like."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.conditions import CONDITIONS, kind_of
from fer_analysis.figures import plain, save
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.text import percent

HEAT_MAP, CURVES, FACES = "heat_map.png", "curves.png", "faces.png"
COLOURS = ("#1f3b73", "#d1603d", "#3a7d44", "#8e5ea2", "#b8860b", "#444444")
CORRECT, WRONG = "#2e7d32", "#c62828"


def save_figures(test: StressTest, folder: Path) -> None:
    """Write the heat map, the curves and example faces of one network."""
    save(heat_map_figure(test), folder / HEAT_MAP)
    save(curves_figure([test]), folder / CURVES)
    save(faces_figure(test), folder / FACES)


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
    figure = Figure(figsize=(2.6 + 0.72 * values.shape[1], 1.3 + 0.27 * len(rows)))
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    shown = axes.imshow(values, cmap="RdYlGn", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{100 * value:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
    names = [*map(plain, test.label_names), "all images"]
    axes.set_xticks(range(len(names)), names, rotation=30, ha="left", rotation_mode="anchor")
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(rows)), [name for name, _, _ in rows], fontsize=8)
    axes.axvline(len(names) - 1.5, color="white", linewidth=3)
    axes.axhline(0.5, color="white", linewidth=3)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, shrink=0.5, label="recall (last column: accuracy)")
    levels = ", ".join(map(str, test.severities))
    figure.suptitle(
        f"{plain(test.name)}, {test.meta['split']}, n={len(test):,}: recall in %, mean over "
        f"severities {levels}",
        fontsize=10,
    )
    return figure


def curves_figure(tests: Sequence[StressTest]) -> Figure:
    """Draw accuracy by severity with 95 % intervals, a panel for each condition.

    Args:
        tests: One network or several, under the same conditions.
    """
    first = tests[0]
    columns = min(6, len(first.conditions))
    rows = -(-len(first.conditions) // columns)
    figure = Figure(figsize=(2.1 * columns + 0.6, 1.75 * rows + 0.9), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for axes, name in zip(panels, first.conditions, strict=False):
        for test, colour in zip(tests, _colours(len(tests)), strict=True):
            _curve(axes, test, name, colour)
        axes.set_title(_title(name, _seen_by(tests, name)), fontsize=8)
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(first.conditions) :]:
        axes.remove()
    panels[0].set_ylim(0, 100)
    panels[0].set_xticks([0, *first.severities])
    figure.supxlabel("severity (0: clean)", fontsize=9)
    figure.supylabel("accuracy, % (95 % interval)", fontsize=9)
    title = f"{first.meta['split']} split, n={len(first):,}"
    if len(tests) == 1:
        title = f"{plain(first.name)}, {title}"
    else:
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper right", fontsize=8, frameon=False)
    figure.suptitle(title, fontsize=10)
    return figure


def faces_figure(test: StressTest) -> Figure:
    """Draw a few faces under each condition at the middle severity, with what is predicted.

    Args:
        test: The stress test, with its example images.
    """
    severity = test.severities[len(test.severities) // 2]
    names = (None, *test.conditions)
    rows = -(-len(names) // 2)
    count = len(test.example_images)
    figure = Figure(figsize=(2 * (2.0 + 0.95 * count), 0.86 * rows + 0.8), layout="constrained")
    blocks = figure.subplots(1, 2)
    for axes, first in zip(blocks, (0, rows), strict=True):
        _faces(axes, test, names[first : first + rows], severity)
    figure.suptitle(
        f"{plain(test.name)} at severity {severity}: predicted label and its probability",
        fontsize=9,
    )
    return figure


def _faces(axes: Axes, test: StressTest, names: tuple, severity: int) -> None:
    """Draw a row of faces for each condition: one image is many times faster than one a face."""
    axes.axis("off")
    if not names:
        return
    images = test.example_images
    height, width = images.shape[1:3]
    below, beside = height // 4, width // 6
    rows = []
    for row, name in enumerate(names):
        found = test.clean if name is None else test.cells[name, severity]
        shown = images
        if name is not None:
            shown = CONDITIONS[name](images, severity=severity, seed=test.meta["seed"])
        edge = ((0, 0), (0, below), (0, beside))
        rows.append(np.hstack(np.pad(shown[..., 0], edge, constant_values=255)))
        top = row * (height + below)
        title = "clean" if name is None else _title(name, name in test.meta["seen"])
        axes.text(-beside, top + height / 2, title, ha="right", va="center", fontsize=7)
        for column, place in enumerate(test.examples):
            middle = column * (width + beside) + width / 2
            _answer(axes, (middle, top + height), found[place], int(test.labels[place]), test)
            if row == 0:
                title = f"true: {plain(test.label_names[test.labels[place]], 12)}"
                axes.text(middle, -2, title, ha="center", va="bottom", fontsize=7)
    canvas = np.vstack(rows)
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=255)
    axes.set_xlim(-2.3 * width, canvas.shape[1])  # room for the names


def _answer(axes: Axes, place: tuple, found: np.ndarray, label: int, test: StressTest) -> None:
    predicted = int(found.argmax())
    text = f"{plain(test.label_names[predicted], 10)} {percent(float(found.max()), 0)}"
    colour = CORRECT if predicted == label else WRONG
    axes.text(*place, text, ha="center", va="top", fontsize=7, color=colour)


def _curve(axes: Axes, test: StressTest, name: str, colour: str) -> None:
    summary = test.summary
    rows = [row for row in summary["rows"] if row["condition"] == name]
    figures = [summary["clean"]["accuracy"], *(row["accuracy"] for row in rows)]
    places = [0, *(row["severity"] for row in rows)]
    values, low, high = (
        [100 * getattr(figure, part) for figure in figures] for part in ("value", "low", "high")
    )
    axes.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(places, values, color=colour, marker="o", markersize=3, label=plain(test.name))


def _colours(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


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
