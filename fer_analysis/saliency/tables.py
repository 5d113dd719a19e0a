"""What was found, as rows and JSON: the tables that `fer saliency` writes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_analysis.paper import CLAIMS
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.findings import HiddenRegion, RegionFinding
from fer_analysis.saliency.literature import claim_survives, literature_row
from fer_analysis.statistics.estimate import Estimate


def region_table(
    summaries: Sequence[LabelSummary], findings: Sequence[RegionFinding]
) -> list[dict]:
    """Return the rows of `regions.csv`: each region of each label, with its controls.

    Args:
        summaries: Of the labels.
        findings: Of the same labels, in the same order; or none where no control was computed.
    """
    rows = []
    for number, summary in enumerate(summaries):
        extra = _evidence_columns(findings[number]) if findings else {}
        for index, each in enumerate(summary.regions):
            rows.append(
                {"label": summary.label, "n": summary.n, "left_out": summary.left_out}
                | {"region": each.region, "area": each.area}
                | _columns("share", each.share)
                | _columns("enrichment", each.enrichment)
                | dict(zip(("shifted_low", "shifted_high"), each.shifted, strict=True))
                | {name: values[index] for name, values in extra.items()}
            )
    return rows


def _columns(name: str, estimate: Estimate) -> dict:
    """Return an estimate as three columns; those of the enrichment have the short names."""
    prefix = "" if name == "enrichment" else f"{name}_"
    return {name: estimate.value, f"{prefix}low": estimate.low, f"{prefix}high": estimate.high}


def human_table(summaries: Sequence[LabelSummary], findings: Sequence[RegionFinding]) -> list[dict]:
    """Return the rows of `humans.csv`: each label's regions, and the literature's.

    Args:
        summaries: Of the labels.
        findings: Of the same labels, in the same order; or none where no control was made.
    """
    rows = []
    for summary, each in zip(summaries, findings, strict=bool(findings)):
        top = summary.top
        first = {"n": summary.n, "most_enriched": top.region if top else ""}
        first |= _columns("enrichment", top.enrichment if top else Estimate(None))
        row = literature_row(each.label, (each.by_maps.region, each.by_occlusion.region))
        reasons = {
            "maps_reason": each.by_maps.reason,
            "occlusion_reason": each.by_occlusion.reason,
        }
        claim = CLAIMS[each.label].regions if each.label in CLAIMS else ()
        survives, supported = claim_survives(each.evidence, claim)
        row |= {"claim_survives": "yes" if survives else "no", "supported": ", ".join(supported)}
        auroc = _columns("auroc", each.auroc)
        rows.append({"label": row.pop("label")} | first | row | reasons | auroc)
    return rows


def marks(checks: dict) -> tuple[str, ...]:
    """Return what must be shown with the maps: the checks that their method failed.

    Args:
        checks: `faithfulness` and `sanity`, as those functions return them; either may miss.
    """
    found = []
    faithful, sane = checks.get("faithfulness"), checks.get("sanity")
    if sane and sane["passes"] is None:
        found.append("sanity is unknown: all maps to compare are zero")
    elif sane and not sane["passes"]:
        found.append("FAILS SANITY: much the same maps when the network has random weights")
    if faithful and faithful["passes"] is None:
        found.append("faithfulness is unknown: all maps are zero")
    elif faithful and not faithful["passes"]:
        found.append("FAILS FAITHFULNESS: ranks pixels no better than chance")
    elif faithful and not faithful["beats_edges"]:
        found.append("ranks pixels no better than their edges do")
    return tuple(found)


def _evidence_columns(finding: RegionFinding) -> dict[str, list]:
    """Return the columns of a finding, each a list over regions."""
    evidence = finding.evidence
    columns = {
        f"null: {name}": list(map(_plain, values)) for name, values in evidence.nulls.items()
    }
    for fill, regions in finding.hidden.items():
        rows = [_hidden_row(region) for region in regions]
        columns |= {f"{fill}: {name}": [row[name] for row in rows] for name in rows[0]}
    dominant = {"by_maps": finding.by_maps.region, "by_occlusion": finding.by_occlusion.region}
    return columns | {
        f"dominant_{way}": [name == region for name in evidence.names]
        for way, region in dominant.items()
    }


def _hidden_row(region: HiddenRegion) -> dict:
    row = {}
    for field in dataclasses.fields(region):
        value = getattr(region, field.name)
        estimated = isinstance(value, Estimate)
        row |= _columns(field.name, value) if estimated else {field.name: value}
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: float | None) -> float | None:
    return None if value is None or np.isnan(value) else round(float(value), 6)
