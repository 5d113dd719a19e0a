"""Opening the data of a config: files of any layout, or faces drawn by the package."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from fer_analysis.data.load import LoadedData, load_data
from fer_analysis.data.synthetic import generate

if TYPE_CHECKING:
    from pydantic import BaseModel


def open_data(
    section: BaseModel, *, progress: Callable[[int, int], None] | None = None
) -> LoadedData:
    """Read or draw the data that a config's `data` section describes.

    Args:
        section: The section; its fields are the keyword arguments of `load_data`, or, where
            its source is `synthetic`, of `generate`.
        progress: Called with (done, total) while files are read.

    Raises:
        FerError: If the data cannot be read.
    """
    options = section.model_dump()
    source = options.pop("source")
    if source != "synthetic":
        return load_data(source, **options, progress=progress)
    dataset = generate(**options)
    return LoadedData(
        dataset=dataset,
        layout="synthetic",
        protocol="synthetic",
        fingerprint=dataset.fingerprint(),
        notices=(),
        comparable=False,
    )
