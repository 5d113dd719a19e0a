"""Recipe: everything that `fit` needs. A remedy is a function Recipe -> Recipe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.dataset import FaceDataset

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Distillation:
    """Whom a run learns from, beside the labels.

    Args:
        teachers: RUNs.
        weight: The share of the target that is theirs.
        temperature: What their logits are divided by.
        answers: The mean of their probabilities: pixels, float32 `(n, h, w, 1)` -> `(n, k)`; None
            until they are loaded.
        networks: Each of them (a `Teacher` of training/teachers.py), once they are loaded.
        by_label: What they answer on average for training images of each label, float64 `(k, k)`,
            a row a label; None until they are loaded.
    """

    teachers: tuple[str, ...]
    weight: float
    temperature: float
    answers: Callable | None = None
    networks: tuple[Any, ...] = ()
    by_label: np.ndarray | None = None


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Args:
        train: The training images.
        validation: The images by which the best epoch is chosen.
        targets: float32 `(n, k)`, the target of each training image: shares of
            the k labels.
        showings: int64 `(k,)`, how many images of each label an epoch shows. If it is the
            number of images, each image is shown once.
        prior: float64 `(k,)`, how frequent the labels are for the loss; the network's
            probabilities assume it.
        augmentation: Random transforms of the training images.
        loss: `(targets, logits) -> loss of each image`, float32 `(batch,)`.
        optimizer: `(steps of an epoch) -> Keras optimizer`.
        epochs: Most epochs to train.
        batch_size: Images per step.
        monitor: The column of the history that the best epoch is chosen by.
        patience: Epochs without improvement before stopping; None: never.
        stop_on_collapse: Stop when the run has collapsed.
        seed: Of order and augmentation.
        keep: Whose weights are saved: the `best` epoch's, or the `last` one's.
        mixup: Alpha of the Beta distribution by which two images are mixed; 0: never.
        weight_averaging: Share of the moving average of the weights that a step keeps; 0: no
            average.
        image_sizes: Sides that images are shown at, for equal parts of the epochs; none: at
            their own size.
        distillation: Whom the run learns from beside the labels; None: nobody.
    """

    train: FaceDataset
    validation: FaceDataset
    targets: np.ndarray
    showings: np.ndarray
    prior: np.ndarray
    augmentation: Augmentation
    loss: Callable
    optimizer: Callable[[int], keras.Optimizer]
    epochs: int
    batch_size: int
    monitor: str
    patience: int | None
    stop_on_collapse: bool
    seed: int
    keep: str = "best"
    mixup: float = 0.0
    weight_averaging: float = 0.0
    image_sizes: tuple[int, ...] = ()
    distillation: Distillation | None = None

    @property
    def steps(self) -> int:
        """Training steps of an epoch."""
        return -(-int(self.showings.sum()) // self.batch_size)

    @property
    def counts(self) -> np.ndarray:
        """Training images of each label, int64 `(k,)`."""
        return np.bincount(self.train.labels, minlength=len(self.showings))

    def image_size(self, epoch: int) -> tuple[int, int]:
        """Return height and width of the images that an epoch (counted from 0) shows."""
        if not self.image_sizes:
            return self.train.images.shape[1:3]
        part = epoch * len(self.image_sizes) // self.epochs
        return (self.image_sizes[part],) * 2

    def frequencies(self) -> np.ndarray:
        """Return each label's share of the targets that an epoch shows, float64 `(k,)`.

        Teachers' answers are part of the targets, with their mean for images of each label.
        """
        weights = (self.showings / np.maximum(self.counts, 1))[self.train.labels]
        own = weights @ self.targets.astype(np.float64) / weights.sum()
        taught = self.distillation
        if taught is None or taught.by_label is None:
            return own
        answered = self.showings / self.showings.sum() @ taught.by_label
        return (1 - taught.weight) * own + taught.weight * answered

    def order(self, epoch: int) -> np.ndarray:
        """Return which training images an epoch (counted from 0) shows, in random order.

        Within an epoch the images of one label are shown equally often, or differ by one; which
        ones are shown once more is drawn again in every epoch.

        Returns:
            int64 `(sum of showings,)`, positions in `train`.
        """
        rng = np.random.default_rng([self.seed, epoch, 1])
        labels = self.train.labels
        if np.array_equal(self.showings, self.counts):
            return rng.permutation(len(labels))
        chosen = []
        for label, count in enumerate(self.showings.tolist()):
            members = np.flatnonzero(labels == label)
            rounds, rest = divmod(count, max(len(members), 1))
            chosen += [members] * rounds + [rng.permutation(members)[:rest]]
        return rng.permutation(np.concatenate(chosen))
