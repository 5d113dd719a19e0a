"""SaliencyMaps: the maps of chosen images, as they are saved."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.files import replacing


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """Raw saliency maps with what is needed to trace and to read them.

    Args:
        maps: float32 `(n, h, w)`, raw: signed where the method has a sign.
        rows: int64 `(n,)`, positions of the images in their split.
        ids: str `(n,)`, the source's own name for each image.
        labels: int64 `(n,)`, the true labels.
        targets: int64 `(n,)`, the label whose logit each map explains.
        against: int64 `(n,)`, the label whose logit is subtracted; -1 for none.
        residuals: float32 `(n,)`, by how much each map misses what it shares out (integrated
            gradients); NaN for the other methods.
        probabilities: float32 `(n, k)`, the model's.
        label_names: The k labels.
        support: int64 `(k,)`, images of each label in the whole split.
        correct: int64 `(k,)`, how many of them are predicted correctly.
        split: The split's name.
        target: What was asked for: one of `TARGETS`, or a label.
        method: A name in `METHODS`.
        options: The method's options, JSON values.
        parts_of_logit: Whether the values are parts of the logit, see `strength`.

    Raises:
        FerError: If a map has values that are not finite.
    """

    maps: np.ndarray
    rows: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    against: np.ndarray
    residuals: np.ndarray
    probabilities: np.ndarray
    label_names: tuple[str, ...]
    support: np.ndarray
    correct: np.ndarray
    split: str
    target: str
    method: str
    options: dict
    parts_of_logit: bool = False

    def __post_init__(self):
        finite = np.isfinite(self.maps).all(axis=(1, 2))
        if not finite.all():
            first = self.ids[np.argmin(finite)]
            raise FerError(f"image {first}: its saliency map is not finite; the model has diverged")

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def predicted(self) -> np.ndarray:
        """The most probable label of each image, int64 `(n,)`."""
        return self.probabilities.argmax(axis=1)

    @property
    def description(self) -> str:
        """The method with its options and what it explains, for a caption."""
        options = ", ".join(f"{name} {value}" for name, value in self.options.items())
        method = f"{self.method} ({options})" if options else self.method
        what = {
            "true": "the true label's logit",
            "predicted": "the predicted label's logit",
            "contrast": "the true label's logit less the strongest other one",
        }
        return f"{method} of {what.get(self.target, f'the logit of {self.target}')}"

    @property
    def weights(self) -> np.ndarray:
        """What each map's score weighs the logits with, float32 `(n, k)`."""
        one_of = np.eye(len(self.label_names) + 1, dtype=np.float32)
        return (one_of[self.targets] - one_of[self.against])[:, :-1]

    @property
    def strength(self) -> np.ndarray:
        """How much each pixel counts where maps are averaged, see `strength`."""
        return strength(self.maps, self.parts_of_logit)

    def take(self, rows: np.ndarray) -> SaliencyMaps:
        """Return the maps at `rows` (positions or a mask), in that order."""
        return dataclasses.replace(self, **{name: getattr(self, name)[rows] for name in BY_IMAGE})

    def index_rows(self) -> list[dict]:
        """Return one row an image: id, label, predicted, target, its probability, residual."""
        columns = zip(self.ids, self.labels, self.predicted, self.targets, strict=True)
        return [
            {
                "id": str(name),
                "label": self.label_names[label],
                "predicted": self.label_names[predicted],
                "target": self.label_names[target],
                "against": "" if self.against[row] < 0 else self.label_names[self.against[row]],
                "target_probability": round(float(self.probabilities[row, target]), 6),
                "residual": "" if np.isnan(self.residuals[row]) else float(self.residuals[row]),
            }
            for row, (name, label, predicted, target) in enumerate(columns)
        ]

    def save(self, path: str | Path) -> None:
        """Write an `.npz`: maps in float16, each with a power of two that it is scaled by."""
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        # Gradients of raw pixels are small: unscaled, float16 would round the faint ones to 0.
        exponents = np.frexp(np.abs(self.maps).max(axis=(1, 2)))[1]
        arrays["maps"] = np.ldexp(self.maps, -exponents[:, None, None]).astype(np.float16)
        arrays["options"] = json.dumps(self.options)
        with replacing(path) as temporary:
            np.savez_compressed(temporary, exponents=exponents, **arrays)

    @classmethod
    def load(cls, path: str | Path) -> SaliencyMaps:
        """Read what `save` wrote.

        Raises:
            FerError: If the file is missing or damaged.
        """
        if not Path(path).is_file():
            raise FerError(f"{path}: no saliency maps there; make them with `fer saliency`")
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                fields = dict(archive)
            exponents = fields.pop("exponents")[:, None, None]
            fields["maps"] = np.ldexp(fields["maps"].astype(np.float32), exponents)
            fields["options"] = json.loads(str(fields["options"]))
            fields["label_names"] = tuple(map(str, fields["label_names"]))
            fields |= {name: str(fields[name]) for name in ("split", "target", "method")}
            fields["parts_of_logit"] = bool(fields["parts_of_logit"])
            return cls(**fields)
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise FerError(f"{path}: damaged; delete it and run `fer saliency` again") from error


BY_IMAGE = ("maps", "rows", "ids", "labels", "targets", "against", "residuals", "probabilities")
"""The fields of `SaliencyMaps` that have a row an image."""


def strength(maps: np.ndarray, parts_of_logit: bool) -> np.ndarray:
    """Return how much each pixel counts for a target, float `(n, h, w)`, 0 or more.

    For parts of a logit it is what speaks for the target. A network also sees where the cues of
    the other labels are missing or present; by size alone, such places would count like the
    label's own cue. For a slope it is the size.

    Args:
        maps: `(n, h, w)`, raw.
        parts_of_logit: Whether the values are parts of the logit; otherwise they are slopes.
    """
    return np.maximum(maps, 0) if parts_of_logit else np.abs(maps)


def joined(parts: Sequence[SaliencyMaps]) -> SaliencyMaps:
    """Return the maps of several labels as one result."""
    arrays = {name: np.concatenate([getattr(p, name) for p in parts]) for name in BY_IMAGE}
    return dataclasses.replace(parts[0], **arrays)
