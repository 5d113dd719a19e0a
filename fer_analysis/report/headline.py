"""The sentence that the page begins with."""

from __future__ import annotations

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.summary import collapsed_to
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.text import percent


def headline(
    evaluation: Evaluation,
    metrics: dict,
    diagnosis: Diagnosis | None = None,
    *,
    same_network: bool = True,
) -> str:
    """Say where the model fails most: one label, its counts, its confusion, its annotators.

    Args:
        evaluation: The predictions.
        metrics: Their figures.
        diagnosis: What `fer diagnose` wrote of the same labels, if anything.
        same_network: Whether it was made of these predictions.
    """
    collapsed = collapsed_to(evaluation)
    if collapsed is not None:
        name = evaluation.label_names[collapsed]
        count, n = int(evaluation.predicted_counts[collapsed]), len(evaluation)
        return (
            f"{count:,} of {n:,} faces are predicted as {name}: a collapsed model, "
            f"correct {int(evaluation.correct.sum()):,} times"
        )
    label = worst(evaluation)
    parts = [_correct(evaluation, label), *_predicted_as(evaluation, label)]
    sentence = f"{evaluation.label_names[label]}: {', '.join(parts)}"
    people = annotators_recall(metrics, label)
    if people is not None:
        sentence += f"; the annotators' first choice agrees for {percent(people, 0)}"
    causes = shown_causes(diagnosis, label)
    if causes:
        whose = "the study shows" if same_network else "the study shows, of its own network"
        sentence += f"; {whose}: {' and '.join(causes)}"
    return sentence


def worst(evaluation: Evaluation) -> int:
    """Return the label with the lowest recall, on leak-free images where these are known."""
    clean = evaluation.leak_free
    return clean.worst if clean is not None and len(clean) else evaluation.worst


def mistaken_for(evaluation: Evaluation, label: int, most: int = 3) -> list[tuple[int, int]]:
    """Return what a label is mistaken for: (predicted label, images), the most frequent first."""
    row = evaluation.confusion[label].copy()
    row[label] = 0
    order = (-row).argsort(kind="stable")[:most]
    return [(int(other), int(row[other])) for other in order if row[other]]


def annotators_recall(metrics: dict, label: int) -> float | None:
    """Return how often the annotators' first choice is the label, over all images; or None."""
    people = metrics["all"]["annotators"]
    return people["labels"][label]["modal_recall"].value if people else None


def shown_causes(diagnosis: Diagnosis | None, label: int) -> list[str]:
    """Return the causes that a diagnosis shows for a label."""
    return list(diagnosis.labels[label].shown) if diagnosis else []


def _correct(evaluation: Evaluation, label: int) -> str:
    counts = f"{evaluation.correct[label]:,} of {evaluation.support[label]:,} correct"
    clean = evaluation.leak_free
    if clean is None or len(clean) == len(evaluation):
        return counts
    return f"{counts}, {clean.correct[label]:,} of {clean.support[label]:,} leak-free"


def _predicted_as(evaluation: Evaluation, label: int) -> list[str]:
    return [
        f"predicted as {evaluation.label_names[other]} {count:,} times"
        for other, count in mistaken_for(evaluation, label, 1)
    ]
