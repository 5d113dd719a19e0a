"""`fer data`: what is in a data set."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import NameOf, data_option, figure_options, json_option, set_option
from fer_analysis.data import LAYOUTS


@click.command()
@data_option
@click.option("--layout", type=NameOf(LAYOUTS, "auto"), default="auto", help="Force a layout.")
@click.option(
    "--protocol",
    type=click.Choice(["auto", "official", "kaggle"]),
    default="auto",
    help="official: Training / PublicTest / PrivateTest. kaggle: the whole test folder for "
    "testing, 10 % of training for validation.",
)
@click.option(
    "--votes", metavar="PATH", help="The FER+ votes, where they do not lie in the same folder."
)
@click.option("--skip-bad", is_flag=True, help="Go on without rows or files that are damaged.")
@click.option("--augmented", is_flag=True, help="Also draw faces as a training transforms them.")
@click.option(
    "--config",
    default="paper/self_built",
    show_default=True,
    help="Config whose augmentation --augmented shows.",
)
@click.option(
    "--conditions",
    is_flag=True,
    help="Also draw a face under every condition of `fer stress`, at every severity.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs/data"),
    show_default=True,
    help="Folder for the pictures.",
)
@set_option
@figure_options
@json_option
def data(source, augmented, config, conditions, out, overrides, as_json, **of_files):
    """Show what is in a data set: layout, splits, counts per label, sample pictures.

    \b
    Examples:
      fer data --data fer2013/fer2013.csv
      fer data --data archive/ --protocol kaggle      # Kaggle's train/ and test/ folders
      fer data --data fer2013.csv --set data.labels=votes   # FER+'s eight labels
      fer data --data synthetic --augmented --conditions
      fer data --data synthetic --set data.n=500 --set 'data.blend={disgust: [angry, 0.6]}'
    """
    from fer_analysis.api import load_data
    from fer_analysis.cli.tables.console import ConsoleProgress

    loaded = load_data(
        source,
        overrides=overrides,
        pictures=out,
        augmented_by=config if augmented else None,
        conditions=conditions,
        progress=ConsoleProgress(),
        **({} if source == "synthetic" else of_files),
    )
    _print_json(loaded) if as_json else _print_counts(loaded)


def _print_json(loaded) -> None:
    import json

    click.echo(json.dumps(loaded.as_dict(), indent=2))


def _print_counts(loaded) -> None:
    from fer_analysis.cli.tables.console import out, print_text
    from fer_analysis.cli.tables.data import counts_table, left_out_table

    dataset = loaded.dataset
    height, width = dataset.images.shape[1:3]
    print_text(
        f"{loaded.section.source}: layout {loaded.layout}, protocol {loaded.protocol}, "
        f"{len(dataset):,} images of {height}x{width}, fingerprint {loaded.fingerprint}"
        + (", with annotators' votes" if dataset.votes is not None else "")
    )
    if loaded.account:
        print_text(str(loaded.account))
    out.print(counts_table(dataset))
    if loaded.vote_labels and loaded.vote_labels.left_out:
        out.print(left_out_table(loaded.vote_labels, dataset.splits))
