"""`fer export`: a network in a format that runs without TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import data_option, json_option, run_argument, set_option


@click.command()
@run_argument
@click.option(
    "--to",
    type=click.Choice(["litert", "onnx", "saved_model"]),
    default="litert",
    show_default=True,
    help="The format. onnx requires the extra 'onnx'.",
)
@click.option(
    "--quantize",
    type=click.Choice(["dynamic", "full", "none"]),
    help="How weights are kept: in 8 bits (dynamic), activations too (full), or as floats (none). "
    "Default: dynamic for litert, none for the others.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Default: RUN/export/<to>-<quantize>.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 100),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="Accuracy that the export may lose on the validation images; exit code 1 if it loses "
    "more.",
)
@data_option
@set_option
@json_option
def export(run, to, quantize, out, tolerance, source, overrides, as_json):
    """Write a network in another format, and measure what it loses.

    RUN is a run directory, a .keras file, or 'bundled'; the newest run where none is named.

    \b
    Examples:
      fer export runs/first                            # LiteRT, 8-bit weights
      fer export bundled --to onnx --data fer2013.csv --out deployed/
      fer predict faces/ --run runs/first/export/litert-dynamic

    Labels, temperature, threshold and all that is known of the run go along. The exported
    network is compared with the Keras model on the run's validation images: accuracy, recall of
    each label, the largest difference of a probability, size and speed. The folder, or the file
    in it, is a RUN for predict, evaluate and stress (a SavedModel is not).
    """
    from fer_analysis import api
    from fer_analysis.cli.tables.console import ConsoleProgress

    exported = api.export(
        run,
        to=to,
        quantize=quantize,
        out=out,
        data=source,
        tolerance=tolerance,
        overrides=overrides,
        progress=ConsoleProgress(),
    )
    if as_json:
        import json

        click.echo(json.dumps(exported.as_dict(), indent=2))
    else:
        from fer_analysis.cli.tables.export import print_export

        print_export(exported)
    if exported.within_tolerance is False:
        from fer_analysis.errors import FerError

        raise FerError(
            f"{exported.folder}: the exported network loses more than {tolerance:g} points of "
            "accuracy; try --quantize none, or allow it with --tolerance"
        )
