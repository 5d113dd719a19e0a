"""From files or arrays to predictions, with pictures of where the network looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.errors import FerError, did_you_mean, shown
from fer_analysis.evaluation.model_card import read_card
from fer_analysis.evaluation.unsure import OVERALL
from fer_analysis.faces.find import CHANNELS, as_rgb
from fer_analysis.faces.opencv import import_opencv, weights
from fer_analysis.prediction.batches import classify
from fer_analysis.prediction.find_images import Found, find_images, passed_over
from fer_analysis.prediction.look import MODES
from fer_analysis.prediction.pictures import Pictures
from fer_analysis.prediction.predictions import Prediction, Predictions, Unreadable
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

if TYPE_CHECKING:
    from fer_analysis.prediction.classifier import Classifier

WITH_MAPS = 32
"""Images at a time where saliency is drawn: that takes longer."""

Each = Callable[[Prediction | Unreadable], None]


def predict_images(
    run: Run,
    images: np.ndarray | Sequence,
    *,
    faces: str = "auto",
    saliency: bool = False,
    draw: bool = False,
    keras: bool = False,
    promise: str = OVERALL,
    sets: bool = False,
    out: Path | None = None,
    each: Each | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Predict images; see `fer_analysis.api.predict`.

    Raises:
        FerError: If the run has no network, an array is not of images, or there is no image.
    """
    progress = progress or Progress()
    _check(run, faces)
    sources, unreadable = _sources(images, progress)
    for problem in unreadable:
        if each:
            each(problem)
    if not len(sources):
        raise FerError("no image to look at")
    if (saliency or draw) and out is None and not isinstance(sources[0], Found):
        raise FerError("pictures of images that are no files: name their folder with `out`")
    classifier = open_classifier(run, keras=keras or saliency, promise=promise, sets=sets)
    predictions = []
    progress.detail(f"network: {classifier.form}")
    pictures = _pictures(
        classifier, sources, saliency=saliency, draw=draw, out=out, progress=progress
    )
    size = WITH_MAPS if saliency else None
    with progress.task("predicting") as update:
        batches = classify(classifier, sources, faces=faces, batch_size=size, progress=update)
        for item in (item for batch in batches for item in pictures.predictions(batch)):
            (unreadable if isinstance(item, Unreadable) else predictions).append(item)
            if each:
                each(item)
    whole = len({item.image for item in predictions if item.face is None})
    if draw and whole:
        progress.notice(
            f"{whole:,} image{'s'[: whole > 1]} taken whole, as one face: no box to draw in "
            f"{'them' if whole > 1 else 'it'}"
        )
    return Predictions(
        run=str(run.path) if run.is_directory else run.name,
        predictions=tuple(predictions),
        unreadable=tuple(unreadable),
        label_names=classifier.label_names,
        temperature=classifier.temperature,
        rule=classifier.rule,
        card=read_card(run),
        promise=promise,
        sets=classifier.sets,
    )


def _check(run: Run, faces: str) -> None:
    if faces not in MODES:
        raise FerError(f"faces: unknown mode '{shown(faces)}'{did_you_mean(faces, MODES)}")
    run.trained_model_file()
    if faces == "always":
        import_opencv()
        weights()


def _sources(images, progress: Progress) -> tuple[Sequence, list[Unreadable]]:
    if isinstance(images, np.ndarray):
        return _checked(images), []
    try:
        images = list(images)
    except TypeError:
        # A PIL image, or what `as_rgb` refuses.
        images = [images]
    if any(isinstance(image, str) and not image for image in images):
        raise FerError("images: an empty text is no path; this folder is '.'")
    if all(isinstance(image, str | Path) for image in images):
        others = Counter()
        found = find_images(images, others)
        if others:
            progress.notice(passed_over(others))
        return found
    if any(isinstance(image, str | Path) for image in images):
        raise FerError("images: files and arrays in one list; predict them one after the other")
    for image in images:
        as_rgb(image)  # refuses what is no picture
    return images, []


def _checked(images: np.ndarray) -> np.ndarray:
    """Return an array as pictures; one with channels last, or of two axes, is a single one.

    Read as pictures in grey, `(h, w, 3)` would be h of them, 3 pixels wide, which show nothing.
    """
    if images.ndim == 2 or (images.ndim == 3 and images.shape[-1] in CHANNELS):
        images = images[None]
    shaped = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in CHANNELS)
    if images.dtype != np.uint8 or not shaped:
        raise FerError(
            "images: expected uint8 of shape (n, height, width), with 1, 3 or 4 channels last or "
            f"none, or one such picture; received {images.dtype} {images.shape}"
        )
    return images


def open_classifier(
    run: Run, *, keras: bool = False, promise: str = OVERALL, sets: bool = False
) -> Classifier:
    """Load a run's network: its light form where it has one, else Keras and TensorFlow.

    Args:
        run: The run.
        keras: Load the Keras model in any case.
        promise: See `Classifier.open`.
        sets: See `Classifier.open`.

    Raises:
        FerError: If there is none.
    """
    run = run if keras else run.light()
    if keras and run.is_exported:
        raise FerError(f"{run.model_file}: saliency and --keras need the Keras model of its run")
    if not run.is_exported:
        import_tensorflow_quietly()
    from fer_analysis.prediction.classifier import Classifier

    return Classifier.open(run, promise=promise, sets=sets)


def _pictures(classifier, sources, *, saliency, draw, out, progress) -> Pictures:
    # Drawing imports matplotlib, which takes longer than a prediction.
    overlays = drawings = None
    if saliency:
        from fer_analysis.prediction.overlays import Overlays

        overlays = Overlays(classifier, out)
    if draw:
        from fer_analysis.prediction.drawings import Drawings

        drawings = Drawings(out)
    return Pictures(
        sources, classifier.label_names, overlays=overlays, drawings=drawings, progress=progress
    )
