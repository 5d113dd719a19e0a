"""Sanity: do the maps change when the weights are randomised? (Adebayo et al. 2018)"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from scipy import ndimage
from scipy.stats import rankdata

from fer_analysis.saliency.controls import copy_of, randomise_weights

STAGES = 8
"""At most: layers of a deep network are randomised in groups."""
ALIKE = 0.5
"""Rank correlation or SSIM with the maps of a network with random weights, above which a map
shows the image and not what the network learned."""
_WINDOW = 1.5


def cascading_randomisation(
    model: keras.Model,
    images: np.ndarray,
    targets: np.ndarray,
    method: Callable[..., np.ndarray],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Randomise the weights from the logits down, and compare the maps at each stage.

    Args:
        model: The network; it stays as it is.
        images: `(n, h, w, channels)`.
        targets: Labels `(n,)` or weights of the logits `(n, k)`.
        method: `(model, images, targets) -> maps`.
        seed: Of the weights.
        progress: Called with (stages done, stages in all).

    Returns:
        For JSON: `n`; `stages`, one row each: `randomised_down_to` (the layer's name), and the
        means over images of `rank_correlation` (Spearman's, of |map|) and `ssim` with the
        trained network's maps (maps of zeros left out, null where nothing else is); `passes`:
        whether both end at `ALIKE` or below, null where all maps are zero.
    """
    before = method(model, images, targets)
    network = copy_of(model)
    layers = [layer for layer in reversed(network.layers) if layer.get_weights()]
    groups = [
        list(group) for group in np.array_split(np.array(layers, object), min(STAGES, len(layers)))
    ]
    rows = []
    for number, group in enumerate(groups):
        randomise_weights(group, seed=(seed, number))
        after = method(network, images, targets)
        nonzero = (np.abs(after).max(axis=(1, 2)) > 0) & (np.abs(before).max(axis=(1, 2)) > 0)
        rows.append(
            {
                "randomised_down_to": group[-1].name,
                "rank_correlation": _mean(rank_correlation, before[nonzero], after[nonzero]),
                "ssim": _mean(ssim, before[nonzero], after[nonzero]),
            }
        )
        if progress:
            progress(number + 1, len(groups))
    last = rows[-1]
    known = last["rank_correlation"] is not None
    passes = max(last["rank_correlation"], last["ssim"]) <= ALIKE if known else None
    return {"n": len(images), "stages": rows, "passes": passes}


def rank_correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return Spearman's rank correlation of |maps|, image by image, float64 `(n,)`."""
    flat = [np.abs(maps).reshape(len(maps), np.prod(maps.shape[1:])) for maps in (one, other)]
    ranks = [rankdata(values, axis=1) for values in flat]
    a, b = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.divide((a * b).sum(axis=1), scale, out=np.zeros(len(a)), where=scale > 0)


def ssim(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the structural similarity of |maps|, image by image (Wang et al. 2004).

    Each map is first scaled to 0-1, clipped at its 99th percentile as it is when drawn.

    Returns:
        float64 `(n,)`, 1 for equal maps.
    """
    a, b = _scaled(one), _scaled(other)

    def local(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, (0, _WINDOW, _WINDOW))

    mean_a, mean_b = local(a), local(b)
    variance_a, variance_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    covariance = local(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    light = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    structure = (2 * covariance + c2) / (variance_a + variance_b + c2)
    return (light * structure).mean(axis=(1, 2))


def _scaled(maps: np.ndarray) -> np.ndarray:
    magnitude = np.abs(maps.astype(np.float64))
    top = np.percentile(magnitude, 99, axis=(1, 2), keepdims=True)
    top = np.where(top > 0, top, magnitude.max(axis=(1, 2), keepdims=True))
    return np.clip(np.divide(magnitude, top, out=np.zeros_like(magnitude), where=top > 0), 0, 1)


def _mean(likeness: Callable, before: np.ndarray, after: np.ndarray) -> float | None:
    return float(likeness(before, after).mean()) if len(before) else None
