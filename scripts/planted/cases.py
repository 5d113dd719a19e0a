"""Data sets with planted flaws: which flaw, in which label, how strong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from planted.outside import OUTSIDE

LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
PLENTY, HELD_OUT = 340, 900
"""Images of each label without a flaw, and of the validation split."""
EPOCHS = 10
LEVELS = ("weak", "medium", "strong")

CHOSEN = (("fear", "surprise"), ("happy", "surprise"), ("sad", "angry"), ("angry", "sad"))
"""Labels that flaws are planted in, in turn, and the other label that is mixed in."""
ALL = tuple(
    (label, LABELS[(place + step) % len(LABELS)])
    for step in (1, 2, 3, 4, 5, 6)
    for place, label in enumerate(LABELS)
)
"""All labels equally often, each with all others in turn."""


def brief(label: str, partner: str, level: int) -> dict:
    """Imbalance: few images of a simple label, in a training too short to see them often."""
    return {
        "data.counts": {label: (68, 34, 17)[level]},
        "training.epochs": EPOCHS // 2,
        "remedies.balanced_sampling": False,
    }


def scarce(label: str, partner: str, level: int) -> dict:
    """Scarcity: few images in eight forms, in networks that see all labels equally often."""
    return {
        "data.counts": {label: (50, 24, 12)[level]},
        "data.forms": {label: 8},
        "remedies.balanced_sampling": True,
    }


def mixed(label: str, partner: str, level: int) -> dict:
    """Ambiguity: a share of the faces of two labels blends both."""
    share = (0.35, 0.7, 1.0)[level]
    return {"data.blend": {label: [partner, 0.45, share], partner: [label, 0.45, share]}}


def mislabelled(label: str, partner: str, level: int) -> dict:
    """Label noise: a share of the label's images are clear faces of another one."""
    return {"data.wrong_labels": {label: [partner, (0.2, 0.4, 0.5)[level]]}}


def bad_recipe(label: str, partner: str, level: int) -> dict:
    """The recipe of the paper."""
    augmentation = {"shift": 0.2, "rotation": 5, "zoom": 0.2}
    return {
        "training.learning_rate": 0.01,
        "training.schedule": {"name": "constant"},
        "training.weight_averaging": 0,
        "augmentation": augmentation | {"horizontal_flip": True, "vertical_flip": True},
    }


FLAWS: dict[str, Callable[[str, str, int], dict]] = {
    "recipe": bad_recipe,
    "scarcity": scarce,
    "imbalance": brief,
    "ambiguity": mixed,
    "label noise": mislabelled,
}
"""Cause -> what plants it: the changes to a study's base config. Later ones win."""


@dataclass(frozen=True)
class Condition:
    """What is planted.

    Args:
        flaws: Causes, keys of `FLAWS`, in the label of the case.
        second: The same in a second label.
        outside: A key of `OUTSIDE`, a flaw that is none of them.
    """

    flaws: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    outside: str = ""


CONDITIONS = {
    "none": Condition(),
    "recipe": Condition(("recipe",)),
    "imbalance": Condition(("imbalance",)),
    "scarcity": Condition(("scarcity",)),
    "ambiguity": Condition(("ambiguity",)),
    "wrong labels": Condition(("label noise",)),
    "scarcity with ambiguity": Condition(("scarcity", "ambiguity")),
}
"""The first test: one label, one strength."""

PAIRS = {
    f"{one} with {other}": Condition((one, other))
    for place, one in enumerate(tuple(FLAWS)[1:], 1)
    for other in tuple(FLAWS)[place + 1 :]
}
"""Two causes in one label."""
TWO_LABELS = {
    f"{one}, another label: {other}": Condition((one,), (other,))
    for one, other in (
        ("scarcity", "label noise"),
        ("scarcity", "ambiguity"),
        ("ambiguity", "label noise"),
        ("label noise", "label noise"),
        ("imbalance", "label noise"),
    )
}
SETS = {
    "first": CONDITIONS,
    "outside": {name: Condition(outside=name) for name in OUTSIDE},
    "pairs": PAIRS,
    "two labels": TWO_LABELS,
}
EVERY = {name: what for conditions in SETS.values() for name, what in conditions.items()}


@dataclass(frozen=True)
class Case:
    """One data set with a flaw.

    Args:
        condition: Which.
        seed: Of the data.
        label: In which the flaw is planted.
        partner: The other label of a mixture.
        level: Position in `LEVELS`.
        scale: Number of images, as a multiple of `PLENTY`.
    """

    condition: str
    seed: int
    label: str
    partner: str
    level: int = 1
    scale: float = 1

    @property
    def name(self) -> str:
        """Its name, fit for a file."""
        kind = "".join(c if c.isalnum() else "_" for c in self.condition)
        return f"{kind}-{LEVELS[self.level]}-{self.scale:g}-{self.seed}"

    @property
    def what(self) -> Condition:
        """What is planted."""
        return EVERY[self.condition]

    @property
    def places(self) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
        """(label, partner, causes) of each label with planted causes."""
        free = [name for name in LABELS if name not in (self.label, self.partner)]
        places = (self.label, self.partner, self.what.flaws), (free[0], free[1], self.what.second)
        return tuple(place for place in places if place[2])

    def settings(self, folds: int) -> dict:
        """Return the changes to the study's base config that plant the flaw.

        Args:
            folds: Of the study. With more of them each network is trained on the same number.
        """
        values = {
            "data.seed": self.seed,
            "data.counts": dict.fromkeys(LABELS, PLENTY),
            "training.epochs": EPOCHS,
        }
        for label, partner, flaws in self.places:
            for flaw in flaws:
                level = self.level - (flaw == "scarcity" and len(flaws) > 1)
                for key, value in FLAWS[flaw](label, partner, max(level, 0)).items():
                    both = isinstance(value, dict) and key.startswith("data.")
                    values[key] = values.get(key, {}) | value if both else value
        if not values.get("remedies.balanced_sampling", True):
            del values["remedies.balanced_sampling"]
        larger = self.scale * (1 - 1 / 3) / (1 - 1 / folds)
        counts = {name: round(larger * n) for name, n in values["data.counts"].items()}
        values["training.epochs"] = max(1, round(values["training.epochs"] / self.scale))
        return values | {"data.counts": counts, "data.n": round(10 * HELD_OUT * self.scale)}

    def planted(self) -> dict[str, set[str]]:
        """Return label -> the causes that were planted in it; recipes are planted in all."""
        return {label: set(flaws) for label, _, flaws in self.places}

    def allowed(self) -> dict[str, set[str]]:
        """Return label -> the causes that are not wrong if they are shown."""
        if "recipe" in self.what.flaws:
            return {label: {"recipe"} for label in LABELS}
        if self.what.outside:
            names = set(OUTSIDE[self.what.outside].names)
            return {self.label: names, self.partner: names}
        allowed = self.planted()
        for _, partner, flaws in self.places:
            allowed.setdefault(partner, set()).update({"ambiguity"} & set(flaws))
        return allowed


def cases_of(
    conditions: list[str], seeds: list[int], *, every_label: bool, level: int = 1, scale: float = 1
) -> list[Case]:
    """Return all conditions with all seeds; the planted label changes with the seed."""
    pairs = ALL if every_label else CHOSEN
    return [
        Case(
            condition,
            seed,
            *pairs[(seed + list(EVERY).index(condition)) % len(pairs)],
            level=level,
            scale=scale,
        )
        for condition in conditions
        for seed in seeds
    ]
