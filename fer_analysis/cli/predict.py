"""`fer predict`: what a network says of pictures of faces."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import json_option
from fer_analysis.errors import FerError


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH...")
@click.option(
    "--run",
    default="bundled",
    show_default=True,
    metavar="RUN",
    help="Whose network: a run directory, a .keras file, or the one that comes with the package.",
)
@click.option("--saliency", is_flag=True, help="Also draw where the network looked on each face.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Where the pictures of --saliency go. Default: beside each image.",
)
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV, row by row as it comes.")
@click.option("--card", is_flag=True, help="Show what the network is and was measured to do.")
def predict(paths, run, saliency, out, as_json, as_csv, card):
    """Say what expression each face is likely to be filed under.

    PATH is an image of one face, cropped, of any size and colour, or a folder of them
    (searched to any depth).

    \b
    Examples:
      fer predict face.jpg
      fer predict faces/ --saliency --out looked/
      fer predict faces/ more/ --csv > answers.csv
      fer predict face.jpg --run runs/first
      fer predict --card                          # where the network fails

    No face detector is involved: whatever the picture shows, one of the labels is given. And an
    expression is not a feeling. Probabilities are calibrated on validation images; "unsure"
    stands where the network was not shown to be right 4 times of 5.

    A file that cannot be read is one line on stderr; the exit code is 1 only if none could be
    read.
    """
    if card:
        return _show_card(run, as_json)
    _refuse(paths, out, saliency, as_json, as_csv)
    from fer_analysis.evaluation.model_card import read_card
    from fer_analysis.prediction.find_images import find_images
    from fer_analysis.run import Run

    run = Run.open(run)
    run.trained_model_file()
    card = read_card(run)
    files, problems = find_images(paths)
    for line in problems:
        _complain(line)
    if not files:
        raise FerError("no image to look at")
    output = _output(as_json, as_csv)
    count = _answer(run, files, output, saliency, out)
    output.finish(str(run.path) if run.is_directory else run.name, card, problems)
    if not count:
        raise FerError("no image could be read")
    return None


def _refuse(paths, out, saliency, as_json, as_csv) -> None:
    if not paths:
        raise click.UsageError("Missing argument 'PATH...': an image of a face, or a folder.")
    if as_json and as_csv:
        raise FerError("--json and --csv are two ways to print: name one")
    if out and not saliency:
        raise FerError("--out is for the pictures of --saliency")


def _output(as_json: bool, as_csv: bool):
    from fer_analysis.cli.tables import prediction as outputs

    if as_json:
        return outputs.Json()
    return outputs.Csv() if as_csv else outputs.Table()


def _answer(run, files, output, saliency: bool, out: Path | None) -> int:
    """Answer all files, handing each to the output; return how many could be read."""
    from fer_analysis.cli.tables.console import task_progress
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    import_tensorflow_quietly()
    from fer_analysis.prediction.answer_files import Unreadable, answer_files
    from fer_analysis.prediction.classifier import Classifier

    classifier = Classifier.open(run)
    output.begin(classifier)
    overlays, count = _overlays(classifier, out) if saliency else None, 0
    with task_progress("looking") as progress:
        for batch in answer_files(
            classifier, files, progress=progress, batch_size=32 if saliency else 256
        ):
            for each in batch:
                if isinstance(each, Unreadable):
                    _complain(f"{each.path}: {each.reason}")
                    output.unreadable(each)
                else:
                    output.answer(each, _drawn(overlays, each))
                    count += 1
    return count


def _overlays(classifier, out: Path | None):
    from fer_analysis.prediction.overlays import Overlays

    return Overlays(classifier, out)


def _drawn(overlays, answer) -> Path | None:
    """Draw one overlay; one that cannot be written is a line on stderr."""
    if overlays is None:
        return None
    try:
        return overlays.write(answer)
    except OSError as error:
        _complain(f"{answer.found.path}: no overlay written ({error.strerror or error})")
        return None


def _complain(line: str) -> None:
    from fer_analysis.cli.terminal import printable

    click.echo(printable(line), err=True)


def _show_card(run: str, as_json: bool) -> None:
    import json

    from fer_analysis.cli.tables.card import print_card
    from fer_analysis.evaluation.model_card import read_card
    from fer_analysis.run import Run

    opened = Run.open(run)
    card = read_card(opened)
    if card is None:
        raise FerError(f"{run}: no card; that takes a run directory whose training is complete")
    if as_json:
        click.echo(json.dumps(card, indent=2))
    else:
        print_card(opened.name, card)
