"""What `fer reproduce` is asked: a changed recipe, given runs and studies are told and judged."""

from __future__ import annotations

import shlex

import pytest
from fer_layouts import write_layout

import fer_analysis
from fer_analysis.cli.reproduce import reproduce
from fer_analysis.data.synthetic.generate import generate
from fer_analysis.errors import FerError
from fer_analysis.paper import NAMES
from fer_analysis.progress import Progress
from fer_analysis.reproduction.cause import cause_claims, other_faces
from fer_analysis.reproduction.claims import HOLDS, NOT_DECIDED
from fer_analysis.reproduction.make_plan import make_plan
from fer_analysis.reproduction.other_claims import data_claims
from fer_analysis.reproduction.result import Reproduction
from fer_analysis.reproduction.table import table_1
from fer_analysis.run import Run
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.diagnosis import Cause, Diagnosis, LabelDiagnosis
from fer_analysis.tabular import Table
from fer_analysis.text import command


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    """A small CSV in FER-2013's layout."""
    folder = write_layout(generate(n=210, seed=0), tmp_path_factory.mktemp("data"), "csv")
    return folder / "fer2013.csv"


def planned(data, **given):
    usual = {"recipe": "repaired", "quick": False, "out": None, "seed": None, "overrides": ()}
    return make_plan(data, **usual | given, progress=Progress())


def again(plan):
    """Return the plan of the command that a plan says does all of it again."""
    words = shlex.split(command(*plan.command()))
    assert words[:2] == ["fer", "reproduce"]
    given = reproduce.make_context("reproduce", words[2:]).params
    names = ("recipe", "quick", "seed", "overrides", "study")
    runs = {network: given[network] for network in NAMES}
    return planned(given["source"], given=runs, **{name: given[name] for name in names})


def test_a_changed_recipe_is_told_repeated_and_decides_nothing(csv):
    overrides = ("training.epochs=2", "remedies.label_smoothing=false")
    plan = planned(csv, seed=3, overrides=overrides)
    changed = "training.epochs=2, remedies.label_smoothing.amount=off"
    assert plan.remarks[-1] == f"recipe: repaired, changed: {changed}, with seed=3"
    assert changed in plan.decides
    assert again(plan).configs == plan.configs
    assert f"changed: {changed}" in " ".join(table_1(plan, {}).notes)
    assert data_claims(plan)[0].because == data_claims(planned(csv))[0].because


@pytest.mark.parametrize(
    "override", ["seed=3", "training.precision=bfloat16", "training.log_to=[tensorboard]"]
)
def test_chance_rounding_and_places_leave_a_recipe_what_it_is(csv, override):
    plan = planned(csv, overrides=(override,))
    assert plan.decides == ""
    assert again(plan).configs == plan.configs
    assert (f"with {override}" in plan.remarks[-1]) == ("log_to" not in override)


def test_the_recipe_itself_and_its_own_values_are_no_change(csv):
    assert planned(csv).remarks[-1] == "recipe: repaired"
    assert planned(csv, overrides=("training.batch_size=64",)).changes == {}
    # Without annotators' votes, `best` does without soft labels by itself.
    assert planned(csv, recipe="best").decides == ""


def test_data_that_python_read_otherwise_is_a_change_too(csv):
    data = fer_analysis.load_data(csv, size=64)
    plan = planned(data, overrides=("data.size=96",))  # it was read before
    assert plan.changed == "data.size=64"
    [claim] = data_claims(plan)
    assert claim.verdict == NOT_DECIDED
    assert "data.size=64" in claim.because
    assert again(plan).configs == plan.configs
    kaggle = planned(fer_analysis.load_data(csv, protocol="kaggle"))
    assert kaggle.decides == ""
    assert again(kaggle).data.fingerprint == kaggle.data.fingerprint


def test_a_collapse_of_a_changed_recipe_is_no_evidence():
    table = Table(("a",), (), "", ())
    result = Reproduction(
        "paper", False, False, "f", {}, {"MobileNet": "why"}, (), table, (), "training.epochs=2"
    )
    assert "no evidence" in result.headline


def test_given_runs_are_told_and_repeated(csv, tmp_path):
    config = planned(csv, seed=5).configs["self_built"]
    run = Run.create(config, tmp_path / "mine")
    plan = planned(csv, given={"mobilenet": None, "self_built": run.path})
    assert plan.remarks[-1] == "self-built: the given run mine, seed 5"
    assert again(plan).given["self_built"].path == run.path
    with pytest.raises(FerError, match="no run directory with a config"):
        planned(csv, given={"mobilenet": "bundled"})


def study_of(data, folder):
    """Write a diagnosis of a data set in which disgust fails for want of images."""
    effect = Estimate(0.2, 0.1, 0.3, 9)
    row = LabelDiagnosis(
        label="disgust",
        n=9,
        training=9,
        **dict.fromkeys(("recall", "corrected", "gap", "corrected_gap"), effect),
        fails=True,
        causes=(Cause("scarcity", "shown", effect),),
    )
    used = {split: data.fingerprints[split] for split in ("train", "validation")}
    Diagnosis("base", 2, False, data.fingerprint, used, labels=(row,)).save(folder)
    return folder


def test_a_study_decides_for_its_own_data_alone(csv, tmp_path):
    own = study_of(fer_analysis.load_data(csv), tmp_path / "own")
    plan = planned(csv, study=own)
    [claim] = cause_claims(plan)
    assert claim.verdict == HOLDS
    assert f"{own} (cell 'base', 2 seed(s)): scarcity shown" in claim.because
    assert again(plan).study == own
    other = study_of(fer_analysis.load_data("synthetic", n=210, seed=1), tmp_path / "other")
    plan = planned(csv, study=other)
    [claim] = cause_claims(plan)
    assert claim.verdict == NOT_DECIDED
    assert claim.figures == {}
    assert claim.because == other_faces(plan)
    assert "is of other data" in claim.because


def test_a_study_is_of_the_same_faces_in_the_papers_protocol(csv, tmp_path):
    """Studies read `auto`: PublicTest validates. The paper's protocol divides the same faces."""
    study = study_of(fer_analysis.load_data(csv), tmp_path / "study")
    plan = planned(csv, study=study, overrides=("data.protocol=kaggle",))
    assert plan.data.fingerprints != fer_analysis.load_data(csv).fingerprints
    assert cause_claims(plan)[0].verdict == HOLDS
