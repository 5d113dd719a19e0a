"""SaliencyMaps: the maps of chosen images, as they are saved; and the choice itself."""

from __future__ import annotations

import dataclasses
import inspect
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.files import replacing
from fer_analysis.saliency import METHODS

if TYPE_CHECKING:
    import keras

TARGETS = ("true", "predicted")
"""Which logit is explained: that of the image's label, or of the model's answer."""


@dataclass(frozen=True, eq=False)
class SaliencyMaps:
    """Raw saliency maps with what is needed to trace and to read them.

    Args:
        maps: float32 `(n, h, w)`, raw: signed where the method has a sign.
        rows: int64 `(n,)`, positions of the images in their split.
        ids: str `(n,)`, the source's own name for each image.
        labels: int64 `(n,)`, the true labels.
        targets: int64 `(n,)`, the label whose logit each map explains.
        probabilities: float32 `(n, k)`, the model's.
        label_names: The k labels.
        support: int64 `(k,)`, images of each label in the whole split.
        correct: int64 `(k,)`, how many of them are predicted right.
        split: The split's name.
        target: One of `TARGETS`.
        method: A name in `METHODS`.
        options: The method's options, JSON values.

    Raises:
        FerError: If a map has values that are not finite.
    """

    maps: np.ndarray
    rows: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    targets: np.ndarray
    probabilities: np.ndarray
    label_names: tuple[str, ...]
    support: np.ndarray
    correct: np.ndarray
    split: str
    target: str
    method: str
    options: dict

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
        return f"{method} of the {self.target} label's logit"

    def index_rows(self) -> list[dict]:
        """Return one row an image: id, label, predicted, target, the target's probability."""
        columns = zip(self.ids, self.labels, self.predicted, self.targets, strict=True)
        return [
            {
                "id": str(name),
                "label": self.label_names[label],
                "predicted": self.label_names[predicted],
                "target": self.label_names[target],
                "target_probability": round(float(self.probabilities[row, target]), 6),
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
            return cls(**fields)
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            raise FerError(f"{path}: damaged; delete it and run `fer saliency` again") from error


def explain(
    model: keras.Model,
    dataset: FaceDataset,
    probabilities: np.ndarray,
    *,
    label: str | None = None,
    n: int | None = 50,
    target: str = "true",
    method: str = "smoothgrad",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **options: object,
) -> SaliencyMaps:
    """Compute the maps of images that chance, not beauty, has chosen.

    Args:
        model: The network.
        dataset: One split.
        probabilities: float `(images, k)`, the model's predictions of it.
        label: The true label of the images; None takes every label that has images.
        n: Images of each label, all where it has fewer (or None).
        target: Which logit to explain, one of `TARGETS`.
        method: A name in `METHODS`.
        seed: Of the choice and of the method's noise. A label's images and maps are the same
            whichever other labels are explained with it.
        progress: Called with (images done, images in all).
        **options: The method's own.

    Returns:
        The maps, label by label; within a label the images are in random order.

    Raises:
        FerError: If there is no such label, method or target, or no image of the label.
    """
    chosen = _choose(dataset, label, n, seed)
    if target not in TARGETS:
        raise FerError(f"unknown target '{target}'{did_you_mean(target, TARGETS)}")
    function = METHODS[method]
    if "seed" in inspect.signature(function).parameters:
        options["seed"] = seed
    predicted = probabilities.argmax(axis=1)
    targets = dataset.labels if target == "true" else predicted
    rows, k = np.concatenate(chosen), len(dataset.label_names)
    maps, done = [], 0
    for group in chosen:
        # Label by label: a method's noise may depend on the position among the images.
        report = progress and (lambda now, _, done=done: progress(done + now, len(rows)))
        images = dataset.images[group]
        maps.append(function(model, images, targets[group], progress=report, **options))
        done += len(group)
    return SaliencyMaps(
        maps=np.concatenate(maps),
        rows=rows,
        ids=dataset.ids[rows],
        labels=dataset.labels[rows],
        targets=targets[rows],
        probabilities=probabilities[rows].astype(np.float32),
        label_names=dataset.label_names,
        support=np.bincount(dataset.labels, minlength=k),
        correct=np.bincount(dataset.labels[dataset.labels == predicted], minlength=k),
        split=" + ".join(dataset.splits),
        target=target,
        method=method,
        options=_all_options(function, options),
    )


def _choose(dataset: FaceDataset, label: str | None, n: int | None, seed: int) -> list[np.ndarray]:
    """Return the rows of each label's chosen images, in random order."""
    names = dataset.label_names
    if label is not None and label not in names:
        raise FerError(f"unknown label '{label}'{did_you_mean(label, names)}")
    if n is not None and n < 1:
        raise FerError(f"n: expected at least 1 image, received {n}")
    chosen = []
    for index in range(len(names)) if label is None else [names.index(label)]:
        members = np.flatnonzero(dataset.labels == index)
        if len(members):
            chosen.append(np.random.default_rng((seed, index)).permutation(members)[:n])
    if not chosen:
        raise FerError(
            f"no image of {label or 'any label'} in the {'/'.join(dataset.splits)} split"
        )
    return chosen


def _all_options(function: Callable, given: dict) -> dict:
    """Return the method's options with the defaults written out, as JSON values."""
    about_speed = ("batch_size", "progress")
    options = {
        parameter.name: given.get(parameter.name, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in about_speed
    }
    return {k: getattr(v, "__name__", v) for k, v in options.items()}
