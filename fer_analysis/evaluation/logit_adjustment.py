"""Post-hoc logit adjustment: predictions as if all labels were equally frequent."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.special import softmax

from fer_analysis.errors import FerError, quoted
from fer_analysis.evaluation.evaluation import Evaluation

ADJUSTED = "logit adjustment after training, tau ="
"""How the note begins that names the amount."""

MOST = 10.0
"""Of tau."""


def check_tau(tau: float) -> None:
    """Refuse what is no strength of the correction.

    Raises:
        FerError: If it is no number above 0, or a larger one than `MOST`.
    """
    if not isinstance(tau, int | float | np.number) or not 0 < tau <= MOST:
        raise FerError(
            f"logit adjustment: expected a number above 0 and up to {MOST:g}, received "
            f"{quoted(tau)}"
        )


def adjust(evaluation: Evaluation, prior: Sequence[float], tau: float) -> Evaluation:
    """Divide the probabilities by the labels' frequencies in training (Menon et al. 2021).

    Args:
        evaluation: The predictions.
        prior: `(k,)`, how frequent the labels were in training, for the loss.
        tau: How much of log(prior) is subtracted from the logits: 0 changes nothing, 1 corrects
            for the frequencies exactly. It must not be chosen on the images that are scored.

    Returns:
        The adjusted predictions, with a note that says so.

    Raises:
        FerError: If the prior is not one share for each label, or tau is not a number.
    """
    return dataclasses.replace(
        evaluation,
        probabilities=divided_out(evaluation.probabilities, prior, tau),
        temperature=None,  # that was fitted on other probabilities
        temperature_from="",
        fitted=None,
        notes=(*evaluation.notes, f"{ADJUSTED} {tau:g}"),
    )


def divided_out(probabilities: np.ndarray, prior: Sequence[float], tau: float) -> np.ndarray:
    """Return probabilities, float64 `(n, k)`, prior-corrected.

    Args:
        probabilities: `(n, k)`.
        prior: `(k,)`, as for `adjust`.
        tau: As for `adjust`.

    Raises:
        FerError: If the prior is not one share for each label, or tau is not a number.
    """
    k = probabilities.shape[1]
    if not np.isfinite(tau):
        raise FerError(f"logit adjustment: expected a number, received {tau}")
    prior = np.asarray(prior, dtype=float)
    if prior.shape != (k,) or (prior < 0).any() or not prior.any():
        raise FerError(f"prior: expected a share for each of {k} labels, received {prior.tolist()}")
    with np.errstate(divide="ignore"):
        logits = np.log(probabilities.astype(np.float64))
        # A label without training images has no frequency to correct for.
        correction = np.where(prior > 0, np.log(prior / prior.sum()), 0.0)
    return softmax(logits - tau * correction, axis=1)
