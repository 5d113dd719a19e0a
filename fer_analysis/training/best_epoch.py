"""Which epoch of a run is the best one."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_epoch(history: Sequence[dict], *, monitor: str, keep: str = "best") -> int:
    """Return the epoch whose weights are kept, counted from 1; 0 if there is no epoch.

    Of equal values the first is the best; a value that is not a number is worse than any number.

    Args:
        history: Rows of the run's history.
        monitor: The column to judge by: a loss should fall, an accuracy should rise.
        keep: `best`, or `last` to keep the last epoch whatever its value.

    Example:
        >>> best_epoch([{"loss": 2.0}, {"loss": 1.0}, {"loss": 1.0}], monitor="loss")
        2
    """
    if keep == "last" or not history:
        return len(history)
    sign = 1 if monitor.endswith("loss") else -1
    values = [sign * row[monitor] for row in history]
    return 1 + min(range(len(values)), key=lambda i: (not math.isfinite(values[i]), values[i]))
