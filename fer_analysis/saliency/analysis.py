"""The steps of `fer saliency`, each with its progress; what was done so far is written."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from fer_analysis.cli.evaluate import predict
from fer_analysis.cli.options import open_run
from fer_analysis.cli.tables.console import err, notice, task_progress
from fer_analysis.data.regions.files import read_regions
from fer_analysis.data.regions.template import Regions, template
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluate_run import open_model
from fer_analysis.files import file_name, write_csv, write_json
from fer_analysis.run import Run
from fer_analysis.saliency.enrichment import summaries
from fer_analysis.saliency.explain import explain, explain_by_label, prepare
from fer_analysis.saliency.faithfulness import faithfulness
from fer_analysis.saliency.maps import SaliencyMaps, joined
from fer_analysis.saliency.methods.fills import mean_face
from fer_analysis.saliency.region_evidence import OF_EACH, Finding, examine
from fer_analysis.saliency.sanity import cascading_randomisation
from fer_analysis.saliency.stability import stability
from fer_analysis.saliency.tables import THRESHOLDS, human_table, marks, region_table


def parse_options(words: tuple[str, ...]) -> dict:
    """Read `NAME=VALUE` words; a value is a number where it looks like one.

    Raises:
        FerError: If a word is no such pair.
    """
    import yaml

    given = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise FerError(f"--option: expected NAME=VALUE, received '{word}'")
        try:
            given[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            given[name] = value
    return given


@dataclass
class Steps:
    """One call of `fer saliency`, and what it has found so far."""

    run: Run
    loaded: object
    split: str
    part: object
    evaluation: object
    model: object
    regions: Regions
    face: np.ndarray
    seed: int
    others: dict[str, Run]
    maps: SaliencyMaps | None = None
    asked: dict = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    checks: dict = field(default_factory=dict)
    stability: list[dict] = field(default_factory=list)

    @classmethod
    def open(cls, runs, source, split, overrides, file, seed) -> Steps:
        """Open the first run with its data, its predictions and the regions; and the others."""
        others = {f"{number}: {name}": Run.open(name) for number, name in enumerate(runs[1:], 1)}
        for other in others.values():
            other.trained_model_file()
        run, loaded, split = open_run(runs[0] if runs else None, source, split, overrides)
        part = loaded.dataset.part(split)
        size = part.images.shape[1:3]
        regions = read_regions(file, *size) if file else template(*size)
        evaluation = predict(run, loaded, split)
        model = open_model(run, part.label_names)
        face = mean_face(part.images)
        return cls(run, loaded, split, part, evaluation, model, regions, face, seed, others)

    @property
    def images(self) -> np.ndarray:
        """The images that the maps explain."""
        return self.part.images[self.maps.rows]

    def explain(self, *, label, n, target, method, options) -> bool:
        """Compute the maps label by label and save them; tell whether Ctrl-C cut that short."""
        self.asked = {"n": n, "target": target, "method": method, **options}
        finished, interrupted = [], False
        with task_progress(method) as progress:
            try:
                for each in explain_by_label(
                    self.model,
                    self.part,
                    self.evaluation.probabilities,
                    label=label,
                    seed=self.seed,
                    progress=progress,
                    **self.asked,
                ):
                    finished.append(each)
            except KeyboardInterrupt:
                if not finished:
                    raise
                interrupted = True
        self.maps = joined(finished)
        folder = self.run.saliency_folder(self.split)
        self.maps.save(folder / "maps.npz")
        write_csv(folder / "index.csv", self.maps.index_rows())
        if interrupted:
            kept = ", ".join(self.maps.label_names[i] for i in np.unique(self.maps.labels))
            notice(f"interrupted: kept {kept}, without controls or checks")
        return interrupted

    def examine(self) -> None:
        """Hold every label against its controls."""
        with task_progress("controls") as progress:
            self.findings = examine(
                self.model,
                self.maps,
                self.images,
                self.regions,
                ranking=(self.evaluation.labels, self.evaluation.probabilities),
                others=self._maps_of_all_labels(),
                face=self.face,
                seed=self.seed,
                progress=lambda _: progress,
            )

    def _maps_of_all_labels(self) -> SaliencyMaps | None:
        """Return a few maps of every label, where only some labels are explained."""
        if set(np.unique(self.maps.labels)) >= set(np.unique(self.part.labels)):
            return None
        asked = self.asked | {"n": min(OF_EACH, self.asked["n"])}
        return explain(
            self.model, self.part, self.evaluation.probabilities, seed=self.seed, **asked
        )

    def check(self, of_each: int | None) -> None:
        """Check the method itself, on so many images of each label (None: all)."""
        rows = np.concatenate(
            [np.flatnonzero(self.maps.labels == k)[:of_each] for k in np.unique(self.maps.labels)]
        )
        some, images = self.maps.take(rows), self.images[rows]
        with task_progress("faithfulness") as progress:
            self.checks["faithfulness"] = faithfulness(
                self.model,
                images,
                some.weights,
                some.strength,
                face=self.face,
                seed=self.seed,
                progress=progress,
            )
        with task_progress("sanity") as progress:
            self.checks["sanity"] = cascading_randomisation(
                self.model,
                images,
                some.weights,
                prepare(some, self.face, faster=True),
                seed=self.seed,
                progress=progress,
            )

    def compare(self) -> None:
        """Compute the same faces' maps by the other runs."""
        if not self.others:
            return
        method, found = prepare(self.maps, self.face, faster=True), {self.run.name: self.maps}
        with task_progress("other runs") as progress:
            for name, run in self.others.items():
                model = open_model(run, self.part.label_names)
                maps = method(model, self.images, self.maps.weights)
                found[name] = dataclasses.replace(self.maps, maps=maps)
                progress(len(found) - 1, len(self.others))
        self.stability = stability(found, self.regions)

    def write(self, checks: str, *, complete: bool) -> None:
        """Write tables and pictures, and print what was found."""
        from fer_analysis.cli.tables.saliency import print_findings, print_stability

        folder = self.run.saliency_folder(self.split)
        found = summaries(self.maps, self.images, self.regions)
        write_csv(folder / "regions.csv", region_table(found, self.findings))
        files = {f"{name}.json": value for name, value in self.checks.items()}
        files |= {"stability.json": self.stability} if self.stability else {}
        files["meta.json"] = self._meta(checks, complete)
        for name, value in files.items():
            write_json(folder / name, value)
        for stale in {"faithfulness.json", "sanity.json", "stability.json"} - set(files):
            (folder / stale).unlink(missing_ok=True)
        humans = human_table(found, self.findings)
        if humans:
            write_csv(folder / "humans.csv", humans)
        else:
            (folder / "humans.csv").unlink(missing_ok=True)
        self._draw(folder, found)
        print_findings(found, self.findings, self.checks)
        print_stability(self.stability)
        err.print(f"wrote {folder}/ (overview.png, <label>.png, bars.png, …)", soft_wrap=True)

    def _draw(self, folder, found) -> None:
        from fer_analysis.figures import save
        from fer_analysis.figures.saliency import label_figure, overview_figure
        from fer_analysis.figures.saliency_regions import bars_figure, region_figure

        told = {"run": self.run.name, "marks": marks(self.checks)}
        answers = {each.label: each for each in self.findings}
        pages = {summary.label: (file_name(summary.label), summary) for summary in found}
        with task_progress("drawing") as progress:
            for done, (name, summary) in enumerate(pages.values(), start=1):
                answer = answers.get(summary.label)
                figure = label_figure(self.maps, self.images, summary, answer, **told)
                save(figure, folder / f"{name}.png")
                progress(done, len(pages))
        save(overview_figure(self.maps, found, answers, **told), folder / "overview.png")
        save(bars_figure(self.maps, found, answers, **told), folder / "bars.png")
        face = self.images[..., 0].mean(axis=0)
        drawing = region_figure(face, self.regions.pixels, self.regions.names)
        save(drawing, folder / "regions.png")

    def _meta(self, checks: str, complete: bool) -> dict:
        labels = np.unique(self.maps.labels)
        return {
            "run": self.run.name,
            "split": self.split,
            "data": self.loaded.fingerprint,
            "method": self.maps.method,
            "options": self.maps.options,
            "target": self.maps.target,
            "seed": self.seed,
            "n": {self.maps.label_names[k]: int((self.maps.labels == k).sum()) for k in labels},
            "regions": self.regions.source,
            "checks": checks,
            "marks": list(marks(self.checks)),
            "thresholds": THRESHOLDS,
            "complete": complete,
        }
