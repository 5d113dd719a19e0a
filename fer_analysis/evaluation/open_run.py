"""From names and paths to a run, its data and a split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from fer_analysis.config import check_sections, load_config, parse_data
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.label_map import Given
from fer_analysis.data.load import LoadedData
from fer_analysis.data.open import open_data, with_labels_of
from fer_analysis.data.usual_source import usual_source
from fer_analysis.errors import FerError
from fer_analysis.models.exported import read_exported
from fer_analysis.models.model_file import ANY_SIZE, read_model_file
from fer_analysis.progress import Progress
from fer_analysis.run import Run

NO_DATA = (
    "no data: give --data PATH, or set FER2013_DIR, "
    "or use --data synthetic (faces that the package draws itself)"
)

READ_BEFORE = "the data was read before; give it to load_data"
"""What is said of overrides of data that is not read here."""

OTHER_DATA = "this is other data than the run was trained on"
"""How the notice of data begins that is not a run's own."""


def check_source(source: object) -> None:
    """Refuse what names no data: an array's or a data set's text would be taken for a path.

    Raises:
        FerError: If it is neither a path nor None.
    """
    if source is not None and not isinstance(source, str | os.PathLike):
        raise FerError(
            f"data: expected a path, '{SYNTHETIC}' or what load_data returned, received "
            f"{type(source).__name__}"
        )


def data_section(source: str | Path | None, overrides: tuple[str, ...] = (), **options):
    """Return the data section of a config from a path and overrides.

    Args:
        source: The data set; `FER2013_DIR` if None.
        overrides: `KEY=VALUE` texts, e.g. `data.size=48`.
        **options: Other keys of the section.

    Raises:
        FerError: If the source is no path, or naming every problem of the section.
    """
    check_source(source)
    source = source or usual_source()
    return parse_data({"source": source and str(source), **options}, overrides)


def read_data(section, progress: Progress | None = None) -> LoadedData:
    """Read the data of a config section; its notices go to `progress`.

    Raises:
        FerError: If no data is named, or it cannot be read.
    """
    progress = progress or Progress()
    if section.source is None:
        raise FerError(NO_DATA)
    with progress.task(f"reading {section.source}") as update:
        loaded = open_data(section, progress=update)
    for text in loaded.notices:
        progress.notice(text)
    return loaded


def name_of(data: LoadedData) -> str:
    """Return what data is called in the names of folders: the last part of its path."""
    if data.section is None or data.section.source is None:
        return data.layout
    return Path(data.section.source).expanduser().resolve().stem


def taken_size(run: Run) -> int:
    """Return the height in pixels of the images that a run's model takes.

    Raises:
        FerError: If there is no model file that can be read.
    """
    file = run.trained_model_file()
    if run.is_exported:
        return read_exported(file).size
    size = read_model_file(file).size
    if size is None and run.origin.config_file.is_file():
        size = run.origin.config().data.size
    return size or ANY_SIZE


def check_same_size(runs: Sequence[Run]) -> None:
    """Refuse runs whose models take images of different sizes: they cannot share maps.

    Raises:
        FerError: If they differ, or there is no model file that can be read.
    """
    sizes = [taken_size(run) for run in runs]
    for run, size in zip(runs, sizes, strict=True):
        if size != sizes[0]:
            raise FerError(
                f"{run.model_file}: takes images of {size} x {size} pixels, and "
                f"{runs[0].model_file} of {sizes[0]} x {sizes[0]}: their maps cannot be compared"
            )


def taken_labels(run: Run) -> tuple[str, ...]:
    """Return the labels that a run's network answers with, in its order.

    Raises:
        FerError: If its file does not say.
    """
    file = run.trained_model_file()
    names = (read_exported if run.is_exported else read_model_file)(file).label_names
    if not names:
        raise FerError(f"{file}: does not say what its labels are, so none can be mapped to them")
    return tuple(names)


def open_run(
    run: str | Path | Run | None,
    data: str | Path | LoadedData | None = None,
    split: str | None = None,
    overrides: tuple[str, ...] = (),
    *,
    label_map: Given | None = None,
    progress: Progress | None = None,
) -> tuple[Run, LoadedData, str]:
    """Open a RUN, its data (or other data) and a split of it.

    Args:
        run: A run directory, a `.keras` file, `bundled`, a `Run`; the newest run if None.
        data: Other data than the run's own: a path, or data that was read before.
        split: The split; test if the data has one, else validation.
        overrides: `KEY=VALUE` texts that change the data section.
        label_map: How the data's labels are those of the network, if they are not the same: see
            `data.label_map.read_label_map`; None: they must be the same.
        progress: Receives the notices.

    Returns:
        The run whose directory receives the results (a separate one if the data is not what
        the run was trained on, or the RUN is a bare model), the data, the split.

    Raises:
        FerError: If any of them is missing.
    """
    progress = progress or Progress()
    check_sections(overrides, "data")
    run = run if isinstance(run, Run) else Run.open(run)
    size = taken_size(run)
    if isinstance(data, LoadedData):
        if overrides:
            raise FerError(f"{overrides[0]}: {READ_BEFORE}")
        loaded = data
    else:
        own = run.is_directory and data is None
        section = (
            load_config(run.config_file, overrides).data
            if own
            else data_section(data, overrides, **({} if str(data) == SYNTHETIC else {"size": size}))
        )
        loaded = read_data(section, progress)
    if label_map is not None:
        loaded = with_labels_of(loaded, taken_labels(run), label_map)
        progress.notice(loaded.notices[-1])
    trained_on = run.environment().get("data", {}).get("fingerprint")
    of_members = run.data_of_members()
    if of_members:
        progress.notice(
            "the members of this ensemble were trained on different data: "
            f"{'; '.join(of_members.values())}; what is used now has fingerprint "
            f"{loaded.fingerprint}"
        )
    if loaded.fingerprint != trained_on:
        run = run.for_data(name_of(loaded), loaded.fingerprint)
        if loaded.fingerprint in of_members:
            progress.notice(f"results go to {run.path}")
        elif trained_on is not None:
            progress.notice(
                f"{OTHER_DATA} (fingerprint {loaded.fingerprint}, trained on "
                f"{', '.join(of_members) or trained_on}): results go to {run.path}"
            )
    if split is None:
        split = "test" if loaded.dataset.has("test") else "validation"
        why = "the default" if split == "test" else "the data has no test split"
        progress.notice(f"split: {split} ({why})")
    return run, loaded, split
