"""SaliencyAnalysis: where a run looks, label by label, with its controls."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.data.regions.template import Regions
from fer_analysis.errors import FerError
from fer_analysis.files import read_json, replacing, replacing_folder, write_csv, write_json
from fer_analysis.saliency.enrichment import LabelSummary, summaries
from fer_analysis.saliency.findings import RegionFinding, RegionShare
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.saliency.tables import human_table, marks, region_table

MAPS, IMAGES, INDEX = "maps.npz", "images.npz", "index.csv"
LABELS, REGION_TABLE, HUMAN_TABLE = "labels.json", "regions.csv", "humans.csv"
CHECKS, STABILITY, META = ("faithfulness", "sanity"), "stability.json", "meta.json"


@dataclass(frozen=True, eq=False)
class SaliencyAnalysis:
    """What `explain` found out about a run on a split.

    Args:
        maps: The saliency maps.
        images: uint8 `(n, h, w, channels)`, the images that they explain.
        regions: The parts of the face.
        labels: The maps averaged, one summary for each explained label.
        findings: The labels' dominant regions and the evidence, in the same order; empty where
            no control was computed.
        checks: What `faithfulness` and `sanity` returned; either may be missing.
        stability: One row for each label, where several runs were compared.
        meta: Of which run, data and settings this is, ready for JSON.
    """

    maps: SaliencyMaps
    images: np.ndarray
    regions: Regions
    labels: tuple[LabelSummary, ...]
    findings: tuple[RegionFinding, ...]
    checks: dict
    stability: tuple[dict, ...]
    meta: dict

    @property
    def marks(self) -> tuple[str, ...]:
        """The checks that the method failed, one line each."""
        return marks(self.checks)

    @property
    def notes(self) -> tuple[str, ...]:
        """What was made of the data's own labels, one line each."""
        return tuple(self.meta.get("label_notes", ()))

    @property
    def complete(self) -> bool:
        """Whether the analysis ran to its end; False where Ctrl-C cut it short."""
        return self.meta["complete"]

    def summary(self, label: str) -> LabelSummary:
        """Return the summary of an explained label.

        Raises:
            FerError: If the label is not explained.
        """
        found = {each.label: each for each in self.labels}
        if label not in found:
            raise FerError(f"label '{label}' is not explained; expected one of: {', '.join(found)}")
        return found[label]

    def finding(self, label: str) -> RegionFinding | None:
        """Return the finding of a label; None where no control was computed."""
        return next((each for each in self.findings if each.label == label), None)

    def human_rows(self) -> list[dict]:
        """Return one row for each label with a finding: its regions, and the literature's."""
        return human_table(self.labels, self.findings)

    def as_dict(self) -> dict:
        """Return everything but pixels, ready for JSON."""
        return self.meta | {
            "marks": list(self.marks),
            "labels": self._labels(),
            "checks": self.checks,
            "stability": list(self.stability),
        }

    def _labels(self) -> list[dict]:
        rows = []
        for summary in self.labels:
            finding = self.finding(summary.label)
            regions = [region.as_dict() for region in summary.regions]
            counts = {"label": summary.label, "n": summary.n, "left_out": summary.left_out}
            found = None if finding is None else finding.as_dict()
            rows.append(counts | {"regions": regions, "finding": found})
        return rows

    def save(self, folder: str | Path) -> None:
        """Write the folder anew, as a whole: a killed process leaves the old one or the new one.

        Args:
            folder: Where to; whatever is in it goes.
        """
        with replacing_folder(folder) as new:
            self.maps.save(new / MAPS)
            with replacing(new / IMAGES) as temporary:
                names = np.array(self.regions.names)
                np.savez_compressed(
                    temporary, images=self.images, regions=self.regions.pixels, names=names
                )
            write_csv(new / INDEX, self.maps.index_rows())
            write_csv(new / REGION_TABLE, region_table(self.labels, self.findings))
            if self.findings:
                write_csv(new / HUMAN_TABLE, self.human_rows())
            write_json(new / LABELS, {"labels": self._labels()})
            for name, value in self.checks.items():
                write_json(new / f"{name}.json", value)
            if self.stability:
                write_json(new / STABILITY, {"labels": list(self.stability)})
            write_json(new / META, self.meta | {"marks": list(self.marks)})

    @classmethod
    def load(cls, folder: str | Path) -> SaliencyAnalysis:
        """Read what `save` wrote.

        Raises:
            FerError: If there is none, or it is damaged.
        """
        folder = Path(folder)
        maps = SaliencyMaps.load(folder / MAPS)
        try:
            images, regions = _read_images(folder)
            rows = json.loads((folder / LABELS).read_text())["labels"]
            meta = json.loads((folder / META).read_text())
            known = {
                row["label"]: tuple(map(RegionShare.from_dict, row["regions"])) for row in rows
            }
            findings = tuple(
                RegionFinding.from_dict(row["label"], row["finding"])
                for row in rows
                if row["finding"]
            )
            checks = {name: read_json(folder / f"{name}.json") for name in CHECKS}
            return cls(
                maps=maps,
                images=images,
                regions=Regions(*regions, source=meta["regions"]),
                labels=tuple(summaries(maps, images, known=known)),
                findings=findings,
                checks={name: value for name, value in checks.items() if value},
                stability=tuple((read_json(folder / STABILITY) or {"labels": ()})["labels"]),
                meta={name: value for name, value in meta.items() if name != "marks"},
            )
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise FerError(
                f"{folder}: damaged, or of an earlier version ({type(error).__name__}: "
                f"{str(error)[:80]}); run `fer saliency` again"
            ) from error


def _read_images(folder: Path) -> tuple[np.ndarray, tuple[tuple[str, ...], np.ndarray]]:
    """Return the images, and the names and pixels of the regions."""
    with open(folder / IMAGES, "rb") as file, np.load(file, allow_pickle=False) as archive:
        return archive["images"], (tuple(archive["names"].tolist()), archive["regions"])
