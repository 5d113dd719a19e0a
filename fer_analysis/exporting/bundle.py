"""Making a finished run the network that comes with the package (`bundled`)."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import yaml

from fer_analysis.config import load_config
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.load import LoadedData
from fer_analysis.data.open import open_data
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import evaluate_run
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.make_guard import make_guard
from fer_analysis.evaluation.model_card import SPLITS, make_card, tidy_command, without_folders
from fer_analysis.evaluation.promises import measure_promises
from fer_analysis.exporting.export_run import CheckedOn, write_export
from fer_analysis.files import write_json, write_text
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

LARGEST = 12_000_000
"""Bytes of a model file that a package may carry."""


def bundle(
    run: Run, data: str | None, out: Path, *, command: str | None = None, note: str | None = None
) -> dict:
    """Copy what `bundled` needs of a run, and return its card.

    Args:
        run: A complete run directory.
        data: The run's data, where it has moved.
        out: The folder to write; what it held is replaced.
        command: Instead of the recorded one.
        note: For the card.

    Raises:
        FerError: If the run is not complete, the data is not its own, or the model is too large.
    """
    if not run.is_directory or not run.is_complete:
        raise FerError(f"{run.path}: expected a run directory whose training is complete")
    size = run.trained_model_file().stat().st_size
    if size > LARGEST:
        raise FerError(f"{run.model_file}: {size:,} bytes, expected {LARGEST:,} at most")
    checked_on = _measure(run, data)
    config = run.config()
    if config.data.source != SYNTHETIC:
        anywhere = config.data.model_copy(update={"source": None})
        config = config.model_copy(update={"data": anywhere})
    environment = run.environment()
    environment["command"] = tidy_command(command or environment["command"])
    for about_the_machine in ("platform", "git_commit", "git_dirty"):
        environment.pop(about_the_machine, None)
    card = make_card(run) | {"command": environment["command"], "note": note, "bytes": size}
    shutil.rmtree(out, ignore_errors=True)
    new = Run(out)
    kept = without_folders(config.model_dump(mode="json"))
    write_text(new.config_file, yaml.safe_dump(kept, sort_keys=False))
    new.write_environment(without_folders(environment))
    new.write_result(without_folders(run.result()))
    new.write_temperatures(run.temperatures())
    if run.guard_file.is_file():
        new.write_guard(run.guard())
    for name in ("model_file", "training_hashes_file", "selection_hashes_file"):
        shutil.copyfile(getattr(run, name), getattr(new, name))
    exported = write_export(new, out, to="litert", quantize="dynamic", checked_on=checked_on)
    card["litert"] = exported.parity
    write_json(new.card_file, card)
    return card


def _measure(run: Run, source: str | None) -> CheckedOn:
    """Evaluate what is not evaluated yet, and keep the hashes that older runs have not."""
    loaded = open_data(load_config(run.config_file, data=source).data)
    if not run.is_own(loaded.fingerprint):
        raise FerError(f"{run.path}: this is not the data that it was trained on; name it (--data)")
    import_tensorflow_quietly()
    for split in SPLITS:
        for tta in (False, True):
            if loaded.dataset.has(split):
                evaluate_run(run, loaded, split, tta=tta)
    for split in SPLITS:
        if loaded.dataset.has(split):
            _measure_promises(run, loaded, split)
    make_guard(run, loaded)
    if not run.selection_hashes_file.is_file():
        hashes = (loaded.dataset.part(split).pixel_hashes() for split in ("train", "validation"))
        run.write_hashes(*hashes)
    evaluation = evaluate_run(run, loaded, "validation")
    return CheckedOn(evaluation, loaded.dataset.part("validation").images)


def _measure_promises(run: Run, loaded: LoadedData, split: str) -> None:
    evaluation = evaluate_run(run, loaded, split)
    if evaluation.temperature is not None:
        evaluation = dataclasses.replace(evaluation, fitted=kept_temperature(run))
    found = measure_promises(evaluation, loaded.dataset.part(split).images)
    if found:
        found.save(evaluation.folder)
