"""Evaluation: a model's predictions on one split, and simple figures of them."""

from __future__ import annotations

import csv
import dataclasses
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError
from fer_analysis.evaluation.array_problems import array_problems
from fer_analysis.files import as_text, replacing
from fer_analysis.statistics.intervals import proportion
from fer_analysis.text import estimate, html_table, percent

PREDICTIONS, CONFUSION = "predictions.npz", "confusion.csv"


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Predictions on one split, with the true labels.

    Args:
        labels: int64 `(n,)`, positions in `label_names`.
        probabilities: float32 `(n, k)`, each row sums to 1.
        ids: str `(n,)`, the source's own name for each image.
        split: The split's name.
        label_names: The k labels.
        protocol: How the data is split: `official`, `kaggle` or `own`; `+votes` and `+mapped`
            behind it where labels are by votes, or translated to the network's.
        comparable: Whether figures on this split may be compared with published ones.
        leaked: bool `(n,)`, images that are among the training images pixel for pixel; None
            where unknown.
        notes: What a reader of the figures should know, one line each.
        warnings: Why the figures may be misleading, one line each.
        votes: int64 `(n, m)`, how many annotators chose each of `vote_names`; None without.
        vote_names: The labels in their order, then the annotators' other options.
        temperature: Calibrates the probabilities, fitted on another split; None without one
            (figures at a temperature are then cross-fitted).
        temperature_from: The images that it was fitted on.
        folder: Where it is saved, with its pictures; None if it is not.
        exclusions: What leaving out the images of an audit changed, one row an issue; see
            `fer_analysis.evaluation.exclusions`.
        face_lists: What each list of faces changed, see `fer_analysis.evaluation.listed_faces`.
        fitted: Temperature, rules and label sets that were fitted on another split; see
            `fer_analysis.evaluation.fit_promises`. None without them.

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
    folder: Path | None = None
    exclusions: tuple[dict, ...] = ()
    face_lists: tuple[dict, ...] = ()
    fitted: dict | None = None

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
        problems = array_problems(
            self.labels,
            self.probabilities,
            self.label_names,
            ids=self.ids,
            leaked=self.leaked,
            votes=self.votes,
            vote_names=self.vote_names,
        )
        if problems:
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

    @property
    def run(self) -> str:
        """Name of the run whose results these are; empty where they are not saved."""
        return "" if self.folder is None else Path(self.folder).resolve().parents[1].name

    @cached_property
    def leak_free(self) -> Evaluation | None:
        """The images that are not among the training images; None where that is unknown."""
        return None if self.leaked is None else self.take(~self.leaked)

    @property
    def where(self) -> str:
        """The split for a title, with the protocol where labels are not the data's own."""
        own = "+" not in self.protocol
        return f"{self.split} split" + ("" if own else f", {self.protocol} protocol")

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable label of each image, int64 `(n,)`."""
        return self.probabilities.argmax(axis=1)

    def correct_within(self, count: int) -> np.ndarray:
        """Return whether an image's label is among its `count` most probable ones, bool `(n,)`."""
        own = self.probabilities[np.arange(len(self)), self.labels][:, None]
        # Ties are broken as in `predicted`: the first label is chosen.
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
        """Shares of each true label, float64 `(k, k)`; NaN in the row of a label without images."""
        return _divide(self.confusion, self.support[:, None])

    @cached_property
    def support(self) -> np.ndarray:
        """Images of each label, int64 `(k,)`."""
        return self.confusion.sum(axis=1)

    @cached_property
    def predicted_counts(self) -> np.ndarray:
        """How often each label is predicted, int64 `(k,)`."""
        return self.confusion.sum(axis=0)

    @cached_property
    def correct(self) -> np.ndarray:
        """Images of each label that are predicted correctly, int64 `(k,)`."""
        return self.confusion.diagonal()

    @property
    def accuracy(self) -> float:
        """Share of images predicted correctly; NaN without images."""
        return float(_divide(self.correct.sum(), len(self)))

    @cached_property
    def recall(self) -> np.ndarray:
        """Share of each label's images predicted correctly, `(k,)`; NaN if it has none."""
        return _divide(self.correct, self.support)

    @cached_property
    def precision(self) -> np.ndarray:
        """Share of each label's predictions that are correct; NaN if it is never predicted."""
        return _divide(self.correct, self.predicted_counts)

    @cached_property
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
        """Labels that no image is predicted as."""
        return self._names(self.predicted_counts == 0)

    @property
    def without_support(self) -> tuple[str, ...]:
        """Labels without images; averages leave them out."""
        return self._names(self.support == 0)

    @property
    def best(self) -> int | None:
        """Position of the label with the highest recall, the first of equals."""
        return None if len(self) == 0 else int(np.nanargmax(self.recall))

    @property
    def worst(self) -> int | None:
        """Position of the label with the lowest recall, the first of equals."""
        return None if len(self) == 0 else int(np.nanargmin(self.recall))

    def save(self, folder: str | Path) -> None:
        """Write the predictions, and the confusion matrix as a table, into `folder`."""
        folder = Path(folder)
        names = {field.name for field in dataclasses.fields(self)} - {
            "folder",
            "exclusions",
            "face_lists",
            "fitted",
        }
        arrays = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        for name in ("label_names", "notes", "warnings", "vote_names"):
            arrays[name] = np.array(arrays[name], dtype=np.str_)
        with replacing(folder / PREDICTIONS) as temporary:
            np.savez_compressed(temporary, **arrays)
        with (
            replacing(folder / CONFUSION) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows(_confusion_rows(self))

    @classmethod
    def load(cls, folder: str | Path) -> Evaluation:
        """Read what `save` wrote.

        Raises:
            FerError: If the file is missing or damaged.
        """
        path = Path(folder) / PREDICTIONS
        if not path.is_file():
            raise FerError(f"{path}: no predictions in this folder; `fer evaluate` writes them")
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
                fields = dict(archive)
            texts = ("split", "protocol", "temperature_from")
            fields |= {name: str(fields[name]) for name in texts}
            fields["comparable"] = bool(fields["comparable"])
            if "temperature" in fields:
                fields["temperature"] = float(fields["temperature"])
            return cls(**fields, folder=path.parent)
        except FerError as error:
            raise FerError(f"{path}: {error}") from error
        except Exception as error:  # zip and numpy raise many kinds of errors on a damaged archive
            raise FerError(f"{path}: damaged; delete it and run `fer evaluate` again") from error

    def _repr_html_(self) -> str:
        """Return a short table of the figures for notebooks."""
        rows = [
            [
                name,
                f"{self.support[label]:,}",
                estimate(proportion(int(self.correct[label]), int(self.support[label]))),
                f"{self.predicted_counts[label]:,}",
                percent(self.precision[label]),
                percent(self.f1[label]),
            ]
            for label, name in enumerate(self.label_names)
        ]
        accuracy = estimate(proportion(int(self.correct.sum()), len(self)))
        caption = f"{self.split} split, n = {len(self):,}: accuracy {accuracy}, "
        caption += f"macro-F1 {percent(self.macro_f1)}"
        heads = ("label", "n", "recall [95 %]", "predicted", "precision", "F1")
        return html_table(caption, heads, rows)

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
