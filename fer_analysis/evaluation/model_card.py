"""A network's card: its origin and its measured figures, in one small dictionary."""

from __future__ import annotations

import re
from pathlib import Path

from fer_analysis.data.dataset import OFFICIAL_NAMES
from fer_analysis.evaluation.stress_extent import conditions_told
from fer_analysis.evaluation.unsure import OVERALL
from fer_analysis.files import read_json
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate, to_json
from fer_analysis.text import estimate, percent, points

SPLITS = ("validation", "test")
PROMISES = "promises.json"
"""What `promises.Promises` saves; its module needs scipy, and `fer predict` reads cards."""

_KEPT = ("n", "correct", "accuracy", "macro_f1", "balanced_accuracy")
_OF_A_LABEL = ("label", "support", "correct", "recall")


def read_card(run: Run) -> dict | None:
    """Return the card saved with a run, or one made from the run's saved figures.

    Returns:
        See `make_card`; None for a bare model.
    """
    origin = run.origin
    if (card := run.card()) is not None:
        return card
    return make_card(origin) if origin.is_directory and origin.is_complete else None


def make_card(run: Run) -> dict:
    """Return the card of a complete run directory.

    Args:
        run: Its figures are those that `fer evaluate` saved of its model as it is now; nothing is
            computed.

    Returns:
        JSON values: `command` (without this machine's paths), `note`, `seed`, `config`,
        `minutes`, `parameters`, `versions`, `data` (fingerprint, protocol, counts, lists of
        faces), `label_names`, `calibration` (see `kept_temperature`), `promises` (for each of
        `SPLITS` how they were kept, see `promises.Promises`), `guard` (how it was made),
        `stress` (for each of `SPLITS` what `fer stress` saved, in short), and for each of
        `SPLITS`, as its images are and with `-tta`, the figures of `all` and `leak_free`
        images with 95 % intervals; None means not measured.
    """
    from fer_analysis.evaluation.kept_temperature import folder_of

    environment, result = run.environment(), run.result()
    data = environment["data"]
    guard = (run.guard() or {}).get("made")
    return {
        "command": tidy_command(environment["command"]),
        "note": None,
        "seed": result["seed"],
        "model": result["model"],
        "parameters": result["parameters"],
        "minutes": round(result["seconds"] / 60, 1),
        "config": public_config(run),
        "versions": {
            name: environment.get(name) for name in ("fer_analysis", "python", "packages")
        },
        "data": {name: data[name] for name in ("fingerprint", "layout", "protocol", "counts")}
        | {"face_lists": data.get("face_lists", [])},
        "label_names": data["label_names"],
        "calibration": {
            name: kept for name, kept in run.temperatures().items() if run.is_of(kept["model"])
        },
        "promises": {split: _promises(run, split) for split in SPLITS},
        "guard": guard if guard and run.is_of(guard["model"]) else None,
        "stress": {split: _stress(run, split) for split in SPLITS},
        **{
            folder_of(split, tta=tta): _figures(run, folder_of(split, tta=tta))
            for split in SPLITS
            for tta in (False, True)
        },
    }


def public_config(run: Run) -> dict:
    """Return a run's config without the data and without this machine's paths, ready for JSON."""
    config = run.config().model_dump(mode="json")
    del config["data"]
    return without_folders(config)


