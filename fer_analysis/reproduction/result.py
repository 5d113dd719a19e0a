"""Reproduction: what came out, as it is saved: Table 1, the claims, and where the figures are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.files import read_json, write_csv, write_json, write_text
from fer_analysis.reproduction.claims import VERDICTS, ClaimResult
from fer_analysis.tabular import Table, as_markdown, write_tables
from fer_analysis.text import html_table

FILE, PAGE, SUMMARY = "reproduction.json", "index.html", "summary.md"


@dataclass(frozen=True)
class Reproduction:
    """The paper's Table 1 beside ours, and its claims.

    Args:
        recipe: Which recipe trained the networks.
        quick: Whether it was a quick look.
        synthetic: Whether the faces are drawn ones.
        fingerprint: Of the data.
        runs: Network -> its run directory.
        collapses: Network -> what shows that its training collapsed.
        remarks: What has to be said with every figure.
        table: Table 1.
        claims: Every claim.
        changed: What makes the recipe another one than its name says; empty where nothing does.
        command: The command that does all of this again.
        folder: Where all is saved; None if it is not.
    """

    recipe: str
    quick: bool
    synthetic: bool
    fingerprint: str
    runs: dict[str, str]
    collapses: dict[str, str]
    remarks: tuple[str, ...]
    table: Table
    claims: tuple[ClaimResult, ...]
    changed: str = ""
    command: str = ""
    folder: Path | None = None

    @property
    def verdicts(self) -> dict[str, int]:
        """How many claims have each verdict."""
        counts = Counter(claim.verdict for claim in self.claims)
        return {verdict: counts[verdict] for verdict in VERDICTS}

    @property
    def headline(self) -> str:
        """What came out, in a sentence."""
        if self.collapses:
            collapsed = " and ".join(self.collapses)
            if self.quick:
                return f"{collapsed}: no better than chance in this quick look, no evidence"
            if self.changed:
                return f"{collapsed} collapsed with a changed recipe, which is no evidence"
            return f"{collapsed} collapsed: with this recipe the paper cannot be reproduced"
        if self.synthetic:
            return f"drawn faces decide none of the {len(self.claims)} claims of the paper"
        counts = self.verdicts
        said = f"of {len(self.claims)} claims of the paper {counts['holds']} hold, "
        return said + f"{counts['does not']} do not, {counts['not decided']} are not decided"

    def save(self, folder: str | Path) -> None:
        """Write `reproduction.json`, and table and claims as Markdown, CSV and LaTeX."""
        folder = Path(folder)
        write_json(folder / FILE, self.as_dict())
        for suffix in (".md", ".csv", ".tex"):
            write_tables([self.table], folder / f"table-1{suffix}")
        rows = [claim.as_dict() for claim in self.claims]
        texts = [{k: v for k, v in row.items() if k != "figures"} for row in rows]
        write_csv(folder / "claims.csv", texts)
        write_text(folder / "claims.md", claims_markdown(self.claims))

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON."""
        values = {key: value for key, value in vars(self).items() if key != "folder"}
        return values | {
            "remarks": list(self.remarks),
            "table": vars(self.table),
            "claims": [claim.as_dict() for claim in self.claims],
        }

    @classmethod
    def load(cls, folder: str | Path) -> Reproduction:
        """Read what `save` wrote.

        Raises:
            FerError: If it is missing or damaged.
        """
        path = Path(folder) / FILE
        found = read_json(path)
        try:
            table = found["table"]
            rows = tuple(tuple(row) for row in table["rows"])
            given = {
                "remarks": tuple(found["remarks"]),
                "table": Table(tuple(table["head"]), rows, table["caption"], tuple(table["notes"])),
                "claims": tuple(map(ClaimResult.from_dict, found["claims"])),
            }
            return cls(**{**found, **given}, folder=path.parent)
        except (TypeError, KeyError, AttributeError) as error:
            raise FerError(f"{path}: nothing here that `fer reproduce` wrote") from error

    def _repr_html_(self) -> str:
        """Return the claims as a table for notebooks."""
        rows = [[each.claim, each.paper, each.ours, each.verdict] for each in self.claims]
        return html_table(self.headline, ("claim", "paper", "ours", "verdict"), rows)


def claims_table(claims: Sequence[ClaimResult]) -> Table:
    """Return the claims as a table."""
    rows = [(each.claim, each.paper, each.ours, each.verdict, each.because) for each in claims]
    return Table(("claim", "paper", "ours", "verdict", "because"), tuple(rows))


def claims_markdown(claims: Sequence[ClaimResult]) -> str:
    """Return the claims in Markdown, each with the command behind it."""
    commands = "\n".join(f"- {each.claim}:\n  `{each.command}`" for each in claims)
    return f"{as_markdown(claims_table(claims))}\nThe commands behind them:\n\n{commands}\n"
