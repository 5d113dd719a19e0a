"""A run's network as a function of images: labels, probabilities, and which are unsure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.kept_guard import kept_guard
from fer_analysis.models.exported import exported_predictor, read_exported
from fer_analysis.quality.guard import Guard
from fer_analysis.run import Run
from fer_analysis.statistics.temperature_scaling import at_temperature

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Outputs:
    """A network's outputs for n images.

    Args:
        labels: int64 `(n,)`, the most probable label.
        probabilities: float64 `(n, k)`, at the network's temperature where one is known.
        unsure: bool `(n,)`, whether the highest probability is below the network's threshold, or
            the guard refuses the picture; None where there is neither.
        reasons: Why the guard refuses each picture; None for one that it does not refuse.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    unsure: np.ndarray | None
    reasons: list[str | None]


@dataclass(frozen=True)
class Classifier:
    """A network with its temperature and threshold, fitted on validation images.

    Args:
        form: What kind of file it is, in a few words.
        model: Raw pixels in, probabilities out; None for an exported network.
        predict: See `models.predict.predictor`.
        label_names: The k labels.
        size: Height and width of the images that it takes, in pixels.
        temperature: Divides the logits; None where none was fitted.
        rule: See `selective.answer_rule`; None where no confidence is enough.
        guard: See `quality.guard.Guard`; None where none was made.
    """

    form: str
    model: keras.Model | None
    predict: Callable[..., np.ndarray]
    label_names: tuple[str, ...]
    size: int
    temperature: float | None
    rule: dict | None
    guard: Guard | None = None

    @classmethod
    def open(cls, run: Run) -> Classifier:
        """Load a run's network.

        Raises:
            FerError: If there is none that can be loaded; see `models.storage.load_model` and
                `models.exported.exported_predictor`.
        """
        return _exported(run) if run.is_exported else _keras(run)

    def __call__(self, images: np.ndarray) -> Outputs:
        """Predict images, uint8 `(n, size, size, 1)`.

        Raises:
            FerError: If the network gives no number for an image.
        """
        probabilities = self.predict(images)
        if not np.isfinite(probabilities).all():
            raise FerError("the model has diverged: its probabilities are not finite")
        if self.temperature is not None:
            probabilities = at_temperature(probabilities, self.temperature)
        reasons = self.guard.reasons(images) if self.guard else [None] * len(images)
        return Outputs(
            labels=probabilities.argmax(axis=1),
            probabilities=probabilities,
            unsure=self._unsure(probabilities.max(axis=1), reasons),
            reasons=reasons,
        )

    def _unsure(self, confidence: np.ndarray, reasons: list[str | None]) -> np.ndarray | None:
        refused = np.array([reason is not None for reason in reasons])
        if self.temperature is None:
            return refused if self.guard else None
        if self.rule is None:
            return np.ones(len(confidence), dtype=bool)
        return refused | (confidence < self.rule["least"])


def _exported(run: Run) -> Classifier:
    file = run.trained_model_file()
    model = read_exported(file)
    return Classifier(
        form=model.form,
        model=None,
        predict=exported_predictor(file),
        label_names=model.label_names,
        size=model.size,
        temperature=model.temperature,
        rule=model.rule,
        guard=kept_guard(run),
    )


def _keras(run: Run) -> Classifier:
    from fer_analysis.evaluation.evaluate_run import kept_temperature
    from fer_analysis.evaluation.open_run import taken_size
    from fer_analysis.models.predict import predictor
    from fer_analysis.models.storage import load_model

    model, names = load_model(run.trained_model_file())
    kept = kept_temperature(run) or {}
    return Classifier(
        form="Keras",
        model=model,
        predict=predictor(model),
        label_names=names or tuple(f"label {i}" for i in range(model.output_shape[-1])),
        size=taken_size(run),
        temperature=kept.get("temperature"),
        rule=kept.get("answers"),
        guard=kept_guard(run),
    )
