"""The commands that the page suggests: they can be pasted, and keep the arguments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.config import RunConfig
from fer_analysis.text import command


@dataclass(frozen=True)
class Request:
    """What the page should show, as written on the command line.

    Args:
        runs: The runs as the user named them.
        data: Other data than the runs' own; None without.
        split: The split that was named; None for the default.
        studies: Folders of `fer diagnose` and `fer study show`.
        audit: The folder of `fer audit`.
    """

    runs: tuple[str, ...]
    data: str | None = None
    split: str | None = None
    studies: tuple[Path, ...] = ()
    audit: Path | None = None


def suggested(request: Request, name: str, split: str, config: RunConfig | None) -> dict[str, str]:
    """Return section -> the command that fills it.

    Args:
        request: What the page should show.
        name: What the first run is called.
        split: The split on the page.
        config: The first run's config; None of a bare model.
    """
    run, data = request.runs[0], ["--data", request.data] if request.data else []
    source, settings = _data_words(request, config)
    audit, diagnosis = f"runs/audit-{name}", f"runs/diagnosis-{name}"
    trained_by = f"{run}/config.yaml" if config else "self_built"
    remedies = ["--data", source, "--out", "runs/study-remedies"]
    return {
        "votes": command("fer evaluate", run, *data, "--split", split),
        "saliency": command("fer saliency", run, *data, "--split", split),
        "stress": command("fer stress", run, *data, "--split", split),
        "curves": command("fer train", trained_by, "--data", source),
        "faces": report(request, "--data", "PATH"),
        "audit": command("fer audit --data", source, *settings, "--out", audit),
        "with_audit": report(request, "--audit", audit),
        "study": command("fer diagnose", run, *data, "--out", diagnosis),
        "with_study": report(request, "--study", diagnosis),
        "remedies": command("fer study run remedies --data", source)
        + " && "
        + command("fer study show remedies", *remedies),
        "with_remedies": report(request, "--study", "runs/study-remedies"),
        "exclude": command("fer train", trained_by, "--exclude", "faces.csv"),
        "relabel": command("fer train", trained_by, "--relabel", "faces.csv"),
        "compare": report(request, runs=("OTHER_RUN",)),
    }


def report(request: Request, *more: str, runs: Sequence[str] = ()) -> str:
    """Return the command that makes the page again, with more on it."""
    words = [*request.runs, *runs]
    if request.data and "--data" not in more:
        words += ["--data", request.data]
    if request.split:
        words += ["--split", request.split]
    for study in request.studies:
        words += ["--study", study]
    if request.audit and "--audit" not in more:
        words += ["--audit", request.audit]
    return command("fer report", *words, *more)


def _data_words(request: Request, config: RunConfig | None) -> tuple[str, list[str]]:
    """Return the page's data, and the `--set` words that read it as the run did."""
    if request.data:
        return request.data, []
    if config is None or config.data.source is None:
        return "PATH", []
    changed = config.data.model_dump(mode="json", exclude_defaults=True)
    changed.pop("source", None)
    texts = [f"data.{key}={json.dumps(value)}" for key, value in changed.items()]
    return config.data.source, [word for text in texts for word in ("--set", text)]
