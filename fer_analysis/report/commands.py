"""The commands that the page suggests: each works as it stands, for what the page is of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fer_analysis.config import RunConfig
from fer_analysis.config.schema import SYNTHETIC
from fer_analysis.data.label_map import LEAVE_OUT
from fer_analysis.data.usual_source import usual_source
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
        label_map: The data's labels -> the networks', where they were translated.
        overrides: `KEY=VALUE` texts that change how the data is read.
    """

    runs: tuple[str, ...]
    data: str | None = None
    split: str | None = None
    studies: tuple[Path, ...] = ()
    audit: Path | None = None
    label_map: Mapping[str, str | None] | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """Commands that fill a section, one after the other; or why there are none."""

    commands: tuple[str, ...] = ()
    why: str = ""


AS_THEY_READ = ("study", "remedies")
"""Sections whose commands read the data by the configs of their trainings."""

OF_OWN_LABELS = ("audit", "study", "remedies", "compare", "doubtful", "relabel")
"""Sections whose commands know the data's own labels alone."""


@dataclass(frozen=True)
class Subject:
    """What the page is of, as far as its commands depend on it.

    Args:
        name: What the first run is called.
        split: The split on the page.
        network: Whether the RUN is a network; a table of predictions is not.
        config: The config of a run directory; None of all others.
        other: Another run that has predictions of this split; None without.
    """

    name: str
    split: str
    network: bool = True
    config: RunConfig | None = None
    other: str | None = None


NO_NETWORK = Suggestion(why="That needs the network, and this page is of predictions alone.")
NO_DATA = Suggestion(
    why="Its command needs the data: make this page again with the option --data to see it."
)
CHANGED = Suggestion(
    why="Its command takes no --set: it reads the data in another way than this page."
)
MAPPED = Suggestion(
    why="Its command takes no --map: it is of the data's labels, and this page of the network's."
)


def suggested(request: Request, subject: Subject) -> dict[str, Suggestion]:
    """Return section -> the commands that fill it.

    Args:
        request: What the page should show.
        subject: What the page is of.
    """
    run, name = request.runs[0], subject.name
    changed = [word for text in request.overrides for word in ("--set", text)]
    data = _data_words(request)
    on_split = [*data, *_map_words(request), "--split", subject.split]
    audit, diagnosis, study = f"runs/audit-{name}", f"runs/diagnosis-{name}", "runs/study-remedies"

    def of_network(*words: str, then: str = "") -> Suggestion:
        if not subject.network:
            return NO_NETWORK
        return _with_data(request, subject, command(*words), then)

    source = _source(request, subject)
    trained_by = f"{run}/config.yaml" if subject.config else "fast"
    trained = [trained_by, *(data if subject.config else [*(source or ()), *changed])]
    settings = [*([] if request.data else _settings(subject.config)), *changed]
    remedies = command("fer study run remedies", *(source or ()))
    shown = command("fer study show remedies", *(source or ()), "--out", study)
    made = {
        "votes": of_network("fer evaluate", run, *on_split),
        "saliency": of_network("fer saliency", run, *on_split),
        "stress": of_network("fer stress", run, *on_split),
        "curves": _history(run, subject),
        "audit": _with_data(
            request,
            subject,
            command("fer audit", *(source or ()), *settings, "--out", audit),
            report(request, "--audit", audit),
        ),
        "study": of_network(
            "fer diagnose",
            run,
            *data,
            "--out",
            diagnosis,
            then=report(request, "--study", diagnosis),
        ),
        "remedies": _with_data(
            request, subject, remedies, shown, report(request, "--study", study)
        ),
        "compare": _compare(request, subject),
        "exclude": _with_data(
            request, subject, command("fer train", *trained, "--exclude", "faces.csv")
        ),
        "doubtful": _with_data(
            request,
            subject,
            command("fer relabel", *(source or ()), *settings, "--faces", "faces.csv"),
        ),
        "relabel": _with_data(
            request, subject, command("fer train", *trained, "--relabel", "faces.csv")
        ),
    }
    if request.overrides:
        made |= dict.fromkeys(AS_THEY_READ, CHANGED)
    return made if request.label_map is None else made | dict.fromkeys(OF_OWN_LABELS, MAPPED)


def report(request: Request, *more: str, runs: Sequence[str] = ()) -> str:
    """Return the command that makes the page again, with more on it."""
    words = [*request.runs, *runs, *_data_words(request), *_map_words(request)]
    if request.split:
        words += ["--split", request.split]
    for study in request.studies:
        words += ["--study", study]
    if request.audit and "--audit" not in more:
        words += ["--audit", request.audit]
    return command("fer report", *words, *more)


def evaluate(request: Request, run: str, split: str | None, *more: str) -> str:
    """Return the command that makes a run's predictions for the page.

    Args:
        request: What the page should show.
        run: The run as the user named it.
        split: The split; None for the default.
        *more: Further words.
    """
    words = [*_data_words(request), *_map_words(request)]
    return command("fer evaluate", run, *words, *(["--split", split] if split else []), *more)


def _data_words(request: Request) -> list[str]:
    changed = [word for text in request.overrides for word in ("--set", text)]
    return [*(["--data", request.data] if request.data else []), *changed]


def _map_words(request: Request) -> list[str]:
    pairs = (request.label_map or {}).items()
    return [word for a, b in pairs for word in ("--map", f"{a}={b or LEAVE_OUT}")]


def _source(request: Request, subject: Subject) -> list[str] | None:
    """Return the words that name the data for a command that knows no run; None if unknown."""
    if request.data:
        return ["--data", request.data]
    if subject.config and (source := subject.config.data.source):
        return ["--data", source] if source == SYNTHETIC or Path(source).exists() else None
    place = usual_source()
    return ["--data", place] if place else None


def _with_data(request: Request, subject: Subject, *commands: str) -> Suggestion:
    known = _source(request, subject) is not None
    return Suggestion(tuple(filter(None, commands))) if known else NO_DATA


def _settings(config: RunConfig | None) -> list[str]:
    """Return the `--set` words that read the data as a run did."""
    if config is None:
        return []
    changed = config.data.model_dump(mode="json", exclude_defaults=True)
    changed.pop("source", None)
    texts = [f"data.{key}={json.dumps(value)}" for key, value in changed.items()]
    return [word for text in texts for word in ("--set", text)]


def _history(run: str, subject: Subject) -> Suggestion:
    if subject.config:
        return Suggestion((command("fer train", "--resume", run),))
    if subject.network:
        return Suggestion(why="A network without its run directory has none.")
    return NO_NETWORK


def _compare(request: Request, subject: Subject) -> Suggestion:
    """Suggest a run to compare with: one that is there, else the bundled network."""
    if subject.other:
        return Suggestion((report(request, runs=(subject.other,)),))
    if "bundled" in request.runs or subject.split == "given":
        return Suggestion(why="Name a second run that was evaluated on the same images.")
    source = _source(request, subject)
    evaluated = command("fer evaluate bundled", *(source or ()), "--split", subject.split)
    with_data = request if request.data or not source else replace(request, data=source[1])
    return _with_data(request, subject, evaluated, report(with_data, runs=("bundled",)))
