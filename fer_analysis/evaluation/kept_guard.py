"""The guard that is kept with a run, read without anything that makes one."""

from __future__ import annotations

from fer_analysis.errors import FerError
from fer_analysis.files import content_hash
from fer_analysis.models.exported import read_exported
from fer_analysis.quality.guard import WORDS, Guard
from fer_analysis.run import Run


def kept_guard(run: Run) -> Guard | None:
    """Return a run's guard; None if none was made, or the model is another one by now.

    Raises:
        FerError: If the file is damaged, or of another version of the measures.
    """
    record = run.guard()
    if record is None or record["made"]["model"] not in _contents(run):
        return None
    if set(record["middle"]) != set(WORDS):
        raise FerError(
            f"{run.origin.guard_file}: made by another version, with other measures; "
            "`fer evaluate --guard` makes it again"
        )
    return Guard.from_dict(record)


def _contents(run: Run) -> tuple[str, ...]:
    """Return the hash of a run's model file, and of the Keras model that it was made of."""
    file = run.trained_model_file()
    own = (content_hash(file),)
    return (*own, read_exported(file).made_from) if run.is_exported else own
