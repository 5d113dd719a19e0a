"""Audit: all that was found in a data set, as a summary and as one row an issue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.auditing.confident_learning import label_issues
from fer_analysis.auditing.duplicate_issues import copy_findings
from fer_analysis.auditing.issues import KINDS, NOBODY, Finding
from fer_analysis.auditing.pixel_issues import picture_findings
from fer_analysis.auditing.vote_issues import vote_findings
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.duplicates.cached import Copies, find_copies
from fer_analysis.data.duplicates.search import NO_PAIRS, exact_groups
from fer_analysis.data.load import LoadedData
from fer_analysis.files import write_csv, write_json, write_text
from fer_analysis.statistics.intervals import wilson

SUMMARY, TABLE = "audit.json", "audit.csv"
MANY, SHARE = 50, 0.05
"""A group of copies of more images than the first, and than this share of all, is doubted."""

COLUMNS = (
    "id",
    "issue",
    "partner",
    "score",
    "label",
    "split",
    "suggested",
    "partner_label",
    "partner_split",
)


@dataclass(frozen=True)
class Audit:
    """What was found in a data set.

    Args:
        data: The data.
        findings: One for each kind that was looked for, in the order of `KINDS`.
        notes: What a reader should know, one line each.
    """

    data: LoadedData
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    @property
    def dataset(self) -> FaceDataset:
        return self.data.dataset

    def summary(self) -> dict:
        """Return all figures, ready for JSON: counts, shares of 1 with Wilson intervals."""
        return {
            "fingerprint": self.data.fingerprint,
            "protocol": self.data.protocol,
            "n": len(self.dataset),
            "label_names": list(self.dataset.label_names),
            "notes": list(self.notes),
            "issues": {finding.kind: self._figures(finding) for finding in self.findings},
        }

    def _figures(self, finding: Finding) -> dict:
        # An image in several pairs counts once.
        rows = np.unique(finding.rows)
        among = int(finding.among.sum())
        dataset, names = self.dataset, self.dataset.label_names
        by_label = np.bincount(dataset.labels[rows], minlength=len(names)).tolist()
        of_label = np.bincount(dataset.labels[finding.among], minlength=len(names)).tolist()
        return {
            "meaning": KINDS[finding.kind],
            "n": len(rows),
            "among": among,
            "share": len(rows) / among if among else None,
            "interval": list(wilson(len(rows), among)) if among else None,
            "by_label": dict(zip(names, by_label, strict=True)),
            "among_by_label": dict(zip(names, of_label, strict=True)),
            "by_split": {
                split: int((dataset.split[rows] == split).sum()) for split in dataset.splits
            },
            **finding.facts,
        }

    def table(self) -> list[dict]:
        """Return one row an issue, its cells by `COLUMNS`."""
        dataset = self.dataset
        ids, names = dataset.ids.tolist(), dataset.label_names
        labels = dataset.labels.tolist()
        splits = dataset.split.tolist()
        rows = []
        for finding in self.findings:
            columns = (finding.rows, finding.partner, finding.suggested, finding.score)
            for row, partner, label, score in zip(*(c.tolist() for c in columns), strict=True):
                alone = partner == NOBODY
                cells = (
                    ids[row],
                    finding.kind,
                    "" if alone else ids[partner],
                    f"{score:.3f}",
                    names[labels[row]],
                    splits[row],
                    "" if label == NOBODY else names[label],
                    "" if alone else names[labels[partner]],
                    "" if alone else splits[partner],
                )
                rows.append(dict(zip(COLUMNS, cells, strict=True)))
        return rows

    def save(self, folder: Path) -> None:
        """Write `audit.json` and `audit.csv`."""
        write_json(folder / SUMMARY, self.summary())
        rows = self.table()
        if rows:
            write_csv(folder / TABLE, rows)
        else:
            write_text(folder / TABLE, ",".join(COLUMNS) + "\n")


def audit(
    data: LoadedData,
    *,
    probabilities: np.ndarray | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:
    """Look for everything that can be wrong with a data set.

    Args:
        data: The data.
        probabilities: `(t, k)`, out-of-fold probabilities of the training images, in order;
            without them labels are not held against networks.
        progress: Called with (done, total) while all pairs of images are compared.
    """
    dataset, notes = data.dataset, []
    if data.layout == "synthetic":
        notes.append("near-duplicates were not looked for: drawn faces are all alike")
        copies = Copies(exact_groups(dataset.images), NO_PAIRS)
    else:
        copies = find_copies(dataset.images, progress=progress)
    largest = int(np.bincount(copies.groups).max(initial=0))
    if largest > max(MANY, SHARE * len(dataset)):
        notes.append(
            f"{largest:,} images are linked as copies: frames of a film, or faces before one "
            "ground, look like near-duplicates to this search"
        )
    findings = copy_findings(dataset, copies) + picture_findings(dataset) + vote_findings(dataset)
    if dataset.votes is None:
        notes.append("no annotators' votes: no-face images, ties and mismatches are unknown")
    if probabilities is None:
        notes.append("no out-of-fold probabilities: label issues are unknown (--folds 6)")
    else:
        findings.append(label_issues(dataset, probabilities))
    return Audit(data, tuple(findings), tuple(notes))
