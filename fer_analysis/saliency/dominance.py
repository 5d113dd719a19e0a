"""The rule by which a label has a dominant region, or none with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

FEWEST = 10
"""Images below which an interval over images is no interval."""
CHANCE = 0.5
"""AUROC of a network that cannot tell the label from the others."""
ZERO = "the maps are zero everywhere: the logit does not depend on the image"
LEAD = 1.1
"""Enrichment over the runner-up's (and every null's): a smaller lead depends on the template's
borders. Set on planted cues, `scripts/planted_cues.py`, seeds 0-5."""


@dataclass(frozen=True)
class RegionEvidence:
    """What the rule is applied to: the figures of one label and r regions.

    Args:
        n: Images whose maps are averaged.
        names: The regions.
        enrichment: float `(r,)`, mean over images.
        low: float `(r,)`, lower ends of the 95 % intervals of `enrichment`.
        lead: Lower end of the 95 % interval of the highest enrichment less `LEAD` times the second.
        nulls: A map that does not show what the network learned -> float `(r,)`, upper ends of
            its enrichment.
        occlusion: float `(r,)`, the lower of the lower ends of two 95 % intervals: how far the
            target's logit falls when the region is hidden, and how much further than when a
            control of its area is.
        cost: float `(r,)`, the mean of the latter.
        ranking: The ends of the AUROC's 95 % interval: how well the network ranks the label.
    """

    n: int
    names: tuple[str, ...]
    enrichment: np.ndarray
    low: np.ndarray
    lead: float
    nulls: Mapping[str, np.ndarray]
    occlusion: np.ndarray
    cost: np.ndarray
    ranking: tuple[float, float]


@dataclass(frozen=True)
class Dominance:
    """A label's dominant region, or None; and the reason."""

    region: str | None
    reason: str


def dominant_region(evidence: RegionEvidence) -> Dominance:
    """Apply the rule: enriched beyond the runner-up and every null, causal, and of use.

    A region is dominant if its mean enrichment leads the runner-up's and clears every null by
    the factor `LEAD`, both with the lower end of a 95 % interval over images, if hiding it
    lowers the target's logit more than hiding a control of equal area and no other region costs
    more in this way, and if the network ranks the label above chance: a network that cannot tell
    a label looks nowhere for it.

    Returns:
        The region, or none with the first reason.
    """
    if not evidence.n:
        return Dominance(None, ZERO)
    if evidence.n < FEWEST:
        return Dominance(None, f"too few maps: {evidence.n}, expected {FEWEST}")
    if not evidence.ranking[0] > CHANCE:
        low, high = evidence.ranking
        return Dominance(None, f"not ranked above chance (AUROC {low:.2f} to {high:.2f})")
    second, top = np.argsort(evidence.enrichment)[-2:]
    name, found = evidence.names[top], f"{evidence.names[top]} (x {evidence.enrichment[top]:.2f})"
    if not evidence.lead > 0:
        other = f"{evidence.names[second]} (x {evidence.enrichment[second]:.2f})"
        return Dominance(None, f"{found} does not clear {other}")
    for null, reached in evidence.nulls.items():
        if not evidence.low[top] >= LEAD * reached[top]:
            return Dominance(None, f"{found} does not clear {null} (x {reached[top]:.2f})")
    if not evidence.occlusion[top] > 0:
        return Dominance(
            None, f"{found}: hiding it costs no more than hiding the same area elsewhere"
        )
    costliest = int(np.argmax(evidence.cost))
    if costliest != top:
        return Dominance(None, f"{found}: hiding {evidence.names[costliest]} costs more")
    return Dominance(name, f"{found}, all controls cleared")
