"""SaliencyAnalysis: where a run looks, label by label, with the evidence for and against it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.data.regions.template import Regions
from fer_analysis.files import replacing_folder, write_csv, write_json
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.maps import SaliencyMaps
from fer_analysis.saliency.region_evidence import Finding
from fer_analysis.saliency.tables import human_table, marks, region_table

MAPS, INDEX, META = "maps.npz", "index.csv", "meta.json"
REGION_TABLE, HUMAN_TABLE = "regions.csv", "humans.csv"


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
    findings: tuple[Finding, ...]
    checks: dict
    stability: tuple[dict, ...]
    meta: dict

    @property
    def marks(self) -> tuple[str, ...]:
        """The checks that the method failed, one line each."""
        return marks(self.checks)

    @property
    def complete(self) -> bool:
        """Whether the analysis ran to its end; False where Ctrl-C cut it short."""
        return self.meta["complete"]

    def finding(self, label: str) -> Finding | None:
        """Return the finding of a label; None where no control was computed."""
        return next((each for each in self.findings if each.label == label), None)

    def as_dict(self) -> dict:
        """Return what was found, ready for JSON: `meta`, and a row for each label."""
        return self.meta | {
            "marks": list(self.marks),
            "labels": human_table(self.labels, self.findings),
            "stability": list(self.stability),
        }

    def save(self, folder: str | Path) -> None:
        """Write the folder anew, as a whole: a killed process leaves the old one or the new one.

        Args:
            folder: Where to; whatever is in it goes.
        """
        with replacing_folder(folder) as new:
            self.maps.save(new / MAPS)
            write_csv(new / INDEX, self.maps.index_rows())
            write_csv(new / REGION_TABLE, region_table(self.labels, self.findings))
            if self.findings:
                write_csv(new / HUMAN_TABLE, human_table(self.labels, self.findings))
            files = dict(self.checks) | {"stability": list(self.stability)}
            for name, value in files.items():
                if value:
                    write_json(new / f"{name}.json", value)
            write_json(new / META, self.meta | {"marks": list(self.marks)})
