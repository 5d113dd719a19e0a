"""What is found for a label: the shares of its regions, and its dominant region or why none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from fer_analysis.saliency.dominance import Dominance, RegionEvidence
from fer_analysis.statistics.estimate import Estimate

_ARRAYS = ("enrichment", "low", "occlusion", "cost")


@dataclass(frozen=True)
class RegionShare:
    """How much of a label's saliency falls on a region.

    Args:
        region: Its name.
        area: Its share of the pixels.
        share: Its share of the saliency, mean over images; undefined without a map.
        enrichment: Share of the saliency over share of the pixels.
        shifted: The least and the highest enrichment found when all regions are moved a little.
    """

    region: str
    area: float
    share: Estimate
    enrichment: Estimate
    shifted: tuple[float | None, float | None]

    def as_dict(self) -> dict:
        """Return the share ready for JSON."""
        estimates = {"share": self.share.as_dict(), "enrichment": self.enrichment.as_dict()}
        return {"region": self.region, "area": self.area, **estimates, "shifted": [*self.shifted]}

    @classmethod
    def from_dict(cls, given: dict) -> RegionShare:
        """Return what `as_dict` wrote."""
        estimates = {name: Estimate.from_dict(given[name]) for name in ("share", "enrichment")}
        return cls(given["region"], given["area"], **estimates, shifted=tuple(given["shifted"]))


@dataclass(frozen=True)
class HiddenRegion:
    """What happens to a label's logit and recall when a region is hidden, or shown alone.

    Args:
        drop: How far the target's logit falls when the region is hidden.
        excess: How much further than when the same area elsewhere is hidden.
        alone: How far the logit rises above that of the fill when only the region is shown.
        recall: Share of the images predicted as their label.
        recall_hidden: The same with the region hidden.
        recall_control: With the same area elsewhere hidden.
        recall_alone: With only the region shown.
    """

    drop: Estimate
    excess: Estimate
    alone: Estimate
    recall: float
    recall_hidden: float
    recall_control: float
    recall_alone: float

    def as_dict(self) -> dict:
        """Return it ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: v.as_dict() if isinstance(v, Estimate) else v for k, v in values.items()}

    @classmethod
    def from_dict(cls, given: dict) -> HiddenRegion:
        """Return what `as_dict` wrote."""
        return cls(
            **{k: Estimate.from_dict(v) if isinstance(v, dict) else v for k, v in given.items()}
        )


@dataclass(frozen=True, eq=False)
class RegionFinding:
    """A label's dominant region by two ways, and the evidence.

    Args:
        label: Its name.
        evidence: What the rule was applied to.
        by_maps: The dominant region by the maps and all controls.
        by_occlusion: The dominant region by hiding regions alone.
        hidden: Fill -> what hiding does, one entry for each region.
        auroc: How well the network ranks the label.
    """

    label: str
    evidence: RegionEvidence
    by_maps: Dominance
    by_occlusion: Dominance
    hidden: Mapping[str, tuple[HiddenRegion, ...]]
    auroc: Estimate

    def as_dict(self) -> dict:
        """Return the finding ready for JSON; what is undefined is null."""
        return {
            "by_maps": vars(self.by_maps),
            "by_occlusion": vars(self.by_occlusion),
            "auroc": self.auroc.as_dict(),
            "evidence": _evidence_as_dict(self.evidence),
            "hidden": {fill: [e.as_dict() for e in each] for fill, each in self.hidden.items()},
        }

    @classmethod
    def from_dict(cls, label: str, given: dict) -> RegionFinding:
        """Return what `as_dict` wrote of a label."""
        hidden = given["hidden"].items()
        return cls(
            label=label,
            evidence=_evidence_from_dict(given["evidence"]),
            by_maps=Dominance(**given["by_maps"]),
            by_occlusion=Dominance(**given["by_occlusion"]),
            hidden={fill: tuple(map(HiddenRegion.from_dict, each)) for fill, each in hidden},
            auroc=Estimate.from_dict(given["auroc"]),
        )


def _evidence_as_dict(evidence: RegionEvidence) -> dict:
    return {
        "n": evidence.n,
        "names": list(evidence.names),
        **{name: _numbers(getattr(evidence, name)) for name in _ARRAYS},
        "lead": _numbers([evidence.lead])[0],
        "nulls": {name: _numbers(values) for name, values in evidence.nulls.items()},
        "ranking": _numbers(evidence.ranking),
    }


def _evidence_from_dict(given: dict) -> RegionEvidence:
    return RegionEvidence(
        n=given["n"],
        names=tuple(given["names"]),
        **{name: _array(given[name]) for name in _ARRAYS},
        lead=float(_array([given["lead"]])[0]),
        nulls={name: _array(values) for name, values in given["nulls"].items()},
        ranking=tuple(_array(given["ranking"]).tolist()),
    )


def _numbers(values) -> list[float | None]:
    """Return numbers for JSON, which has no NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _array(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], np.float64)
