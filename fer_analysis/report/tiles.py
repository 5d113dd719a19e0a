"""The headline figures: what one wants to know first, each with its interval and n."""

from __future__ import annotations

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.report.commands import Suggestion
from fer_analysis.report.headline import mistaken_for, worst
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion
from fer_analysis.text import interval, percent

UNKNOWN = "It is not known which images the network was trained on."
NO_RULE = "The network has no “unsure” rule."


def tiles(
    evaluation: Evaluation, metrics: dict, conditions: dict | None, commands: dict[str, Suggestion]
) -> list[dict]:
    """Return the tiles in their order.

    Args:
        evaluation: The predictions.
        metrics: Their figures.
        conditions: Of a stress test, see `conditions_of`; None without.
        commands: Section -> the commands that fill it.

    Returns:
        For each its `name`, `href`; and `value`, `ends`, `n` and `note`, or, where nothing
        was measured, a `suggestion`.
    """
    clean, label = metrics["leak_free"], worst(evaluation)
    block = clean or metrics["all"]
    leak_free = ", leak-free" if clean else ""
    name, recall = evaluation.label_names[label], block["labels"][label]["recall"]
    made = [
        _tile("accuracy", "#numbers", metrics["all"]["accuracy"], "all images"),
        _tile("leak-free accuracy", "#numbers", clean["accuracy"], "not among training images")
        if clean
        else _missing("leak-free accuracy", "#numbers", Suggestion(why=UNKNOWN)),
        *_under_conditions(conditions, commands["stress"]),
        _tile(f"worst label: {name}", "#labels", recall, f"recall{leak_free}"),
    ]
    for other, count in mistaken_for(evaluation, label, 1):
        share = proportion(count, int(evaluation.support[label]))
        mistaken = f"{name} predicted as {evaluation.label_names[other]}"
        note = f"{count:,} faces; choose to see them"
        made.append(_tile(mistaken, f"#cell-{label}-{other}", share, note))
    return made


def _under_conditions(conditions: dict | None, suggestion: Suggestion) -> list[dict]:
    names = "accuracy under conditions", "promise kept"
    if conditions is None:
        return [_missing(name, "#conditions", suggestion) for name in names]
    cells = len(conditions["rows"]) * len(conditions["severities"])
    mean = f"mean under {conditions['told']}; clean {percent(conditions['clean'].value)}"
    made = [_tile(names[0], "#conditions", conditions["mean"], mean)]
    answers = conditions["answers"]
    if answers is None:
        return [*made, _missing(names[1], "#conditions", Suggestion(why=NO_RULE))]
    promise = answers["promise"]
    note = (
        f"of clean answers are correct, {percent(answers['target'], 0)} promised; under {cells} "
        f"conditions{' with the guard' if answers['guard'] else ''} kept in {promise['kept']}, "
        f"broken in {promise['broken']}, else not decided"
    )
    return [*made, _tile(names[1], "#conditions", answers["correct"], note)]


def _tile(name: str, href: str, figure: Estimate, note: str) -> dict:
    return {
        "name": name,
        "href": href,
        "value": percent(figure.value),
        "ends": interval(figure.interval) if figure.interval else "",
        "n": figure.n,
        "note": note,
    }


def _missing(name: str, href: str, suggestion: Suggestion) -> dict:
    return {"name": name, "href": href, "value": None, "suggestion": suggestion}
