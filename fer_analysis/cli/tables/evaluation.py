"""What `fer evaluate` prints."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.cli.tables.paper import interval, percent, share
from fer_analysis.evaluation.summary import sentences


def print_evaluation(name: str, evaluation) -> None:
    """Print what matters most in words, then the figures: labels, calibration, annotators."""
    metrics = evaluation.metrics()
    protocol = f", {evaluation.protocol} protocol" if evaluation.protocol else ""
    out.print(
        f"{name}: {evaluation.split} split{protocol}, n = {len(evaluation):,}", soft_wrap=True
    )
    for sentence in sentences(evaluation):
        style = "yellow" if sentence.startswith("warning") else None
        out.print(f"  - {sentence}", soft_wrap=True, style=style)
    _print_labels("all images", metrics["all"])
    leak_free = metrics["leak_free"]
    if leak_free is None:
        out.print("leak-free: unknown (the training images of this model are not on record)")
    elif leak_free["n"] == len(evaluation):
        out.print("leak-free: the same; no image stands in the training images pixel for pixel")
    else:
        _print_labels("leak-free", leak_free)
    # What follows is of the images that the model has not seen, where they are known.
    clean = leak_free and 0 < leak_free["n"] < len(evaluation)
    block, images = (leak_free, "leak-free") if clean else (metrics["all"], "all images")
    _print_calibration(block, images)
    _print_annotators(block["annotators"], images)
    if evaluation.protocol == "official" or (
        evaluation.protocol == "kaggle" and not evaluation.comparable
    ):
        out.print(
            "\nNot to be set beside the study's test figures: those are for Kaggle's whole test "
            "folder (7,178 images).",
            soft_wrap=True,
        )


def print_exclusions(rows: list[dict]) -> None:
    """Print what leaving out the images of an audit does to accuracy."""
    shown = table(
        "without",
        "images",
        "left",
        "acc. %",
        "95 % int.",
        "diff.",
        "95 % interval",
        title="\nwithout the images of the audit (of all images, leaked ones among them)",
    )
    for row in rows:
        if row["n"]:
            low, high = (100 * end for end in row["difference_interval"])
            told = [percent(row["accuracy"], unit=""), interval(row["interval"])]
            told += [f"{100 * row['difference']:+.1f}", f"{low:+.1f} to {high:+.1f}"]
        else:
            told = ["n/a"] * 4
        shown.add_row(row["issue"], f"{row['excluded']:,}", f"{row['n']:,}", *told)
    out.print(shown)


def _print_labels(title: str, figures: dict) -> None:
    accuracy, top_2 = figures["accuracy"], figures["top_2"]
    out.print(
        f"\n{title}: accuracy {percent(accuracy['value'])} [{interval(accuracy['interval'])}] "
        f"of {accuracy['n']:,}, top-2 {percent(top_2['value'])} [{interval(top_2['interval'])}], "
        f"macro-F1 {_with_ends(figures, 'macro_f1')}, "
        f"balanced accuracy {percent(figures['balanced_accuracy'])} "
        f"[{interval(figures['balanced_accuracy_interval'])}]",
        soft_wrap=True,
    )
    rows = table(
        "label", "n", "right", "recall %", "95 % int.", "called", "prec. %", "F1", "AUROC", "AP"
    )
    for label in figures["labels"]:
        rows.add_row(
            label["label"],
            str(label["support"]),
            str(label["correct"]),
            percent(label["recall"], unit=""),
            interval(label["recall_interval"]),
            str(label["predicted"]),
            percent(label["precision"], unit=""),
            *map(share, (label["f1"], label["auroc"], label["average_precision"])),
        )
    _print_table(rows)


def _with_ends(figures: dict, name: str) -> str:
    ends = figures[f"{name}_interval"]
    told = "" if ends is None else f" [{ends[0]:.3f}-{ends[1]:.3f}]"
    return f"{share(figures[name])}{told}"


def _print_calibration(block: dict, images: str) -> None:
    calibration = block["calibration"]
    if calibration is None:
        return
    rows = table("calibration", "sure %", "right %", "ECE %", "95 % int.", "chance", "NLL", "Brier")
    temperature = f"at T = {calibration['temperature']:.2f}"
    for name, key in (("as predicted", "as_predicted"), (temperature, "at_temperature")):
        figures = calibration[key]
        rows.add_row(
            name,
            percent(figures["confidence"], unit=""),
            percent(figures["accuracy"], unit=""),
            percent(figures["ece"], unit=""),
            interval(figures["ece_interval"]),
            percent(figures["ece_if_calibrated"]["mean"], unit=""),
            f"{figures['nll']:.3f}",
            f"{figures['brier']:.3f}",
        )
    _print_table(rows)
    half = next(row for row in calibration["at_temperature"]["abstain"] if row["coverage"] == 0.7)
    raw, chance = (calibration["at_temperature"][key] for key in ("ece_raw", "ece_if_calibrated"))
    out.print(
        f"{images}, n = {block['n']:,}; temperature T fitted on: "
        f"{calibration['temperature_from']}. ECE is corrected for chance (at T it is "
        f"{percent(raw)} uncorrected); what chance still leaves a perfectly calibrated model "
        f"with as many images stands beside it, up to {percent(chance['95 %'])} at T. Answering "
        "only the surest 70 %, the model is right "
        f"{percent(half['accuracy'])} of the time ({half['correct']:,} of {half['n']:,}).",
        soft_wrap=True,
    )


def _print_annotators(found: dict | None, images: str) -> None:
    if found is None:
        return
    rows = table("annotators", "n", "first %", "95 % int.", "model %", "95 % int.", "one %", "bits")
    for label in found["labels"]:
        modal, model = label["modal_recall"], label["model_recall"]
        bits = label["vote_entropy_bits"]
        rows.add_row(
            label["label"],
            str(label["n"]),
            *(percent(modal["value"], unit=""), interval(modal["interval"])),
            *(percent(model["value"], unit=""), interval(model["interval"])),
            percent(label["random_agreement"], unit=""),
            "n/a" if bits is None else f"{bits:.2f}",
        )
    _print_table(rows)
    modal = found["modal_agreement"]
    out.print(
        f"{images}, n = {found['n']:,} with votes for a label. The annotators' first choice is "
        "the data's label for "
        f"{percent(modal['value'])} [{interval(modal['interval'])}], any one annotator's for "
        f"{percent(found['random_agreement'])} (expected), the model's for "
        f"{percent(found['model_accuracy']['value'])}; the model agrees with the annotators' "
        f"first choice on {percent(found['model_agrees_with_modal']['value'])}. Cross-entropy "
        f"from the votes to the model: {found['cross_entropy']:.3f} nats; the votes' own "
        f"entropy: {found['vote_entropy']:.3f}. Annotators are a reference, not a "
        "ceiling. (bits: entropy of all votes, those for no label among them.)",
        soft_wrap=True,
    )
    rows = table("votes", "n", "model %", "95 % int.", "as people %")
    for row in found["strata"]:
        rows.add_row(
            f"{row['stratum']}: {row['reading']}",
            str(row["n"]),
            percent(row["accuracy"]["value"], unit=""),
            interval(row["accuracy"]["interval"]),
            percent(row["model_agrees_with_modal"]["value"], unit=""),
        )
    _print_table(rows)
    for row in found["differences"][:3]:
        out.print(
            f"  - {row['true']} called {row['predicted']}: by the model {percent(row['model'])} "
            f"of {row['n']:,}, by annotators {percent(row['annotators'])} of their votes",
            soft_wrap=True,
        )


def _print_table(rows) -> None:
    out.print()
    out.print(rows)
