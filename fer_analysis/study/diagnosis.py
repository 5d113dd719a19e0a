"""A diagnosis: which labels a network fails on, and why; saved, read back and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from fer_analysis.errors import FerError
from fer_analysis.files import read_json, write_csv, write_json
from fer_analysis.statistics.estimate import Estimate, from_json
from fer_analysis.study.gains import Gain
from fer_analysis.study.growth import Growth
from fer_analysis.study.recalls import AgreementRecall, CellRecall, PredictedAs
from fer_analysis.text import html_table, percent

CAUSES = (
    *("recipe", "imbalance", "scarcity", "ambiguity", "label noise"),
    *("shift between splits", "image quality"),
)
SHOWN, NOT_SHOWN, NOT_TESTED, WAITS = "shown", "not shown", "not tested", "waits"
FILE = "diagnosis.json"


TOO_FEW = "too few images to tell"
"""Where the recall cannot be compared with that of other labels."""


@dataclass(frozen=True)
class Cause:
    """One cause, tested for one label.

    Args:
        name: One of `CAUSES`.
        verdict: `shown`, `not shown`, `not tested` (cells are missing) or `waits` (the recipe
            comes first).
        effect: In shares of recall; None where it cannot be measured.
        part: Share of the gap that it explains; None where there is no such gap.
        because: A sentence.
    """

    name: str
    verdict: str
    effect: Estimate | None = None
    part: float | None = None
    because: str = ""


@dataclass(frozen=True)
class LabelDiagnosis:
    """What is found for one label.

    Args:
        label: Its name.
        n: Images that it is scored on.
        training: Images that it was trained on, in the first seed; None if not known.
        recall: As predicted, with Wilson's interval (over images, not seeds).
        corrected: The same, prior-corrected.
        gap: How far the recall lies below the median of the other labels, as predicted.
        corrected_gap: The same, prior-corrected.
        fails: Whether it fails.
        causes: For a label that fails, each cause that could be tested.
        caveats: What speaks for or against the verdict from another side, a sentence each.
    """

    label: str
    n: int
    training: int | None
    recall: Estimate
    corrected: Estimate
    gap: Estimate
    corrected_gap: Estimate
    fails: bool
    causes: tuple[Cause, ...] = ()
    caveats: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        """The causes that are shown."""
        return tuple(cause.name for cause in self.causes if cause.verdict == SHOWN)

    @property
    def headline(self) -> str:
        """The verdict in a few words."""
        if not self.n:
            return "no images"
        if not self.fails:
            return TOO_FEW if self.gap.value is None else "no deficiency shown"
        return " and ".join(self.shown) or "fails; no cause shown"

    def rows(self) -> list[dict]:
        """Return a row for each cause, for CSV; one without a cause where none was tested."""
        about = {
            "label": self.label,
            "n": self.n,
            "training_images": self.training,
            "recall": self.recall.value,
            "corrected_recall": self.corrected.value,
            **_columns("gap", self.gap),
            **_columns("corrected_gap", self.corrected_gap),
            "fails": self.fails,
        }
        return [
            about
            | {"cause": cause and cause.name, "verdict": cause and cause.verdict}
            | _columns("effect", (cause and cause.effect) or Estimate(None))
            | {"part": cause and cause.part}
            for cause in self.causes or (None,)
        ]


@dataclass(frozen=True)
class Diagnosis:
    """The verdict for every label, and the figures behind it.

    Args:
        subject: The cell whose failures are examined.
        seeds: Number of seeds that it was trained with.
        votes: Whether annotators' votes were used.
        fingerprint: Of the data set.
        fingerprints: Of each of its splits that were used.
        labels: A verdict for each label.
        doses: Recall by number of training images.
        equal: Recall of all labels in the subject, and where all have the same number of images.
        agreement: Recall by the annotators' agreement.
        confusions: Label that fails -> what it is predicted as, before and after each change.
        gains: What each remedy that was tried changes for each label.
        growth: What more images of a label would bring, where several numbers were tried.
        separability: Of a lone run: what its probabilities and features say of each label,
            `evaluation.separability`.
        follow_up: Commands that would answer what remains open.
        notes: What could not be tested; of predictions alone, what is assumed of them as well.
    """

    subject: str
    seeds: int
    votes: bool
    fingerprint: str
    fingerprints: dict[str, str]
    labels: tuple[LabelDiagnosis, ...] = ()
    doses: tuple[CellRecall, ...] = ()
    equal: tuple[CellRecall, ...] = ()
    agreement: tuple[AgreementRecall, ...] = ()
    confusions: dict[str, tuple[PredictedAs, ...]] | None = None
    gains: tuple[Gain, ...] = ()
    growth: tuple[Growth, ...] = ()
    separability: tuple[dict, ...] = ()
    follow_up: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels in their order."""
        return tuple(row.label for row in self.labels)

    @property
    def failing(self) -> tuple[LabelDiagnosis, ...]:
        """The labels that fail."""
        return tuple(row for row in self.labels if row.fails)

    def as_dict(self) -> dict:
        """Return all of it, ready for JSON; undefined figures are None."""
        return asdict(self)

    def save(self, folder: Path) -> None:
        """Write `diagnosis.json` (everything) and three CSVs to a folder: `diagnosis.csv`,
        `recalls.csv` and `gains.csv`.
        """
        write_json(folder / FILE, self.as_dict())
        write_csv(folder / "diagnosis.csv", [row for label in self.labels for row in label.rows()])
        write_csv(folder / "recalls.csv", [r.row() for r in (*self.doses, *self.equal)])
        write_csv(folder / "gains.csv", [gain.row() for gain in self.gains])

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Tell whether a diagnosis was saved in a folder."""
        return (folder / FILE).is_file()

    @classmethod
    def load(cls, folder: Path) -> Diagnosis:
        """Read what `save` wrote.

        Raises:
            FerError: If there is no diagnosis, or a damaged one.
        """
        given = read_json(folder / FILE)
        if given is None:
            raise FerError(f"{folder}: no {FILE}; `fer diagnose STUDY --out FOLDER` writes it")
        try:
            return cls._of(given)
        except (KeyError, TypeError, AttributeError) as error:
            raise FerError(
                f"{folder / FILE}: not a diagnosis of this version; `fer diagnose` writes it again"
            ) from error

    @classmethod
    def _of(cls, given: dict) -> Diagnosis:
        return cls(
            **given
            | {
                "labels": tuple(_label(row) for row in given["labels"]),
                "doses": tuple(CellRecall.from_dict(row) for row in given["doses"]),
                "equal": tuple(CellRecall.from_dict(row) for row in given["equal"]),
                "agreement": tuple(AgreementRecall.from_dict(row) for row in given["agreement"]),
                "confusions": {
                    label: tuple(PredictedAs.from_dict(row) for row in rows)
                    for label, rows in (given["confusions"] or {}).items()
                },
                "gains": tuple(Gain.from_dict(row) for row in given.get("gains", ())),
                "growth": tuple(Growth.from_dict(row) for row in given.get("growth", ())),
                "separability": tuple(from_json(given["separability"])),
                "follow_up": tuple(given["follow_up"]),
                "notes": tuple(given.get("notes", ())),
            }
        )

    def renamed(self, names: Mapping[str, str]) -> Diagnosis:
        """Return it with other names for its labels, e.g. shortened ones.

        Args:
            names: Label -> its new name.
        """

        def new(rows):
            return tuple(replace(row, label=names[row.label]) for row in rows)

        return replace(
            self,
            labels=new(self.labels),
            doses=new(self.doses),
            equal=new(self.equal),
            agreement=new(self.agreement),
            gains=new(self.gains),
            growth=new(self.growth),
            confusions={names[k]: rows for k, rows in (self.confusions or {}).items()},
            separability=tuple(row | {"label": names[row["label"]]} for row in self.separability),
        )

    def _repr_html_(self) -> str:
        """Return the verdicts as a table, for notebooks."""
        head = ("label", "n", "recall", "prior-corrected", "verdict")
        rows = [
            (
                row.label,
                f"{row.n:,}",
                percent(row.recall.value, 0),
                percent(row.corrected.value, 0),
                row.headline,
            )
            for row in self.labels
        ]
        return html_table(f"Cell '{self.subject}', {self.seeds} seed(s)", head, rows)


def _columns(name: str, figure: Estimate) -> dict[str, float | None]:
    return {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}


def _label(row: dict) -> LabelDiagnosis:
    figures = {
        key: Estimate.from_dict(row[key]) for key in ("recall", "corrected", "gap", "corrected_gap")
    }
    causes = tuple(
        Cause(**cause | {"effect": cause["effect"] and Estimate.from_dict(cause["effect"])})
        for cause in row["causes"]
    )
    return LabelDiagnosis(**row | figures | {"causes": causes, "caveats": tuple(row["caveats"])})
