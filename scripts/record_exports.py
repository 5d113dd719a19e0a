#!/usr/bin/env python3
"""Export runs in every format and keep what that costs: accuracy, recalls, sizes, speeds.

    python scripts/record_exports.py configs/results/exports.json --data fer2013.csv \\
      bundled=bundled mobilenet=runs/mobilenet

For each run all formats of `fer export --to ... --quantize ...`, compared with its Keras model on
the validation images, as `fer export` compares them. Speeds are per second of processor time, of
all threads, each format in turn with the Keras model; other programs disturb them little. Runs
that the file has already and that are not named are kept. No network is kept.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import predict_split
from fer_analysis.evaluation.open_run import open_run
from fer_analysis.exporting.convert import QUANTIZED
from fer_analysis.exporting.export_run import CheckedOn, write_export
from fer_analysis.exporting.parity import speeds
from fer_analysis.files import read_json, write_json
from fer_analysis.models.exported import FILES, exported_predictor
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="the record, JSON")
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN", help="what is exported")
    parser.add_argument("--data", default=os.environ.get("FER2013_DIR"), help="FER-2013")
    options = parser.parse_args()
    try:
        record = read_json(options.out) or {}
        for name, run in (each.split("=", 1) for each in options.runs):
            record[name] = formats(Run.open(run), options.data)
            write_json(options.out, record)
    except FerError as error:
        raise SystemExit(f"Error: {error}") from None


def formats(run: Run, data: str | None) -> dict:
    """Export a run in every format; return the figures of each."""
    import_tensorflow_quietly()
    run, loaded, split = open_run(run, data, "validation", ())
    checked_on = CheckedOn(
        predict_split(run, loaded, split, progress=None), loaded.dataset.part(split).images
    )
    found = []
    for to, quantize in ((form, each) for form in FILES for each in QUANTIZED[form]):
        with tempfile.TemporaryDirectory() as folder:
            figures = exported(run, Path(folder), to, quantize, checked_on)
        found.append({"to": to, "quantize": quantize} | figures)
        accuracy = figures["accuracy"]
        print(
            f"{run.name}, {to}, {quantize}: {figures['bytes'] / 1e6:.1f} MB, accuracy "
            f"{100 * accuracy['exported']:.2f} % ({100 * accuracy['difference']['value']:+.2f})",
            flush=True,
        )
    return {
        "n": len(checked_on.evaluation),
        "split": split,
        "keras_bytes": run.model_file.stat().st_size,
        "formats": found,
    }


def exported(run: Run, folder: Path, to: str, quantize: str, checked_on: CheckedOn) -> dict:
    """Return the figures of one format."""
    from fer_analysis.models.predict import predictor
    from fer_analysis.models.storage import load_model

    model = write_export(run, folder, to=to, quantize=quantize, checked_on=checked_on)
    network = [folder / FILES[to], *(folder / "variables").glob("*")]
    keras, _ = load_model(run.trained_model_file())
    both = predictor(keras), exported_predictor(network[0])
    return model.parity | {
        "bytes": sum(file.stat().st_size for file in network),
        "images_per_second": speeds(checked_on.images, *both, clock=time.process_time),
    }


if __name__ == "__main__":
    main()
