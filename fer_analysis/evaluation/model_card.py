"""A network's card: where it comes from and what it was measured to do, in one small dictionary."""

from __future__ import annotations

import re
from pathlib import Path

from fer_analysis.data.dataset import OFFICIAL_NAMES
from fer_analysis.evaluation.evaluate_run import folder_of
from fer_analysis.files import read_json
from fer_analysis.run import Run

SPLITS = ("validation", "test")
_KEPT = (
    "n",
    "accuracy",
    "macro_f1",
    "macro_f1_interval",
    "balanced_accuracy",
    "balanced_accuracy_interval",
)
_OF_A_LABEL = ("label", "support", "correct", "recall", "recall_interval")


def read_card(run: Run) -> dict | None:
    """Return the card that lies with a run, or one made of the run's saved figures.

    Returns:
        See `make_card`; None for a bare model.
    """
    origin = run.origin
    if (card := read_json(origin.card_file)) is not None:
        return card
    return make_card(origin) if origin.is_directory and origin.is_complete else None


def make_card(run: Run) -> dict:
    """Return the card of a complete run directory.

    Args:
        run: What `fer evaluate` has saved for it is taken as it stands; nothing is computed.

    Returns:
        JSON values: `command` (without this machine's paths), `note`, `seed`, `config`,
        `minutes`, `parameters`, `versions`, `data` (fingerprint, protocol, counts),
        `label_names`, `calibration` (see `predictions.kept_temperature`), and for each of
        `SPLITS`, as its images are and with `-tta`, the figures of `all` and `leak_free` images
        with 95 % intervals: None is "not measured".
    """
    environment, result = run.environment(), run.result()
    config = run.config().model_dump(mode="json")
    del config["data"]
    data = environment["data"]
    return {
        "command": tidy_command(environment["command"]),
        "note": None,
        "seed": result["seed"],
        "model": result["model"],
        "parameters": result["parameters"],
        "minutes": round(result["seconds"] / 60, 1),
        "config": config,
        "versions": {
            name: environment.get(name) for name in ("fer_analysis", "python", "packages")
        },
        "data": {name: data[name] for name in ("fingerprint", "layout", "protocol", "counts")},
        "label_names": data["label_names"],
        "calibration": run.temperatures(),
        **{
            folder_of(split, tta=tta): _figures(run, folder_of(split, tta=tta))
            for split in SPLITS
            for tta in (False, True)
        },
    }


def tidy_command(command: str) -> str:
    """Return a training's command without this machine's paths."""
    program, _, words = command.partition(" ")
    command = f"{Path(program).name.replace('__main__.py', 'fer')} {words}"
    return re.sub(r"--data \S+", "--data PATH", re.sub(r" --run-dir \S+", "", command))


def sentences(card: dict | None) -> list[str]:
    """Say in a few lines what a network was measured to do."""
    if card is None or card["validation"] is None:
        told = "how often this network is right is not on record: measure it with `fer evaluate`"
        return [told]
    whole, clean = card["validation"]["all"], card["validation"]["leak_free"]
    block, kind = (clean, "leak-free ") if clean else (whole, "")
    beside = f" ({_percent(whole['accuracy']['value'])} of all {whole['n']:,})" if clean else ""
    worst = min((row for row in block["labels"] if row["support"]), key=lambda row: row["recall"])
    test = card["test"] and _share(card["test"]["all"]["accuracy"])
    told = [
        f"on {block['n']:,} {kind}images of {split_name(card, 'validation')} this network was "
        f"right about {_share(block['accuracy'])}{beside}, about {worst['label']} "
        f"{worst['correct']} times of {worst['support']}; on test images: {test or 'not measured'}"
    ]
    rule = (card["calibration"].get("plain") or {}).get("answers")
    if rule:
        told.append(
            f"unsure: no label has a probability of {rule['least']:.2f}; of {rule['of']:,} images "
            f"there {rule['n']:,} got an answer, {_share(rule)} of them the right one"
        )
    return told


def split_name(card: dict, split: str) -> str:
    """Return what a split of the card's data is called by people who know the data set."""
    if card["data"]["protocol"] == "official":
        return f"FER-2013's {OFFICIAL_NAMES[split]}"
    return f"its data's {split} split"


def _figures(run: Run, folder: str) -> dict | None:
    metrics = read_json(run.evaluation_folder(folder) / "metrics.json")
    if metrics is None:
        return None
    return {
        "notes": metrics["notes"] + metrics["warnings"],
        "all": _block(metrics["all"]),
        "leak_free": metrics["leak_free"] and _block(metrics["leak_free"]),
    }


def _block(figures: dict) -> dict:
    labels = [{name: row[name] for name in _OF_A_LABEL} for row in figures["labels"]]
    return {**{name: figures[name] for name in _KEPT}, "labels": labels}


def _share(figures: dict) -> str:
    value = figures["value"] if "value" in figures else figures["accuracy"]
    low, high = figures["interval"]
    return f"{_percent(value)} [{100 * low:.1f}-{100 * high:.1f}]"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
