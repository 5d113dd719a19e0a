"""Comparison: the figures of runs on the same images, and how they differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.evaluation.paired import verdict
from fer_analysis.files import read_json, write_json
from fer_analysis.statistics.estimate import from_json, to_json
from fer_analysis.text import estimate, html_table

COMPARISON = "comparison.json"


@dataclass(frozen=True)
class ComparedRun:
    """One of the runs that are compared.

    Args:
        name: Its name in the tables.
        run: Its path.
        result: The result of its training (`result.json`); None for a bare model or a table.
        metrics: Its figures; see `fer_analysis.evaluation.metrics`.
    """

    name: str
    run: str
    result: dict | None
    metrics: dict

    @property
    def remarks(self) -> list[str]:
        """What a reader of its figures should know: notes, then warnings."""
        return [*self.metrics["notes"], *self.metrics["warnings"]]


@dataclass(frozen=True)
class Comparison:
    """Runs on the same images of one split.

    Args:
        split: The split's name.
        runs: The runs, the reference first.
        spreads: Name of the images (`all images`, `leak-free images`) -> mean and standard
            deviation over the seeds of each config.
        pairs: For each further config, name of the images -> its comparison with the first; see
            `fer_analysis.evaluation.paired.compare_pair`.
        folder: Where it is saved, with its picture; None if it is not.
    """

    split: str
    runs: tuple[ComparedRun, ...]
    spreads: dict[str, list[dict]]
    pairs: tuple[dict[str, dict], ...]
    folder: Path | None = None

    @property
    def where(self) -> str:
        """The split for a title, with the protocol where labels are not the data's own."""
        protocol = self.runs[0].metrics["protocol"]
        return f"{self.split} split" + (f", {protocol} protocol" if "+" in protocol else "")

    @property
    def verdicts(self) -> list[str]:
        """The difference in accuracy of each pair on each set of images, one sentence each."""
        return [
            f"{self.split} split, {images}: {verdict(compared)}"
            for pair in self.pairs
            for images, compared in pair.items()
        ]

    def as_dict(self) -> dict:
        """Return the comparison ready for JSON."""
        runs = [
            {
                "name": run.name,
                "run": run.run,
                "result": run.result,
                "remarks": run.remarks,
                "metrics": run.metrics,
            }
            for run in self.runs
        ]
        return to_json(
            {
                "split": self.split,
                "runs": runs,
                "spreads": self.spreads,
                "comparisons": self.pairs,
            }
        )

    def save(self, folder: str | Path) -> None:
        """Write the comparison into `folder`."""
        write_json(Path(folder) / COMPARISON, self.as_dict())

    @classmethod
    def load(cls, folder: str | Path) -> Comparison:
        """Read what `save` wrote.

        Raises:
            FerError: If the file is missing or damaged.
        """
        path = Path(folder) / COMPARISON
        found = read_json(path)
        try:
            found = from_json(found)
            runs = tuple(
                ComparedRun(run["name"], run["run"], run["result"], run["metrics"])
                for run in found["runs"]
            )
            return cls(
                split=found["split"],
                runs=runs,
                spreads=found["spreads"],
                pairs=tuple(found["comparisons"]),
                folder=path.parent,
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise FerError(f"{path}: no comparison here; `fer compare` writes one") from error

    def _repr_html_(self) -> str:
        """Return a short table of the runs for notebooks."""
        rows = []
        for run in self.runs:
            whole, clean = run.metrics["all"], run.metrics["leak_free"]
            rows.append(
                [
                    run.name,
                    f"{whole['n']:,}",
                    estimate(whole["accuracy"]),
                    estimate(clean["accuracy"]) if clean else "unknown",
                    estimate(whole["macro_f1"]),
                ]
            )
        heads = ("run", "n", "accuracy [95 %]", "leak-free", "macro-F1 [95 %]")
        caption = "; ".join(self.verdicts) or f"{self.split} split"
        return html_table(caption, heads, rows)
