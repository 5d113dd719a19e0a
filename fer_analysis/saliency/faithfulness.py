"""Faithfulness: does the network need the pixels most that a map ranks first?"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from scipy import ndimage

from fer_analysis.saliency.controls import edges
from fer_analysis.saliency.enrichment import bootstrap_means
from fer_analysis.saliency.methods.fills import FILLS, fill
from fer_analysis.saliency.methods.gradients import logit_weights
from fer_analysis.saliency.region_occlusion import logits_when_hidden
from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.statistics.estimate import Estimate

STEPS = 16
"""Equal parts of the pixels that are taken away, or brought in, one after another."""
GRAIN = 1.5
"""Pixels by which every ranking is smoothed, the random one too: otherwise a coarse map
would be compared with scattered single pixels, which harm a network in another way."""

RIVALS = ("random", "edges")


def faithfulness(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    maps: np.ndarray,
    *,
    face: np.ndarray | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Delete and insert pixels by rank of |map|, with every fill (Petsiuk et al. 2018).

    What is measured is the area between the two curves of the target's logit, each averaged
    over the steps: insertion less deletion, in logits. A ranking that knows what the network
    needs has a high one. Sobel edges and a random ranking go the same way.

    Args:
        model: Raw pixels in, with a layer named `logits`.
        images: `(n, h, w, channels)`, pixels 0-255.
        targets: Labels `(n,)` or weights of the logits `(n, k)`.
        maps: `(n, h, w)`, of these images.
        face: The mean face; by default that of `images`.
        seed: Of the random ranking and the bootstrap.
        progress: Called with (images done, images in all), each image once a fill.

    Returns:
        For JSON: `n`; for each fill and ranking `deletion` and `insertion` (mean logit over the
        steps), and for each fill and rival `lead`: by how much the map's area between the curves
        exceeds the rival's, an `Estimate`; `passes`: whether it exceeds the random ranking's
        with every fill; `beats_edges`: likewise the edges'. Maps of zeros, which rank nothing,
        are left out; both are null where no other map is.
    """
    nonzero = np.abs(maps).max(axis=(1, 2)) > 0
    if not nonzero.any():
        return {"n": 0, "fills": {}, "passes": None, "beats_edges": None}
    images, targets, maps = images[nonzero], targets[nonzero], maps[nonzero]
    noise = np.random.default_rng(seed).standard_normal(maps.shape)
    rankings = {"map": np.abs(maps), "random": noise, "edges": edges(images)}
    orders = {name: _order(values) for name, values in rankings.items()}
    weights = logit_weights(targets, model.output_shape[-1])
    result: dict = {"n": len(images), "fills": {}}
    for number, kind in enumerate(FILLS):
        shown = fill(images, kind, face)
        curves = {name: [] for name in orders}
        for i in range(len(images)):
            for name, order in orders.items():
                curves[name].append(_curves(model, images[i], shown[i], order[i], weights[i]))
            if progress:
                progress(number * len(images) + i + 1, len(FILLS) * len(images))
        areas = {name: np.array(values) for name, values in curves.items()}
        result["fills"][kind] = _compared(areas, seed)
    leads = result["fills"].values()
    for name, rival in (("passes", "random"), ("beats_edges", "edges")):
        ends = [each["lead"][rival]["low"] for each in leads]
        result[name] = all(low is not None and low > 0 for low in ends)
    return result


def _order(values: np.ndarray) -> np.ndarray:
    """Return at which step each pixel's turn comes, int64 `(n, h, w)`: the highest first."""
    smooth = ndimage.gaussian_filter(values.astype(np.float64), (0, GRAIN, GRAIN))
    flat = -smooth.reshape(len(values), -1)
    rank = np.argsort(np.argsort(flat, axis=1, kind="stable"), axis=1)
    return (rank * STEPS // flat.shape[1]).reshape(values.shape)


def _curves(model, image, shown, order, weights) -> tuple[float, float]:
    """Return the mean score over the steps of (deletion, insertion)."""
    steps = np.arange(1, STEPS)[:, None, None]
    masks = np.concatenate([order < steps, order >= steps])
    score = logits_when_hidden(model, image[None], masks, shown[None])[0] @ weights
    return float(score[: STEPS - 1].mean()), float(score[STEPS - 1 :].mean())


def _compared(areas: dict[str, np.ndarray], seed: int) -> dict:
    between = {name: values[:, 1] - values[:, 0] for name, values in areas.items()}
    leads = {}
    for rival in RIVALS:
        lead = between["map"] - between[rival]
        low, high = percentile_interval(bootstrap_means(lead[:, None], seed=seed))[:, 0]
        leads[rival] = Estimate(lead.mean(), low, high, len(lead)).as_dict()
    scores = {
        name: {"deletion": float(values[:, 0].mean()), "insertion": float(values[:, 1].mean())}
        for name, values in areas.items()
    }
    return {"scores": scores, "lead": leads}
