"""Training, evaluating and explaining the paper's networks; what is finished is used again."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

from fer_analysis import api
from fer_analysis.data.regions.template import TEMPLATE
from fer_analysis.errors import FerError, shown
from fer_analysis.evaluation.evaluate_run import is_saved, predict_split
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.paper import NAMES
from fer_analysis.progress import Listener, Progress
from fer_analysis.reproduction.plan import Plan
from fer_analysis.run import Run
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.explain import all_options
from fer_analysis.text import percent
from fer_analysis.training.same_config import record_of


@dataclass(frozen=True, eq=False)
class Reproduced:
    """One of the paper's networks, trained and evaluated.

    Args:
        network: Its name in `paper.MODELS`.
        run: Its run.
        result: The run's result.
        evaluation: Its predictions of the plan's split.
    """

    network: str
    run: Run
    result: dict
    evaluation: Evaluation

    @property
    def name(self) -> str:
        """The paper's name of the network."""
        return NAMES[self.network]

    @property
    def collapse(self) -> str:
        """What shows that the training collapsed; empty where it did not."""
        if found := self.result.get("collapse"):
            return f"{found['evidence']}; {found.get('likely_cause', '')}".rstrip("; ")
        return self.result.get("at_chance") or ""


def obtain_run(plan: Plan, network: str, progress: Progress) -> Run:
    """Return a finished run of a network: the one given, the folder's, or a new one.

    Raises:
        FerError: If the given run is not finished or is of another config or other data, or the
            folder's is.
    """
    if network in plan.given:
        run = plan.given[network]
        _check(plan, network, run, given=True)
        if not run.is_complete:
            raise FerError(f"{run.path}: not finished; go on with `fer train --resume {run.path}`")
        return run
    run = Run(plan.folder / network)
    if run.config_file.is_file():
        _check(plan, network, run, given=False)
        if run.is_complete:
            progress.notice(f"{NAMES[network]}: {run.path} is finished and used as it is")
            return run
        progress.notice(f"{NAMES[network]}: going on with {run.path}")
        return api.train(resume=run, data=plan.data, progress=_Inner(progress, NAMES[network]))
    inner = _Inner(progress, NAMES[network])
    return api.train(plan.configs[network], data=plan.data, run_dir=run.path, progress=inner)


def _check(plan: Plan, network: str, run: Run, *, given: bool) -> None:
    """Refuse a run of another config or of other data."""
    recorded = run.environment().get("config", {})  # the file may have been edited since
    ours, theirs = record_of(plan.configs[network]), record_of(run.config()) | recorded
    free = {"seed"} if given else set()
    keys = dict.fromkeys((*ours, *theirs))
    # How data was read is told by its fingerprint.
    problems = [
        f"{key}: {shown(theirs.get(key))}, here {shown(ours.get(key))}"
        for key in keys
        if ours.get(key) != theirs.get(key) and key not in free and not key.startswith("data.")
    ]
    fingerprint = run.environment().get("data", {}).get("fingerprint", plan.data.fingerprint)
    if fingerprint != plan.data.fingerprint:
        problems.append(f"data: fingerprint {fingerprint}, here {plan.data.fingerprint}")
    if problems:
        what = "the given run is" if given else "the run in the folder is"
        remedy = "" if given else "; choose another --out"
        raise FerError(
            f"{run.path}: {what} not of the config and data of {NAMES[network]} in the recipe "
            f"'{plan.recipe}'{' --quick' * plan.quick}{remedy}",
            problems,
        )


def evaluate(plan: Plan, network: str, run: Run, progress: Progress) -> Reproduced:
    """Evaluate a run with all its pictures, or read what was saved of these predictions."""
    inner = _Inner(progress, NAMES[network])
    drawn = (run.evaluation_folder(plan.split) / "recall.png").is_file()
    if drawn and is_saved(run, plan.data, plan.split):
        evaluation = predict_split(run, plan.data, plan.split, progress=inner)
    else:
        evaluation = api.evaluate(run, data=plan.data, split=plan.split, progress=inner)
    return Reproduced(network, run, run.result(), evaluation)


def explain(plan: Plan, run: Run, progress: Progress) -> tuple[SaliencyAnalysis | None, str]:
    """Compute where a run looks, or read what was saved of it.

    Returns:
        The analysis, and an empty text; or None and why there is none.
    """
    folder = run.saliency_folder(plan.split)
    if (folder / "meta.json").is_file():
        saved = SaliencyAnalysis.load(folder)
        if _is_asked(saved, plan, run):
            return saved, ""
    try:
        asked = {"data": plan.data, "split": plan.split, **plan.explained}
        return api.explain(run, progress=_Inner(progress, "saliency"), **asked), ""
    except FerError as error:
        return None, str(error)


def _is_asked(saved: SaliencyAnalysis, plan: Plan, run: Run) -> bool:
    """Return whether a saved analysis is the one that `explain` would make: of this network and
    data, with the same settings, and complete.
    """
    usual = inspect.signature(api.explain).parameters
    asked = {name: each.default for name, each in usual.items()} | dict(plan.explained)
    meta, counts = saved.meta, zip(saved.maps.label_names, saved.maps.support.tolist(), strict=True)
    settings = {
        "data": plan.data.fingerprint,
        "options": all_options(asked["method"], asked["options"] or {}),
        "regions": TEMPLATE,
        **{name: asked[name] for name in ("method", "target", "checks", "seed")},
    }
    return (
        saved.complete
        and meta.get("model") is not None
        and run.is_of(meta["model"])
        and all(meta.get(name) == value for name, value in settings.items())
        and all(meta["n"].get(label, 0) == min(asked["n"], n) for label, n in counts)
    )


class _Inner(Progress):
    """Shows tasks and trainings; what is said on the way is a detail.

    Args:
        outer: Receives them.
        name: What is trained.
    """

    def __init__(self, outer: Progress, name: str):
        self._outer, self._name = outer, name
        self.task = outer.task
        self.notice = outer.detail

    def wrote(self, place: Path, what: str = "") -> None:
        self._outer.detail(f"wrote {place}" + (f" ({what})" if what else ""))

    def detail(self, text: str) -> None:
        self._outer.detail(text)

    def training(self, config) -> Listener:
        return _Quarters(self._outer, self._name, config)


class _Quarters(Listener):
    """Reports a training four times, and its collapse."""

    def __init__(self, outer: Progress, name: str, config):
        self._outer, self._name = outer, name
        self._epochs = config.training.epochs
        self._listener = outer.training(config)
        self._last: dict | None = None

    def __enter__(self) -> _Quarters:
        self._listener.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._listener.__exit__(*error)
        if self._last is not None:  # stopped early
            self._report(self._last)

    def batch(self, epoch: int, step: int, steps: int, logs: dict) -> None:
        self._listener.batch(epoch, step, steps, logs)

    def epoch(self, row: dict, is_best: bool) -> None:
        done, epochs = row["epoch"], self._epochs
        self._last = row
        if 4 * done // epochs > 4 * (done - 1) // epochs:
            self._report(row)

    def collapse(self, collapse) -> None:
        self._outer.notice(f"{self._name} COLLAPSED ({collapse.kind}) at epoch {collapse.epoch}")

    def _report(self, row: dict) -> None:
        self._last = None
        self._outer.notice(
            f"{self._name}: epoch {row['epoch']} of {self._epochs}, held-out accuracy "
            f"{percent(row['validation_accuracy'])}, {row['seconds']:.0f} s an epoch"
        )
