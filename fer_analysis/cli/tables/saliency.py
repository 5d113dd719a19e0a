"""What `fer saliency` found, as tables on stdout."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.saliency.human_reference import REFERENCES, beside_humans, claim_survives
from fer_analysis.saliency.tables import marks


def print_findings(summaries, findings, checks: dict) -> None:
    """Print each label's most enriched region, the dominant one or why there is none."""
    shown = table("label", "n", "most enriched", "x", "95 % interval", "by the maps", "hidden")
    answers = {each.label: each for each in findings}
    for summary in summaries:
        top, answer = summary.top, answers.get(summary.label)
        shown.add_row(
            summary.label,
            str(summary.n),
            top["region"] if top else "-",
            f"{top['enrichment']:.2f}" if top else "-",
            f"{top['low']:.2f}-{top['high']:.2f}" if top else "-",
            (answer.by_maps.region or "none") if answer else "not checked",
            (answer.by_occlusion.region or "none") if answer else "not checked",
        )
    out.print(shown)
    for each in findings:
        if each.by_maps.region is None:
            out.print(f"{each.label}: none: {each.by_maps.reason}", soft_wrap=True)
    if findings:
        _print_humans(findings)
        _print_claims(findings)
    _print_checks(checks)


def print_stability(rows: list[dict]) -> None:
    """Print how alike several runs' maps of the same faces are."""
    if not rows:
        return
    shown = table(
        "label",
        "runs",
        "same image",
        "mean map",
        "most enriched, run by run",
        title="Rank correlation of the runs' maps",
    )
    for row in rows:
        shown.add_row(
            row["label"],
            str(row["runs"]),
            f"{row['same_image']:.2f}",
            f"{row['mean_map']:.2f}",
            ", ".join(row["most_enriched"]),
        )
    out.print(shown)


def _print_humans(findings) -> None:
    shown = table(
        "label",
        "maps",
        "hidden",
        "study",
        "",
        "action units",
        "",
        "humans",
        "",
        numbers_from=9,
        title="Beside what others say (agreement is no score)",
    )
    for each in findings:
        row = beside_humans(each.label, (each.by_maps.region, each.by_occlusion.region))
        told = (
            "label",
            "by_maps",
            "by_occlusion",
            "study",
            "study_agrees",
            "action_units",
            "units_agree",
            "humans",
            "humans_agree",
        )
        shown.add_row(*(row[name] or "-" for name in told))
    for column in shown.columns:
        column.no_wrap, column.overflow = False, "fold"
    out.print(shown)


def _print_claims(findings) -> None:
    claims = {
        each.label: (REFERENCES[each.label].claim, each)
        for each in findings
        if each.label in REFERENCES
    }
    for label, (claim, each) in claims.items():
        survives, supported = claim_survives(each.evidence, claim)
        missed = f"does not survive (supported: {', '.join(supported) or 'none'})"
        stands = "survives" if survives else missed
        out.print(f"the study's {label} -> {', '.join(claim)}: {stands}", soft_wrap=True)


def _print_checks(checks: dict) -> None:
    if faithful := checks.get("faithfulness"):
        leads = ", ".join(
            f"{fill} {each['lead'][rival]['mean']:+.2f} over {rival}"
            for fill, each in faithful["fills"].items()
            for rival in each["lead"]
        )
        out.print(f"faithfulness, {faithful['n']} images (logits): {leads}", soft_wrap=True)
    if sane := checks.get("sanity"):
        last = sane["stages"][-1]
        if last["rank_correlation"] is None:
            out.print("sanity: the network that forgot everything has only maps of zeros")
        else:
            out.print(
                f"sanity, {sane['n']} images: maps of a network that forgot everything correlate "
                f"{last['rank_correlation']:.2f}, SSIM {last['ssim']:.2f}",
                soft_wrap=True,
            )
    for mark in marks(checks):
        out.print(f"! {mark}", style="bold", soft_wrap=True)
