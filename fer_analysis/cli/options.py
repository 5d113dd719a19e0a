"""Options and steps that several commands share."""

from __future__ import annotations

import click

SPLITS = ("train", "validation", "test", "fold")

data_option = click.option(
    "--data",
    "source",
    metavar="PATH",
    help="Data set: a CSV, a folder, or 'synthetic' (drawn by the package). "
    "Default: the variable FER2013_DIR.",
)
set_option = click.option(
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a config key, e.g. --set training.epochs=3 (repeatable).",
)
split_option = click.option(
    "--split",
    type=click.Choice(SPLITS),
    help="Which part of the data. Default: test, else validation.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
run_argument = click.argument("run", required=False, metavar="[RUN]")


def open_data(section, *, quiet: bool = False):
    """Read the data of a config section, with progress and notices on stderr.

    Raises:
        FerError: If no data is named, or it cannot be read.
    """
    from fer_analysis.cli.console import notice, task_progress
    from fer_analysis.data.open import open_data as read
    from fer_analysis.errors import FerError

    if section.source is None:
        raise FerError(
            "no data: name it with --data PATH, or set FER2013_DIR, "
            "or use --data synthetic (faces that the package draws itself)"
        )
    with task_progress(f"reading {section.source}") as progress:
        loaded = read(section, progress=progress)
    if not quiet:
        for text in loaded.notices:
            notice(text)
    return loaded


def data_section(source: str | None, overrides: tuple[str, ...], **options):
    """Return the data section of a config made from the command line alone."""
    import os

    from fer_analysis.config import parse_data

    source = source or os.environ.get("FER2013_DIR")
    return parse_data({"source": source, **options}, overrides)


def open_run(
    run: str | None,
    source: str | None,
    split: str | None,
    overrides: tuple[str, ...],
    *,
    quiet: bool = False,
):
    """Open a RUN, its data (or other data that the command names) and a split of it.

    Returns:
        The run whose directory takes the results (one of its own where the data is not what
        the run was trained on, or the RUN is a bare model), the data, the split.

    Raises:
        FerError: If any of them is not there.
    """
    from pathlib import Path

    from fer_analysis.cli.console import notice
    from fer_analysis.config import load_config
    from fer_analysis.run import Run

    run = Run.open(run)
    run.trained_model_file()
    if run.is_directory and source is None:
        section = load_config(run.config_file, overrides).data
    else:
        section = data_section(source, overrides)
    loaded = open_data(section, quiet=quiet)
    trained_on = run.environment().get("data", {}).get("fingerprint")
    if loaded.fingerprint != trained_on:
        run = run.for_data(Path(section.source).stem)
    if split is None:
        split = "test" if loaded.dataset.has("test") else "validation"
        why = "the default" if split == "test" else "the data has no test split"
        if not quiet:
            notice(f"split: {split} ({why})")
    return run, loaded, split
