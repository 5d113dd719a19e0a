#!/usr/bin/env python3
"""Compare what could tell a network's wrong answers under conditions from its correct ones.

    python scripts/guard_comparison.py bundled --data fer2013.csv --n 100 --out comparison.csv

Candidates: each measure of the picture; how far the farthest one is outside its usual range;
their Mahalanobis distance; the guard (costs fitted, see fer_analysis/quality/fit_guard.py); the
guard with the kind of condition left out of its fit; and what the network shows: its highest
probability, the disagreement of mirrored and shifted views, the distance of its features to those
of training (cosine, 10th nearest; Mahalanobis after Lee et al. 2018).

n validation images under every condition and severity are judged; everything is fitted on the other
validation images. For each candidate: AUROC of wrong against correct answers under conditions, and
against correct answers on clean images; where 3 % of the answers to clean faces are refused, the
share answered, the share correct of the answers, and in how many conditions and severities at least
75 % and 60 % are (or hardly anything is answered).
"""

from __future__ import annotations

import argparse

import numpy as np

from fer_analysis.api import load_data, open_run
from fer_analysis.conditions import CONDITIONS, kind_of
from fer_analysis.evaluation.evaluate_run import open_model
from fer_analysis.evaluation.kept_temperature import kept_temperature
from fer_analysis.evaluation.temperature import at_temperature
from fer_analysis.files import write_csv
from fer_analysis.quality.fit_guard import REFUSED, Answers, fit_guard
from fer_analysis.quality.guard import deviations
from fer_analysis.robustness.images import draw, leak_free_part
from fer_analysis.robustness.promise import SILENT
from fer_analysis.statistics.ranking import auroc

CELLS = [(name, severity) for name in CONDITIONS for severity in range(1, 6)]
GIVEN = ("correct", "answered", "confidence")
GUARD, LEFT_OUT = "guard", "guard, kind left out of the fit"


class Network:
    """A run's network: features, and the probabilities that they give."""

    def __init__(self, run, label_names):
        from fer_analysis.models.predict import features_model, predictor

        model = open_model(run, label_names)
        self.features = predictor(features_model(model))
        self.weights, self.bias = model.get_layer("logits").get_weights()
        kept = kept_temperature(run)
        self.temperature, self.least = kept["temperature"], kept["answers"]["least"]

    def probabilities(self, features):
        logits = features @ self.weights + self.bias
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return at_temperature(exponents / exponents.sum(axis=1, keepdims=True), self.temperature)

    def answers(self, images, labels):
        found = self.probabilities(self.features(images))
        return Answers(images, found.max(axis=1), found.argmax(axis=1) == labels)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run")
    parser.add_argument("--data", required=True)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--each", type=int, default=40, help="images a cell for the fit")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", default="guard_comparison.csv")
    options = parser.parse_args()
    run, data = open_run(options.run), load_data(options.data).dataset
    part = leak_free_part(data, "validation", run)
    judged = draw(part, options.n, options.seed)
    rest = part.take(~np.isin(part.ids, judged.ids))
    network = Network(run, part.label_names)
    fit = Fit(network, rest, options.each, options.seed)
    train = data.part("train")
    near = np.random.default_rng(options.seed).permutation(len(train))[:3000]
    shown = Shown(network, train.take(np.sort(near)))
    blocks = []
    for cell in (None, *CELLS):
        images = judged.images
        if cell:
            images = CONDITIONS[cell[0]](images, severity=cell[1], seed=options.seed)
        found = shown(images, judged.labels)
        blocks.append(found | fit(images, found["confidence"], cell))
        print(f"{len(blocks)} of {len(CELLS) + 1}", end="\r", flush=True)
    rows = [row(name, blocks) for name in blocks[0] if name not in GIVEN]
    write_csv(options.out, rows)
    print(f"wrote {options.out}: {options.n} images, seed {options.seed}")


