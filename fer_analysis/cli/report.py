"""`fer report`: one page to look at."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import SPLITS, data_option, set_option
from fer_analysis.errors import FerError

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@data_option
@click.option(
    "--split",
    type=click.Choice((*SPLITS, "given")),
    help="Which predicted part of the data. Default: test, else validation.",
)
@click.option(
    "--study",
    "studies",
    multiple=True,
    metavar="FOLDER",
    type=FOLDER,
    help="What `fer diagnose` (why labels fail) or `fer study show` (what remedies change) wrote; "
    "repeatable.",
)
@click.option(
    "--audit", metavar="FOLDER", type=FOLDER, help="What `fer audit` wrote of the same data."
)
@click.option(
    "--no-faces",
    is_flag=True,
    help="Leave out every picture of a face and all that is drawn from one. Ids stay.",
)
@click.option(
    "--per-cell",
    default=120,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="Faces of each cell of the confusion matrix, at most, the most confident first.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Default: RUN/report.html.",
)
@click.option("--open", "look", is_flag=True, help="Show it in the browser.")
@set_option
def report(runs, source, split, studies, audit, no_faces, per_cell, out, look, overrides):
    """Write one page that walks from a number to the faces behind it.

    RUN is what `fer evaluate` takes, evaluated before; the newest run where none is named. The
    first one is shown in full, the others are compared with it.

    \b
    Examples:
      fer report --open
      fer report runs/first --audit runs/audit-fer2013 --study runs/diagnosis-first
      fer report runs/first --study runs/diagnosis-why --study runs/study-remedies
      fer report runs/mobilenet runs/self_built --split validation --out both.html
      fer report --no-faces                          # for data that must not be shared

    A single HTML file that needs no network and no server, from what the other commands saved:
    no model is loaded. Sections without data name the command that fills them. MODEL_CARD.md
    is written beside it.
    """
    from fer_analysis.report.page import Extras, page
    from fer_analysis.report.render import write_report
    from fer_analysis.report.saved_run import common_split, open_run, open_subject, results_of

    asked = list(dict.fromkeys(runs)) or [None]
    opened = [open_run(name) for name in asked]
    lying = [results_of(run, source) for run in opened]
    split = common_split(lying, split)
    subjects = [
        open_subject(name or str(run.path), run, results, split)
        for name, run, results in zip(asked, opened, lying, strict=True)
    ]
    if no_faces:
        subjects[0] = subjects[0].without_faces("left out on request (--no-faces)")
    else:
        subjects[0] = _with_faces(subjects[0], source, overrides)
    out = out or subjects[0].results.path / "report.html"
    content = page(subjects, Extras(studies, audit, not no_faces, per_cell))
    written = write_report(content, out)
    click.echo(content["verdict"])
    from fer_analysis.cli.tables.console import err, notice

    if content["faces_missing"] and not no_faces:
        notice(f"no faces on the page: {content['faces_missing']}")
    size = out.stat().st_size / 1e6
    err.print(f"wrote {out} ({size:.1f} MB), {written[1]}", soft_wrap=True)
    if look:
        click.launch(out.resolve().as_uri())


def _with_faces(subject, source, overrides):
    """Return the subject with its faces, read through the run's data config or `--data`."""
    from fer_analysis.cli.options import data_section, open_data
    from fer_analysis.config import load_config

    try:
        config = subject.run.config_file
        if source is None and config.is_file():
            section = load_config(config, overrides).data
        else:
            section = data_section(source, overrides)
        return subject.with_faces(open_data(section, quiet=True))
    except FerError as error:
        if source is not None:
            raise
        return subject.without_faces(str(error))
