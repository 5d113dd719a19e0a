"""One label that fails, while its causes are tested."""

from __future__ import annotations

from dataclasses import dataclass

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.resampling import StudyEvidence


@dataclass(frozen=True)
class Case:
    """One label that fails, while its causes are tested.

    Args:
        evidence: Of studies.
        roles: Of its cells.
        label: Its position.
        name: Its name.
        gap: As predicted.
        corrected_gap: Prior-corrected.
    """

    evidence: StudyEvidence
    roles: Roles
    label: int
    name: str
    gap: Estimate
    corrected_gap: Estimate


def part_of(effect: Estimate, gap: Estimate) -> float | None:
    """Return the share of a gap that an effect explains, 0 or more; None where there is no gap."""
    return max(effect.value, 0) / gap.value if (gap.value or 0) > 0 else None
