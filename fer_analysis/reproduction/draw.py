"""The paper's ten figures, as PNG and PDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.figures import reproduction as drawing
from fer_analysis.figures import svg
from fer_analysis.figures.style import chosen
from fer_analysis.figures.writing import write_as
from fer_analysis.models.storage import load_model
from fer_analysis.models.structure import structure_rows
from fer_analysis.reproduction.faces import RULE, median_face
from fer_analysis.reproduction.networks import Reproduced
from fer_analysis.reproduction.plan import Plan
from fer_analysis.saliency.analysis import SaliencyAnalysis

FORMATS = ("png", "pdf")


@dataclass(frozen=True)
class Drawn:
    """A figure that was written.

    Args:
        name: The files' name without suffix.
        caption: What it shows.
        faces: Whether faces can be seen on it.
        svg: The figure for the page.
        width: Inches.
    """

    name: str
    caption: str
    faces: bool
    svg: str
    width: float


def draw_figures(
    plan: Plan,
    networks: Mapping[str, Reproduced],
    analysis: SaliencyAnalysis | None,
    folder: Path,
) -> list[Drawn]:
    """Write all figures to a folder.

    Args:
        plan: What was reproduced.
        networks: Both networks.
        analysis: Where the self-built one looks; None leaves figure 10 out.
        folder: Where to.
    """
    drawn = []
    for number, (name, caption, figure) in enumerate(_figures(plan, networks, analysis), start=1):
        name = f"figure-{number:02}-{name}"
        formats = dict.fromkeys((*FORMATS, chosen().format))
        write_as(figure, folder / f"{name}.png", formats)
        faces = number in (1, 10)
        drawn.append(Drawn(name, caption, faces, svg(figure), float(figure.get_figwidth())))
    return drawn


def _figures(
    plan: Plan, networks: Mapping[str, Reproduced], analysis: SaliencyAnalysis | None
) -> Iterator[tuple[str, str, drawing.Figure]]:
    remarks = plan.remarks
    samples = drawing.sample_faces(plan.data.dataset, remarks)
    yield "samples", "Training images of every label, chosen at random.", samples
    for each in networks.values():
        model, _ = load_model(each.run.model_file, finite=False)
        figure = drawing.network_structure(structure_rows(model), each.name, remarks)
        yield f"structure-{_slug(each)}", f"The layers of the {each.name} network.", figure
    for each in networks.values():
        history, kept = each.run.history(), each.run.config().training.keep
        best = each.result["best_epoch"] if kept == "best" else None
        for what in ("loss", "accuracy"):
            options = {"name": each.name, "best_epoch": best, "remarks": remarks}
            caption = f"{each.name}: {what} by epoch, training blue, held-out images orange."
            yield f"{what}-{_slug(each)}", caption, drawing.curve(history, what, **options)
    for each in networks.values():
        figure = drawing.confusion_counts(each.evaluation, each.name, remarks)
        caption = f"{each.name}: confusion matrix, rows true labels, columns predicted ones."
        yield f"confusion-{_slug(each)}", caption, figure
    if analysis is not None:
        name = networks["self_built"].name
        faces = {row.label: median_face(analysis.maps, row.label) for row in analysis.labels}
        options = {"name": name, "rule": RULE, "remarks": remarks}
        caption = f"Where the {name} network looks: a face of each label, and the mean map."
        yield "saliency", caption, drawing.saliency_faces(analysis, faces, **options)


def _slug(each: Reproduced) -> str:
    return each.network.replace("_", "-")
