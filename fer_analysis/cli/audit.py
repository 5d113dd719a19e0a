"""`fer audit`: what is wrong with a data set."""

from __future__ import annotations

from pathlib import Path

import click

from fer_analysis.cli.options import data_option, data_section, json_option, open_data, set_option
from fer_analysis.errors import FerError


@click.command()
@data_option
@click.option(
    "--folds",
    type=click.IntRange(2, 100),
    metavar="K",
    help="Train K small networks, each without one part of the training images, and hold the "
    "labels against what each says of its part. On FER-2013 some 2 to 4 minutes a network.",
)
@click.option(
    "--probabilities",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Out-of-fold probabilities of before (OUT/out_of_fold.npz, found there by itself).",
)
@click.option("--out", type=click.Path(path_type=Path), help="Default: runs/audit-<data>.")
@set_option
@json_option
def audit(source, folds, probabilities, out, overrides, as_json):
    """Look for what is wrong with a data set, before any network is blamed.

    Copies (pixel for pixel; or mirrored, shifted, re-compressed), those that cross splits,
    identical images under different labels, blank images, suspected placeholders and
    drawings; with annotators' votes: no face, ties, low agreement, mismatched labels; with
    --folds: labels that networks doubt (confident learning), held against the votes.

    \b
    Examples:
      fer audit --data fer2013.csv                 # under a minute, trains nothing
      fer audit --data fer2013.csv --folds 6       # half an hour; Ctrl-C and go on any time
      fer audit --data photos/ --folds 5 --set training.epochs=10

    Writes audit.json, audit.csv (one row an issue) and a contact sheet of each kind to OUT.
    Look at the sheets: a pixel rule suspects, annotators are a reference and not the truth,
    and a network that doubts a label can be wrong itself.
    """
    _refuse(folds, probabilities, overrides)
    own = tuple(text for text in overrides if text.startswith("data."))
    section = data_section(source, own)
    loaded = open_data(section)
    out = out or Path("runs") / f"audit-{Path(section.source).resolve().stem}"
    given = _out_of_fold(loaded, section.source, folds, probabilities, overrides, out)
    result = _look(loaded, given)
    result.save(out)
    _draw(result, out)
    _tell(result, out, as_json)


def _refuse(folds, probabilities, overrides) -> None:
    if folds and probabilities:
        raise FerError("--folds makes probabilities and --probabilities brings them: name one")
    for text in overrides:
        if text.partition("=")[0].strip() in ("data.folds", "data.fold"):
            raise FerError(f"--set {text}: an audit takes all images; --folds K divides them")
    if not folds and any(not text.startswith("data.") for text in overrides):
        raise FerError("--set of anything but data.… is for the networks of --folds")


def _look(loaded, given):
    from fer_analysis.auditing.audit import audit as look
    from fer_analysis.cli.tables.console import task_progress

    with task_progress("comparing all pairs") as progress:
        return look(
            loaded, probabilities=None if given is None else given.probabilities, progress=progress
        )


def _out_of_fold(loaded, source, folds, file, overrides, out):
    """Return out-of-fold probabilities: made, given, left by an earlier audit, or None."""
    from fer_analysis.auditing.out_of_fold import PROBABILITIES, OutOfFold
    from fer_analysis.cli.tables.console import err, notice

    if folds:
        made = _trained(loaded, source, folds, overrides, out)
        made.save(out / PROBABILITIES)
        return made
    path = file or out / PROBABILITIES
    if not file and not path.exists():
        return None
    try:
        found = OutOfFold.load(path)
        found.check(loaded, path)
    except FerError as error:
        if file:
            raise
        notice(f"{error}; not used")
        return None
    err.print(f"out-of-fold probabilities: {path} ({found.folds} folds)", soft_wrap=True)
    return found


def _trained(loaded, source, folds, overrides, out):
    from fer_analysis.auditing.out_of_fold import make_out_of_fold
    from fer_analysis.cli.tables.console import err
    from fer_analysis.tensorflow_setup import import_tensorflow_quietly

    if source != "synthetic":
        source = str(Path(source).expanduser().resolve())
    import_tensorflow_quietly()
    from fer_analysis.cli.tables.training_progress import TrainingProgress

    def listen(fold, run, config):
        err.print(f"fold {fold} (of 0 to {folds - 1}): {run.path}", soft_wrap=True)
        return TrainingProgress(config)

    try:
        return make_out_of_fold(loaded, source, overrides, folds=folds, folder=out, listen=listen)
    except KeyboardInterrupt:
        err.print("Stopped. Finished epochs are safe; the same command goes on from there.")
        raise SystemExit(130) from None


def _draw(result, out: Path) -> None:
    from fer_analysis.auditing.issues import KINDS
    from fer_analysis.figures import save
    from fer_analysis.figures.audit import contact_sheet

    for kind in KINDS:  # those of an audit of before
        (out / f"{kind}.png").unlink(missing_ok=True)
    for finding in result.findings:
        if len(finding):
            drawn = contact_sheet(result.dataset, finding, meaning=KINDS[finding.kind])
            save(drawn, out / f"{finding.kind}.png")


def _tell(result, out: Path, as_json: bool) -> None:
    from fer_analysis.cli.tables.audit import print_audit
    from fer_analysis.cli.tables.console import err

    if as_json:
        import json

        click.echo(json.dumps({"audit": str(out), **result.summary()}, indent=2))
    else:
        print_audit(result.summary(), str(result.data.layout))
    err.print(f"wrote {out}/ (audit.json, audit.csv, a contact sheet of each kind)", soft_wrap=True)
