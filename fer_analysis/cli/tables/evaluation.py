"""What `fer evaluate` prints."""

from __future__ import annotations

from collections.abc import Sequence

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import is_warning, out, print_item, print_summary, table
from fer_analysis.cli.tables.promises import print_answers, print_sets, promise_lines
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.listed_faces import names_of_lists
from fer_analysis.evaluation.metrics import clean_block, metrics
from fer_analysis.evaluation.promises import Promises
from fer_analysis.evaluation.summary import summary_lines
from fer_analysis.evaluation.unsure import OVERALL, PROMISES
from fer_analysis.paper import PROTOCOL, TEST_IMAGES
from fer_analysis.text import estimate, interval, number, number_interval, percent, points

MOST = 0.7
"""Share of the images, the most confident ones, whose accuracy is printed."""


def print_evaluation(
    name: str,
    evaluation: Evaluation,
    promises: Promises | None = None,
    *,
    rule: str | None = None,
    sets: bool = False,
) -> None:
    """Print the main findings; with -v every table too.

    Args:
        name: The run's name.
        evaluation: The predictions.
        promises: How answers and label sets fare; None where that was not measured.
        rule: Of `PROMISES`: print the tables of this rule.
        sets: Print the table of label sets.
    """
    protocol = f", {evaluation.protocol} protocol" if evaluation.protocol else ""
    head = f"{name}: {evaluation.split} split{protocol}, n = {len(evaluation):,}"
    head = "; ".join([head, *names_of_lists(evaluation)])
    found = metrics(evaluation)
    if verbosity.level() != verbosity.ALL:
        lines = _short(evaluation, found, promise_lines(promises) if promises else [])
        print_summary([head, *_exclusion_lines(evaluation.exclusions), *lines])
        _print_promises(promises, [rule] if rule else [], [rule or OVERALL] if sets else [])
        return
    out.print(head)
    for line in summary_lines(evaluation):
        print_item(line)
    _print_labels("all images", found["all"])
    leak_free = found["leak_free"]
    if leak_free is None:
        out.print("leak-free: unknown (the training images of this model are not on record)")
    elif leak_free["n"] == len(evaluation):
        out.print("leak-free: the same; no image is among the training images pixel for pixel")
    else:
        _print_labels("leak-free", leak_free)
    _, block, images = clean_block(evaluation)
    _print_calibration(block, images)
    _print_annotators(block["annotators"], images)
    if evaluation.protocol == "official" or (
        evaluation.protocol == PROTOCOL and not evaluation.comparable
    ):
        out.print(
            "\nNot comparable with the paper's test figures: those are for Kaggle's whole test "
            f"folder ({TEST_IMAGES:,} images)."
        )
    if evaluation.exclusions:
        _print_exclusions(evaluation.exclusions)
    _print_promises(promises, PROMISES, PROMISES)


def _print_promises(found: Promises | None, rules: Sequence[str], sets: Sequence[str]) -> None:
    """Print the tables of answers and of label sets of these kinds."""
    if verbosity.level() == verbosity.QUIET:
        return
    if found is None:
        if rules or sets:
            out.print("answers and label sets: not measured (fewer than ten images)")
        return
    for rule in rules:
        print_answers(found, rule)
    for kind in sets:
        print_sets(found, kind)


def _short(evaluation: Evaluation, found: dict, promised: Sequence[str]) -> list[str]:
    """Return the findings for one screen: warnings first, then figures, then errors."""
    lines = [line for line in summary_lines(evaluation) if line not in names_of_lists(evaluation)]
    warnings = [line for line in lines if is_warning(line)]
    whole = "these images" if names_of_lists(evaluation) else "all images"
    figures = [_figures_line(whole, found["all"])]
    if found["leak_free"] is None:
        figures.append("leak-free: unknown (the training images are not on record)")
    elif found["leak_free"]["n"] < len(evaluation):
        figures.append(_figures_line("leak-free", found["leak_free"]))
    _, block, _ = clean_block(evaluation)
    if calibration := block["calibration"]:
        raw, scaled = calibration["as_predicted"], calibration["at_temperature"]
        figures.append(
            f"calibration error {percent(raw['ece'].value)}; {percent(scaled['ece'].value)} at "
            f"temperature {calibration['temperature']:.2f}"
        )
    figures += promised
    if people := block["annotators"]:
        figures.append(
            "the annotators' first choice is the label for "
            f"{percent(people['modal_agreement'].value)}, the model's for "
            f"{percent(people['model_accuracy'].value)}"
        )
    return [*warnings, *figures, *(line for line in lines if line not in warnings)]


def _figures_line(images: str, block: dict) -> str:
    return (
        f"{images}: accuracy {estimate(block['accuracy'])} of {block['n']:,}, "
        f"macro-F1 {estimate(block['macro_f1'])}"
    )


def _exclusion_lines(rows: Sequence[dict]) -> list[str]:
    return [
        f"without {row['issue']} ({_images(row['excluded'])}): accuracy "
        f"{percent(row['accuracy'].value)}, "
        f"{points(row['difference'].value, row['difference'].interval)} points"
        for row in rows
    ]


def _images(n: int) -> str:
    return "1 image" if n == 1 else f"{n:,} images"


