"""Which network a stress test was of, told by its files."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

from fer_analysis.run import Run


def network_identity(
    file: Path,
    input_size: tuple[int, int] | None = None,
    scale: tuple[float, float] | None = None,
) -> str:
    """Return a hash that changes when a network does, or what it is given.

    Args:
        file: Of the model.
        input_size: Height and width that the model takes, if they are not the data's.
        scale: What the model takes for black and for white, if not 0 and 255.
    """
    digest = hashlib.blake2b(file.read_bytes(), digest_size=8)
    digest.update(repr((input_size, scale)).encode())
    return digest.hexdigest()


def is_stressed(run: Run, told: dict) -> bool:
    """Tell whether a saved stress test is of a run's network as it is now, or of unknown make.

    Args:
        run: The run.
        told: The content of `stress.json`.
    """
    with contextlib.suppress(KeyError, TypeError, ValueError, IndexError):
        _, identity, *_ = json.loads(told["made_from"])
        if run.model_file.is_file():
            return identity == network_identity(run.model_file)
    return True
