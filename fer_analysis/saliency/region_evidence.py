"""Collect the evidence of each label: its maps, the nulls, the hidden regions, the ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np

from fer_analysis.data.regions.template import Regions
from fer_analysis.saliency.controls import edges, random_networks
from fer_analysis.saliency.dominance import CHANCE, LEAD, Dominance, RegionEvidence, dominant_region
from fer_analysis.saliency.enrichment import bootstrap_means, enrichment
from fer_analysis.saliency.explain import prepare
from fer_analysis.saliency.findings import HiddenRegion, RegionFinding
from fer_analysis.saliency.maps import SaliencyMaps, strength
from fer_analysis.saliency.region_occlusion import RegionOcclusion, occlude_regions
from fer_analysis.statistics.bootstrap import percentile_interval
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.ranking import auroc

NETWORKS = 3
"""Untrained networks."""
OF_EACH = 20
"""Images of each label that they explain."""
TWICE = 2.0
"""By hiding alone, a region must cost this many times what hiding the same area elsewhere costs:
a large region holds more of a cue that is everywhere than a blob in the middle of the face does.
Set on planted cues, as `LEAD` was."""
DECIDING = "mean"
"""The fill whose region occlusion decides; the blur is reported too."""

Progress = Callable[[int, int], None]


def examine(
    model: keras.Model,
    saliency: SaliencyMaps,
    images: np.ndarray,
    regions: Regions,
    *,
    ranking: tuple[np.ndarray, np.ndarray],
    others: SaliencyMaps | None = None,
    face: np.ndarray,
    seed: int = 0,
    progress: Callable[[str], Progress] | None = None,
) -> list[RegionFinding]:
    """Apply the rule of dominance to every label that has maps.

    Args:
        model: The network.
        saliency: The maps.
        images: `(n, h, w, channels)`, the images they explain.
        regions: The parts of the face.
        ranking: Labels `(m,)` and probabilities `(m, k)` of the whole split.
        others: Maps of all labels, where `saliency` has those of some only.
        face: The mean face.
        seed: Of the networks' weights, the controls' places and the bootstrap.
        progress: What to call for each step, by the step's name.

    Returns:
        One finding for each label that has maps, in the order of the labels.
    """
    report = progress or (lambda _: None)
    common = {"all labels": _all_labels(others or saliency, regions)}
    untrained = _random_enrichment(
        model, saliency, images, regions, face, seed, report("untrained networks")
    )
    hidden = report("hiding regions")
    found, done = [], 0
    for label in np.unique(saliency.labels):
        members = saliency.labels == label
        part = saliency.take(members)
        step = hidden and _within(hidden, done, len(part), len(saliency))
        occlusion = occlude_regions(
            model,
            images[members],
            part.labels,
            part.weights,
            regions,
            face=face,
            seed=seed,
            progress=step,
        )
        nulls = {
            "the edges": _reached(enrichment(edges(images[members]), regions), seed),
            "untrained networks": untrained[int(label)],
            **common,
        }
        name = saliency.label_names[label]
        rank = auroc(ranking[1][:, label], ranking[0] == label)
        ends = rank.interval or (np.nan, np.nan)
        values = enrichment(part.strength, regions)
        evidence = _evidence(regions.names, values, nulls, occlusion[DECIDING], ends, seed=seed)
        found.append(
            RegionFinding(
                label=name,
                evidence=evidence,
                by_maps=dominant_region(evidence),
                by_occlusion=dominant_by_occlusion(regions.names, occlusion[DECIDING], ends, seed),
                hidden={fill: hidden_regions(each) for fill, each in occlusion.items()},
                auroc=rank,
            )
        )
        done += len(part)
    return found


def _within(progress: Progress, before: int, own: int, total: int) -> Progress:
    """Return the progress of one label as a part of all labels."""
    return lambda done, of: progress(before + own * done // of, total)


def _evidence(
    names: tuple[str, ...],
    values: np.ndarray,
    nulls: Mapping[str, np.ndarray],
    deciding: RegionOcclusion,
    ranking: tuple[float, float],
    *,
    seed: int,
) -> RegionEvidence:
    """Return what the rule is applied to.

    Args:
        names: The regions.
        values: float64 `(n, regions)`, the enrichment of each map.
        nulls: How far each null reaches.
        deciding: What hiding the regions does.
        ranking: The ends of the AUROC's interval.
        seed: Of the bootstrap.
    """
    draws = bootstrap_means(values, seed=seed)
    mean = values.mean(axis=0) if len(values) else np.full(len(names), np.nan)
    first, second = np.argsort(mean)[[-1, -2]]
    lead = percentile_interval(draws[:, first] - LEAD * draws[:, second])[0]
    costs = [deciding.drop, deciding.drop - deciding.control]
    low = np.min([percentile_interval(bootstrap_means(c, seed=seed))[0] for c in costs], axis=0)
    return RegionEvidence(
        n=len(values),
        names=names,
        enrichment=mean,
        low=percentile_interval(draws)[0],
        lead=float(lead),
        nulls=nulls,
        occlusion=low,
        cost=costs[1].mean(axis=0),
        ranking=ranking,
    )


def hidden_regions(occlusion: RegionOcclusion) -> tuple[HiddenRegion, ...]:
    """Return what hiding each region costs and what it shows alone, means over images."""
    excess = occlusion.drop - occlusion.control
    columns = {"drop": occlusion.drop, "excess": excess, "alone": occlusion.alone}
    ends = {k: percentile_interval(bootstrap_means(v)) for k, v in columns.items()}
    n, r = excess.shape
    return tuple(
        HiddenRegion(
            **{k: Estimate(v[:, i].mean(), *ends[k][:, i], n=n) for k, v in columns.items()},
            recall=float(occlusion.right.mean()),
            recall_hidden=float(occlusion.right_hidden[:, i].mean()),
            recall_control=float(occlusion.right_control[:, i].mean()),
            recall_alone=float(occlusion.right_alone[:, i].mean()),
        )
        for i in range(r)
    )


def dominant_by_occlusion(
    names: tuple[str, ...], occlusion: RegionOcclusion, ranking: tuple[float, float], seed: int = 0
) -> Dominance:
    """Return the region whose hiding costs most, far beyond a control of equal area.

    Args:
        names: The regions.
        occlusion: What hiding them does.
        ranking: The ends of the AUROC's interval.
        seed: Of the bootstrap.

    Returns:
        The region, if the drop clears 0 and `TWICE` that of its control and its excess over the
        control leads the runner-up's by the factor `LEAD`, both with the lower end of a 95 %
        interval over images; or none and why.
    """
    if not ranking[0] > CHANCE:
        return Dominance(None, "not ranked above chance")
    excess = occlusion.drop - occlusion.control
    mean = excess.mean(axis=0)
    second, top = np.argsort(mean)[-2:]
    beyond = occlusion.drop[:, top] - TWICE * occlusion.control[:, top]
    # A runner-up below 0 is no rival: the lead over it would be a gift.
    rival = excess[:, second] if mean[second] > 0 else 0 * excess[:, second]
    lead = excess[:, top] - LEAD * rival
    values = np.stack([occlusion.drop[:, top], excess[:, top], beyond, lead], axis=1)
    low = percentile_interval(bootstrap_means(values, seed=seed))[0]
    found = f"{names[top]} ({mean[top]:+.2f} logits)"
    if not low[:3].min() > 0:
        return Dominance(None, f"{found} costs no more than hiding the same area elsewhere")
    if not low[3] > 0:
        return Dominance(None, f"{found} does not clear {names[second]} ({mean[second]:+.2f})")
    return Dominance(names[top], found)


def _reached(values: np.ndarray, seed: int) -> np.ndarray:
    """Return the upper ends of the intervals of the mean enrichment, float64 `(regions,)`."""
    if not len(values):  # a flat image has no edges
        return np.zeros(values.shape[1])
    high = percentile_interval(bootstrap_means(values, seed=seed))[1]
    return np.where(np.isnan(high), values.mean(axis=0), high)


def _all_labels(saliency: SaliencyMaps, regions: Regions) -> np.ndarray:
    """Return the enrichment of the mean map over labels, each label counting the same."""
    by_label = [
        enrichment(saliency.take(saliency.labels == label).strength, regions)
        for label in np.unique(saliency.labels)
    ]
    means = [values.mean(axis=0) for values in by_label if len(values)]
    return np.mean(means, axis=0) if means else np.zeros(len(regions.names))


def _random_enrichment(
    model, saliency: SaliencyMaps, images, regions: Regions, face, seed: int, progress
) -> dict[int, np.ndarray]:
    """Return, for each label, the highest enrichment that untrained networks reach."""
    labels = np.unique(saliency.labels)
    rows = np.concatenate([np.flatnonzero(saliency.labels == label)[:OF_EACH] for label in labels])
    method, reached = prepare(saliency, face, faster=True), {int(label): [] for label in labels}
    for number, network in enumerate(random_networks(model, NETWORKS, seed=seed)):
        raw = method(network, images[rows], saliency.weights[rows])
        maps = strength(raw, saliency.parts_of_logit)
        for label in labels:
            values = enrichment(maps[saliency.labels[rows] == label], regions)
            if len(values):
                reached[int(label)].append(values.mean(axis=0))
        if progress:
            progress(number + 1, NETWORKS)
    none = np.zeros(len(regions.names))
    return {label: np.max(found, axis=0) if found else none for label, found in reached.items()}
