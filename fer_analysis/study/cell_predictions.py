"""A cell's answers: all that a diagnosis needs of its predictions, three numbers an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.evaluation.logit_adjustment import divided_out
from fer_analysis.files import replacing


@dataclass(frozen=True, eq=False)
class Answers:
    """What one network answers to n images.

    Args:
        predicted: int64 `(2, n)`: as predicted, and with the prior corrected.
        confidence: float32 `(n,)`, the probability of what is predicted.
    """

    predicted: np.ndarray
    confidence: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, prior: Sequence[float]) -> Answers:
        """Make them of probabilities, float32 `(n, k)`, and the prior these assume, `(k,)`."""
        kinds = (probabilities, divided_out(probabilities, prior, 1.0))
        return cls(np.stack([kind.argmax(axis=1) for kind in kinds]), probabilities.max(axis=1))

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Return the answers to the images of all parts, in order."""
        return cls(
            np.concatenate([part.predicted for part in parts], axis=1),
            np.concatenate([part.confidence for part in parts]),
        )

    def only(self, kept: np.ndarray) -> Answers:
        """Return the answers to some images alone; `kept` is bool `(n,)`."""
        return Answers(self.predicted[:, kept], self.confidence[kept])


def save_answers(path: Path, answers: dict[str, Answers]) -> None:
    """Write split -> answers as a small file, some two bytes an image; labels number 256 at most.

    The confidence is rounded to float16.
    """
    arrays = {}
    for split, given in answers.items():
        arrays[f"{split}_predicted"] = given.predicted.astype(np.uint8)
        arrays[f"{split}_confidence"] = given.confidence.astype(np.float16)
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def load_answers(path: Path) -> dict[str, Answers]:
    """Read what `save_answers` wrote."""
    with np.load(path, allow_pickle=False) as file:
        splits = [name.removesuffix("_predicted") for name in file if name.endswith("_predicted")]
        return {
            split: Answers(
                file[f"{split}_predicted"].astype(np.int64),
                file[f"{split}_confidence"].astype(np.float32),
            )
            for split in splits
        }
