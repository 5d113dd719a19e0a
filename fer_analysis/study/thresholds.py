"""The rule: from the effects of a study to a verdict for each label.

1. *Fails*: recall 10 points or more below the median of the other labels, as predicted or with
   the labels' frequencies divided out (logit adjustment, tau = 1, never tuned).
2. *Recipe*: another recipe, in the same number of steps, closes half of a gap, as predicted or with
   the frequencies divided out; and raises the corrected recall by 5 points, the label's own or the
   mean of all. What is asked next is asked of a network that is trained as it should be, so the
   other causes then wait.
3. *Imbalance*: dividing the frequencies out raises the recall by half of the gap.
4. Of a gap of 10 points or more that stays with the frequencies divided out, causes may share:
   each has to explain a quarter of it, and together they have to explain half.
   *Scarcity*: the label has at most half as many images as the median label, and loses that much
   when three quarters of its images are taken away. Nothing is said of more images than there
   are.
   *Ambiguity*, *label noise*: that much of the label is taken for a label that the annotators
   of that very face gave, where they are split, or mostly agree on another label: over what clear
   faces of the label do, and over the same of the median label. Where both do, the smaller is
   shown only if the larger leaves a quarter of the gap: annotators are not of one mind about
   every face with a wrong label.
   Without votes these two cannot be told apart; *ambiguity or noise* is that the label is taken
   for one other label by that much more than for any third one (errors of a label that is only
   scarce go everywhere).

A cause wants 5 points at least. Intervals are simultaneous: within a step it is the largest of
all studentised deviations that has to stay inside (max-t bootstrap; Romano & Wolf 2005), so that
asking of many labels and causes finds none by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
GAP = 0.10
"""Recall below the median of the other labels from which on a label fails."""
EFFECT = 0.05
"""Least effect of a cause."""
PART = 0.5
"""Of a gap that has to be explained."""
SHARED = 0.25
"""Of a gap that each of the causes that share it has to explain."""
SCARCE = 0.5
"""Of the median label's images: a label that has more is not scarce."""


@dataclass(frozen=True)
class Estimate:
    """An effect with its interval: shares of 1."""

    value: float
    low: float
    high: float

    def reaches(self, least: float) -> bool:
        """Tell whether the effect is as large as `least` and its interval above 0."""
        return self.value >= least and self.low > 0


def estimate(effects: dict[tuple, np.ndarray]) -> dict[tuple, Estimate]:
    """Give effects that are asked about together simultaneous intervals.

    Args:
        effects: Anything -> `(1 + draws,)`, the effect, then the effect drawn again.

    Returns:
        The same keys. Effects that are undefined, or undefined in most draws, are left out.
    """
    kept = {
        key: values
        for key, values in effects.items()
        if np.isfinite(values[0]) and np.isfinite(values[1:]).mean() > 0.5
    }
    spread = {key: float(np.nanstd(values[1:])) for key, values in kept.items()}
    moving = [np.abs(v[1:] - v[0]) / spread[key] for key, v in kept.items() if spread[key] > 0]
    largest = np.zeros(1)
    if moving:  # a draw in which nothing is defined counts for nothing
        largest = np.where(np.isnan(moving), -np.inf, moving).max(axis=0)
        largest = largest[largest >= 0]
    reach = float(np.nanquantile(largest, CONFIDENCE))
    return {
        key: Estimate(
            float(values[0]),
            float(values[0] - reach * spread[key]),
            float(values[0] + reach * spread[key]),
        )
        for key, values in kept.items()
    }
