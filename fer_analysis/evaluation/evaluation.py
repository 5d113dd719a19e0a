"""Evaluation: a model's predictions of one split; every figure derives from its arrays."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.checks import problems_of
from fer_analysis.evaluation.metrics import metrics
from fer_analysis.files import as_text, replacing, write_json

PREDICTIONS = "predictions.npz"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions of one split with the labels they are held against.

    Args:
        labels: int64 `(n,)`, positions in `label_names`.
        probabilities: float32 `(n, k)`, each row sums to 1.
        ids: str `(n,)`, the source's own name for each image.
        split: The split's name.
        label_names: The k labels.
        protocol: How the data is split: `official`, `kaggle` or `own`.
        comparable: Whether figures on this split may stand beside published ones.
        leaked: bool `(n,)`, images that stand in the training images pixel for pixel; None
            where unknown.
        notes: What a reader of the figures should know, one line each.
        warnings: Why the figures may not mean what they seem to, one line each.
        votes: int64 `(n, m)`, how many annotators gave each of `vote_names`; None without.
        vote_names: The labels in their order, then what else annotators could say.
        temperature: Makes the probabilities honest, fitted on another split; None where there
            is none (figures at a temperature are then cross-fitted).
        temperature_from: The split that it was fitted on.

    Raises:
        FerError: If the arrays do not fit together.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    ids: np.ndarray
    split: str
    label_names: tuple[str, ...]
    protocol: str = ""
    comparable: bool = False
    leaked: np.ndarray | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    votes: np.ndarray | None = None
    vote_names: tuple[str, ...] = ()
    temperature: float | None = None
    temperature_from: str = ""

    def __post_init__(self):
        given = {
            "labels": np.asarray(self.labels),
            "probabilities": np.asarray(self.probabilities, dtype=np.float32),
            "ids": np.asarray(self.ids, dtype=np.str_),
            "label_names": tuple(map(str, self.label_names)),
            "notes": tuple(map(str, self.notes)),
            "warnings": tuple(map(str, self.warnings)),
            "votes": None if self.votes is None else np.asarray(self.votes),
            "vote_names": tuple(map(str, self.vote_names)),
            "leaked": None if self.leaked is None else np.asarray(self.leaked),
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)
        if problems := problems_of(self):
            raise FerError(f"predictions of split '{self.split}' that do not fit", problems)
        object.__setattr__(self, "labels", self.labels.astype(np.int64))

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Evaluation:
        """Return the images at `rows` (positions or a mask), in that order."""
        return dataclasses.replace(
            self,
            labels=self.labels[rows],
            probabilities=self.probabilities[rows],
            ids=self.ids[rows],
            leaked=None if self.leaked is None else self.leaked[rows],
            votes=None if self.votes is None else self.votes[rows],
        )

    @cached_property
    def leak_free(self) -> Evaluation | None:
        """The images that are not among the training images; None where that is unknown."""
        return None if self.leaked is None else self.take(~self.leaked)

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable label of each image, int64 `(n,)`."""
        return self.probabilities.argmax(axis=1)

    def right_within(self, count: int) -> np.ndarray:
        """Tell whether an image's label is among its `count` most probable ones, bool `(n,)`."""
        own = self.probabilities[np.arange(len(self)), self.labels][:, None]
        # Ties are broken as `predicted` breaks them: the first label wins.
        first = np.arange(len(self.label_names)) < self.labels[:, None]
        before = (self.probabilities > own) | ((self.probabilities == own) & first)
        return before.sum(axis=1) < count

    @cached_property
    def confusion(self) -> np.ndarray:
        """Counts, int64 `(k, k)`: rows are true labels, columns predicted ones."""
        k = len(self.label_names)
        return np.bincount(self.labels * k + self.predicted, minlength=k * k).reshape(k, k)

    @property
    def row_normalised_confusion(self) -> np.ndarray:
        """Shares of each true label, float64 `(k, k)`; NaN in the row of an absent label."""
        return _divide(self.confusion, self.support[:, None])

    @property
    def support(self) -> np.ndarray:
        """Images of each label, int64 `(k,)`."""
        return self.confusion.sum(axis=1)

    @property
    def predicted_counts(self) -> np.ndarray:
        """How often each label is predicted, int64 `(k,)`."""
        return self.confusion.sum(axis=0)

    @property
    def correct(self) -> np.ndarray:
        """Images of each label that are predicted right, int64 `(k,)`."""
        return self.confusion.diagonal()

    @property
    def accuracy(self) -> float:
        """Share of images predicted right; NaN without images."""
        return float(_divide(self.correct.sum(), len(self)))

    @property
    def recall(self) -> np.ndarray:
        """Share of each label's images predicted right, float64 `(k,)`; NaN if it has none."""
        return _divide(self.correct, self.support)

    @property
    def precision(self) -> np.ndarray:
        """Share of each label's predictions that are right; NaN if it is never predicted."""
        return _divide(self.correct, self.predicted_counts)

    @property
    def f1(self) -> np.ndarray:
        """F1 of each label: 0 if it is never predicted, NaN if it has no images."""
        f1 = _divide(2 * self.correct, self.support + self.predicted_counts)
        return np.where(self.support > 0, f1, np.nan)

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels that have images."""
        return _mean(self.f1)

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of the labels that have images."""
        return _mean(self.recall)

    @property
    def never_predicted(self) -> tuple[str, ...]:
        """Labels that no image is given."""
        return self._names(self.predicted_counts == 0)

    @property
    def without_support(self) -> tuple[str, ...]:
        """Labels without images: they are left out of averages."""
        return self._names(self.support == 0)

    @property
    def best(self) -> int | None:
        """Position of the label with the highest recall, the first of equals."""
        return None if len(self) == 0 else int(np.nanargmax(self.recall))

    @property
    def worst(self) -> int | None:
        """Position of the label with the lowest recall, the first of equals."""
        return None if len(self) == 0 else int(np.nanargmin(self.recall))

    def most_confused(self, count: int = 3) -> list[tuple[int, int, int]]:
        """Return the most frequent errors as (true label, predicted label, images)."""
        errors = self.confusion - np.diag(self.correct)
        order = np.argsort(-errors, axis=None, kind="stable")[:count]
        pairs = zip(*np.unravel_index(order, errors.shape), strict=True)
        return [(int(t), int(p), int(errors[t, p])) for t, p in pairs if errors[t, p]]

    def metrics(self) -> dict:
        """Return every figure, ready for JSON; see `fer_analysis.evaluation.metrics`."""
        return self._metrics

    @cached_property
    def _metrics(self) -> dict:
        return metrics(self)

    def save(self, folder: str | Path) -> None:
        """Write `predictions.npz`, `metrics.json` and `confusion.csv` into `folder`."""
        folder = Path(folder)
        arrays = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        arrays = {name: value for name, value in arrays.items() if value is not None}
        for name in ("label_names", "notes", "warnings", "vote_names"):
            arrays[name] = np.array(arrays[name], dtype=np.str_)
        with replacing(folder / PREDICTIONS) as temporary:
            np.savez_compressed(temporary, **arrays)
        with (
            replacing(folder / "confusion.csv") as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows(_confusion_rows(self))
        write_json(folder / "metrics.json", self.metrics())

    @classmethod
    def load(cls, folder: str | Path) -> Evaluation:
        """Read what `save` wrote.

        Raises:
            FerError: If the file is missing or damaged.
        """
        path = Path(folder) / PREDICTIONS
        if not path.is_file():
            raise FerError(f"{path}: no predictions there; make them with `fer evaluate`")
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                fields = dict(archive)
            texts = ("split", "protocol", "temperature_from")
            fields |= {name: str(fields[name]) for name in texts}
            fields["comparable"] = bool(fields["comparable"])
            if "temperature" in fields:
                fields["temperature"] = float(fields["temperature"])
            return cls(**fields)
        except FerError as error:
            raise FerError(f"{path}: {error}") from error
        except Exception as error:  # a damaged archive makes zip and numpy raise nearly anything
            raise FerError(f"{path}: damaged; delete it and run `fer evaluate` again") from error

    def _names(self, mask: np.ndarray) -> tuple[str, ...]:
        return tuple(name for name, chosen in zip(self.label_names, mask, strict=True) if chosen)


def _confusion_rows(evaluation: Evaluation) -> list[list]:
    names = [as_text(name) for name in evaluation.label_names]
    rows = zip(names, evaluation.confusion.tolist(), strict=True)
    return [["true \\ predicted", *names], *([name, *counts] for name, counts in rows)]


def _divide(counts: np.ndarray | int, totals: np.ndarray | int) -> np.ndarray:
    """Divide; NaN where the total is 0."""
    counts, totals = np.asarray(counts, dtype=float), np.asarray(totals, dtype=float)
    return np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
