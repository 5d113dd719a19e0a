"""The page's charts: figures of the other commands as SVG data URIs, with what they show."""

from __future__ import annotations

import base64
from collections.abc import Callable

from fer_analysis.figures import svg
from fer_analysis.run import Run
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences
from fer_analysis.text import percent, points

PIXELS = 88
"""CSS pixels an inch: the figures' texts are then about as large as the page's."""


def chart(draw: Callable, *given, alt: str, **options) -> dict:
    """Draw a figure for a light page and for a dark one.

    Args:
        draw: Returns the figure.
        *given: What it takes.
        alt: The finding, for those who do not see it.
        **options: What else it takes.

    Returns:
        `uri` and `dark`, both as data URIs, `alt` and the `width` in CSS pixels.
    """
    from fer_analysis.figures.style import using

    figure = draw(*given, **options)
    with using(style="dark"):
        dark = draw(*given, **options)
    width = round(PIXELS * figure.get_figwidth())
    return {"uri": _uri(figure), "dark": _uri(dark), "alt": alt, "width": width}


def _uri(figure) -> str:
    encoded = base64.b64encode(svg(figure).encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"


def calibration_chart(block: dict, title: str) -> dict:
    """Draw a `calibration` block of metrics."""
    from fer_analysis.figures.calibration import calibration_figure

    raw = block["as_predicted"]
    more = "overconfident" if raw["confidence"] > raw["accuracy"] else "underconfident"
    alt = (
        f"Reliability diagram and accuracy by coverage. As predicted the mean confidence "
        f"is {percent(raw['confidence'])}, the accuracy {percent(raw['accuracy'])}: {more} on "
        f"average; expected calibration error {percent(raw['ece'].value)}, at its temperature "
        f"{percent(block['at_temperature']['ece'].value)}."
    )
    return chart(calibration_figure, block, title, alt=alt)


def curves_chart(run: Run, history: list[dict], best_epoch: int | None) -> dict:
    """Draw a training's history.

    Args:
        run: The run.
        history: Its rows.
        best_epoch: The epoch that was chosen; None where the last one is kept.
    """
    from fer_analysis.figures.training import curves_of

    last = history[-1]
    best = next((row for row in history if row["epoch"] == best_epoch), last)
    which = "the last epoch" if best_epoch is None else f"the best epoch ({best_epoch})"
    alt = (
        f"Loss and accuracy by epoch, {len(history)} epochs. Validation accuracy is "
        f"{percent(best['validation_accuracy'])} at {which}; at the last "
        f"epoch training accuracy is {percent(last['accuracy'])} and validation accuracy "
        f"{percent(last['validation_accuracy'])}."
    )
    return chart(curves_of, run, alt=alt)


def annotators_chart(evaluation, block: dict, title: str) -> dict:
    """Draw the model next to the annotators."""
    from fer_analysis.figures.annotators import annotators_figure

    alt = (
        f"Recall of model and annotators by label, accuracy by the annotators' agreement, and "
        f"where their confusions differ. Over {block['n']:,} images the annotators' first choice "
        f"is the label for {percent(block['modal_agreement'].value)}, the model's for "
        f"{percent(block['model_accuracy'].value)}."
    )
    return chart(annotators_figure, evaluation, block, title, alt=alt)


def comparison_chart(sets: dict, title: str) -> dict:
    """Draw how two runs differ."""
    from fer_analysis.figures.comparison import pairs_figure

    pair = list(sets.values())[-1]
    alt = (
        f"Differences of {pair['second']} compared with {pair['first']}: accuracy "
        f"{points(pair['accuracy'].value)} points over {pair['n']:,} images; the figures are in "
        "the table."
    )
    return chart(pairs_figure, [sets], title, alt=alt)


def differences_chart(differences: Differences) -> dict:
    """Draw what the cells of a study change."""
    from fer_analysis.figures.differences import differences_figure

    clear = [
        f"{row.cell} {points(figure.difference.value)}"
        for row in differences.others
        if (figure := row.figures["macro_f1"]).is_clear
    ]
    alt = (
        f"Differences of each cell to {differences.reference}, with simultaneous 95 % intervals. "
        f"Macro-F1 in points, where the interval excludes 0: {', '.join(clear) or 'no cell'}."
    )
    return chart(differences_figure, differences, alt=alt)


def diagnosis_charts(diagnosis: Diagnosis) -> list[dict]:
    """Draw a diagnosis: the verdicts, recall by dose, recall by the annotators' agreement."""
    from fer_analysis.figures import cell_recalls
    from fer_analysis.figures.diagnosis import facts_of, predicted_as_figure, verdict_figure

    names, facts = diagnosis.label_names, facts_of(diagnosis)
    failing = ", ".join(row.label for row in diagnosis.failing) or "none"
    alt = f"Labels by causes, each effect with its interval. Labels that fail: {failing}."
    made = [chart(verdict_figure, diagnosis, alt=alt)]
    if diagnosis.doses:
        alt = "Recall of each label by its number of training images, with 95 % bands."
        made.append(chart(cell_recalls.dose_figure, diagnosis.doses, names, facts, alt=alt))
    if diagnosis.agreement:
        alt = "Recall of each label where annotators agree with it, are split, or agree on another."
        drawn = (cell_recalls.agreement_figure, diagnosis.agreement, names, facts)
        made.append(chart(*drawn, alt=alt))
    if len({row.cell for row in diagnosis.equal}) > 1:
        alt = "Recall of each label as it is, and where all labels have the same number of images."
        made.append(chart(cell_recalls.equal_figure, diagnosis.equal, names, facts, alt=alt))
    for label, rows in (diagnosis.confusions or {}).items():
        alt = f"What {label} is predicted as, before and after each change."
        made.append(chart(predicted_as_figure, label, rows, names, facts, alt=alt))
    return made
