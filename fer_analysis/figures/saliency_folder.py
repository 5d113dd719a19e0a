"""All pictures of a saliency analysis, written to its folder."""

from __future__ import annotations

from pathlib import Path

from fer_analysis.figures import save
from fer_analysis.figures.saliency import label_figure, overview_figure
from fer_analysis.figures.saliency_regions import bars_figure, region_figure
from fer_analysis.files import file_name
from fer_analysis.progress import Progress
from fer_analysis.saliency.analysis import SaliencyAnalysis

OVERVIEW, BARS, REGIONS = "overview", "bars", "regions"


def save_figures(
    analysis: SaliencyAnalysis, folder: Path, *, progress: Progress | None = None
) -> None:
    """Write a page for each label, the overview, the bars of all regions and the template.

    Args:
        analysis: What to draw.
        folder: Where to.
        progress: Receives the task.
    """
    labels = [summary.label for summary in analysis.labels]
    names = _page_names(labels)
    with (progress or Progress()).task("drawing") as update:
        for done, (name, label) in enumerate(zip(names, labels, strict=True), start=1):
            save(label_figure(analysis, label), folder / f"{name}.png")
            update(done, len(names))
    save(overview_figure(analysis), folder / f"{OVERVIEW}.png")
    save(bars_figure(analysis), folder / f"{BARS}.png")
    face = analysis.images[..., 0].mean(axis=0)
    save(
        region_figure(face, analysis.regions, f"mean of n = {len(analysis.images):,} faces"),
        folder / f"{REGIONS}.png",
    )


def _page_names(labels: list[str]) -> list[str]:
    """Return a file name for each label, unique, and different from other pictures' names."""
    names: list[str] = []
    for label in labels:
        name, number = file_name(label), 2
        while name in (*names, OVERVIEW, BARS, REGIONS):
            name, number = f"{file_name(label)}-{number}", number + 1
        names.append(name)
    return names
