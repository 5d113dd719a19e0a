"""What the cells of a study say together: counts of right and wrong, cell by cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.evaluation.intervals import wilson
from fer_analysis.study.cell import finished
from fer_analysis.study.design import Study


def summarise(study: Study, store: Path) -> list[dict]:
    """Return the figures of each cell's finished seeds, taken together.

    Folds of different seeds hold different images; their counts add up. Intervals are Wilson's
    of the sums, and know nothing of the spread between seeds.

    Args:
        study: The study.
        store: Where cells lie.

    Returns:
        For each cell with a finished seed: `seeds`, mean `accuracy` and `macro_f1` on the
        folds, and `recall` by label.
    """
    rows = []
    for name in dict.fromkeys(cell.name for cell in study.cells):
        done = [finished(cell, store) for cell in study.cells if cell.name == name]
        facts = [result.facts for result in done if result]
        if facts:
            rows.append(_row(study, name, facts))
    return rows


def _row(study: Study, name: str, facts: list[dict]) -> dict:
    figures = [fact["figures"]["fold"] for fact in facts]
    correct = np.sum([f["correct"] for f in figures], axis=0)
    support = np.sum([f["support"] for f in figures], axis=0)
    return {
        "name": name,
        "seeds": len(facts),
        "n": int(support.sum()),
        "accuracy": float(np.mean([f["accuracy"] for f in figures])),
        "macro_f1": float(np.mean([f["macro_f1"] for f in figures])),
        "recall": {
            label: {
                "correct": int(c),
                "n": int(n),
                "value": float(c / n) if n else None,
                "interval": list(wilson(int(c), int(n))) if n else None,
            }
            for label, c, n in zip(facts[0]["label_names"], correct, support, strict=True)
        },
    }
