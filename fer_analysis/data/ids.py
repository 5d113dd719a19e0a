"""Join by id: positions of images in another array."""

from __future__ import annotations

import numpy as np


def rows_of(wanted: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the row of each wanted id.

    Args:
        wanted: str `(m,)`.
        ids: str `(n,)`, each once.

    Returns:
        int64 `(m,)`, positions in `ids`; -1 for an id that is missing.
    """
    row = {name: index for index, name in enumerate(np.asarray(ids).tolist())}
    found = [row.get(name, -1) for name in np.asarray(wanted).tolist()]
    return np.array(found, dtype=np.int64)
