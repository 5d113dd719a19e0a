"""Several runs as one: a run directory whose network is the mean of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.environment import describe_environment
from fer_analysis.errors import FerError
from fer_analysis.files import content_hash, write_text
from fer_analysis.models.ensemble import ensemble_model
from fer_analysis.models.storage import load_model, save_model
from fer_analysis.models.structure import summary_text
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.training.sources import Source

LEAST = 2


def make_ensemble(
    names: Sequence[str | Path | Run], folder: Path, *, progress: Progress | None = None
) -> Run:
    """Write a run directory whose network averages the probabilities of several runs.

    What any of them was trained on counts as trained on: leak-free figures leave it out.

    Args:
        names: Two or more RUNs that tell the same labels in the same order.
        folder: The new run's directory.
        progress: Receives a notice where they were trained on different data.

    Returns:
        The run. It was not trained, so that it has no history and cannot be resumed.

    Raises:
        FerError: If there are too few, one twice, one is a bare model file, or they do not fit
            together.
    """
    sources = [_source(name) for name in names]
    if len(sources) < LEAST:
        raise FerError(f"an ensemble takes {LEAST} runs or more, received {len(sources)}")
    seen: dict[str, str] = {}
    for source in sources:
        if source.fingerprint in seen:
            raise FerError(f"{source.name} and {seen[source.fingerprint]} are the same network")
        seen[source.fingerprint] = source.name
    loaded = [load_model(source.run.trained_model_file()) for source in sources]
    labels = _same_labels(sources, [names for _, names in loaded])
    model = ensemble_model([model for model, _ in loaded])
    run = Run.create(sources[0].run.origin.config(), folder)
    with run.held(progress and progress.notice):
        _write_facts(run, sources)
        write_text(run.summary_file, summary_text(model))
        save_model(model, run.model_file, labels)
    if progress is not None and (told := run.data_of_members()):
        progress.notice(
            f"the members were trained on different data: {'; '.join(told.values())}; without "
            f"--data, commands use that of {sources[0].record()['run']}"
        )
    return run


def _data(run: Run) -> dict[str, str]:
    """Return the fingerprints of what a member was trained on, each with the data's name."""
    environment = run.environment()
    inner = [member.get("data", {}) for member in environment.get("members", ())]
    if any(inner):  # an ensemble itself
        return {key: name for each in inner for key, name in each.items()}
    source = run.origin.config().data.source
    return {environment["data"]["fingerprint"]: Path(source).name if source else "data of its own"}


def _source(name: str | Path | Run) -> Source:
    run, name = (name, name.name) if isinstance(name, Run) else (Run.open(name), name)
    if not run.origin.environment_file.is_file():
        raise FerError(
            f"{name}: what it was trained on is not on record (a bare model file); "
            "an ensemble takes run directories, or 'bundled'"
        )
    return Source(str(name), run, content_hash(run.trained_model_file()))


def _same_labels(sources: list[Source], names: list[tuple[str, ...] | None]) -> tuple[str, ...]:
    for source, theirs in zip(sources, names, strict=True):
        if theirs is None:
            raise FerError(f"{source.name}: its model file does not name its labels")
        if theirs != names[0]:
            raise FerError(
                f"{source.name} tells {', '.join(theirs)}; {sources[0].name} tells "
                f"{', '.join(names[0])}"
            )
    return names[0]


def _write_facts(run: Run, sources: list[Source]) -> None:
    """Write what the members were trained with; what differs between them is left out."""
    environments = [source.run.environment() for source in sources]
    first = environments[0]
    none = np.empty(0, dtype="S32")
    run.write_hashes(none, none, earlier=[source.run for source in sources])
    shared = {
        key: first[key]
        for key in ("prior", "training_counts")
        if key in first and all(each.get(key) == first[key] for each in environments)
    }
    run.write_environment(
        {
            **describe_environment(),
            "seed": first["seed"],
            "data": first["data"] | {"face_lists": _face_lists(sources)},
            "members": [source.record() | {"data": _data(source.run)} for source in sources],
            **shared,
        }
    )


def _face_lists(sources: list[Source]) -> list[dict]:
    """Return what lists of faces did to the members' images; where not to all, whose these are."""
    found: dict[tuple, tuple[dict, list[str]]] = {}
    for source in sources:
        for each in source.run.environment()["data"].get("face_lists", ()):
            key = each["sha256"], each["sentence"]
            found.setdefault(key, (each, []))[1].append(source.record()["run"])
    return [
        each
        if len(members) == len(sources)
        else each | {"sentence": f"{each['sentence']} (of {', '.join(members)} alone)"}
        for each, members in found.values()
    ]
