"""How `fer export` prints an exported network beside its Keras model."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_summary, table
from fer_analysis.cli.terminal import printable
from fer_analysis.exporting.export_run import Export
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.text import percent, points


def print_export(exported: Export) -> None:
    """Print the comparison: a few lines, with -v the recall of each label."""
    print_summary(_lines(exported))
    if verbosity.level() != verbosity.ALL or exported.model.parity is None:
        return
    rows = table("recall of", "n", "Keras", "exported", "difference, points")
    for row in exported.model.parity["labels"]:
        shares = (percent(row[name]) for name in ("keras", "exported"))
        rows.add_row(printable(row["label"]), f"{row['n']:,}", *shares, _points(row["difference"]))
    out.print(rows)


def _lines(exported: Export) -> list[str]:
    sizes = f"{exported.bytes / 1e6:.1f} MB (Keras {exported.keras_bytes / 1e6:.1f} MB)"
    lines = [f"{exported.model.form}: {exported.file}, {sizes}"]
    found = exported.model.parity
    if found is None:
        return [*lines, "not compared with the Keras model: name data with --data"]
    accuracy, n = found["accuracy"], found["n"]
    if not found["finite"]:
        lines.append("warning: some of its probabilities are not finite")
    speeds = found["images_per_second"]
    return [
        *lines,
        f"on {n:,} {found['split']} images: accuracy {percent(accuracy['exported'])}, Keras "
        f"{percent(accuracy['keras'])}, difference {_points(accuracy['difference'])} points",
        f"the same label for {found['same_label']:,} of {n:,}; largest difference of a "
        f"probability {found['largest_difference']:.3f}, mean {found['mean_difference']:.4f}",
        *(
            f"images a second, {name}: {speeds['exported'][way]:,.0f} (Keras "
            f"{speeds['keras'][way]:,.0f})"
            for name, way in (("one by one", "one_by_one"), ("at once", "at_once"))
        ),
    ]


def _points(difference: dict) -> str:
    estimate = Estimate.from_dict(difference)
    return points(estimate.value, estimate.interval)
