"""Predictions: a network's outputs for images, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.evaluation.model_card import card_lines

NOTES = (
    "no face detector is involved: each image is taken for one cropped face",
    "an expression is not a feeling: a label is what such a face was filed under",
)


@dataclass(frozen=True)
class Prediction:
    """A network's prediction of one image.

    Args:
        image: The file, or the position among the images that were given.
        label: The most probable label.
        probabilities: Label -> probability, in the network's order, calibrated where the
            network's temperature is known.
        unsure: Whether the highest probability is below the network's threshold, or the guard
            refuses the picture; None where neither is known.
        oblong: Whether the image was so far from square that squeezing it deforms a face.
        reason: Why the guard refuses the picture, e.g. `too dark`; None if it does not.
        overlay: The picture of where the network looked; None if none was drawn.
    """

    image: Path | int
    label: str
    probabilities: dict[str, float]
    unsure: bool | None
    oblong: bool
    reason: str | None = None
    overlay: Path | None = None

    @property
    def probability(self) -> float:
        """The probability of the label."""
        return self.probabilities[self.label]

    def as_dict(self) -> dict:
        """Return the prediction ready for JSON."""
        return {
            "image": _name(self.image),
            "label": self.label,
            "unsure": self.unsure,
            "reason": self.reason,
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "overlay": None if self.overlay is None else str(self.overlay),
        }


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be predicted, and why.

    Args:
        image: The file, or the position among the images that were given.
        reason: A few words.
    """

    image: Path | int
    reason: str


@dataclass(frozen=True)
class Predictions:
    """What `predict` returns: a sequence of `Prediction`.

    Args:
        run: The run whose network it is: its directory, or its name.
        predictions: One for each image that could be read, in their order.
        unreadable: The others.
        label_names: The labels, in the network's order.
        temperature: What the logits were divided by; None where none is known.
        rule: When a prediction is not unsure; see `evaluation.selective_prediction.answer_rule`.
        card: The network's card, see `evaluation.model_card.make_card`; None for a bare model.
    """

    run: str
    predictions: tuple[Prediction, ...]
    unreadable: tuple[Unreadable, ...]
    label_names: tuple[str, ...]
    temperature: float | None
    rule: dict | None
    card: dict | None

    def __len__(self) -> int:
        return len(self.predictions)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def __getitem__(self, index: int) -> Prediction:
        return self.predictions[index]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the predictions should know, one line each."""
        notes = [*NOTES, *card_lines(self.card)]
        if self.temperature is None:
            notes.append(
                "not calibrated, and nothing is marked unsure: `fer evaluate RUN --split "
                "validation` on the run's own data fits a temperature and a threshold"
            )
        if oblong := sum(each.oblong for each in self):
            notes.append(f"{oblong:,} images are far from square and were squeezed: crop the face")
        return tuple(notes)

    def as_dict(self) -> dict:
        """Return everything, ready for JSON."""
        return {
            "run": self.run,
            "notes": list(self.notes),
            "temperature": self.temperature,
            "answers": self.rule,
            "images": [each.as_dict() for each in self],
            "unreadable": [
                {"image": _name(each.image), "reason": each.reason} for each in self.unreadable
            ],
        }


def _name(image: Path | int) -> str | int:
    return image if isinstance(image, int) else str(image)
