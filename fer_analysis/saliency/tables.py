"""What was found, as rows and JSON: the tables that `fer saliency` writes."""

from __future__ import annotations

import numpy as np

from fer_analysis.saliency import dominance, faithfulness, sanity
from fer_analysis.saliency.enrichment import LabelSummary, bootstrap_means
from fer_analysis.saliency.human_reference import REFERENCES, beside_humans, claim_survives
from fer_analysis.saliency.region_evidence import NETWORKS, Finding
from fer_analysis.saliency.region_occlusion import CONTROLS, RegionOcclusion
from fer_analysis.statistics.bootstrap import percentile_interval

THRESHOLDS = {
    "lead": dominance.LEAD,
    "fewest_images": dominance.FEWEST,
    "alike": sanity.ALIKE,
    "random_networks": NETWORKS,
    "controls_of_each_region": CONTROLS,
    "ranking_grain_pixels": faithfulness.GRAIN,
}


def region_table(summaries: list[LabelSummary], findings: list[Finding]) -> list[dict]:
    """Return the rows of `regions.csv`: each region of each label, with what it is held against.

    Args:
        summaries: Of the labels.
        findings: Of the same labels, in the same order; or none where no control was made.
    """
    rows = []
    for number, summary in enumerate(summaries):
        extra = _evidence_columns(findings[number]) if findings else {}
        for index, row in enumerate(summary.regions):
            evidence = {name: _plain(values[index]) for name, values in extra.items()}
            rows.append(row | evidence)
    return rows


def human_table(summaries: list[LabelSummary], findings: list[Finding]) -> list[dict]:
    """Return the rows of `humans.csv`: each label's answers beside what others say.

    Args:
        summaries: Of the labels.
        findings: Of the same labels, in the same order; or none where no control was made.
    """
    rows = []
    for summary, each in zip(summaries, findings, strict=bool(findings)):
        top = summary.top or dict.fromkeys(("region", "enrichment", "low", "high"), "")
        first = {"n": summary.n, "most_enriched": top["region"]}
        first |= {name: top[name] for name in ("enrichment", "low", "high")}
        row = beside_humans(each.label, (each.by_maps.region, each.by_occlusion.region))
        reasons = {
            "maps_reason": each.by_maps.reason,
            "occlusion_reason": each.by_occlusion.reason,
        }
        low, high = each.auroc[1]
        claim = REFERENCES[each.label].claim if each.label in REFERENCES else ()
        survives, supported = claim_survives(each.evidence, claim)
        row |= {"claim_survives": "yes" if survives else "no", "supported": ", ".join(supported)}
        told = {"auroc": each.auroc[0], "auroc_low": low, "auroc_high": high}
        rows.append({"label": row.pop("label")} | first | row | reasons | told)
    return rows


def marks(checks: dict) -> tuple[str, ...]:
    """Return what must stand beside the maps: the checks that their method has failed.

    Args:
        checks: `faithfulness` and `sanity`, as those functions return them; either may miss.
    """
    found = []
    faithful, sane = checks.get("faithfulness"), checks.get("sanity")
    if sane and not sane["passes"]:
        found.append("FAILS SANITY: much the same maps when the network has forgotten everything")
    if faithful and not faithful["passes"]:
        found.append("FAILS FAITHFULNESS: ranks pixels no better than chance")
    elif faithful and not faithful["beats_edges"]:
        found.append("ranks pixels no better than their edges do")
    return tuple(found)


def hidden_rows(occlusion: RegionOcclusion) -> dict[str, np.ndarray]:
    """Return what hiding each region costs, and what it says alone; arrays over regions."""
    excess = occlusion.drop - occlusion.control
    columns = {"drop": occlusion.drop, "excess": excess, "alone": occlusion.alone}
    result = {}
    for name, values in columns.items():
        low, high = percentile_interval(bootstrap_means(values))
        result |= {name: values.mean(axis=0), f"{name}_low": low, f"{name}_high": high}
    recall = np.full(excess.shape[1], occlusion.right.mean())
    return result | {
        "recall": recall,
        "recall_hidden": occlusion.right_hidden.mean(axis=0),
        "recall_control": occlusion.right_control.mean(axis=0),
        "recall_alone": occlusion.right_alone.mean(axis=0),
    }


def _evidence_columns(finding: Finding) -> dict[str, np.ndarray]:
    columns = {f"null: {name}": values for name, values in finding.evidence.nulls.items()}
    for fill, occlusion in finding.occlusion.items():
        columns |= {f"{fill}: {name}": v for name, v in hidden_rows(occlusion).items()}
    names = np.array(finding.evidence.names)
    columns["dominant_by_maps"] = names == (finding.by_maps.region or "")
    columns["dominant_by_occlusion"] = names == (finding.by_occlusion.region or "")
    return columns


def _plain(value) -> float | bool:
    return bool(value) if isinstance(value, np.bool_) else round(float(value), 6)
