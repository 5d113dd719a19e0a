"""The recipes by which the paper's two networks can be trained, and their quick looks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """Which configs train the paper's two networks.

    Args:
        what: What is done, in a few words.
        folder: Of the configs' names; both are in it.
        quick: The same for a quick look.
        quick_overrides: What shortens those configs.
    """

    what: str
    folder: str
    quick: str
    quick_overrides: tuple[str, ...] = ()

    def configs(self, *, quick: bool) -> tuple[str, tuple[str, ...]]:
        """Return the folder of the configs, and what shortens them."""
        return (self.quick, self.quick_overrides) if quick else (self.folder, ())


RECIPES = {
    "repaired": Recipe("the paper's networks, the recipe repaired", "", "demo/"),
    "paper": Recipe(
        "the paper's recipe to the letter",
        "paper/",
        "paper/",
        ("training.epochs=4", "training.images_per_epoch=6400"),
    ),
    "best": Recipe(
        "the paper's networks with remedies",
        "improved/",
        "improved/",
        ("training.epochs=8", "training.images_per_epoch=9600"),
    ),
}

QUICK_EXPLAINED = {"n": 20, "options": {"steps": 16, "doublings": 0}}
"""Arguments of `explain` for a quick look."""
