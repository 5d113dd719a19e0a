"""Options shared by several commands."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from fer_analysis.errors import FerError
from fer_analysis.registry import Registry

SEED = click.IntRange(0, 2**32 - 1)
COUNT = click.IntRange(1, 10**9)
"""How many images, of a label or in all."""

SPLITS = ("train", "validation", "test", "fold")


class NameOf(click.ParamType):
    """A name from a table, which is read when the command runs.

    Args:
        table: The table.
        extra: Other accepted words.
    """

    name = "name"

    def __init__(self, table: Registry, *extra: str):
        self.table, self.extra = table, extra

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """Return the names, for the help."""
        return f"[{'|'.join((*self.extra, *self.table))}]"

    def convert(self, value: str, param, context) -> str:
        """Return `value` if the table has it."""
        if value in self.extra:
            return value
        try:
            return self.table.check(value)
        except FerError as error:
            self.fail(str(error), param, context)

    def shell_complete(self, context, param, incomplete: str) -> list:
        """Return the names with this beginning."""
        names = (*self.extra, *self.table)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


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
map_option = click.option(
    "--map",
    "label_map",
    multiple=True,
    metavar="DATA=NETWORK",
    callback=lambda context, parameter, value: value or None,
    help="The data's label is this label of the network, e.g. --map happiness=happy; --map "
    "contempt=- leaves its images out (repeatable; or a YAML or CSV file of pairs).",
)
split_option = click.option(
    "--split",
    type=click.Choice(SPLITS),
    help="Which part of the data. Default: test, else validation.",
)


def exclude_option(command):
    """Add `--exclude`, a list of faces, and `--issue`, which of an audit's."""
    for option in (
        click.option(
            "--issue",
            "issues",
            multiple=True,
            metavar="KIND",
            help="With --exclude and an audit.csv: only images with this issue (repeatable), e.g. "
            "leak.",
        ),
        click.option(
            "--exclude",
            metavar="FILE.csv",
            type=click.Path(exists=True, dir_okay=False),
            help="Leave out the faces of a list: a CSV with a column id, e.g. audit.csv, "
            "top_losses.csv or one of the report's.",
        ),
    ):
        command = option(command)
    return command


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")
promise_option = click.option(
    "--promise",
    type=click.Choice(("overall", "by-label")),
    default="overall",
    show_default=True,
    help="Where a label is not 'unsure': overall, where 4 of 5 answers are correct; by-label, "
    "where 4 of 5 of those of each predicted label are (a label for which that is not shown is "
    "always unsure).",
)
run_argument = click.argument("run", required=False, metavar="[RUN]")


def _choose(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Let every figure of this command be written as the option says."""
    if value is None:
        return
    from fer_analysis.figures.style import using

    context.with_resource(using(**{parameter.name: value}))


def figure_options(command):
    """Add `--format` and `--style`, which say how the command's figures are written."""
    for option in (
        click.option(
            "--style",
            type=click.Choice(("screen", "dark", "paper")),
            expose_value=False,
            callback=_choose,
            help="dark: figures for a dark page. paper: as wide as a journal's column or page. "
            "Default: screen.",
        ),
        click.option(
            "--format",
            type=click.Choice(("png", "svg", "pdf")),
            expose_value=False,
            callback=_choose,
            help="Write each figure as SVG or PDF (fonts embedded) too. Default: PNG alone.",
        ),
    ):
        command = option(command)
    return command


def _table_file(context: click.Context, parameter: click.Parameter, value: str | None):
    """Refuse a file of another format before anything is computed."""
    if value is None:
        return None
    from fer_analysis.tabular import check_suffix

    return check_suffix(value)


table_option = click.option(
    "--table",
    "table_file",
    metavar="FILE",
    callback=_table_file,
    help="Write every table that -v prints to FILE too: .csv (one file for each table), .tex "
    "(LaTeX, booktabs) or .md.",
)
