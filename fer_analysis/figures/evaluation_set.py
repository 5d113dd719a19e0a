"""All pictures of an evaluation."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.evaluation.confusions import top_losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import clean_block, metrics
from fer_analysis.evaluation.score import LOSSES
from fer_analysis.figures import save
from fer_analysis.figures.annotators import annotators_figure
from fer_analysis.figures.calibration import calibration_figure
from fer_analysis.figures.evaluation import confusion_figure, recall_figure
from fer_analysis.figures.facts import of_images, of_run
from fer_analysis.figures.losses import top_losses_figure


def save_pictures(evaluation: Evaluation, images: np.ndarray | None, folder: Path) -> None:
    """Draw an evaluation into a folder.

    Args:
        evaluation: The predictions.
        images: uint8 `(n, h, w, 1)`, in the same order; None draws no faces.
        folder: Where the pictures go.
    """
    found = metrics(evaluation) | {"run": evaluation.run}
    clean, block, images_of = clean_block(evaluation)
    title = f"{evaluation.where}, {images_of}"
    by = f"run {evaluation.run}, {title}" if evaluation.run else title
    save(confusion_figure(evaluation, found), folder / "confusion.png")
    save(recall_figure(found), folder / "recall.png")
    if block["calibration"]:
        save(calibration_figure(block["calibration"], by), folder / "calibration.png")
    if block["annotators"]:
        save(annotators_figure(clean, block["annotators"], title), folder / "annotators.png")
    if images is not None:
        losses = top_losses(evaluation, LOSSES)
        faces = images[[row["row"] for row in losses]]
        facts = (of_run(evaluation.run), evaluation.where, of_images(len(evaluation)))
        figure = top_losses_figure(
            losses, faces, *facts, "probabilities as predicted (temperature 1)"
        )
        save(figure, folder / "top_losses.png")
