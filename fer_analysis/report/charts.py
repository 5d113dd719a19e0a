"""The page's charts: figures of the other commands as SVG data URIs, with what they show."""

from __future__ import annotations

import base64

from fer_analysis.figures import svg
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.differences import Differences
from fer_analysis.text import percent, points

PIXELS = 88
"""CSS pixels an inch: the figures' texts are then about as large as the page's."""


def chart(figure, alt: str) -> dict:
    """Return a figure as `uri` with its `width`, and the finding as its `alt` text."""
    encoded = base64.b64encode(svg(figure).encode()).decode()
    width = round(PIXELS * figure.get_figwidth())
    return {"uri": f"data:image/svg+xml;base64,{encoded}", "alt": alt, "width": width}


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
    return chart(calibration_figure(block, title), alt)


def curves_chart(history: list[dict], best_epoch: int, name: str) -> dict:
    """Draw a training's history."""
    from fer_analysis.figures.training import curves_figure

    last = history[-1]
    best = next((row for row in history if row["epoch"] == best_epoch), last)
    alt = (
        f"Loss and accuracy by epoch, {len(history)} epochs. Validation accuracy is "
        f"{percent(best['validation_accuracy'])} at the best epoch ({best_epoch}); at the last "
        f"epoch training accuracy is {percent(last['accuracy'])} and validation accuracy "
        f"{percent(last['validation_accuracy'])}."
    )
    return chart(curves_figure(history, title=name, best_epoch=best_epoch), alt)


def annotators_chart(evaluation, block: dict, title: str) -> dict:
    """Draw the model next to the annotators."""
    from fer_analysis.figures.annotators import annotators_figure

    alt = (
        f"Recall of model and annotators by label, accuracy by the annotators' agreement, and "
        f"where their confusions differ. Over {block['n']:,} images the annotators' first choice "
        f"is the label for {percent(block['modal_agreement'].value)}, the model's for "
        f"{percent(block['model_accuracy'].value)}."
    )
    return chart(annotators_figure(evaluation, block, title), alt)


def comparison_chart(sets: dict, title: str) -> dict:
    """Draw how two runs differ."""
    from fer_analysis.figures.comparison import pairs_figure

    pair = list(sets.values())[-1]
    alt = (
        f"Differences of {pair['second']} compared with {pair['first']}: accuracy "
        f"{points(pair['accuracy'].value)} points over {pair['n']:,} images; the figures are in "
        "the table."
    )
    return chart(pairs_figure([sets], title), alt)


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
    return chart(differences_figure(differences), alt)


def diagnosis_charts(diagnosis: Diagnosis) -> list[dict]:
    """Draw a diagnosis: the verdicts, recall by dose, recall by the annotators' agreement."""
    from fer_analysis.figures import cell_recalls
    from fer_analysis.figures.diagnosis import verdict_figure

    failing = ", ".join(row.label for row in diagnosis.failing) or "none"
    made = [
        chart(
            verdict_figure(diagnosis),
            f"Labels by causes, each effect with its interval. Labels that fail: {failing}.",
        )
    ]
    if diagnosis.doses:
        alt = "Recall of each label by its number of training images, with 95 % bands."
        made.append(chart(cell_recalls.dose_figure(diagnosis.doses), alt))
    if diagnosis.agreement:
        alt = "Recall of each label where annotators agree with it, are split, or agree on another."
        drawn = cell_recalls.agreement_figure(diagnosis.agreement, diagnosis.label_names)
        made.append(chart(drawn, alt))
    return made
