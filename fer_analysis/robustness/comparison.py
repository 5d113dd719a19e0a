"""Several networks under the same conditions, on the same images."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.errors import FerError
from fer_analysis.files import read_json, write_json
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.robustness.summary import Resampled, groups
from fer_analysis.statistics.estimate import from_json, to_json
from fer_analysis.text import estimate, html_table

COMPARISON = "stress_comparison.json"


@dataclass(frozen=True)
class StressComparison:
    """Networks under the same conditions; the first is the reference.

    Args:
        split: The split's name.
        n: The images that all of them were tested on.
        runs: One for each network: `run`, estimates `clean`, `mean`, `relative`,
            `corruption_error` (see `compare_stress`) and `flips`, `promise` (cells that keep or
            break it; None without a rule), `fitted_here` (whether its rule was fitted on images of
            this split; None where an earlier
            version made the test).
        pairs: One for each further network: `run` and its differences to the reference, `clean`
            and each group and condition, on the same images.
        folder: Where it is saved; None if it is not.
    """

    split: str
    n: int
    runs: tuple[dict, ...]
    pairs: tuple[dict, ...]
    folder: Path | None = None

    def as_dict(self) -> dict:
        """Return the comparison ready for JSON."""
        return to_json({"split": self.split, "n": self.n, "runs": self.runs, "pairs": self.pairs})

    def save(self, folder: str | Path) -> None:
        """Write `stress_comparison.json`."""
        write_json(Path(folder) / COMPARISON, self.as_dict())

    @classmethod
    def load(cls, folder: str | Path) -> StressComparison:
        """Read what `save` wrote.

        Raises:
            FerError: If it is missing or damaged.
        """
        saved = read_json(Path(folder) / COMPARISON)
        if saved is None:
            raise FerError(f"{Path(folder) / COMPARISON}: no comparison of stress tests there")
        saved = from_json(saved)
        runs, pairs = tuple(saved["runs"]), tuple(saved["pairs"])
        return cls(saved["split"], saved["n"], runs, pairs, Path(folder))

    def _repr_html_(self) -> str:
        rows = [
            [row["run"], *(estimate(row[key]) for key in ("clean", "mean", "relative"))]
            for row in self.runs
        ]
        head = ["", "clean", "mean under conditions", "share of clean"]
        return html_table(f"{self.split}: {self.n:,} images", head, rows)


def compare_stress(tests: Sequence[StressTest]) -> StressComparison:
    """Compare stress tests; the first is the reference.

    The corruption error is ImageNet-C's (Hendrycks & Dietterich 2019): for each condition, the
    errors over all severities divided by the reference's; then the mean over conditions. 1 is
    the reference itself, less is better.

    Args:
        tests: At least one, of the same data, split, seed and conditions.

    Raises:
        FerError: If they are not, or have no images in common.
    """
    lined_up = _lined_up(tests)
    drawn = [Resampled(test) for test in lined_up]
    runs = tuple(_run(test, each, drawn[0]) for test, each in zip(lined_up, drawn, strict=True))
    pairs = tuple(_pair(each, drawn[0]) for each in drawn[1:])
    return StressComparison(lined_up[0].meta["split"], len(lined_up[0]), runs, pairs)


def named_apart(tests: Sequence[StressTest]) -> list[StressTest]:
    """Return tests with their networks' folders for names where names repeat."""
    names = [test.name for test in tests]
    return [
        dataclasses.replace(test, meta=test.meta | {"run": str(_place(test.folder))})
        if names.count(test.name) > 1 and test.folder is not None
        else test
        for test in tests
    ]


def _place(folder: Path) -> Path:
    """Return the run of a folder of results, or the folder itself where it was saved elsewhere."""
    return folder.parents[1] if folder.parent.name == "stress" else folder


def _lined_up(tests: Sequence[StressTest]) -> list[StressTest]:
    first = tests[0]
    common = first.ids
    for test in tests[1:]:
        if test.label_names != first.label_names or set(test.cells) != set(first.cells):
            raise FerError(
                f"'{test.name}' and '{first.name}' were not put to the same test: other labels, "
                "conditions or severities"
            )
        common = common[np.isin(common, test.ids)]
    if not len(common):
        raise FerError("these stress tests have no image in common")
    lined_up = [test.take(rows_of(common, test.ids)) for test in tests]
    for test in lined_up[1:]:
        if differing := _differing(test, lined_up[0]):
            raise FerError(
                f"'{test.name}' and '{first.name}' were not put to the same test: {differing}; "
                "name one data set with --data (and one split, one seed)"
            )
    return lined_up


def _differing(test: StressTest, first: StressTest) -> str:
    """Return in what two tests of images of the same ids differ; empty where in nothing."""
    for key in ("split", "seed"):
        if test.meta[key] != first.meta[key]:
            return f"{key} {test.meta[key]} and {first.meta[key]}"
    if not np.array_equal(test.labels, first.labels):
        row = int((test.labels != first.labels).argmax())
        names = (each.label_names[each.labels[row]] for each in (test, first))
        return f"image '{test.ids[row]}' is labelled {' and '.join(names)}"
    # Data that is read at another size has another fingerprint, and the same faces.
    same_size = test.example_images.shape[1:] == first.example_images.shape[1:]
    ours, theirs = (each.meta.get("split_data") for each in (test, first))
    if same_size and ours and theirs and ours != theirs:  # tests of before did not record it
        return f"a split of fingerprint {ours} and {theirs}"
    return ""


def _run(test: StressTest, drawn: Resampled, reference: Resampled) -> dict:
    mean = drawn.mean(list(test.conditions))
    return {
        "run": test.name,
        "clean": test.summary["clean"]["accuracy"],
        "mean": drawn.estimate(mean),
        "relative": drawn.over_clean(mean),
        "corruption_error": drawn.estimate(_corruption_error(drawn, reference)),
        "flips": test.summary["stability"]["any"],
        "promise": test.summary["promise"],
        "fitted_here": test.meta.get("fitted_here"),
    }


def _corruption_error(drawn: Resampled, reference: Resampled) -> tuple[float, np.ndarray]:
    """Return errors relative to the reference's, mean over conditions, once and resampled."""
    once, draws = [], []
    with np.errstate(divide="ignore", invalid="ignore"):
        for name in drawn.test.conditions:
            mine, theirs = drawn.mean([name]), reference.mean([name])
            once.append(np.divide(1 - mine[0], 1 - theirs[0]))
            draws.append((1 - mine[1]) / (1 - theirs[1]))
    return float(np.mean(once)), np.mean(draws, axis=0)


def _pair(drawn: Resampled, reference: Resampled) -> dict:
    def difference(mine, theirs):
        return drawn.estimate((mine[0] - theirs[0], mine[1] - theirs[1]))

    test = drawn.test
    return {
        "run": test.name,
        "clean": difference(drawn.cell(None), reference.cell(None)),
        "groups": {
            name: difference(drawn.mean(members), reference.mean(members))
            for name, members in groups(test).items()
        },
        "conditions": {
            name: difference(drawn.mean([name]), reference.mean([name])) for name in test.conditions
        },
    }
