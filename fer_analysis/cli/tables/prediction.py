"""The ways in which `fer predict` prints answers: a table, JSON, or CSV row by row.

File and label names are untrusted: they are printed without control characters, as text and not
as markup, and no cell is a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import click

from fer_analysis.cli.tables.console import err, notice, out, table
from fer_analysis.cli.terminal import printable
from fer_analysis.evaluation.model_card import sentences
from fer_analysis.files import as_text

NOTES = (
    "no face detector is involved: each image is taken for one cropped face",
    "an expression is not a feeling: the answer is what such a face was filed under",
)

ROOM = 50
"""Columns of a terminal that an image's name and answer take."""


class Table:
    """A row an image, printed when all are there: every label's percentage if there is room."""

    def begin(self, classifier) -> None:
        self._names = [printable(name) for name in classifier.label_names]
        self._wide = out.width >= ROOM + 8 * len(self._names)
        heads = [name[:7] for name in self._names] if self._wide else ["%", "then"]
        self._rows = table("image", "answer", *heads, numbers_from=2)
        if not self._wide:
            self._rows.columns[-1].justify = "left"
        self._counts, self._oblong, self._drawn = Counter(), 0, []
        self._without_rule = classifier.temperature is None

    def answer(self, answer, drawn: Path | None) -> None:
        name = self._names[answer.label]
        told = f"unsure ({name}?)" if answer.sure is False else name
        shares = self._all(answer) if self._wide else self._likely(answer)
        self._rows.add_row(printable(answer.found.path), told, *shares)
        self._counts["unsure" if answer.sure is False else name] += 1
        self._oblong += answer.oblong
        self._drawn += [drawn] if drawn else []

    def _all(self, answer) -> list[str]:
        return [_percent(value) for value in answer.probabilities]

    def _likely(self, answer) -> list[str]:
        """Return the answer's percentage, and the next two labels with theirs."""
        first, *others = answer.probabilities.argsort(kind="stable")[::-1][:3]
        shares = answer.probabilities
        return [
            _percent(shares[first]),
            ", ".join(f"{self._names[i][:9]} {_percent(shares[i])}" for i in others),
        ]

    def unreadable(self, problem) -> None:
        pass

    def finish(self, name: str, card: dict | None, problems: list[str]) -> None:
        if self._rows.row_count:
            out.print(self._rows)
            counts = ", ".join(f"{name} {n:,}" for name, n in self._counts.most_common())
            images = f"{self._rows.row_count:,} images by {printable(name)}"
            out.print(f"{images}: {counts} (--csv, --json: all probabilities)", soft_wrap=True)
        for line in notes(card, self._oblong, self._without_rule):
            out.print(f"  - {line}", soft_wrap=True)
        if self._drawn:
            where = printable(self._drawn[0])
            err.print(f"wrote {len(self._drawn):,} overlays, the first: {where}", soft_wrap=True)


class Csv:
    """A row an image as soon as its batch is answered."""

    def begin(self, classifier) -> None:
        self._names = classifier.label_names
        self._oblong, self._without_rule = 0, classifier.temperature is None
        self._write("image", "label", "unsure", "probability", *self._names, "overlay")

    def answer(self, answer, drawn: Path | None) -> None:
        shares = [round(float(value), 6) for value in answer.probabilities]
        self._write(
            answer.found.path,
            self._names[answer.label],
            "" if answer.sure is None else str(not answer.sure).lower(),
            shares[answer.label],
            *shares,
            drawn or "",
        )
        self._oblong += answer.oblong

    def unreadable(self, problem) -> None:
        pass

    def finish(self, name: str, card: dict | None, problems: list[str]) -> None:
        for line in notes(card, self._oblong, self._without_rule):
            notice(line)

    def _write(self, *cells) -> None:
        texts = (printable(cell) if isinstance(cell, str | Path) else cell for cell in cells)
        row = io.StringIO()
        csv.writer(row, lineterminator="\n").writerow([as_text(cell) for cell in texts])
        click.echo(row.getvalue(), nl=False)


class Json:
    """One document with everything, printed when all are there."""

    def begin(self, classifier) -> None:
        self._classifier, self._images, self._bad, self._oblong = classifier, [], [], 0

    def answer(self, answer, drawn: Path | None) -> None:
        names = self._classifier.label_names
        shares = (round(float(value), 6) for value in answer.probabilities)
        self._images.append(
            {
                "image": str(answer.found.path),
                "label": names[answer.label],
                "unsure": None if answer.sure is None else not answer.sure,
                "probabilities": dict(zip(names, shares, strict=True)),
                "overlay": None if drawn is None else str(drawn),
            }
        )
        self._oblong += answer.oblong

    def unreadable(self, problem) -> None:
        self._bad.append({"image": str(problem.path), "reason": problem.reason})

    def finish(self, name: str, card: dict | None, problems: list[str]) -> None:
        temperature, rule = self._classifier.temperature, self._classifier.rule
        told = {
            "run": name,
            "notes": notes(card, self._oblong, temperature is None),
            "temperature": temperature,
            "answers": rule,
            "images": self._images,
            "unreadable": self._bad,
            "problems": problems,
        }
        click.echo(json.dumps(told, indent=2))


def notes(card: dict | None, oblong: int, without_rule: bool) -> list[str]:
    """Return what a reader of answers should know, one line each."""
    told = [*NOTES, *sentences(card)]
    if without_rule:
        told.append(
            "not calibrated, and nothing is called unsure: `fer evaluate RUN --split validation` "
            "on the run's own data teaches both"
        )
    if oblong:
        told.append(f"{oblong:,} images are far from square and were squeezed: crop the face")
    return told


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
