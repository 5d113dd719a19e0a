"""A network's card on stdout."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, print_item, print_text, table
from fer_analysis.cli.tables.promises import print_answers, print_sets
from fer_analysis.evaluation.model_card import card_lines, split_name
from fer_analysis.evaluation.promises import Promises
from fer_analysis.evaluation.unsure import BY_LABEL
from fer_analysis.statistics.estimate import Estimate, from_json
from fer_analysis.text import estimate, interval, percent

_BLOCKS = {"all": "all images", "leak_free": "leak-free images"}


def print_card(name: str, card: dict) -> None:
    """Print a network's origin and figures; "not measured" if there are none.

    Args:
        name: The run's name.
        card: See `evaluation.model_card.make_card`.
    """
    print_text(
        f"{name}: {card['model']}, {card['parameters']:,} parameters, trained by "
        f"`{card['command']}` (seed {card['seed']}) in {card['minutes']:.0f} minutes on data of "
        f"fingerprint {card['data']['fingerprint']}"
    )
    if card["note"]:
        print_text(f"note: {card['note']}")
    for split in ("validation", "validation-tta", "test", "test-tta"):
        _print_split(card, split)
    for split, found in (card.get("promises") or {}).items():
        if found:
            _print_promises(split_name(card, split), Promises(**from_json(found)))
    for line in card_lines(card):
        print_item(line)


def _print_promises(title: str, found: Promises) -> None:
    print_text(f"\nanswers and label sets on {title}")
    print_answers(found, BY_LABEL)
    print_sets(found, BY_LABEL)


def _print_split(card: dict, split: str) -> None:
    base, _, tta = split.partition("-")
    title = split_name(card, base) + (" with test-time augmentation" if tta else "")
    figures = card[split]
    if figures is None:
        print_text(f"\n{title}: not measured")
        return
    blocks = {key: figures[key] for key in _BLOCKS if figures[key]}
    print_text(f"\n{title}")
    for line in figures["notes"]:
        print_text(f"note: {line}")
    for key, block in blocks.items():
        accuracy, macro_f1 = (Estimate.from_dict(block[k]) for k in ("accuracy", "macro_f1"))
        print_text(
            f"{_BLOCKS[key]}: accuracy {estimate(accuracy)} of {block['n']:,}, "
            f"macro-F1 {estimate(macro_f1)}"
        )
    heads = ("correct", "recall %", "95 % int.") * len(blocks)
    rows = table("label", *heads)
    for label in zip(*(block["labels"] for block in blocks.values()), strict=True):
        cells = (
            (
                f"{row['correct']}/{row['support']}",
                percent(row["recall"]["value"], unit=""),
                interval(Estimate.from_dict(row["recall"]).interval, unit=""),
            )
            for row in label
        )
        rows.add_row(label[0]["label"], *(cell for three in cells for cell in three))
    out.print(rows)
