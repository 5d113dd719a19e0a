"""The literature beside a network's answer: the paper's claim, action units, humans.

The paper is Tao (2023), which read one picture of each label by eye; the action units are those
of EMFACS-7 (Friesen & Ekman 1983); what humans rely on was measured by gaze and with faces shown
in part (Eisenbarth & Alpers 2011, Wegrzyn et al. 2017, Calvo et al. 2018). None of this is a
score: a network may be correct for other reasons, and humans saw other faces, larger and posed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_analysis.saliency.dominance import CHANCE, RegionEvidence


@dataclass(frozen=True)
class Reference:
    """What is said of one label.

    Args:
        claim: The regions that the paper's text names.
        where: The paper's words.
        units: The action units of the expression.
        shown: The regions in which those show.
        humans: What humans rely on, in words.
        relied_on: The same as regions.
    """

    claim: tuple[str, ...]
    where: str
    units: str
    shown: tuple[str, ...]
    humans: str
    relied_on: tuple[str, ...]


REFERENCES: dict[str, Reference] = {
    "angry": Reference(
        ("chin",), "chin", "4+5+7+23", ("brows", "eyes", "mouth"), "brows, eyes", ("brows", "eyes")
    ),
    "disgust": Reference(
        ("eyes", "mouth"),
        "eyes and mouth",
        "9+15+16",
        ("nose", "upper lip", "mouth"),
        "nose, upper lip",
        ("nose", "upper lip"),
    ),
    "fear": Reference(
        ("eyes", "mouth"),
        "eyes and mouth",
        "1+2+4+5+20+26",
        ("forehead", "brows", "eyes", "mouth", "chin"),
        "eyes (and mouth)",
        ("eyes", "mouth"),
    ),
    "happy": Reference(
        ("upper lip",),
        "between nose and mouth",
        "6+12",
        ("cheeks", "eyes", "mouth"),
        "mouth corners, cheeks",
        ("mouth", "cheeks"),
    ),
    "sad": Reference(
        ("eyes", "mouth"),
        "eyes and mouth",
        "1+4+15",
        ("forehead", "brows", "mouth"),
        "eyes, inner brow",
        ("eyes", "brows"),
    ),
    "surprise": Reference(
        ("eyes", "mouth"),
        "eyes and mouth",
        "1+2+5+26",
        ("forehead", "brows", "eyes", "mouth", "chin"),
        "eyes and mouth",
        ("eyes", "mouth"),
    ),
    "neutral": Reference(("forehead",), "forehead", "", (), "", ()),
}
"""Label -> what is said of it; regions are those of the template."""


def agreement(found: tuple[str | None, str | None], named: tuple[str, ...]) -> str:
    """Return how far two answers agree with the regions that a source names.

    Args:
        found: The dominant region by the maps and by occlusion; None for none.
        named: The regions.

    Returns:
        `agree` (all answers given are among them, and both were given), `partly` (one is),
        `no` (no answer is among them), or an empty text where no region is named.
    """
    if not named:
        return ""
    among = [region in named for region in found]
    return "agree" if all(among) else "partly" if any(among) else "no"


def claim_survives(
    evidence: RegionEvidence, claim: tuple[str, ...]
) -> tuple[bool, tuple[str, ...]]:
    """Test a claim of one or more regions, which a single dominant region cannot answer.

    Args:
        evidence: Of the label.
        claim: The regions.

    Returns:
        Whether it survives: all of its regions are supported and the most enriched region is
        one of them; and those that are supported: enriched beyond every null and costing the
        logit more when hidden than as much elsewhere, in a network that ranks the label above
        chance.
    """
    clears = np.all([evidence.low > reached for reached in evidence.nulls.values()], axis=0)
    stands = clears & (evidence.occlusion > 0) & (evidence.ranking[0] > CHANCE)
    supported = tuple(
        name for name in claim if name in evidence.names and stands[evidence.names.index(name)]
    )
    top = evidence.names[int(np.argmax(evidence.enrichment))]
    return bool(claim) and supported == tuple(claim) and top in claim, supported


def beside_humans(label: str, found: tuple[str | None, str | None]) -> dict[str, str]:
    """Return a label's row of the table: both answers, and what the literature says.

    Args:
        label: Its name; other labels than FER-2013's have empty cells.
        found: The dominant region by the maps and by occlusion; None for none.
    """
    unknown = Reference((), "", "", (), "", ())
    said = REFERENCES.get(label, unknown)
    return {
        "label": label,
        "by_maps": found[0] or "none",
        "by_occlusion": found[1] or "none",
        "study": said.where,
        "study_agrees": agreement(found, said.claim),
        "action_units": said.units,
        "units_show_in": ", ".join(said.shown),
        "units_agree": agreement(found, said.shown),
        "humans": said.humans,
        "humans_agree": agreement(found, said.relied_on),
    }
