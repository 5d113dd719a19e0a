"""From files or arrays to predictions, with pictures of where the network looked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.model_card import read_card
from fer_analysis.prediction.batches import BATCH, Classified, classify
from fer_analysis.prediction.find_images import Found, find_images
from fer_analysis.prediction.predictions import Prediction, Predictions, Unreadable
from fer_analysis.progress import Progress
from fer_analysis.run import Run
from fer_analysis.tensorflow_setup import import_tensorflow_quietly

if TYPE_CHECKING:
    from fer_analysis.prediction.overlays import Overlays

WITH_MAPS = 32
"""Images at a time where saliency is drawn: that takes longer."""

Each = Callable[[Prediction | Unreadable], None]


def predict_images(
    run: Run,
    images: np.ndarray | Sequence[Path],
    *,
    saliency: bool = False,
    out: Path | None = None,
    each: Each | None = None,
    progress: Progress | None = None,
) -> Predictions:
    """Predict images; see `fer_analysis.api.predict`.

    Raises:
        FerError: If the run has no network, an array is not of images, or there is no image.
    """
    progress = progress or Progress()
    run.trained_model_file()
    sources, unreadable = _sources(images)
    if saliency and out is None and isinstance(sources, np.ndarray):
        raise FerError("saliency of arrays: name the folder of the pictures with `out`")
    for problem in unreadable:
        if each:
            each(problem)
    if not len(sources):
        raise FerError("no image to look at")
    import_tensorflow_quietly()
    from fer_analysis.prediction.classifier import Classifier
    from fer_analysis.prediction.overlays import Overlays

    classifier = Classifier.open(run)
    overlays = Overlays(classifier, out) if saliency else None
    predictions = []
    with progress.task("predicting") as update:
        batches = classify(
            classifier, sources, batch_size=WITH_MAPS if saliency else BATCH, progress=update
        )
        for item in (item for batch in batches for item in batch):
            if isinstance(item, Classified):
                overlay = overlays and _drawn(overlays, item, progress)
                item = _prediction(item, classifier.label_names, overlay)
                predictions.append(item)
            else:
                unreadable.append(item)
            if each:
                each(item)
    return Predictions(
        run=str(run.path) if run.is_directory else run.name,
        predictions=tuple(predictions),
        unreadable=tuple(unreadable),
        label_names=classifier.label_names,
        temperature=classifier.temperature,
        rule=classifier.rule,
        card=read_card(run),
    )


def _sources(images) -> tuple[np.ndarray | list[Found], list[Unreadable]]:
    if not isinstance(images, np.ndarray):
        return find_images(images)
    shaped = images.ndim == 3 or (images.ndim == 4 and images.shape[-1] in (1, 3))
    if images.dtype != np.uint8 or not shaped:
        raise FerError(
            "images: expected uint8 of shape (n, height, width), with 1 or 3 channels last or "
            f"none; received {images.dtype} {images.shape}"
        )
    return images, []


def _prediction(item: Classified, names: tuple[str, ...], overlay: Path | None) -> Prediction:
    shares = map(float, item.probabilities)
    return Prediction(
        image=item.source.path if isinstance(item.source, Found) else item.source,
        label=names[item.label],
        probabilities=dict(zip(names, shares, strict=True)),
        unsure=item.unsure,
        oblong=item.oblong,
        reason=item.reason,
        overlay=overlay,
    )


def _drawn(overlays: Overlays, item: Classified, progress: Progress) -> Path | None:
    """Draw one overlay; one that cannot be written is a notice and not the end."""
    try:
        return overlays.write(item)
    except OSError as error:
        name = item.source.path if isinstance(item.source, Found) else f"image {item.source}"
        progress.notice(f"{name}: no overlay written ({error.strerror or error})")
        return None
