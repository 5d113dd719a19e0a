"""Run the fuzzer of the tests for longer: `scripts/fuzz --help`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from fuzzing import GROUPS, LIMIT, fuzz  # noqa: E402

ROUND = 200
"""Inputs of a group before the next group's turn."""


@click.command()
@click.option("--inputs", default=22_000, show_default=True, help="In all, over all groups.")
@click.option("--group", "groups", multiple=True, type=click.Choice(list(GROUPS)))
@click.option("--seed", default=0, show_default=True, help="Of the first input.")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("runs/fuzz"), show_default=True
)
def main(inputs, groups, seed, out):
    """Give inputs to every reader; exit with 1 if one ended in a traceback or a hang."""
    groups = groups or tuple(GROUPS)
    totals = {name: [0, 0, 0.0] for name in groups}
    findings: dict[str, str] = {}
    began, turn = time.perf_counter(), 0
    while sum(total[0] for total in totals.values()) < inputs:
        for name in groups:
            tally = fuzz(name, out / str(seed + turn), inputs=ROUND, start=seed + turn)
            total = totals[name]
            total[0] += tally.inputs
            total[1] += tally.refused
            total[2] = max(total[2], tally.slowest)
            for key, what in tally.findings.items():
                if findings.setdefault(f"{name}: {key}", what) is what:
                    click.echo(f"FOUND {name}: {key}\n      {what}")
        turn += 1
    click.echo(f"{'group':12} {'inputs':>8} {'refused':>8} {'slowest':>9}")
    for name, (count, refused, slowest) in totals.items():
        click.echo(f"{name:12} {count:8,} {refused:8,} {slowest:7.1f} s")
    minutes = (time.perf_counter() - began) / 60
    hangs = sum("Slow at" in key for key in findings)
    click.echo(
        f"{sum(total[0] for total in totals.values()):,} inputs in {minutes:.0f} min: "
        f"{len(findings) - hangs} kinds of traceback, {hangs} of hangs over {LIMIT} s"
    )
    raise SystemExit(bool(findings))


if __name__ == "__main__":
    main()