def without_folders(value: object) -> object:
    """Return a JSON value in which of every absolute path only the last part is left."""
    if isinstance(value, dict):
        return {key: without_folders(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_folders(item) for item in value]
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def tidy_command(command: str) -> str:
    """Return a training's command without this machine's paths."""
    program, _, words = command.partition(" ")
    command = f"{Path(program).name.replace('__main__.py', 'fer')} {words}"
    command = re.sub(r"--data \S+", "--data PATH", re.sub(r" --run-dir \S+", "", command))
    return re.sub(r"(?<=[\s=])/\S*/", "", command)  # of other places, only the last part


def card_lines(card: dict | None, promise: str = OVERALL, *, sets: bool = False) -> list[str]:
    """Return the measured figures of a network in a few lines.

    Args:
        card: See `make_card`.
        promise: Of `unsure.PROMISES`: of which rule.
        sets: Whether label sets are told about.
    """
    if card is None:
        return [
            "the accuracy of this network was not recorded, nor which pixels it expects (it is "
            "given 0 to 255): `fer evaluate` on labelled faces tells both"
        ]
    if card["validation"] is None:
        return ["the accuracy of this network was not recorded: measure it with `fer evaluate`"]
    validation, test = card["validation"], card["test"]
    whole, clean = validation["all"], validation["leak_free"]
    block, kind = (clean, "leak-free ") if clean else (whole, "")
    on_all = f" ({percent(whole['accuracy']['value'])} of all {whole['n']:,})" if clean else ""
    labels = [row for row in block["labels"] if row["support"]]
    worst = min(labels, key=lambda row: row["recall"]["value"])
    on_test = _share(test["all"]["accuracy"]) if test else "not measured"
    lines = [
        f"on {block['n']:,} {kind}images of {split_name(card, 'validation')} this network was "
        f"correct for {_share(block['accuracy'])}{on_all}, for {worst['label']} "
        f"{worst['correct']} times of {worst['support']}; on test images: {on_test}"
    ]
    rule = (card["calibration"].get("plain") or {}).get("answers")
    if rule and promise == OVERALL:
        lines.append(f"unsure: no label has a probability of at least {rule['least']:.2f}")
    return lines + _promise_lines(card, promise, sets) + _guard_lines(card)


def _promise_lines(card: dict, promise: str, sets: bool) -> list[str]:
    """Return how a rule, and label sets, fare on the images that they were not fitted on."""
    promises = card.get("promises") or {}
    split = next((s for s in reversed(SPLITS) if promises.get(s)), None)
    if split is None:
        return []
    found = promises[split]
    answers, images = found["answers"][promise], f"{found['n']:,} {found['images']}"
    labels = [row for row in answers["labels"] if row["correct"]["n"]]
    lines = [
        f"not unsure: {_share(answers['answered'])} of {images} of {split_name(card, split)}, "
        f"of which {_share(answers['correct'])} are predicted correctly (thresholds fitted on "
        f"{found['fitted_on']})"
    ]
    if labels:
        worst = min(labels, key=lambda row: row["correct"]["value"])
        true = min(
            (row for row in answers["labels"] if row["true_correct"]["n"]),
            key=lambda row: row["true_correct"]["value"],
        )
        lines.append(
            f"of the answers '{worst['label']}' {_share(worst['correct'])} of "
            f"{worst['correct']['n']:,} are correct; of the true {true['label']} faces that are "
            f"answered {_share(true['true_correct'])} of {true['true_correct']['n']:,}"
        )
    if sets:
        figures = found["sets"][promise]
        worst = min(
            (row for row in figures["labels"] if row["n"]), key=lambda r: r["coverage"]["value"]
        )
        lines.append(
            f"label sets hold the true label of {_share(figures['coverage'])} of {images}, with "
            f"{figures['size']['value']:.2f} labels on average; least often of {worst['label']}: "
            f"{_share(worst['coverage'])} of {worst['n']:,}"
        )
    return lines


def _guard_lines(card: dict) -> list[str]:
    """Return what the guard refuses, and how the network fares under conditions, if known."""
    lines = []
    if guard := card.get("guard"):
        lines.append(
            f"unsure, with a reason: pictures unlike {guard['from']}; of the answers to these "
            f"{percent(guard['refused'])} are refused"
        )
    for split, stress in (card.get("stress") or {}).items():
        if stress:
            told = conditions_told(
                stress["conditions"], stress.get("names"), stress.get("severities")
            )
            lines.append(
                f"under {told} it is correct for {_share(stress['mean'])} of {stress['n']:,} "
                f"leak-free images of {split_name(card, split)} on average, and for "
                f"{_share(stress['clean'])} unaltered"
            )
    if photos := card.get("photos"):
        changed, lost = (Estimate.from_dict(photos[key]) for key in ("changed", "difference"))
        lines.append(
            f"faces of {photos['pixels']} pixels found in photos, compared with the same as crops: "
            f"{points(lost.value, lost.interval)} points of accuracy (n = {lost.n:,}), another "
            f"answer for {estimate(changed)}"
        )
    return lines


def _stress(run: Run, split: str) -> dict | None:
    from fer_analysis.evaluation.network_identity import is_stressed

    told = read_json(run.stress_folder(split) / "stress.json")
    if not told or "overall" not in told or not is_stressed(run, told):
        return None
    return {
        "n": told["n"],
        "conditions": len(told["conditions"]),
        "names": [row["condition"] for row in told["conditions"]],
        "severities": told["severities"],
        "clean": told["clean"]["accuracy"],
        "mean": told["overall"]["all"]["accuracy"],
        "promise": told["promise"],
        "guard": told.get("guard"),
    }


def _share(figure: dict) -> str:
    return estimate(Estimate.from_dict(figure))


def split_name(card: dict, split: str) -> str:
    """Return the usual name of a split of the card's data."""
    if card["data"]["protocol"] == "official":
        return f"FER-2013's {OFFICIAL_NAMES[split]}"
    return f"its data's {split} split"


def _promises(run: Run, split: str) -> dict | None:
    folder = run.evaluation_folder(split)
    return read_json(folder / PROMISES) if run.made(folder) else None


def _figures(run: Run, folder: str) -> dict | None:
    from fer_analysis.evaluation.metrics import load_metrics

    results = run.evaluation_folder(folder)
    metrics = load_metrics(results) if run.made(results) else None
    return None if metrics is None else figures_of(metrics)


def figures_of(metrics: dict) -> dict:
    """Return what a card says of an evaluation's figures; see `metrics`."""
    figures = {
        "notes": metrics["notes"] + metrics["warnings"],
        "all": _block(metrics["all"]),
        "leak_free": metrics["leak_free"] and _block(metrics["leak_free"]),
    }
    return to_json(figures)


def _block(figures: dict) -> dict:
    labels = [{name: row[name] for name in _OF_A_LABEL} for row in figures["labels"]]
    return {**{name: figures[name] for name in _KEPT}, "labels": labels}
