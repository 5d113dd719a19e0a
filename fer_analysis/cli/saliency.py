"""`fer saliency`: where a run looks."""

from __future__ import annotations

import click

from fer_analysis.cli.options import (
    COUNT,
    SEED,
    NameOf,
    data_option,
    figure_options,
    json_option,
    map_option,
    set_option,
    split_option,
)
from fer_analysis.errors import FerError
from fer_analysis.saliency import METHODS, NOT_OPTIONS


class _MethodOption(click.Option):
    """An option whose help lists the options of all methods, from the table."""

    def get_help_record(self, context: click.Context) -> tuple[str, str] | None:
        listed = []
        for method in METHODS:
            own = {k: v for k, v in METHODS.keywords(method).items() if k not in _NOT_LISTED}
            if own:
                options = ", ".join(f"{name}={value.strip(chr(39))}" for name, value in own.items())
                listed.append(f"{method}: {options}")
        self.help = (
            f"An option of the method (repeatable). With their defaults: {'; '.join(listed)}."
        )
        return super().get_help_record(context)


_NOT_LISTED = (*NOT_OPTIONS, "seed")


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--label", help="Explain one label's faces. Default: all of them.")
@click.option(
    "--method",
    type=NameOf(METHODS),
    default="integrated_gradients",
    show_default=True,
)
@click.option(
    "--target",
    default="true",
    show_default=True,
    metavar="true|predicted|contrast|LABEL",
    help="Whose logit is explained: the face's own label's, the model's answer's, the own one less "
    "the strongest other (why not this label?), or one label's for all faces.",
)
@click.option("--n", default=50, type=COUNT, show_default=True, help="Images of each label.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    cls=_MethodOption,
)
@click.option(
    "--regions",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Your own face regions: a .npy or .png mask (0 is background), or a .yaml of "
    "`name: [row from, row to, column from, column to]`. Default: a fixed template.",
)
@click.option(
    "--checks",
    type=click.Choice(["none", "quick", "full"]),
    default="quick",
    show_default=True,
    help="none: maps and shares alone. quick: all controls, faithfulness and sanity on "
    "5 images of each label. full: on all explained images.",
)
@click.option("--seed", default=0, type=SEED, show_default=True, help="Seed of everything random.")
@data_option
@split_option
@map_option
@set_option
@figure_options
@json_option
def saliency(runs, options, source, as_json, **asked):
    """Show where a run looks, label by label, and whether the maps are reliable.

    RUN is a run directory, a .keras file or 'bundled'; the newest run if none is named. Of
    several runs the first is explained; the others' maps of the same faces show how stable its
    maps are.

    \b
    Examples:
      fer saliency                                  # every label of the newest run
      fer saliency runs/first --label disgust --target contrast
      fer saliency runs/first runs/second --method gradient --n 400
      fer saliency --method smoothgrad --option samples=50 --regions regions.yaml

    A label has a dominant region only if its saliency exceeds the runner-up's and that of every
    null (edges, untrained networks, all labels together), if hiding the region costs the logit
    more than hiding the same area elsewhere and no other region costs more, and if the network
    ranks the label above chance. Otherwise the result is none, with the reason.

    Writes to RUN/saliency/<split>/: overview.png, a page for each label, bars.png (regions
    with intervals), regions.png (the template), maps.npz, index.csv, regions.csv, humans.csv,
    faithfulness.json, sanity.json, stability.json (of several runs), meta.json. Ctrl-C keeps
    the labels that are finished.
    """
    from fer_analysis.api import explain
    from fer_analysis.cli.tables.console import ConsoleProgress

    asked["regions"] = asked.pop("file")
    found = explain(
        runs[0] if runs else None,
        others=runs[1:],
        data=source,
        options=parse_options(options),
        progress=ConsoleProgress(notices=not as_json),
        **asked,
    )
    from fer_analysis.cli.tables.saliency import print_analysis

    print_analysis(found, as_json=as_json)
    if not found.complete:
        raise SystemExit(130)


def parse_options(words: tuple[str, ...]) -> dict:
    """Read `NAME=VALUE` texts; a value that looks like a number is one.

    Raises:
        FerError: If a text is not such a pair.
    """
    import yaml

    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise FerError(f"--option: expected NAME=VALUE, received '{word}'")
        try:
            given[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            given[name] = value
    return given
