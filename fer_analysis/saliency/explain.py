"""Which images are explained (a random choice), and for which logit."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.options import checked_options
from fer_analysis.saliency import METHODS, NOT_OPTIONS, are_parts_of_logit
from fer_analysis.saliency.maps import SaliencyMaps, joined
from fer_analysis.saliency.methods.fills import mean_face

if TYPE_CHECKING:
    import keras

TARGETS = ("true", "predicted", "contrast")
"""Which logit is explained: that of the image's label; of the predicted label; that of the label
less the strongest other one (the question that a label which is never predicted asks). A label's
name explains its logit for every image."""
FASTER: dict[str, dict] = {
    "integrated_gradients": {"steps": 16, "doublings": 0},
    "smoothgrad": {"samples": 9},
}
"""Method -> at most these, for maps that only controls use: the regions are the same."""


def explain(
    model: keras.Model, dataset: FaceDataset, probabilities: np.ndarray, **options: object
) -> SaliencyMaps:
    """Compute the maps of images that chance has chosen; see `explain_by_label`."""
    return joined(list(explain_by_label(model, dataset, probabilities, **options)))


def explain_by_label(
    model: keras.Model,
    dataset: FaceDataset,
    probabilities: np.ndarray,
    *,
    label: str | None = None,
    n: int | None = 50,
    target: str = "true",
    method: str = "integrated_gradients",
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    **options: object,
) -> Iterator[SaliencyMaps]:
    """Compute the maps label by label, so that an interrupted run keeps the finished labels.

    Args:
        model: The network.
        dataset: One split.
        probabilities: float `(images, k)`, the model's predictions of it.
        label: The true label of the images; None takes every label that has images.
        n: Images of each label, all where it has fewer (or None).
        target: Which logit to explain, one of `TARGETS` or a label.
        method: A name in `METHODS`.
        seed: Of the choice and of the method's noise. A label's images and maps are the same
            whichever other labels are explained with it.
        progress: Called with (images done, images in all).
        **options: The method's own.

    Yields:
        The maps of a label; its images are in random order.

    Raises:
        FerError: If there is no such label, method, target or option, or no image of the label.
    """
    check_question(dataset, label=label, n=n, target=target, method=method, **options)
    chosen = _choose(dataset, label, n, seed)
    targets, against = _targets(dataset, probabilities, target)
    function, given = _prepared(method, options, model, dataset, seed)
    k, predicted = len(dataset.label_names), probabilities.argmax(axis=1)
    shared = {
        "label_names": dataset.label_names,
        "support": np.bincount(dataset.labels, minlength=k),
        "correct": np.bincount(dataset.labels[dataset.labels == predicted], minlength=k),
        "split": " + ".join(dataset.splits),
        "target": target,
        "method": method,
        "options": _all_options(function, given),
        "parts_of_logit": are_parts_of_logit(method, options),
    }
    done, total = 0, sum(map(len, chosen))
    for group in chosen:
        # Label by label: a method's noise may depend on the position among the images.
        report = progress and (lambda now, _, done=done: progress(done + now, total))
        part = SaliencyMaps(
            maps=np.zeros((len(group), *dataset.images.shape[1:3]), np.float32),
            rows=group,
            ids=dataset.ids[group],
            labels=dataset.labels[group],
            targets=targets[group],
            against=against[group],
            residuals=np.full(len(group), np.nan, np.float32),
            probabilities=probabilities[group].astype(np.float32),
            **shared,
        )
        yield _filled(part, model, dataset.images[group], function, given, report)
        done += len(group)


def check_question(
    dataset: FaceDataset,
    *,
    label: str | None = None,
    n: int | None = 50,
    target: str = "true",
    method: str = "integrated_gradients",
    **options: object,
) -> None:
    """Check what `explain_by_label` would be asked, before a network is loaded.

    Args:
        dataset: One split.
        label: As for `explain_by_label`, like all others.
        n: Images of each label.
        target: Which logit to explain.
        method: A name in `METHODS`.
        **options: The method's own.

    Raises:
        FerError: If there is no such label, method, target or option, or no image of the label.
    """
    _choose(dataset, label, n, 0)
    if target not in TARGETS and target not in dataset.label_names:
        known = (*TARGETS, *dataset.label_names)
        raise FerError(f"unknown target '{target}'{did_you_mean(target, known)}")
    _checked(method, options)


def prepare(
    maps: SaliencyMaps, face: np.ndarray, *, faster: bool = False
) -> Callable[..., np.ndarray]:
    """Return the method that made the maps, `(model, images, targets) -> maps`.

    Args:
        maps: Whose method and options to take.
        faster: Take no more steps or samples than `FASTER` says.
        face: The mean face, `(h, w, channels)`, of methods that paint pixels over.
    """
    function = METHODS[maps.method]
    options = dict(maps.options)
    for name, most in FASTER.get(maps.method, {}).items() if faster else ():
        options[name] = min(options[name], most)
    if "face" in inspect.signature(function).parameters:
        options["face"] = face
    return lambda model, images, targets: function(model, images, targets, **options)


def _filled(part: SaliencyMaps, model, images, function, given: dict, report) -> SaliencyMaps:
    """Compute the maps, and what they miss where the method promises a sum."""
    maps = function(model, images, part.weights, progress=report, **given)
    changed = {"maps": maps}
    if part.method == "integrated_gradients":
        from fer_analysis.saliency.methods.integrated_gradients import residuals

        same = {name: given[name] for name in ("baseline", "face") if name in given}
        missed = residuals(model, images, part.weights, maps, **same)
        changed["residuals"] = missed.astype(np.float32)
    return dataclasses.replace(part, **changed)


def _targets(
    dataset: FaceDataset, probabilities: np.ndarray, target: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return whose logit is explained and whose is taken off it, int64 `(images,)` each."""
    labels, names = dataset.labels, dataset.label_names
    nobody = np.full(len(labels), -1)
    if target == "true":
        return labels, nobody
    if target == "predicted":
        return probabilities.argmax(axis=1), nobody
    if target == "contrast":
        others = probabilities.copy()
        others[np.arange(len(labels)), labels] = -1
        return labels, others.argmax(axis=1)
    return np.full(len(labels), names.index(target)), nobody


def _prepared(
    method: str, options: dict, model, dataset: FaceDataset, seed: int
) -> tuple[Callable, dict]:
    """Return the method and its options, checked and completed."""
    function, given = METHODS[method], _checked(method, options)
    known = inspect.signature(function).parameters
    if "seed" in known:
        given["seed"] = seed
    if "face" in known:
        given["face"] = mean_face(dataset.images)
    if "layer" in known and given.get("layer") is None:
        from fer_analysis.saliency.methods.cam import cam_layer

        given["layer"] = cam_layer(model, size=dataset.images.shape[1:3])  # to report and save
    return function, given


def all_options(method: str, options: Mapping[str, object]) -> dict:
    """Return a method's options as they are saved with its maps: defaults written out.

    Args:
        method: A name in `METHODS`.
        options: Those that are set.

    Raises:
        FerError: If there is no such method or option.
    """
    return _all_options(METHODS[method], _checked(method, dict(options)))


def _checked(method: str, options: dict) -> dict:
    return checked_options(METHODS[method], options, where=method, leave_out=NOT_OPTIONS)


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
    options = {
        parameter.name: given.get(parameter.name, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.name not in NOT_OPTIONS
    }
    return {k: getattr(v, "__name__", v) for k, v in options.items()}
