"""Saved predictions, audits and diagnoses made by hand, and a reader of the page's elements."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import numpy as np

from fer_analysis.config import load_config
from fer_analysis.data.regions.template import template
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.metrics import save_metrics
from fer_analysis.files import write_csv, write_json
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import summaries
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.diagnosis import Cause, Diagnosis, LabelDiagnosis
from fer_analysis.study.differences import CellFigures, Differences, Figure

VOID = {"meta", "link", "img", "source", "input", "br"}


def predicted(part, *, seed=0, names=None, votes=True):
    """Return an evaluation of drawn faces: correct for about six in ten, some of them leaks."""
    rng = np.random.default_rng(seed)
    n, k = len(part), len(part.label_names)
    logits = rng.normal(size=(n, k))
    logits[np.arange(n), part.labels] += 1.6
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    names = part.label_names if names is None else names
    given = rng.multinomial(10, np.full(k + 1, 1 / (k + 1)), n) if votes else None
    return Evaluation(
        part.labels,
        shares,
        part.ids,
        "test",
        names,
        leaked=rng.random(n) < 0.1,
        votes=given,
        vote_names=(*names, "unknown") if votes else (),
    )


def make_run(folder, data, *, seed=0, votes=True, saliency=True, fingerprint=None):
    """Write a run directory as training, evaluation and saliency leave it; no model."""
    config = load_config("tiny", ["data.source=synthetic", "data.n=280", "data.seed=0"])
    part = data.part("test")
    evaluation = predicted(part, seed=seed, votes=votes)
    evaluation.save(folder / "evaluation" / "test")
    save_metrics(evaluation, folder / "evaluation" / "test")
    if fingerprint:
        write_json(folder / "evaluation" / "test" / "made_from.json", {"data": fingerprint})
    (folder / "config.yaml").write_text(config.to_yaml())
    if saliency:
        saliency_of(part, evaluation, fingerprint).save(folder / "saliency" / "test")
    return evaluation


def saliency_of(part, evaluation, fingerprint):
    """Return an analysis of the first images of each label, without controls."""
    maps = maps_of(part, evaluation)
    images = part.images[maps.rows]
    regions = template(*images.shape[1:3])
    return SaliencyAnalysis(
        maps=maps,
        images=images,
        regions=regions,
        labels=tuple(summaries(maps, images, regions)),
        findings=(),
        checks={},
        stability=(),
        meta={"data": fingerprint, "regions": regions.source, "complete": True},
    )


def maps_of(part, evaluation, of_each=3):
    """Return maps of the first images of each label."""
    k = len(part.label_names)
    rows = np.concatenate([np.flatnonzero(part.labels == label)[:of_each] for label in range(k)])
    n = len(rows)
    return SaliencyMaps(
        maps=np.random.default_rng(0).random((n, *part.images.shape[1:3]), dtype=np.float32),
        rows=rows,
        ids=evaluation.ids[rows],
        labels=part.labels[rows],
        targets=part.labels[rows],
        against=np.full(n, -1),
        residuals=np.full(n, np.nan, np.float32),
        probabilities=evaluation.probabilities[rows],
        label_names=evaluation.label_names,
        support=evaluation.support,
        correct=evaluation.correct,
        split="test",
        target="true",
        method="gradient",
        options={},
    )


def make_audit(folder, evaluation):
    """Write an audit that names two images of the split."""
    ids = evaluation.ids[:2].tolist()
    share = Estimate(0.02, 0.01, 0.07, 100).as_dict()
    issue = {"meaning": "an earlier image again", "n": 2, "among": 100, "share": share}
    write_json(
        folder / "audit.json",
        {
            "fingerprint": "f",
            "n": 100,
            "notes": [],
            "issues": {"exact_duplicate": issue},
        },
    )
    write_csv(folder / "audit.csv", [{"id": name, "issue": "exact_duplicate"} for name in ids])
    return ids


def make_diagnosis(folder, evaluation):
    """Write a diagnosis: the second label fails, for imbalance."""
    recall, gap = Estimate(0.5, 0.4, 0.6, 9), Estimate(0.1, 0.0, 0.2)
    cause = Cause("imbalance", "shown", gap, part=0.6, because="so")
    labels = tuple(
        LabelDiagnosis(
            label=name,
            n=9,
            training=90,
            recall=recall,
            corrected=recall,
            gap=gap,
            corrected_gap=gap,
            fails=i == 1,
            causes=(cause,) if i == 1 else (),
            caveats=("but <so>",) if i == 1 else (),
        )
        for i, name in enumerate(evaluation.label_names)
    )
    Diagnosis(
        subject="base", seeds=1, votes=False, fingerprint="f", fingerprints={}, labels=labels
    ).save(folder)


def make_differences(folder, evaluation):
    """Write what a study's cells change: one remedy, which helps the second label."""
    names = ["accuracy", "macro_f1", "ece", *evaluation.label_names]
    value, clear, unclear = (
        Estimate(0.5, 0.4, 0.6),
        Estimate(0.123, 0.045, 0.2),
        Estimate(-0.01, -0.045, 0.02),
    )
    cells = tuple(
        CellFigures(
            cell=cell,
            seeds=3,
            n=90,
            training_images=(9,) * len(evaluation.label_names),
            figures={name: Figure(value, change(i)) for i, name in enumerate(names)},
            warnings=("trained on <all>",) if change(4) else (),
        )
        for cell, change in (
            ("base", lambda i: None),
            ("<b>mixup</b>", lambda i: clear if i == 4 else unclear),
        )
    )
    watched = (evaluation.label_names[1],)
    Differences(
        study="remedies",
        question="what helps?",
        reference="base",
        watched=watched,
        fingerprint="f",
        fingerprints={},
        cells=cells,
    ).save(folder)


def drawn():
    return generate(n=280, seed=0)


class Page(HTMLParser):
    """The elements of a page: tag, attributes, text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self._open = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", "inside": [e["tag"] for e in self._open], **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag):
        assert self._open[-1]["tag"] == tag, f"<{self._open[-1]['tag']}> ended by </{tag}>"
        self._open.pop()

    def handle_data(self, data):
        for element in self._open:
            element["text"] += data

    def all(self, tag, **attributes):
        return [
            e
            for e in self.elements
            if e["tag"] == tag and all(e.get(key) == value for key, value in attributes.items())
        ]

    def ids_of(self, cell):
        """Return the ids of the faces listed behind a cell, in their order."""
        inside, found = False, []
        for element in self.elements:
            if element["tag"] == "details":
                inside = element.get("id") == cell
            if inside and "data-id" in element:
                found.append(element["data-id"])
        return found


def look_up(metrics, path):
    """Return the value at a path such as `all.labels.0.recall`."""
    for word in path.split("."):
        metrics = metrics[int(word)] if isinstance(metrics, list) else metrics[word]
    return metrics


def read_metrics(run):
    return json.loads((run / "evaluation" / "test" / "metrics.json").read_text())