class Fit:
    """What is learnt from the images that are not judged: ranges, and guards."""

    def __init__(self, network, rest, each, seed):
        rng = np.random.default_rng(seed)
        clean, changed = network.answers(rest.images, rest.labels), []
        for name, severity in CELLS:
            rows = rng.permutation(len(rest))[:each]
            images = CONDITIONS[name](rest.images[rows], severity=severity, seed=seed)
            changed.append(network.answers(images, rest.labels[rows]))
        kinds = np.array([kind_of(name) for name, _ in CELLS])
        self.guard = fit_guard(clean, changed, least=network.least)
        self.without = {
            kind: fit_guard(
                clean, [changed[i] for i in np.flatnonzero(kinds != kind)], least=network.least
            )
            for kind in np.unique(kinds)
        }
        usual = np.stack(list(self._far(rest.images).values()), axis=1)
        self.inverse = np.linalg.inv(np.cov(usual.T) + 0.05 * np.eye(usual.shape[1]))

    def _far(self, images):
        guard = self.guard
        return deviations(images, guard.template, guard.middle, guard.spread)

    def __call__(self, images, confidence, cell):
        far = self._far(images)
        columns = np.stack(list(far.values()), axis=1)
        other = self.without[kind_of(cell[0])] if cell else self.guard
        return {
            GUARD: self.guard.points(images) - self.guard.allowed(confidence),
            LEFT_OUT: other.points(images) - other.allowed(confidence),
            "farthest measure": np.abs(columns).max(axis=1),
            "measures, Mahalanobis": np.einsum("ni,ij,nj->n", columns, self.inverse, columns),
        } | {f"measure: {name}": np.abs(values) for name, values in far.items()}


class Shown:
    """What the network itself shows."""

    def __init__(self, network, train):
        self.network = network
        features = network.features(train.images)
        self.unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        means = [features[train.labels == label].mean(axis=0) for label in np.unique(train.labels)]
        self.means = np.stack(means)
        spread = features - self.means[np.searchsorted(np.unique(train.labels), train.labels)]
        covariance = np.cov(spread.T)
        ridge = 1e-3 * np.trace(covariance) / len(covariance)
        self.inverse = np.linalg.inv(covariance + ridge * np.eye(len(covariance)))

    def __call__(self, images, labels):
        network = self.network
        features = network.features(images)
        found = network.probabilities(features)
        moved = np.roll(images, 2, axis=1)
        moved[:, :2] = images[:, :1]
        others = [
            network.probabilities(network.features(view)) for view in (images[:, :, ::-1], moved)
        ]
        unit = features / np.linalg.norm(features, axis=1, keepdims=True)
        near = np.partition(1 - unit @ self.unit.T, 9, axis=1)[:, 9]
        apart = [features - mean for mean in self.means]
        return {
            "correct": found.argmax(axis=1) == labels,
            "answered": found.max(axis=1) >= network.least,
            "confidence": found.max(axis=1),
            "network: highest probability": -found.max(axis=1),
            "network: mirrored and shifted views disagree": np.mean(
                [np.abs(found - other).sum(axis=1) for other in others], axis=0
            ),
            "network: features, 10th nearest": near,
            "network: features, Mahalanobis": np.min(
                [np.einsum("ni,ij,nj->n", each, self.inverse, each) for each in apart], axis=0
            ),
        }


def row(name: str, blocks: list[dict]) -> dict:
    """Return a candidate's figures."""
    score, hit, answered = (
        np.stack([block[key] for block in blocks]) for key in (name, "correct", "answered")
    )
    wrong, kept = score[1:][answered[1:] & ~hit[1:]], score[1:][answered[1:] & hit[1:]]
    clean = score[0][answered[0] & hit[0]]
    # A guard is used at its own limit, the others where as many clean answers are refused.
    limit = 0.0 if name in (GUARD, LEFT_OUT) else np.quantile(score[0][answered[0]], 1 - REFUSED)
    left = answered & (score <= limit)
    answers, right = left[1:].sum(axis=1), (left & hit)[1:].sum(axis=1)
    silent = answers < SILENT * score.shape[1]
    share = np.where(silent, 1, right / np.maximum(answers, 1))

    def ranked(others) -> float:
        made = np.r_[np.ones(len(wrong), bool), np.zeros(len(others), bool)]
        return round(auroc(np.r_[wrong, others], made).value, 3)

    return {
        "candidate": name,
        "auroc_against_correct_under_conditions": ranked(kept),
        "auroc_against_correct_clean": ranked(clean),
        "answered": round(float(left[1:].mean()), 3),
        "correct_of_answered": round(float(right.sum() / max(answers.sum(), 1)), 3),
        "cells_at_75": int((share >= 0.75).sum()),
        "cells_at_60": int((share >= 0.6).sum()),
        "silent_cells": int(silent.sum()),
        "cells": len(share),
        "n": score.shape[1],
    }


if __name__ == "__main__":
    main()
