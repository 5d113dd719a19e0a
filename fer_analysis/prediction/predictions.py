"""Predictions: a network's outputs for images, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.evaluation.model_card import card_lines
from fer_analysis.evaluation.unsure import OVERALL, promise_notes
from fer_analysis.faces.face import Face
from fer_analysis.faces.opencv import INSTALL
from fer_analysis.faces.photo import scaled_by

NO_FACE = "no face found"
"""How the reason of an image begins in which the detector found nothing."""

EXPRESSION = "an expression is not a feeling: a label is what such a face was filed under"
WHOLE = "no face detector is involved: each image is taken for one cropped face"
SEARCHED = (
    "faces are found by YuNet, which misses some and sees some where there are none; images of "
    "one tight face are taken whole"
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
        face: Where the face is in the image; None where the image was taken whole.
        number: Of the face in its image, from 1; 0 where the image was taken whole.
        reason: Why it is unsure, if for another reason than its probability.
        labels: Its label set, the most probable first: it holds the true label as often as
            `Predictions.sets` says. None where no sets were asked for.
        unsearched: Whether the image is larger than a crop and was taken whole, since no face
            detector is installed.
        bits: By how many bits an image of 16 was scaled; 0 where by all, or where it has 8.
        animated: Whether its file has further pictures, which were not looked at.
        overlay: The picture of where the network looked; None if none was drawn.
        drawing: The picture of the photo with its faces; None if none was drawn.
    """

    image: Path | int
    label: str
    probabilities: dict[str, float]
    unsure: bool | None
    oblong: bool
    face: Face | None = None
    number: int = 0
    reason: str | None = None
    labels: tuple[str, ...] | None = None
    unsearched: bool = False
    bits: int = 0
    animated: bool = False
    overlay: Path | None = None
    drawing: Path | None = None

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
            "labels": None if self.labels is None else list(self.labels),
            "face": None if self.face is None else {"number": self.number, **self.face.as_dict()},
            "probabilities": {name: round(p, 6) for name, p in self.probabilities.items()},
            "overlay": None if self.overlay is None else str(self.overlay),
            "drawing": None if self.drawing is None else str(self.drawing),
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
        rule: When a prediction is not unsure; see `answer_rule` and `answer_rules_by_label` of
            `evaluation.selective_prediction`.
        card: The network's card, see `evaluation.model_card.make_card`; None for a bare model.
        promise: `overall` or `by-label`: of which the rule and the label sets are.
        sets: The thresholds of label sets, see `evaluation.label_sets.fit_label_sets`; None
            where no sets were asked for.
    """

    run: str
    predictions: tuple[Prediction, ...]
    unreadable: tuple[Unreadable, ...]
    label_names: tuple[str, ...]
    temperature: float | None
    rule: dict | None
    card: dict | None
    promise: str = OVERALL
    sets: dict | None = None

    def __len__(self) -> int:
        return len(self.predictions)

    def __iter__(self) -> Iterator[Prediction]:
        return iter(self.predictions)

    def __getitem__(self, index: int) -> Prediction:
        return self.predictions[index]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the predictions should know, one line each."""
        notes = [SEARCHED if any(each.face for each in self) else WHOLE, EXPRESSION]
        if unsearched := sum(each.unsearched for each in self):
            notes.append(
                f"{unsearched:,} images larger than a crop were taken for one face each: "
                f"finding faces requires {INSTALL}"
            )
        notes += promise_notes(self.promise, self.rule, self.sets)
        notes += card_lines(self.card, self.promise, sets=self.sets is not None)
        if self.temperature is None:
            notes.append(
                "not calibrated, and nothing is marked unsure: `fer evaluate RUN --split "
                "validation` on the run's own data fits a temperature and a threshold"
            )
        if deep := {each.image: each.bits for each in self if each.bits}:
            notes.append(scaled_by(deep.values(), "images"))
        if several := len({each.image for each in self if each.animated}):
            notes.append(f"{several:,} files hold several pictures: the first is read")
        if oblong := sum(each.oblong for each in self):
            notes.append(f"{oblong:,} images are far from square and were squeezed: crop the face")
        return tuple(notes)

    def as_dict(self) -> dict:
        """Return everything, ready for JSON."""
        return {
            "run": self.run,
            "notes": list(self.notes),
            "temperature": self.temperature,
            "promise": self.promise,
            "answers": self.rule,
            "sets": self.sets,
            "images": [each.as_dict() for each in self],
            "unreadable": [
                {"image": _name(each.image), "reason": each.reason} for each in self.unreadable
            ],
        }


def _name(image: Path | int) -> str | int:
    return image if isinstance(image, int) else str(image)
