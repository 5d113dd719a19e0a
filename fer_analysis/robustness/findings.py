"""What a stress test shows, in sentences, and where a network is worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.text import estimate, percent


def findings(test: StressTest) -> list[str]:
    """Return the limits, the label that falls first, the promise, the guard and stability."""
    fitted = [*_promise(test), *_guard(test)]
    return [_limits(test), _fallen(test), *fitted, _stability(test)]


def lowest(test: StressTest, conditions: Collection[str]) -> dict:
    """Return the row with the lowest accuracy under some conditions, see `StressTest.summary`."""
    rows = (row for row in test.summary["rows"] if row["condition"] in conditions)
    return min(rows, key=lambda row: row["accuracy"].value)


def lowest_promise(test: StressTest) -> str:
    """Return where the fewest answers are correct."""
    answered = [row for row in test.summary["rows"] if row["correct_answers"].high is not None]
    if not answered:
        return "not a single image is answered under any condition"
    worst = min(answered, key=lambda row: row["correct_answers"].high)
    return (
        f"lowest, {worst['caption']}: answers {percent(worst['answered'].value, 0)}, "
        f"{percent(worst['correct_answers'].value, 0)} of them correct"
    )


def shown_differences(differences: dict) -> list[tuple[str, list]]:
    """Return the conditions under which a difference is shown: six each, the largest first."""
    ordered = sorted(differences.items(), key=lambda each: -abs(each[1].value))
    better = [(name, each) for name, each in ordered if each.low > 0]
    worse = [(name, each) for name, each in ordered if each.high < 0]
    return [("better", better[:6]), ("worse", worse[:6])]


def shown_by_chance(n: int) -> str:
    """Return a remark on n intervals that are not corrected for their number."""
    return (
        f"each interval by itself at 95 %: of {n} conditions about {n / 20:.1f} are shown by chance"
    )


def _limits(test: StressTest) -> str:
    """Return under how many conditions the network works to the end, or fails at once."""
    conditions = test.summary["conditions"]
    first, last = test.severities[0], test.severities[-1]
    whole = sum(row["works_up_to"] == last for row in conditions)
    broken = sum(row["fails_from"] == first for row in conditions)
    return (
        f"{len(conditions)} conditions: {whole} cost < 5 points to severity {last}, "
        f"{broken} cost more from severity {first} on"
    )


def _fallen(test: StressTest) -> str:
    """Return which label loses half of its recall first, most often."""
    found = [row["falls_first"] for row in test.summary["conditions"] if row["falls_first"]]
    if not found:
        return "no label is shown to lose half of its recall"
    label, times = Counter(each["label"] for each in found).most_common(1)[0]
    taken = Counter(each["predicted_as"] for each in found if each["label"] == label)
    return (
        f"label that loses half of its recall first: {label}, under {times} of "
        f"{len(test.conditions)} conditions; then predicted mostly as {taken.most_common(1)[0][0]}"
    )


def _promise(test: StressTest) -> list[str]:
    """Return under how many conditions the promise is kept, and whether that flatters."""
    counts = test.summary["promise"]
    if counts is None:
        return ['no "unsure" rule is known for this network']
    told = ", ".join(f"{state} {count}" for state, count in counts.items())
    target = percent(test.rule["target"], 0)
    lines = [f"promise of {target} correct answers: {told} of {len(test.cells)}"]
    if test.meta.get("fitted_here"):
        lines.append("fitted on this split's own images: the clean rows on answers flatter")
    return lines


def _guard(test: StressTest) -> list[str]:
    """Return what refusing pictures changes, in three lines; none without a guard."""
    found = test.summary["guard"]
    if found is None:
        return []
    before, after = found["without"], found["with"]
    told = ", ".join(f"{state} {count}" for state, count in after["promise"].items())
    clean = percent(test.summary["clean"]["refused"].value)
    return [
        f"with the guard, which refuses {clean} of clean faces: {told}; answers "
        f"{percent(after['answered'], 0)} of the images ({percent(before['answered'], 0)} without)",
        f"correct of all answers: {estimate(after['correct'])} "
        f"({estimate(before['correct'])} without)",
        f"at least 75 % of them in {_spoken(after, 'at_75')} ({_spoken(before, 'at_75')} without), "
        f"60 % in {_spoken(after, 'at_60')} ({_spoken(before, 'at_60')}); the other cells answer "
        "hardly anything",
    ]


def _spoken(side: dict, reached: str) -> str:
    """Return in how many of the cells that answer a share is reached."""
    return f"{side[reached] - side['silent']} of {side['cells'] - side['silent']}"


def _stability(test: StressTest) -> str:
    stability = test.summary["stability"]
    sizes = [f"{size} {percent(each.value, 0)}" for size, each in stability["sizes"].items()]
    return f"labels flip unseen: {percent(stability['any'].value, 0)} ({', '.join(sizes)})"
