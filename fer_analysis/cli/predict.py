"""`fer predict`: predict the labels of pictures of faces."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import COUNT, figure_options, json_option, promise_option
from fer_analysis.errors import FerError


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--run",
    default="bundled",
    show_default=True,
    metavar="RUN",
    help="Whose network: a run directory, a .keras file, an exported file, or the one that comes "
    "with the package. "
    "An option here, since the arguments are images.",
)
@click.option(
    "--faces",
    type=click.Choice(("auto", "always", "never")),
    default="auto",
    show_default=True,
    help="auto: images of at most 100 pixels of the shorter side, and those of one tight face, "
    "are taken whole, and faces are found in the others. always: found in all. never: each image "
    "is taken for one cropped face.",
)
@click.option(
    "--draw", is_flag=True, help="Also write each photo with its faces' boxes and labels."
)
@click.option("--saliency", is_flag=True, help="Also draw where the network looked on each face.")
@click.option(
    "--keras",
    is_flag=True,
    help="Use the Keras file of the network that comes with the package. Default: its LiteRT "
    "form, which starts at once.",
)
@promise_option
@click.option(
    "--sets",
    is_flag=True,
    help="Also show the labels that each face may have: a set that holds the true label in 9 of "
    "10 cases, of all faces or (--promise by-label) of those of each true label.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where the pictures of --draw and --saliency go, by default the image's folder; or all "
    "results of a film, by default a folder below runs/.",
)
@click.option(
    "--film", is_flag=True, help="PATH is a folder of pictures that are the frames of a film."
)
@click.option(
    "--every",
    type=COUNT,
    metavar="N",
    help="Of a film, look at every Nth frame. Default: at 5 a second, of a camera at all.",
)
@figure_options
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, row by row during prediction.")
@click.option("--card", is_flag=True, help="Show the network's origin and measured figures.")
def predict(
    paths,
    run,
    faces,
    draw,
    saliency,
    keras,
    promise,
    sets,
    out,
    film,
    every,
    as_json,
    as_csv,
    card,
):
    """Predict the expression label of each face in photos and films, or of cropped faces.

    PATH is an image of any size and colour, a folder of them (searched to any depth), a film
    that OpenCV reads, or a camera's number.

    \b
    Examples:
      fer predict photo.jpg --draw
      fer predict faces/ --saliency --out looked/
      fer predict faces/ more/ --csv > predictions.csv
      fer predict face.jpg --run runs/first
      fer predict faces/ --promise by-label --sets
      fer predict film.mp4 --draw --out film/     # timeline, tracks, an annotated film
      fer predict 0                               # a camera, until Ctrl-C
      fer predict --card                          # where the network fails

    Finding faces requires `pip install 'fer-analysis[photos]'`. Nothing leaves the machine;
    showing people's faces to such a program may need their consent.

    A crop without a face still gets a label, or "unsure". An expression is not a feeling.
    Probabilities are calibrated on validation images; "unsure" means that the network was not
    shown to be correct in 4 of 5 cases at this confidence, or (with the reason: too small, cut
    off, too dark, too noisy, too blurred, turned …) that the face is unlike those that this was
    shown for.

    A file that cannot be read, or shows no face, is one line on stderr; the exit code is 1 only
    if nothing could be predicted.
    """
    if card:
        return _show_card(run, as_json)
    if not paths:
        raise click.UsageError("Missing argument 'PATH...': an image of a face, or a folder.")
    if as_json and as_csv:
        raise FerError("--json and --csv exclude each other: choose one")
    from fer_analysis.faces.frames import is_film

    if film or any(map(is_film, paths)):
        if saliency or keras or sets or faces != "auto" or promise != "overall":
            raise FerError(
                "--saliency, --keras, --promise, --sets and --faces are for pictures, not for films"
            )
        return _predict_film(paths, run, every, draw, out, as_json=as_json, as_csv=as_csv)
    if every:
        raise FerError("--every is for films; a folder of frames is one with --film")
    if out and not (saliency or draw):
        raise FerError("--out is for the pictures of --draw and --saliency")
    from fer_analysis import api
    from fer_analysis.cli.tables import prediction as tables
    from fer_analysis.cli.tables.console import ConsoleProgress

    rows = tables.CsvRows() if as_csv else None
    predictions = api.predict(
        paths,
        run=run,
        faces=faces,
        saliency=saliency,
        draw=draw,
        keras=keras,
        promise=promise,
        sets=sets,
        out=out,
        each=lambda item: tables.print_as_it_comes(item, rows),
        progress=ConsoleProgress(),
    )
    if as_json:
        tables.print_json(predictions)
    elif not as_csv:
        tables.print_predictions(predictions)
    tables.print_remarks(predictions, quiet=as_json or not as_csv)
    if not len(predictions):
        raise FerError(tables.why_nothing(predictions))
    return None


def _predict_film(paths, run, every, draw, out, *, as_json: bool, as_csv: bool) -> None:
    if len(paths) > 1:
        raise FerError("one film at a time: name one film, one folder of frames or one camera")
    from fer_analysis import api
    from fer_analysis.cli.tables import film as tables
    from fer_analysis.cli.tables.console import ConsoleProgress

    result = api.predict_film(
        paths[0],
        run=run,
        every=every,
        draw=draw,
        out=out,
        each=tables.CsvRows().write if as_csv else None,
        progress=ConsoleProgress(),
    )
    if as_json:
        tables.print_json(result)
    elif not as_csv:
        tables.print_film(result)


def _show_card(run: str, as_json: bool) -> None:
    import json

    from fer_analysis.cli.tables.card import print_card
    from fer_analysis.evaluation.model_card import read_card
    from fer_analysis.run import Run

    opened = Run.open(run)
    card = read_card(opened)
    if card is None:
        raise FerError(f"{run}: no card; only run directories with a complete training have one")
    if as_json:
        click.echo(json.dumps(card, indent=2))
    else:
        print_card(opened.name, card)
