"""An audit as tables and sentences on stdout."""

from __future__ import annotations

from fer_analysis.cli.console import out, table

_SENSES = {
    "another_first_choice": "annotators chose another option",
    "mismatch": "80 % of them another label",
}


def print_audit(summary: dict, layout: str) -> None:
    """Print what was found, by kind and by label, and what speaks against it.

    Args:
        summary: `Audit.summary()`.
        layout: The layout that the data was read from.
    """
    out.print(
        f"layout {layout}, protocol {summary['protocol']}, {summary['n']:,} images, "
        f"fingerprint {summary['fingerprint']}",
        soft_wrap=True,
    )
    issues = summary["issues"]
    _print_kinds(issues)
    _print_labels(issues, summary["label_names"])
    for sentence in _sentences(issues):
        out.print(f"  - {sentence}", soft_wrap=True)
    for note in summary["notes"]:
        out.print(f"note: {note}", soft_wrap=True)


def _print_kinds(issues: dict) -> None:
    rows = table("issue", "n", "of", "%", "95 % int.", "what it means")
    rows.columns[-1].justify = "left"
    for kind, figures in issues.items():
        rows.add_row(
            kind,
            f"{figures['n']:,}",
            f"{figures['among']:,}",
            _percent(figures["share"]),
            _interval(figures["interval"]),
            figures["meaning"],
        )
    out.print(rows)


def _print_labels(issues: dict, names: list[str]) -> None:
    rows = table("% of each label", *(name[:9] for name in names))
    for kind, figures in issues.items():
        if figures["n"]:
            pairs = zip(
                figures["by_label"].values(), figures["among_by_label"].values(), strict=True
            )
            rows.add_row(kind, *(_percent(n / of if of else None) for n, of in pairs))
    if rows.row_count:
        out.print(rows)


def _sentences(issues: dict) -> list[str]:
    told = []
    exact, near = issues["exact_duplicate"], issues["near_duplicate"]
    if exact["n"]:
        told.append(
            f"{exact['groups']:,} groups of identical images hold {exact['images_in_groups']:,}; "
            f"{issues['contradictory_label']['groups']:,} of them under different labels"
        )
    if near["n"]:
        told.append(
            f"{near['pairs']:,} pairs are the same photograph altered ({near['mirrored']:,} "
            f"mirrored), {near['pairs_under_different_labels']:,} under different labels; with the "
            f"identical ones they link {near['images_in_groups_with_exact']:,} images to "
            f"{near['groups_with_exact']:,} groups, the largest of {near['largest_group']}"
        )
    if issues["placeholder"]["n"] or issues["not_a_photograph"]["n"]:
        told.append(
            "placeholder and not_a_photograph are pixel rules: they suspect high-contrast "
            "photographs too, and miss soft drawings; look at the sheets"
        )
    if "tie" in issues:
        told.append(
            "annotators are a reference, not the truth: no_face holds faces that are merely "
            "turned or cropped, and a mismatch can be the annotators' error"
        )
    if "label_issue" in issues:
        told += _label_issues(issues["label_issue"])
    return told


def _label_issues(figures: dict) -> list[str]:
    told = [
        f"label issues by networks that are right about {_percent(figures['out_of_fold_accuracy'])}"
        " % of the images they did not see: leads to look at, no verdicts"
    ]
    votes = figures["against_votes"]
    if votes is None:
        return told
    for sense, words in _SENSES.items():
        parts = votes[sense]
        told.append(
            f"{words}: {_against(parts['all'])} of label issues, "
            f"{_against(parts['strongest_tenth'])} of the strongest tenth, "
            f"{_against(parts['merely_misclassified'])} of all that the networks get wrong; "
            f"{_percent(parts['base_rate'])} % of all training images"
        )
    return told


def _against(figures: dict) -> str:
    lift = f", lift {figures['lift']:.2f}" if figures["lift"] else ""
    return (
        f"{_percent(figures['precision'])} % [{_interval(figures['interval'])}] "
        f"(n = {figures['n']:,}{lift})"
    )


def _percent(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f}"


def _interval(interval: list[float] | None) -> str:
    return "n/a" if interval is None else f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}"
