"""`fer report`: one page to look at."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import COUNT, SPLITS, data_option, map_option, set_option

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
    "--audit", metavar="FOLDER", type=FOLDER, help="What `fer audit` wrote for the same data."
)
@click.option(
    "--no-faces",
    is_flag=True,
    help="Leave out all pictures of faces and everything drawn from them. Ids stay.",
)
@click.option(
    "--per-cell",
    type=COUNT,
    metavar="N",
    help="Faces of each cell of the confusion matrix, at most, the most confident first. "
    "Default: all, on a page of up to 7,500.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.html",
    help="Default: RUN/report.html.",
)
@click.option("--force", is_flag=True, help="Replace a file that `fer report` did not write.")
@click.option("--open", "look", is_flag=True, help="Show it in the browser.")
@map_option
@set_option
def report(runs, source, look, no_faces, **asked):
    """Write one page that leads from a figure to the faces behind it.

    RUN is a run that `fer evaluate` has evaluated; the newest run if none is named. The
    first one is shown in full, the others are compared with it.

    \b
    Examples:
      fer report --open
      fer report runs/first --audit runs/audit-fer2013 --study runs/diagnosis-first
      fer report runs/first --study runs/diagnosis-why --study runs/study-remedies
      fer report runs/mobilenet runs/self_built --split validation --out both.html
      fer report bundled --data affectnet/ --map contempt=-    # as it was evaluated
      fer report --no-faces                          # for data that must not be shared

    A single HTML file that needs no network and no server, from what the other commands saved:
    no model is loaded. Sections without data name the command that fills them. MODEL_CARD.md
    is written to the same folder.
    """
    from fer_analysis import api
    from fer_analysis.cli import verbosity
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.console import out as console

    progress = ConsoleProgress()
    written = api.write_report(
        runs or None, data=source, faces=not no_faces, progress=progress, **asked
    )
    if verbosity.level() != verbosity.QUIET:
        console.print(written.headline)
    if written.faces_missing:
        progress.notice(f"no faces on the page: {written.faces_missing}")
    if look:
        click.launch(written.path.resolve().as_uri())
