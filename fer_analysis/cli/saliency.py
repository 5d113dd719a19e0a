"""`fer saliency`: where a run looks."""

from __future__ import annotations

import click

from fer_analysis.cli.evaluate import predict
from fer_analysis.cli.options import data_option, open_run, run_argument, set_option, split_option
from fer_analysis.saliency import METHODS


@click.command()
@run_argument
@click.option("--label", help="Explain one label. Default: all of them.")
@click.option("--method", type=click.Choice(list(METHODS)), default="smoothgrad", show_default=True)
@click.option(
    "--target",
    type=click.Choice(["true", "predicted"]),
    default="true",
    show_default=True,
    help="Whose logit is explained: the face's own label, or the model's answer.",
)
@click.option("--n", default=50, show_default=True, help="Images of each label.")
@click.option("--samples", type=int, help="smoothgrad: noisy copies of each image (25).")
@click.option("--seed", default=0, show_default=True, help="Of the choice of images and the noise.")
@data_option
@split_option
@set_option
def saliency(run, label, method, target, n, samples, seed, source, split, overrides):
    """Show where a run looks, label by label.

    RUN is a run directory or a .keras file; the newest run where none is named.

    \b
    Examples:
      fer saliency                                  # every label of the newest run
      fer saliency runs/first --label disgust
      fer saliency runs/first --method gradient --target predicted --n 400

    Writes to RUN/saliency/<split>/: a page for each label (right and wrong examples
    chosen by seed, the mean map on the mean face, saliency by region), an overview of all
    labels, the regions drawn (regions.png), the raw maps (maps.npz), index.csv, regions.csv.
    """
    run, loaded, split = open_run(run, source, split, overrides)
    evaluation = predict(run, loaded, split)
    part = loaded.dataset.part(split)
    options = {} if samples is None else {"samples": samples}
    maps = _explain(run, part, evaluation, label, method, target, n, seed, options)
    _write(run, part, maps, split, overview=label is None)


def _explain(run, part, evaluation, label, method, target, n, seed, options):
    from fer_analysis.cli.console import task_progress
    from fer_analysis.errors import FerError
    from fer_analysis.quiet import import_tensorflow_quietly

    if options and method != "smoothgrad":
        raise FerError("--samples belongs to --method smoothgrad")
    import_tensorflow_quietly()
    from fer_analysis.evaluation.predictions import open_model
    from fer_analysis.saliency.maps import explain

    model = open_model(run, part.label_names)
    with task_progress(method) as progress:
        return explain(
            model,
            part,
            evaluation.probabilities,
            label=label,
            n=n,
            target=target,
            method=method,
            seed=seed,
            progress=progress,
            **options,
        )


def _write(run, part, maps, split: str, *, overview: bool) -> None:
    from fer_analysis.cli.console import err, task_progress
    from fer_analysis.cli.tables import print_regions
    from fer_analysis.data.regions import REGIONS, region_map
    from fer_analysis.figures import save
    from fer_analysis.figures.saliency import label_figure, overview_figure, region_figure
    from fer_analysis.files import file_name, write_csv
    from fer_analysis.saliency.regions import summaries

    folder = run.saliency_folder(split)
    maps.save(folder / "maps.npz")
    write_csv(folder / "index.csv", maps.index_rows())
    images = part.images[maps.rows]
    found = summaries(maps, images)
    write_csv(folder / "regions.csv", [row for summary in found for row in summary.regions])
    with task_progress("drawing") as progress:
        for done, summary in enumerate(found, start=1):
            figure = label_figure(maps, images, summary, run=run.name)
            save(figure, folder / f"{file_name(summary.label)}.png")
            progress(done, len(found))
    if overview:
        save(overview_figure(maps, found, run=run.name), folder / "overview.png")
        face = images[..., 0].mean(axis=0)
        save(region_figure(face, region_map(*face.shape), REGIONS), folder / "regions.png")
    print_regions([row for summary in found for row in _most_enriched(summary)])
    names = "overview.png, <label>.png, …" if overview else "<label>.png, maps.npz, …"
    err.print(f"wrote {folder}/ ({names})", soft_wrap=True)


def _most_enriched(summary, count: int = 3) -> list[dict]:
    rows = sorted(summary.regions, key=lambda row: row["enrichment"], reverse=True)
    return rows[:count] if summary.n else []
