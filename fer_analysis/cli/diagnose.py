"""`fer diagnose`: why a label fails."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import data_option, json_option
from fer_analysis.cli.study import base_option, label_option, load, store_option
from fer_analysis.errors import FerError


@click.command()
@click.argument("names", nargs=-1, metavar="[STUDY… | RUN]")
@data_option
@click.option(
    "--of",
    "subject",
    metavar="CELL",
    default="base",
    show_default=True,
    help="The cell whose failures are asked about.",
)
@click.option("--without-votes", is_flag=True, help="Do as if there were no annotators' votes.")
@label_option
@base_option
@store_option
@click.option("--out", type=click.Path(path_type=Path), help="Default: runs/diagnosis-<name>.")
@json_option
def diagnose(names, source, subject, without_votes, labels, base, store, out, as_json):
    """Say which labels a network fails, and why, as far as the evidence shows it.

    From studies (their finished cells are read together), by the rule in
    fer_analysis/study/thresholds.py: a label fails for its recipe, for imbalance (it is rarely
    guessed), scarcity (too few to learn from), ambiguity (annotators are split), label noise
    (they agree on another label), for several of these, or for nothing that is shown. From a
    lone RUN (the newest if none is named): what needs no training, and the command that would
    settle the rest.

    \b
    Examples:
      fer diagnose runs/first
      fer study run why --data fer2013.csv --label disgust
      fer diagnose why --data fer2013.csv --label disgust
      fer diagnose matched dose equal recipe disputed --data fer2013.csv
      fer diagnose recipe --of "the study's recipe" --data fer2013.csv

    Of a lone RUN also: how well each label's probability ranks its images, its recall over the
    strength of logit adjustment, and whether its images' nearest neighbours in feature space
    carry its label.

    Writes diagnosis.json, diagnosis.csv and pictures to OUT.
    """
    evidence, name, lone = _evidence(names, source, labels, base, store, not without_votes)
    evidence.require(subject)
    from fer_analysis.study.diagnosis import diagnose as judge

    result = judge(evidence, subject)
    out = out or Path("runs") / f"diagnosis-{name}"
    written = _write(result, evidence, out)
    told = None
    if lone:
        told = _without_training(*lone, out)
        written += ["without_training.json", "tau.png"]
    if as_json:
        import json

        click.echo(json.dumps(result.as_dict(), indent=2))
    else:
        from fer_analysis.cli.tables.diagnosis import print_diagnosis

        print_diagnosis(result, lone and lone[0], told)
    from fer_analysis.cli.tables.console import err

    err.print(f"wrote {out}/ ({', '.join(written)})", soft_wrap=True)


def _evidence(names, source, labels, base, store, votes):
    """Return the evidence, a name for the results, and (run, data, predictions) of a lone run."""
    from fer_analysis.study.design import find_study

    if names and _are_studies(names, find_study):
        from fer_analysis.study.resampling import collect

        studies = [load(name, source, base, labels) for name in names]
        return collect(studies, store, votes=votes), "-".join(s.name for s in studies), None
    if len(names) > 1:
        raise FerError(f"{' '.join(names)}: expected studies, or one RUN")
    from fer_analysis.cli.evaluate import predict
    from fer_analysis.cli.options import open_run
    from fer_analysis.study.of_run import evidence_of_run

    run, loaded, split = open_run(names[0] if names else None, source, None, ())
    evaluation = predict(run, loaded, split)
    evidence = evidence_of_run(run, loaded, evaluation, votes=votes)
    return evidence, run.path.name, (run, loaded, evaluation)


def _without_training(run, loaded, evaluation, out: Path) -> list[dict]:
    """Write and return what a run's probabilities and features know of each label."""
    from fer_analysis.cli.tables.console import task_progress
    from fer_analysis.evaluation.evaluate_run import open_model
    from fer_analysis.evaluation.separability import separability
    from fer_analysis.figures import save
    from fer_analysis.figures.diagnosis import tau_figure
    from fer_analysis.files import write_json
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    import_tensorflow_quietly()
    from fer_analysis.models.predict import features_model, predictor

    part = loaded.dataset.part(evaluation.split)
    model = features_model(open_model(run, part.label_names))
    with task_progress("features") as progress:
        features = predictor(model)(part.images, progress)
    scored = evaluation
    if evaluation.leaked is not None:
        scored, features = evaluation.leak_free, features[~evaluation.leaked]
    told = separability(scored, run.prior(), features)
    write_json(out / "without_training.json", told)
    save(tau_figure(told), out / "tau.png")
    return told


def _are_studies(names, find_study) -> bool:
    for name in names:
        if Path(name).is_dir() or name.endswith(".keras"):
            return False
        try:
            find_study(name)
        except FerError:
            if len(names) > 1:
                raise
            return False
    return True


def _write(result, evidence, out: Path) -> list[str]:
    from fer_analysis.figures import diagnosis as draw
    from fer_analysis.figures import save
    from fer_analysis.files import file_name, write_csv, write_json
    from fer_analysis.study import tables

    told = result.as_dict()
    doses, equal = tables.doses(evidence, result.subject), tables.equal(evidence, result.subject)
    agreement = tables.by_agreement(evidence, result.subject)
    write_json(out / "diagnosis.json", told | {"doses": doses, "agreement": agreement})
    write_csv(out / "diagnosis.csv", tables.rows(result))
    write_csv(out / "recalls.csv", [*doses, *equal])
    figures = {"verdict": draw.verdict_figure(told)}
    if doses:
        figures["dose"] = draw.dose_figure(doses)
    if len({row["cell"] for row in equal}) > 1:
        figures["equal"] = draw.equal_figure(equal)
    if agreement:
        figures["agreement"] = draw.agreement_figure(agreement, list(evidence.label_names))
    for label in (row.label for row in result.labels if row.fails):
        rows = tables.confusion_rows(evidence, result.subject, label)
        name = f"confusion_{file_name(label)}"
        figures[name] = draw.confusion_row_figure(label, rows, list(evidence.label_names))
    for name, figure in figures.items():
        save(figure, out / f"{name}.png")
    return ["diagnosis.json", "diagnosis.csv", "recalls.csv", *(f"{n}.png" for n in figures)]
