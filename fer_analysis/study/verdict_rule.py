"""The rule: from the effects of a study to a verdict for each label.

1. *Fails*: recall 10 points or more below the median of the other labels, as predicted or
   prior-corrected (logit adjustment with tau = 1, which is never tuned). Labels with fewer than 10
   images are not judged, and no other label is compared with them.
2. *Recipe*: another recipe, in the same number of steps (else it is said in how many), closes half
   of a gap, as predicted or prior-corrected, and raises the prior-corrected recall by 5 points:
   that of the label, or the mean of all. The other causes are questions about a network that is
   trained properly, so they wait until the recipe is repaired.
3. *Imbalance*: prior correction raises the recall by half of the gap, less what it adds to the
   label's false alarm rate (Youden's J): a network that knows nothing of a label gains as much of
   one as of the other.
4. A gap of 10 points or more that remains after prior correction may have several causes: each
   must explain a quarter of it, and together they must explain half.
   *Scarcity*: the label has at most half as many images as the median label, and loses that much
   recall when three quarters of its images are removed. This says nothing about more images than
   there are.
   *Ambiguity*, *label noise*: that much of the label is predicted as a label that annotators of
   the same image gave, where they are split, or mostly agree on another label; counted is what
   exceeds the rate of the label's clear images, and the same of the median label. Where both are
   large enough, the smaller is shown only if the larger leaves a quarter of the gap: annotators
   are not of one mind about every image with a wrong label.
   Without votes, two networks or more that were not trained on an image stand in for annotators
   (`networks_as_annotators`); of one network neither is tested. *Label noise* is what all of them
   predict as another label, as confidently as that label's own images; it is not tested for scarce
   labels, of which networks know too little. *Ambiguity* is the rest of what is predicted as
   another label, as far as it is mutual: that label's images are predicted as this one too.

5. *Image quality*: the recall on a label's usual pictures is higher than on all of its pictures,
   more than that of other labels, by half of the gap that remains after prior correction. Poor
   pictures are far outside what is usual for the labels in light, sharpness, noise, blocks or
   position (`fer_analysis.quality.poor`).
   *Shift between splits*: the same of the images in the folds of the training split, beside those
   of the validation split: the label fails in that split alone, for whatever reason (pictures from
   elsewhere, a pose that was not trained on, labels that mean something else there).
   Both are tested in steps of their own, the shift first; where one is shown, the other causes are
   tested on the rest of the images.

A cause must have an effect of 5 points. Intervals are simultaneous: within a step, the largest of
all studentised deviations must stay inside (max-t bootstrap; Romano & Wolf 2005), so that testing
many labels and causes does not by itself produce findings.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.statistics.estimate import Estimate

CONFIDENCE = 0.95
FEWEST_IMAGES = 10
"""Images of a label below which nothing is said of it: a few that are all wrong, or all right, are
so in every resample, and their interval has no width."""
GAP = 0.10
"""A label fails from this difference to the median recall of the other labels on."""
EFFECT = 0.05
"""Smallest effect of a cause."""
PART = 0.5
"""Share of a gap that must be explained."""
SHARED = 0.25
"""Share of a gap that each of several causes must explain."""
SCARCE = 0.5
"""Share of the median label's images: a label with more is not scarce."""


def scarce(counts: np.ndarray) -> np.ndarray:
    """Tell which labels have few training images beside the median of the others, bool `(k,)`."""
    k = len(counts)
    return np.array([counts[i] <= SCARCE * np.median(np.delete(counts, i)) for i in range(k)])


def reaches(effect: Estimate, least: float) -> bool:
    """Tell whether an effect is at least `least`, and its interval above 0."""
    if effect.value is None or effect.low is None:
        return False
    return effect.value >= least and effect.low > 0


def estimate(effects: dict[tuple, np.ndarray]) -> dict[tuple, Estimate]:
    """Return effects that are tested together with simultaneous intervals.

    Args:
        effects: Any key -> `(1 + draws,)`, the effect, then its resamples.

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
    if moving:  # draws in which nothing is defined are left out
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