def _print_exclusions(rows: Sequence[dict]) -> None:
    """Print how leaving out the images of a list changes accuracy."""
    shown = table(
        "without",
        "images",
        "left",
        "acc. %",
        "95 % int.",
        "difference, points",
        title="\nwithout the images of the list (of all images, leaked ones included)",
    )
    for row in rows:
        shown.add_row(
            row["issue"],
            f"{row['excluded']:,}",
            f"{row['n']:,}",
            *_cells(row["accuracy"]),
            points(row["difference"].value, row["difference"].interval),
        )
    out.print(shown)


def _cells(figure) -> tuple[str, str]:
    """Return a share and its interval for two columns in percent."""
    return percent(figure.value, unit=""), interval(figure.interval, unit="")


def _plain_cells(figure) -> tuple[str, str]:
    """Return a figure that is no share and its interval for two columns."""
    return number(figure.value), number_interval(figure.interval)


def _print_labels(title: str, figures: dict) -> None:
    out.print(
        f"\n{title}: accuracy {estimate(figures['accuracy'])} of {figures['n']:,}, "
        f"top-2 {estimate(figures['top_2'])}, macro-F1 {estimate(figures['macro_f1'])}, "
        f"balanced accuracy {estimate(figures['balanced_accuracy'])}"
    )
    rows = table(
        "label", "n", "correct", "recall %", "95 % int.", "predicted", "prec. %", "95 % int."
    )
    scores = table("label", "F1 %", "95 % int.", "AUROC", "95 % int.", "AP", "95 % int.")
    for label in figures["labels"]:
        rows.add_row(
            label["label"],
            str(label["support"]),
            str(label["correct"]),
            *_cells(label["recall"]),
            str(label["predicted"]),
            *_cells(label["precision"]),
        )
        scores.add_row(
            label["label"],
            *_cells(label["f1"]),
            *_plain_cells(label["auroc"]),
            *_plain_cells(label["average_precision"]),
        )
    _print_table(rows)
    _print_table(scores)


def _print_calibration(block: dict, images: str) -> None:
    calibration = block["calibration"]
    if calibration is None:
        return
    rows = table("calibration", "conf. %", "acc. %", "ECE %", "95 % int.", "chance", "NLL", "Brier")
    temperature = f"at T = {calibration['temperature']:.2f}"
    for name, key in (("as predicted", "as_predicted"), (temperature, "at_temperature")):
        figures = calibration[key]
        rows.add_row(
            name,
            percent(figures["confidence"], unit=""),
            percent(figures["accuracy"], unit=""),
            *_cells(figures["ece"]),
            percent(figures["ece_if_calibrated"]["mean"], unit=""),
            number(figures["nll"].value),
            number(figures["brier"].value),
        )
    _print_table(rows)
    scaled = calibration["at_temperature"]
    confident = [row for row in scaled["abstain"] if row["coverage"] >= MOST]
    most = min(confident, key=lambda row: row["coverage"])
    by_chance = scaled["ece_if_calibrated"]["quantile_95"]
    out.print(
        f"{images}, n = {block['n']:,}; temperature T fitted on: "
        f"{calibration['temperature_from']}. ECE is corrected for chance (at T it is "
        f"{percent(scaled['ece_raw'])} uncorrected); column 'chance' is the ECE of a perfectly "
        f"calibrated model on the same number of images, up to {percent(by_chance)} at T. On the "
        f"{percent(most['coverage'], 0)} most confident images accuracy is "
        f"{percent(most['accuracy'].value)} ({most['correct']:,} of {most['n']:,})."
    )


def _print_annotators(found: dict | None, images: str) -> None:
    if found is None:
        return
    rows = table(
        "annotators", "n", "modal %", "95 % int.", "model %", "95 % int.", "single %", "bits"
    )
    for label in found["labels"]:
        rows.add_row(
            label["label"],
            str(label["n"]),
            *_cells(label["modal_recall"]),
            *_cells(label["model_recall"]),
            percent(label["random_agreement"], unit=""),
            number(label["vote_entropy_bits"], 2),
        )
    _print_table(rows)
    out.print(
        f"{images}, n = {found['n']:,} with votes for a label. The annotators' first choice "
        f"(modal) is the data's label for {estimate(found['modal_agreement'])}, a single "
        f"annotator's for {percent(found['random_agreement'])} (expected), the model's for "
        f"{percent(found['model_accuracy'].value)}; the model agrees with the annotators' first "
        f"choice on {percent(found['model_agrees_with_modal'].value)}. Cross-entropy from the "
        f"votes to the model: {found['cross_entropy']:.3f} nats; entropy of the votes: "
        f"{found['vote_entropy']:.3f}. Annotators are a reference, not a ceiling. (bits: entropy "
        "of all votes, including those for no label.)"
    )
    rows = table("votes", "n", "model %", "95 % int.", "as modal %")
    for row in found["strata"]:
        rows.add_row(
            f"{row['stratum']}: {row['reading']}",
            str(row["n"]),
            *_cells(row["accuracy"]),
            percent(row["model_agrees_with_modal"].value, unit=""),
        )
    _print_table(rows)
    for row in found["differences"][:3]:
        print_item(
            f"{row['true']} predicted as {row['predicted']}: by the model "
            f"{percent(row['model'])} of {row['n']:,}, by annotators "
            f"{percent(row['annotators'])} of their votes"
        )


def _print_table(rows) -> None:
    out.print()
    out.print(rows)
