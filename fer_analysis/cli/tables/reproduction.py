"""What `fer reproduce` prints."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_summary, table
from fer_analysis.reproduction.claims import NOT_DECIDED
from fer_analysis.reproduction.result import Reproduction

_SHOWN = ("network", "test acc. [95 %]", "epochs", "happy correct", "disgust correct")


def print_reproduction(found: Reproduction) -> None:
    """Print Table 1 in short, and the claims that are decided; with -v all of them, and why.

    Args:
        found: The result.
    """
    if verbosity.level() == verbosity.QUIET:
        return
    columns = [found.table.head.index(name) for name in _SHOWN]
    rows = table("", "test acc. [95 %]", "epochs", "happy", "disgust")
    for row in found.table.rows:
        rows.add_row(*(row[column] for column in columns))
    out.print(rows)
    decided = [claim for claim in found.claims if claim.verdict != NOT_DECIDED]
    if decided:
        claims = table("claim of the paper", "verdict")
        claims.columns[1].justify = "left"
        for claim in decided:
            claims.add_row(claim.claim, claim.verdict)
        out.print(claims)
    if verbosity.level() == verbosity.ALL:
        for claim in found.claims:
            out.print(f"{claim.claim}: {claim.verdict}", style="bold", soft_wrap=True)
            out.print(f"  paper: {claim.paper}; ours: {claim.ours}", soft_wrap=True)
            out.print(f"  {claim.because}\n  {claim.command}", soft_wrap=True)
    collapses = [f"warning: {name} COLLAPSED: {why}" for name, why in found.collapses.items()]
    print_summary([*collapses, f"{found.headline[:1].upper()}{found.headline[1:]}."])
