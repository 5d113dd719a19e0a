"""A network's dominant regions compared with the paper's claims and the human reference."""

from __future__ import annotations

import numpy as np

from fer_analysis.paper import CLAIMS, Claim
from fer_analysis.saliency.dominance import CHANCE, RegionEvidence
from fer_analysis.saliency.human_reference import REFERENCES, Reference


def literature_row(label: str, found: tuple[str | None, str | None]) -> dict[str, str]:
    """Return a label's row of the table: its dominant regions, and what the literature says.

    Args:
        label: Its name; other labels than FER-2013's have empty cells.
        found: The dominant region by the maps and by occlusion; None for none.
    """
    claim = CLAIMS.get(label, Claim("", ()))
    reference = REFERENCES.get(label, Reference("", (), "", ()))
    return {
        "label": label,
        "by_maps": found[0] or "none",
        "by_occlusion": found[1] or "none",
        "paper": claim.where,
        "paper_agrees": agreement(found, claim.regions),
        "action_units": reference.units,
        "units_show_in": ", ".join(reference.shown),
        "units_agree": agreement(found, reference.shown),
        "humans": reference.humans,
        "humans_agree": agreement(found, reference.relied_on),
    }


def agreement(found: tuple[str | None, str | None], named: tuple[str, ...]) -> str:
    """Return whether the dominant regions are among those that a source names.

    Args:
        found: The dominant region by the maps and by occlusion; None for none.
        named: The regions.

    Returns:
        `agree` (both are among them), `partly` (one is), `no` (none is), or an empty text where
        the source names no region.
    """
    if not named:
        return ""
    among = [region in named for region in found]
    return "agree" if all(among) else "partly" if any(among) else "no"


def claim_survives(
    evidence: RegionEvidence, claim: tuple[str, ...]
) -> tuple[bool, tuple[str, ...]]:
    """Test a claim of one or more regions, which a single dominant region cannot decide.

    Args:
        evidence: Of the label.
        claim: The regions.

    Returns:
        Whether it survives: all of its regions are supported and the most enriched region is
        one of them; and those that are supported: enriched beyond every null, and hiding them
        costs the logit more than hiding the same area elsewhere, in a network that ranks the
        label above chance.
    """
    clears = np.all([evidence.low > reached for reached in evidence.nulls.values()], axis=0)
    stands = clears & (evidence.occlusion > 0) & (evidence.ranking[0] > CHANCE)
    supported = tuple(
        name for name in claim if name in evidence.names and stands[evidence.names.index(name)]
    )
    top = evidence.names[int(np.argmax(evidence.enrichment))]
    return bool(claim) and supported == tuple(claim) and top in claim, supported
