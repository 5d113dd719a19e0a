"""What would help a label: what each remedy that was tried changes for it, beside the subject."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.cell_roles import RECIPE
from fer_analysis.study.resampling import CORRECTED, PLAIN, StudyEvidence
from fer_analysis.study.tallies import Tallies
from fer_analysis.study.verdict_rule import FEWEST_IMAGES, estimate

CORRECTION = "prior correction"
"""The remedy that trains nothing: `fer evaluate --logit-adjustment 1`."""
LISTS = ("remove_disputed", "exclude_faces", "relabel_faces")
"""Manipulations that act on labels that may be wrong."""
FIGURES = ("recall", "precision", "f1", "accuracy")


@dataclass(frozen=True)
class Gain:
    """What one remedy changes for one label, as predicted, beside the subject.

    The same images and seeds; intervals are simultaneous over the remedies of the label.

    Args:
        label: The label.
        remedy: The cell's name, or `prior correction`.
        kind: `after training`, `remedy`, `recipe` or `labels`: what the cell changes.
        seeds: Number of seeds that both have.
        n: Images of the label.
        recall: Difference of its recall.
        precision: Of its precision; undefined where nothing is predicted as the label.
        f1: Of its F1: it falls where recall is bought with too many false alarms.
        accuracy: Of the accuracy on all labels: the price.
    """

    label: str
    remedy: str
    kind: str
    seeds: int
    n: int
    recall: Estimate
    precision: Estimate
    f1: Estimate
    accuracy: Estimate

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the gain in F1 is above 0, on images enough to tell."""
        return self.n >= FEWEST_IMAGES and self.f1.low is not None and self.f1.low > 0

    @classmethod
    def from_dict(cls, row: dict) -> Gain:
        """Make it from what `dataclasses.asdict` gives."""
        return cls(**row | {name: Estimate.from_dict(row[name]) for name in FIGURES})

    def row(self) -> dict:
        """Return it as a row for CSV."""
        names = ("label", "remedy", "kind", "seeds", "n")
        row = {name: getattr(self, name) for name in names}
        for name in FIGURES:
            figure = getattr(self, name)
            row |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
        return row


def gains(evidence: StudyEvidence, subject: str) -> tuple[Gain, ...]:
    """Return what each remedy gives each label, the highest F1 first.

    Args:
        evidence: Of studies.
        subject: The cell whose failures are examined.
    """
    cells = remedies(evidence, subject)
    about, changes = {}, {}
    own = evidence.tallies(subject)
    about[CORRECTION] = ("after training", tuple(evidence.cells[subject]))
    changes[CORRECTION] = _difference(_figures(own, CORRECTED), _figures(own, PLAIN))
    for cell, kind in cells.items():
        seeds = evidence.common(cell, subject)
        one, two = (_figures(evidence.tallies(name, seeds), PLAIN) for name in (cell, subject))
        about[cell], changes[cell] = (kind, seeds), _difference(one, two)
    rows = []
    for i, label in enumerate(evidence.label_names):
        own_rows = {r for r, (kind, _) in about.items() if _is_for(evidence, r, kind, label)}
        found = {
            name: estimate({r: v[name][:, i] for r, v in changes.items() if r in own_rows})
            for name in FIGURES
        }
        made = [
            Gain(
                label=label,
                remedy=remedy,
                kind=kind,
                seeds=len(seeds),
                n=int(evidence.tallies(subject, seeds).n[i]),
                **{name: found[name].get(remedy, Estimate(None)) for name in FIGURES},
            )
            for remedy, (kind, seeds) in about.items()
            if remedy in own_rows
        ]
        rows += sorted(made, key=lambda gain: -(gain.f1.value or 0))
    return tuple(rows)


def remedies(evidence: StudyEvidence, subject: str) -> dict[str, str]:
    """Return the cells that try to help, and what each of them changes in the subject's config.

    Args:
        evidence: Of studies.
        subject: One of its cells.
    """
    own = evidence.settings[subject]
    found = {}
    for cell in evidence.cells:
        if cell == subject or not evidence.common(cell, subject):
            continue
        config = evidence.settings[cell]
        changed = {key for key in config if config[key] != own[key]}
        if "remedies" in changed and _only_longer(own, config, changed - {"remedies"}):
            found[cell] = "remedy"
        elif changed and changed <= set(RECIPE):
            found[cell] = "recipe"
        elif changed == {"manipulations"} and _mends_labels(own, config):
            found[cell] = "labels"
    return found


def _only_longer(own: dict, config: dict, others: set[str]) -> bool:
    """Tell whether, apart from the remedy, only the length of training is another (expansion)."""
    length = {"epochs": None, "images_per_epoch": None}
    return not others or (
        others == {"training"} and own["training"] | length == config["training"] | length
    )


def _mends_labels(own: dict, config: dict) -> bool:
    added = config["manipulations"]
    return not own["manipulations"] and all(
        name in LISTS and not (options or {}).get("at_random") for name, options in added.items()
    )


def _is_for(evidence: StudyEvidence, remedy: str, kind: str, label: str) -> bool:
    """Tell whether a remedy is meant for a label: those that mend another one's labels are not."""
    if kind != "labels":
        return True
    options = evidence.settings[remedy]["manipulations"].values()
    return all((each or {}).get("label") in (None, label) for each in options)


def _figures(tallies: Tallies, kind: int) -> dict[str, np.ndarray]:
    """Return each figure of `FIGURES` for each label, `(1 + draws, k)`."""
    confusion = tallies.confusion[kind]
    correct = np.diagonal(confusion, axis1=1, axis2=2)
    either = confusion.sum(axis=1) + confusion.sum(axis=2)
    f1 = np.divide(2 * correct, either, out=np.full(correct.shape, np.nan), where=either > 0)
    n = confusion.sum(axis=(1, 2))
    right = correct.sum(axis=1)
    accuracy = np.divide(right, n, out=np.full(len(n), np.nan), where=n > 0)
    return {
        "recall": tallies.recall(kind),
        "precision": tallies.precision(kind),
        "f1": f1,
        "accuracy": np.repeat(accuracy[:, None], correct.shape[1], axis=1),
    }


def _difference(one: dict, two: dict) -> dict[str, np.ndarray]:
    return {name: one[name] - two[name] for name in one}
