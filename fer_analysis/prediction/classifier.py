"""A run's network as a function of images: labels, probabilities, and which are unsure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.kept_guard import kept_guard
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.label_sets import label_sets
from fer_analysis.evaluation.unsure import (
    BY_LABEL,
    OVERALL,
    answered,
    check_promise,
    never_answered,
)
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
        reasons: Why the guard refuses each picture, or that its label is never answered; else None.
        sets: bool `(n, k)`, the labels of each picture's set; None where no sets are asked for.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    unsure: np.ndarray | None
    reasons: list[str | None]
    sets: np.ndarray | None = None


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
        rule: See `evaluation.fit_promises`, of the promise that is asked for; None where no
            confidence is enough.
        guard: See `quality.guard.Guard`; None where none was made.
        sets: See `evaluation.label_sets.fit_label_sets`; None where no sets are asked for.
        promise: Of `evaluation.unsure.PROMISES`.
    """

    form: str
    model: keras.Model | None
    predict: Callable[..., np.ndarray]
    label_names: tuple[str, ...]
    size: int
    temperature: float | None
    rule: dict | None
    guard: Guard | None = None
    sets: dict | None = None
    promise: str = OVERALL

    @classmethod
    def open(cls, run: Run, *, promise: str = OVERALL, sets: bool = False) -> Classifier:
        """Load a run's network.

        Args:
            run: The run.
            promise: Of `PROMISES`: whether "unsure" has one threshold, or one for each label.
            sets: Whether label sets are asked for.

        Raises:
            FerError: If there is none that can be loaded; see `models.storage.load_model` and
                `models.exported.exported_predictor`.
        """
        check_promise(promise)
        opened = _exported(run) if run.is_exported else _keras(run)
        if promise == OVERALL and not sets:
            return opened
        fitted = kept_temperature(run) or {}
        if "sets" not in fitted:
            raise FerError(
                f"{run.name}: no thresholds by label and no label sets are kept with it; "
                "`fer evaluate RUN --split validation` on the run's own data fits them"
            )
        rule = opened.rule if promise == OVERALL else fitted["answers_by_label"]
        chosen = fitted["sets"] if sets else None
        return replace(opened, rule=rule, sets=chosen, promise=promise)

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
        confidence = probabilities.max(axis=1)
        reasons = self.guard.reasons(images, confidence) if self.guard else [None] * len(images)
        return Outputs(
            labels=probabilities.argmax(axis=1),
            probabilities=probabilities,
            unsure=self._unsure(probabilities, reasons),
            reasons=self._with_labels(probabilities, reasons),
            sets=self._sets(probabilities),
        )

    def _unsure(self, probabilities: np.ndarray, reasons: list[str | None]) -> np.ndarray | None:
        refused = np.array([reason is not None for reason in reasons])
        if self.temperature is None:
            return refused if self.guard else None
        return refused | ~answered(probabilities, self.rule)

    def _with_labels(self, probabilities: np.ndarray, reasons: list[str | None]) -> list:
        """Add to the guard's reasons that a label is never answered."""
        never = {self.label_names.index(name) for name in never_answered(self.rule)}
        labels = probabilities.argmax(axis=1).tolist()
        return [
            reason or (f"never certain of {self.label_names[label]}" if label in never else None)
            for label, reason in zip(labels, reasons, strict=True)
        ]

    def _sets(self, probabilities: np.ndarray) -> np.ndarray | None:
        if self.sets is None:
            return None
        return label_sets(probabilities, self.sets, by_label=self.promise == BY_LABEL)


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
