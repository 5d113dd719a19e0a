"""`fer relabel`: a page on which a person labels doubtful faces again."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import (
    COUNT,
    SEED,
    data_option,
    run_argument,
    set_option,
    split_option,
)


@click.command()
@run_argument
@data_option
@split_option
@click.option(
    "--faces",
    metavar="FILE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Ask about the faces of a list (a CSV with a column id), e.g. one of the report's.",
)
@click.option(
    "--audit",
    metavar="FOLDER",
    type=click.Path(exists=True, file_okay=False),
    help="Ask about the faces whose label an audit doubts, the strongest doubts first.",
)
@click.option(
    "--issue",
    "issues",
    multiple=True,
    metavar="KIND",
    help="With --faces or --audit: only faces with this issue (repeatable), e.g. label_issue.",
)
@click.option(
    "-n", "--n", type=COUNT, help="Faces, at most. Default: 200 doubtful ones; all of a list."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the faces' order.")
@click.option(
    "--show",
    multiple=True,
    type=click.Choice(("label", "model")),
    help="Show the present label, or the model's answer (repeatable). Default: neither, so that "
    "the opinion is independent of both.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Default: runs/relabel-<data>.",
)
@click.option("--open", "look", is_flag=True, help="Show it in the browser.")
@set_option
def relabel(run, source, split, faces, audit, issues, n, seed, show, out, look, overrides):
    """Write a page on which a person labels doubtful faces again.

    Asks about the faces of a list, of an audit, or those on which RUN has the highest loss (RUN
    is a run directory, a .keras file, or 'bundled'; the newest run if none is named).

    \b
    Examples:
      fer relabel runs/first --open
      fer relabel --audit runs/audit-fer2013 --data fer2013.csv -n 100
      fer relabel --faces runs/agreement/differing.csv --data fer2013.csv

    Keys 1 to 9 choose a label, 0 skips, u takes back. Answers stay in the browser until they are
    downloaded as a CSV of ids and labels, for `fer train --relabel`, `fer evaluate --relabel` and
    `fer agreement`. Nothing is sent.
    """
    from fer_analysis.api import write_relabel_page
    from fer_analysis.cli.tables.console import ConsoleProgress

    page = write_relabel_page(
        run,
        data=source,
        split=split,
        faces=faces,
        audit=audit,
        issues=issues,
        n=n,
        seed=seed,
        show=show,
        out=out,
        overrides=overrides,
        progress=ConsoleProgress(),
    )
    if look:
        click.launch(page.path.resolve().as_uri())
