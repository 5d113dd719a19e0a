"""What each cell of a study is good for, read off what it changes in another one's config."""

from __future__ import annotations

from dataclasses import dataclass

from fer_analysis.study.resampling import Evidence

RECIPE = ("training", "augmentation")


@dataclass(frozen=True)
class Roles:
    """Cells by what they change in the subject, the cell whose failures are asked about.

    Args:
        subject: Its name.
        recipes: Cells that train or augment otherwise.
        doses: Label -> cells that change how many of its images there are, fewest first.
        equal: Cells in which all labels have as many images, fewest first.
        disputed: Label -> (cell without its disputed images, control without as many at
            random).
    """

    subject: str
    recipes: tuple[str, ...]
    doses: dict[str, tuple[str, ...]]
    equal: tuple[str, ...]
    disputed: dict[str, tuple[str, str]]


def find_roles(evidence: Evidence, subject: str) -> Roles:
    """Sort cells by what they change in the subject's config.

    Args:
        evidence: Of studies.
        subject: One of its cells.
    """
    own = _changes(evidence, subject)
    recipes, doses, equal = [], {}, []
    removed: dict[tuple[str | None, bool], str] = {}
    for cell in evidence.cells:
        if not evidence.common(subject, cell):  # nothing to hold against each other yet
            continue
        changes = _changes(evidence, cell)
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

    return Roles(
        subject,
        tuple(recipes),
        {label: tuple(sorted(cells, key=count(label))) for label, cells in doses.items()},
        tuple(sorted(equal, key=lambda cell: evidence.training_counts(cell).max())),
        {
            label: (cell, removed[label, True])
            for (label, at_random), cell in removed.items()
            if label
            and not at_random
            and (label, True) in removed
            and evidence.common(cell, removed[label, True])
        },
    )


def _changes(evidence: Evidence, cell: str) -> dict:
    config = evidence.config(cell).model_dump(mode="json")
    return {key: value for key, value in config.items() if key not in ("seed", "data")}
