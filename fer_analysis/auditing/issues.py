"""The kinds of issues, and all issues of one kind."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

KINDS = {
    "exact_duplicate": "an earlier image again",
    "near_duplicate": "an earlier one, altered",
    "leak": "held out, yet in training",
    "near_leak": "the same, altered",
    "contradictory_label": "identical, other label",
    "blank": "one grey level throughout",
    "placeholder": "suspected: mostly plain",
    "not_a_photograph": "suspected: drawn",
    "no_face": "for half the annotators",
    "tie": "annotators divided",
    "low_agreement": "no option above half",
    "label_mismatch": "80 % for another label",
    "label_issue": "networks doubt the label",
}
"""Kind -> its meaning in a few words, in the order of the tables."""

NOBODY = -1
"""Stands for no partner, and for no suggested label."""


@dataclass(frozen=True)
class Issues:
    """All issues of one kind.

    Args:
        kind: One of `KINDS`.
        rows: int64 `(m,)`, positions of the images, in the order of the contact sheet.
        score: float `(m,)`, how strong each case is; what it measures depends on the kind.
        among: bool `(n,)`, the images that could have had the issue: the share is of these.
        partner: int64 `(m,)`, position of the other image of a pair, or `NOBODY`.
        suggested: int64 `(m,)`, the label suggested instead of the image's own, or `NOBODY`.
        ranked: Whether `rows` are ordered by strength, the strongest first.
        facts: Further figures, ready for JSON.
    """

    kind: str
    rows: np.ndarray
    score: np.ndarray
    among: np.ndarray
    partner: np.ndarray | None = None
    suggested: np.ndarray | None = None
    ranked: bool = False
    facts: dict = field(default_factory=dict)

    def __post_init__(self):
        nobody = np.full(len(self.rows), NOBODY)
        for name in ("partner", "suggested"):
            if getattr(self, name) is None:
                object.__setattr__(self, name, nobody)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def has_partners(self) -> bool:
        """Whether the issue is one of pairs."""
        return bool((self.partner != NOBODY).any())
