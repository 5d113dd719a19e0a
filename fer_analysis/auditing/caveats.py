"""What an audit shows beyond its counts, and what it does not, in sentences."""

from __future__ import annotations

from fer_analysis.text import percent


def caveats(issues: dict) -> list[str]:
    """Return how duplicates are linked, and what pixel rules, votes and networks do not prove.

    Args:
        issues: Kind -> figures, see `Audit.issues`.
    """
    found = []
    exact, near = issues["exact_duplicate"], issues["near_duplicate"]
    if exact["n"]:
        found.append(
            f"{exact['groups']:,} groups of identical images hold {exact['images_in_groups']:,}; "
            f"{issues['contradictory_label']['groups']:,} of them under different labels"
        )
    if near["n"]:
        found.append(
            f"{near['pairs']:,} pairs are the same photograph altered ({near['mirrored']:,} "
            f"mirrored), {near['pairs_under_different_labels']:,} under different labels; with the "
            f"identical ones they link {near['images_in_groups_with_exact']:,} images to "
            f"{near['groups_with_exact']:,} groups, the largest of {near['largest_group']}"
        )
    if issues["placeholder"]["n"] or issues["not_a_photograph"]["n"]:
        found.append(
            "placeholder and not_a_photograph are pixel rules: they also select high-contrast "
            "photographs, and miss soft drawings; look at the contact sheets"
        )
    if "tie" in issues:
        found.append(
            "annotators are a reference, not the truth: no_face includes faces that are only "
            "turned or cropped, and a mismatch can be the annotators' error"
        )
    if "label_issue" in issues:
        found.append(
            "label issues come from networks that are correct on "
            f"{percent(issues['label_issue']['out_of_fold_accuracy'])} of the images they were not "
            "trained on: look at these images, they prove nothing"
        )
        found += _idle_labels(issues["label_issue"]["against_votes"])
    return found


def _idle_labels(figures: dict | None) -> list[str]:
    """Name the labels whose issues votes confirm no more often than other images of the label."""
    idle = []
    for name, row in figures["another_first_choice"]["by_label"].items() if figures else ():
        if row["n"] and row["lift"]:
            share = row["share"]
            base = share.value / row["lift"]
            if share.low <= base:
                idle.append(
                    f"{name} ({percent(share.value)} of {row['n']:,} issues, "
                    f"{percent(base)} of all)"
                )
    if not idle:
        return []
    return [
        "not shown that votes confirm issues more often than any image of the label: "
        + ", ".join(idle)
    ]
