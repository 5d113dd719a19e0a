"""Where a run comes from: command, seed, versions, data, config."""

from __future__ import annotations

from pathlib import Path

from fer_analysis.config import RunConfig
from fer_analysis.evaluation.logit_adjustment import ADJUSTED
from fer_analysis.evaluation.metrics import load_metrics
from fer_analysis.evaluation.model_card import read_card, tidy_command
from fer_analysis.report.commands import Request, evaluate
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.text import estimate, short, short_names


def origin(saved: SavedRun, request: Request) -> dict:
    """Return where the run comes from: command, seed, versions, data, config; None if unknown.

    Args:
        saved: The run.
        request: What the page should show, for the commands that it names.
    """
    run = saved.run.origin
    environment = saved.run.environment()
    data = environment.get("data", {})
    packages = environment.get("packages", {})
    config, settings = None, config_of(saved)
    if settings:
        source = settings.data.source
        where = settings.data.model_copy(update={"source": source and Path(source).name})
        config = settings.model_copy(update={"data": where}).to_yaml()
    card = read_card(saved.run) if run.config_file.is_file() else None
    return {
        "command": short(tidy_command(environment["command"]), 400)
        if "command" in environment
        else None,
        "seed": environment.get("seed"),
        "model": card and card["model"],
        "parameters": card and card["parameters"],
        "minutes": card and card["minutes"],
        "note": card and card.get("note"),
        "versions": {
            "fer_analysis": environment.get("fer_analysis"),
            "python": environment.get("python"),
            **packages,
        },
        "processor": environment.get("processor"),
        "cores": environment.get("cores"),
        "commit": environment.get("git_commit"),
        "dirty": environment.get("git_dirty"),
        "fingerprint": data.get("fingerprint"),
        "layout": data.get("layout"),
        "protocol": data.get("protocol"),
        "counts": data.get("counts", {}),
        "face_lists": [
            f"{short(each['sentence'], 300)} ({each['kind']}, SHA-256 {each['sha256'][:16]})"
            for each in data.get("face_lists", ())
        ],
        "evaluated": evaluated_with_lists(saved, request),
        "names": short_names(data.get("label_names", [])),
        "config": config and short_lines(config),
    }


def evaluated_with_lists(saved: SavedRun, request: Request) -> list[str]:
    """Return what `fer evaluate --exclude` and `--relabel` left beside the run's split.

    Args:
        saved: The run.
        request: What the page should show.

    Returns:
        For each such evaluation what its lists changed, with the accuracy then; or, where it is
        of an earlier state of the network, the command that makes it again.
    """
    told = []
    for folder in sorted(saved.results.evaluation_folder(saved.split).parent.glob("*-*")):
        found = load_metrics(folder)
        if not found or found["split"] != saved.split or not found.get("face_lists"):
            continue
        lists = "; ".join(short(each["sentence"], 300) for each in found["face_lists"])
        if not saved.results.made(folder):
            again = evaluate(request, saved.asked, saved.split, *_words(folder, found))
            told.append(
                f"{lists}: left out, the saved figures are of an earlier state of the network; "
                f"make them again with {again}"
            )
            continue
        accuracy = found["all"]["accuracy"]
        told.append(f"{lists}: accuracy {estimate(accuracy)} of {accuracy.n:,} faces")
    return told


def _words(folder: Path, found: dict) -> list[str]:
    """Return the options that an evaluation by lists was made with."""
    words = ["--tta"] if "-tta" in folder.name else []
    for note in found["notes"]:
        if note.startswith(ADJUSTED):
            words += ["--logit-adjustment", note.removeprefix(ADJUSTED).strip()]
    for each in reversed(found["face_lists"]):
        words += [f"--{each['kind']}", each["file"]]
        words += [word for issue in each.get("issues", ()) for word in ("--issue", issue)]
    return words


def config_of(saved: SavedRun) -> RunConfig | None:
    """Return the config that the run was trained with; None of a bare model."""
    return saved.run.origin.config() if saved.run.origin.config_file.is_file() else None


def short_lines(text: str, most: int = 400) -> str:
    """Return a text with no line longer than a page takes."""
    return "\n".join(short(line, 300) for line in text.splitlines()[:most])
