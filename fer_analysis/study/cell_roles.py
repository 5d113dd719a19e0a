"""What each cell of a study tests, derived from what it changes in another cell's config."""

from __future__ import annotations

from dataclasses import dataclass

from fer_analysis.study.resampling import StudyEvidence

RECIPE = ("training", "augmentation")


@dataclass(frozen=True)
class Roles:
    """Cells by what they change in the subject, the cell whose failures are examined.

    Args:
        subject: Its name.
        recipes: Cells with another training or augmentation section.
        doses: Label -> cells that change its number of images, fewest first.
        equal: Cells in which all labels have the same number of images, fewest first.
        disputed: Label -> (cell without its disputed images, control without the same number
            of random ones).
    """

    subject: str
    recipes: tuple[str, ...]
    doses: dict[str, tuple[str, ...]]
    equal: tuple[str, ...]
    disputed: dict[str, tuple[str, str]]


def find_roles(evidence: StudyEvidence, subject: str) -> Roles:
    """Sort cells by what they change in the subject's config.

    Args:
        evidence: Of studies.
        subject: One of its cells.
    """
    own = evidence.settings[subject]
    recipes, doses, equal = [], {}, []
    removed: dict[tuple[str | None, bool], str] = {}
    for cell in evidence.cells:
        if not evidence.common(subject, cell):  # no seed to compare them on yet
            continue
        changes = evidence.settings[cell]
        differing = {key for key in changes if changes[key] != own[key]}
        manipulations = changes["manipulations"]
        if differing and differing <= set(RECIPE):
            recipes.append(cell)
        if differing != {"manipulations"} or own["manipulations"] or len(manipulations) > 1:
            continue
        (kind, options), *_ = manipulations.items()
        if kind == "keep" and len(options["counts"]) == 1:
            doses.setdefault(*options["counts"], []).append(cell)
        elif kind == "keep_all":
            equal.append(cell)
        elif kind == "remove_disputed":
            removed[options["label"], options["at_random"]] = cell

    def count(label: str):
        index = evidence.label_names.index(label)
        return lambda cell: evidence.training_counts(cell)[index]

    pairs = {
        label: (cell, removed[label, True])
        for (label, at_random), cell in removed.items()
        if label
        and not at_random
        and (label, True) in removed
        and evidence.common(cell, removed[label, True])
    }
    return Roles(
        subject=subject,
        recipes=tuple(recipes),
        doses={label: tuple(sorted(cells, key=count(label))) for label, cells in doses.items()},
        equal=tuple(sorted(equal, key=lambda cell: evidence.training_counts(cell).max())),
        disputed=pairs,
    )
