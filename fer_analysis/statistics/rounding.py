"""Whole numbers in given proportions."""

from __future__ import annotations

import numpy as np


def whole_numbers(shares: np.ndarray, total: int) -> np.ndarray:
    """Return counts in these shares that sum to `total`, by largest remainders (Hamilton's method).

    Args:
        shares: float `(k,)`, 0 or more; they sum to 1.
        total: What the counts sum to.

    Returns:
        int64 `(k,)`; of equal remainders the first is rounded up.
    """
    return round_to_total(np.asarray(shares, dtype=float) * total, total)


def round_to_total(exact: np.ndarray, total: int) -> np.ndarray:
    """Return exact amounts `(k,)` that sum to `total` as whole numbers, by largest remainders."""
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts
