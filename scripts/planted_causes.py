#!/usr/bin/env python3
"""Does the rule find causes that were planted, and no others?

    python scripts/planted_causes.py --seeds 200-205 --out runs/planted_causes
    python scripts/planted_causes.py --seeds 400-405 --folds 6 --out runs/planted_of_six
    python scripts/planted_causes.py --seeds 800-806 --classifier quick --every-label --out runs/any
    python scripts/planted_causes.py --seeds 800-806 --classifier quick --set pairs --out runs/pairs

Each condition of a set (`planted/cases.py`) with every data seed: a data set is drawn (embedded
faces, some 3,300 images), a study of it is run as configs/studies/planted.yaml says, and its cells
are diagnosed, with annotators' votes and without. The labels that a first diagnosis finds failing
get cells of their own: nothing uses what was planted until the verdicts are scored.
More folds are more networks, each trained on the same number of images as with three (the data
sets are smaller). With `--classifier quick` a small classifier stands in for the network. A case is
correct if each planted label has exactly the planted causes and no label has any other; where a
flaw is none of the causes, also if no cause is shown. After an interruption the same command
continues.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import yaml
from planted.cases import EVERY, LEVELS, SETS, Case, cases_of
from planted.outside import write
from planted.score import row_of, table

from fer_analysis.files import write_csv, write_text
from fer_analysis.study.cell import run_in_worker
from fer_analysis.study.collect import collect
from fer_analysis.study.design import BASE, Study, load_study
from fer_analysis.study.diagnose import diagnose
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.executor import run_here
from fer_analysis.study.store import CellStore
from fer_analysis.study.study_file import find_study


def study_of(case: Case, options: argparse.Namespace, labels: tuple[str, ...] = ()) -> Study:
    """Write a case's study file and read it; without labels it has no cells of theirs."""
    folds = options.folds
    values = yaml.safe_load(find_study("planted").read_text())
    values["set"] |= case.settings(folds)
    source = "synthetic"
    if case.what.outside:
        drawn = {key[5:]: values["set"].pop(key) for key in list(values["set"]) if "data." in key}
        folder = options.out / "data" / case.name
        source = str(write(case.what.outside, case.label, case.partner, folder, drawn).resolve())
    else:  # known, so that the data is not read to count them
        total = sum(values["set"]["data.counts"].values())
        values["set"]["training.images_per_epoch"] = round(total * (folds - 1) / folds)
    values |= {"folds": folds, "seeds": list(range(folds))}
    if not labels:
        values["cells"] = {k: v for k, v in values["cells"].items() if "each" not in v}
    file = options.out / ("second" if labels else "first") / f"{case.name}.yaml"
    write_text(file, yaml.safe_dump(values, sort_keys=False))
    return load_study(file, source, labels=labels)


def run(studies: list[Study], store: CellStore, options: argparse.Namespace) -> None:
    """Run all cells that are not finished: here, or in workers that live as long as this takes."""
    cells = [cell for study in studies for cell in study.cells]
    waiting = [cell for cell in dict.fromkeys(cells) if store.find(cell) is None]
    if options.classifier == "quick":
        from planted.quick import run_quickly

        for cell in waiting:
            run_quickly(cell, store.folder)
        return
    outcomes = run_here(run_in_worker, waiting, store.folder, jobs=options.jobs)
    for done, (cell, _, problem) in enumerate(outcomes, 1):
        if problem:
            raise SystemExit(f"{cell.name}, seed {cell.seed}: {problem}")
        print(f"{done} of {len(waiting)} cells", flush=True)


def failing(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return the labels for which scarcity could not be tested because a cell is missing."""
    return tuple(
        row.label
        for row in diagnosis.labels
        if any((cause.name, cause.verdict) == ("scarcity", "not tested") for cause in row.causes)
    )


def rows_of(cases: list[Case], store: CellStore, options: argparse.Namespace) -> list[dict]:
    """Run the studies of some cases, diagnose them, and score the verdicts."""
    studies = {case: study_of(case, options) for case in cases}
    run(list(studies.values()), store, options)
    for case in cases:
        labels = failing(diagnose(collect([studies[case]], store), BASE))
        if labels:
            studies[case] = study_of(case, options, labels)
    run(list(studies.values()), store, options)
    rows = []
    for case, study in studies.items():
        for votes in (True, False):
            diagnosis = diagnose(collect([study], store, votes=votes), BASE)
            rows.append({"classifier": options.classifier} | row_of(case, diagnosis))
            file = options.out / "verdicts" / f"{case.name}{'' if votes else '-without-votes'}.json"
            write_text(file, json.dumps(diagnosis.as_dict(), indent=2))
    return rows


def main() -> None:
    """Run, diagnose, score."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="200-205", help="data seeds, first-last")
    parser.add_argument(
        "--folds", type=int, default=3, help="of each study, 2 or more; as many seeds"
    )
    parser.add_argument("--set", default="first", choices=SETS, help="conditions")
    parser.add_argument("--conditions", nargs="*", choices=EVERY, help="some of them alone")
    parser.add_argument("--classifier", default="network", choices=("network", "quick"))
    parser.add_argument("--every-label", action="store_true", help="plant in all seven labels")
    parser.add_argument("--level", default="medium", choices=LEVELS, help="strength of the flaws")
    parser.add_argument("--scale", type=float, default=1, help="of the number of images")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("runs/planted_causes"))
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    cases = cases_of(
        options.conditions or list(SETS[options.set]),
        list(range(int(first), int(last or first) + 1)),
        every_label=options.every_label,
        level=LEVELS.index(options.level),
        scale=options.scale,
    )
    store = CellStore(options.out / "cells")
    quick = options.classifier == "quick"
    rows = []
    for batch in [[case] for case in cases] if quick else [cases]:
        rows += rows_of(batch, store, options)
        write_csv(options.out / "planted_causes.csv", rows)
    print(table(rows))


if __name__ == "__main__":
    main()
