"""`fer saliency`: where a run looks."""

from __future__ import annotations

import click

from fer_analysis.cli.options import data_option, set_option, split_option
from fer_analysis.saliency import METHODS

CHECKED_OF_EACH = 5
"""Images of each label that the costly checks take unless they are asked for in full."""


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--label", help="Explain one label's faces. Default: all of them.")
@click.option(
    "--method",
    type=click.Choice(list(METHODS)),
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
@click.option("--n", default=50, show_default=True, help="Images of each label.")
@click.option(
    "--option",
    "options",
    multiple=True,
    metavar="NAME=VALUE",
    help="An option of the method, e.g. steps=64, baseline=blur, samples=9, method=occlusion "
    "(what smoothgrad smooths), layer=conv2d_1, patch=6 (repeatable).",
)
@click.option(
    "--regions",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Your own parts of the face: a .npy or .png mask (0 is background), or a .yaml of "
    "`name: [row from, row to, column from, column to]`. Default: a fixed template.",
)
@click.option(
    "--checks",
    type=click.Choice(["none", "quick", "full"]),
    default="quick",
    show_default=True,
    help="none: maps and shares alone. quick: all controls, faithfulness and sanity on "
    f"{CHECKED_OF_EACH} images of each label. full: on all explained images.",
)
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn by chance.")
@data_option
@split_option
@set_option
def saliency(runs, label, method, target, n, options, file, checks, seed, source, split, overrides):
    """Show where a run looks, label by label, and whether that can be believed.

    RUN is a run directory, a .keras file or 'bundled'; the newest run where none is named. Of
    several the first is explained, and the others' maps of the same faces tell how stable its are.

    \b
    Examples:
      fer saliency                                  # every label of the newest run
      fer saliency runs/first --label disgust --target contrast
      fer saliency runs/first runs/second --method gradient --n 400
      fer saliency --method smoothgrad --option samples=50 --regions regions.yaml

    A label has a dominant region only if its saliency clears the runner-up and every null
    (edges, networks that learnt nothing, all labels together), if hiding the region costs the
    logit more than hiding as much elsewhere and no other region costs more, and if the network
    ranks the label above chance. Otherwise the answer is none, with the reason.

    Writes to RUN/saliency/<split>/: overview.png, a page for each label, bars.png (regions
    with intervals), regions.png (the template), maps.npz, index.csv, regions.csv, humans.csv,
    faithfulness.json, sanity.json, stability.json (of several runs), meta.json. Ctrl-C keeps
    the labels that are finished.
    """
    from fer_analysis.saliency.analysis import Steps, parse_options
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    given = parse_options(options)
    import_tensorflow_quietly()
    steps = Steps.open(runs, source, split, overrides, file, seed)
    interrupted = steps.explain(label=label, n=n, target=target, method=method, options=given)
    if checks != "none" and not interrupted:
        steps.examine()
        steps.check(None if checks == "full" else CHECKED_OF_EACH)
        steps.compare()
    steps.write(checks, complete=not interrupted)
    if interrupted:
        raise SystemExit(130)
