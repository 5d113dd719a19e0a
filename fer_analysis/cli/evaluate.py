"""`fer evaluate`: where a run fails."""

from __future__ import annotations

import click

from fer_analysis.cli.options import (
    data_option,
    exclude_option,
    figure_options,
    json_option,
    map_option,
    run_argument,
    set_option,
    split_option,
    table_option,
)


@click.command()
@run_argument
@data_option
@split_option
@click.option(
    "--tta",
    is_flag=True,
    help="Test-time augmentation: average over ten mirrored and shifted views. Results go to "
    "RUN/evaluation/<split>-tta/, with a separate temperature.",
)
@click.option(
    "--logit-adjustment",
    "tau",
    type=click.FloatRange(min=0, min_open=True, max=10),
    metavar="TAU",
    help="Prior-corrected predictions, as if all labels were equally frequent (1), or half-way "
    "(0.5). Results go to RUN/evaluation/<split>-adjusted/.",
)
@click.option(
    "--predictions",
    "file",
    metavar="FILE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Instead of a RUN, predictions made elsewhere: columns id, label (the true one) and one "
    "of probabilities for each label. With --data, ids are joined to the data for leaks and "
    "votes.",
)
@exclude_option
@click.option(
    "--relabel",
    metavar="FILE.csv",
    type=click.Path(exists=True, dir_okay=False),
    help="Score against the labels of a list (columns id, label), e.g. one of `fer relabel`.",
)
@click.option(
    "--guard",
    is_flag=True,
    help="Also learn which pictures the network must not be asked about (too dark, too noisy, "
    "turned …), from the run's own validation images; `fer predict` refuses them. Two minutes.",
)
@click.option(
    "--slices",
    is_flag=True,
    help="Also compare images by brightness, contrast, sharpness, noise, turn …, within labels: "
    "slices.csv and pictures.",
)
@map_option
@click.option(
    "--promise",
    type=click.Choice(("overall", "by-label")),
    help="Print, by predicted and by true label, how many faces are answered and how many of these "
    'correctly: with one threshold of "unsure", or one for each predicted label.',
)
@click.option(
    "--sets",
    is_flag=True,
    help="Print how often label sets hold the true label: sets for all faces, or (--promise "
    "by-label) for those of each true label.",
)
@set_option
@figure_options
@table_option
@json_option
def evaluate(
    run,
    source,
    split,
    tta,
    tau,
    file,
    exclude,
    issues,
    relabel,
    guard,
    slices,
    label_map,
    promise,
    sets,
    overrides,
    table_file,
    as_json,
):
    """Predict a split, and show where the run fails.

    RUN is a run directory, a .keras file, or 'bundled' (the network that comes with the
    package); the newest run where none is named. The run's
    own data is used unless --data names other data with the same labels, or with others that
    --map translates.

    \b
    Examples:
      fer evaluate
      fer evaluate runs/first --split validation
      fer evaluate model.keras --data fer2013.csv --tta
      fer evaluate --logit-adjustment 1               # as if disgust were not rare
      fer evaluate --exclude runs/audit-fer2013/audit.csv --issue leak
      fer evaluate --relabel second-opinion.csv       # figures are named by the list
      fer evaluate --promise by-label --sets
      fer evaluate --predictions theirs.csv --data fer2013.csv
      fer evaluate bundled --data affectnet/ --map contempt=-

    Figures come with 95 % intervals and twice: for all images, and for those that are not
    among the training images pixel for pixel (leak-free). Where the data has annotators'
    votes, they are the reference. Writes metrics.json (every figure), promises.json,
    predictions.npz, confusion.csv, top_losses.csv and pictures to RUN/evaluation/<split>/.
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress
    from fer_analysis.cli.tables.files import write_printed
    from fer_analysis.errors import FerError
    from fer_analysis.evaluation.promises import Promises
    from fer_analysis.evaluation.score import REPLACES_A_RUN

    if file and run is not None:  # also `bundled`, which is the function's default
        raise FerError(REPLACES_A_RUN)
    evaluation = api.evaluate(
        run,
        data=source,
        split=split,
        predictions=file,
        tta=tta,
        logit_adjustment=tau,
        exclude=exclude,
        issues=issues,
        relabel=relabel,
        guard=guard,
        slices=slices,
        label_map=label_map,
        overrides=overrides,
        progress=ConsoleProgress(),
    )
    name = str(evaluation.folder.parents[1])
    promises = Promises.of(evaluation)
    if table_file:
        from fer_analysis.cli.tables.evaluation import print_evaluation

        write_printed(table_file, lambda: print_evaluation(name, evaluation, promises))
    if as_json:
        import json

        from fer_analysis.evaluation.metrics import metrics
        from fer_analysis.evaluation.slices import Slices
        from fer_analysis.statistics.estimate import to_json

        document = metrics(evaluation) | {"run": name}
        document["promises"] = promises and promises.as_dict()
        if exclude:
            document["exclusions"] = evaluation.exclusions
        if slices:
            document["slices"] = Slices.load(evaluation.folder).as_dict()
        click.echo(json.dumps(to_json(document), indent=2))
    else:
        from fer_analysis.cli.tables.evaluation import print_evaluation

        print_evaluation(name, evaluation, promises, rule=promise, sets=sets)
        if slices:
            from fer_analysis.cli.tables.slices import print_slices
            from fer_analysis.evaluation.slices import Slices

            print_slices(Slices.load(evaluation.folder))
