"""Lists of faces in a config: which file it is, and what it does to the training images."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.config import RunConfig
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.face_list import ID_AND_LABEL, FaceList, split_counts
from fer_analysis.data.load import LoadedData
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError
from fer_analysis.manipulations import MANIPULATIONS
from fer_analysis.run import Run

EXCLUDE, RELABEL = "exclude_faces", "relabel_faces"
"""The manipulations that read a list; the option `faces` is the file, `sha256` its content."""

MEASURE = (
    "what leaving faces out or labelling them again does is measured, not assumed: "
    "`fer study run disputed` does it for the faces that annotators dispute, and the guide "
    "second-opinion says how to do it for a list (`fer guide second-opinion`)"
)


def as_overrides(
    exclude: str | Path | None, relabel: str | Path | None, issues: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the overrides of a config that apply these lists.

    Raises:
        FerError: If issues are named without a list to exclude.
    """
    if issues and exclude is None:
        raise FerError("issues say which images to exclude: name an audit.csv")
    sections = {}
    if exclude is not None:
        sections[EXCLUDE] = {"faces": str(exclude), "issues": list(issues)}
    if relabel is not None:
        sections[RELABEL] = {"faces": str(relabel)}
    return tuple(f"manipulations.{name}={json.dumps(each)}" for name, each in sections.items())


def pinned(config: RunConfig) -> RunConfig:
    """Return a config that names its lists by their whole path and their SHA-256.

    Raises:
        FerError: If a list cannot be read, or is not the one that the config names already.
    """
    changed = {}
    for name, section in _sections(config):
        given = read_face_list(section.faces, sha256=section.sha256)
        path = str(given.file.resolve())
        changed[name] = section.model_copy(update={"faces": path, "sha256": given.sha256})
    if not changed:
        return config
    manipulations = config.manipulations.model_copy(update=changed)
    return config.model_copy(update={"manipulations": manipulations})


def effects(config: RunConfig, data: LoadedData) -> list[dict]:
    """Return what each list of a config does to the training images, ready for JSON.

    Args:
        config: The config.
        data: Its data.

    Returns:
        For each list its `kind`, `file` (the name), `sha256`, `issues`, how many `faces` it has,
        how many of each split (`splits`), how many have no label by the votes (`unlabelled`), how
        many training images it `changes`, after the lists before it, and a `sentence`.

    Raises:
        FerError: If a list cannot be read, has changed, names images that the data does not have,
            is a list of other data, has no training image, or changes nothing.
    """
    found, sections = [], _sections(config)
    train = data.dataset.part("train") if sections else None
    for name, section in sections:
        found.append(_effect(name, section, config, data, train))
        train = MANIPULATIONS[name](train, seed=config.seed, **dict(section))
    return found


def notices(found: Sequence[dict]) -> list[str]:
    """Return what a user should know of the lists before a training, one line each."""
    lines = []
    for each in found:
        lines.append(each["sentence"])
        if each["unlabelled"]:
            lines.append(
                f"{each['file']}: {each['unlabelled']:,} of its faces have no label by the "
                "annotators' votes and are left out anyway"
            )
        others = {split: n for split, n in each["splits"].items() if split != "train"}
        if others:
            lines.append(
                f"{each['file']}: {split_counts(others)} are no training images and stay as they "
                f"are: training never changes the split that judges it (`fer evaluate "
                f"--{'exclude' if each['kind'] == EXCLUDE else 'relabel'}` does, and says so)"
            )
    return [*lines, MEASURE] if lines else []


def doubts(config: RunConfig, data: LoadedData) -> list[str]:
    """Return what a user should know of whether the lists are of this data, one line each."""
    lists = [read_face_list(section.faces) for _, section in _sections(config)]
    return [text for given in lists for text in given.notices(data)]


def check_same_lists(run: Run, overrides: Sequence[str]) -> None:
    """Refuse to resume a run with other lists than those that it was started with.

    Args:
        run: The run.
        overrides: What `as_overrides` returned for the lists that are asked for now.

    Raises:
        FerError: If one of them is another one.
    """
    own = dict(_sections(run.config()))
    for text in overrides:
        name, _, value = text.removeprefix("manipulations.").partition("=")
        now = read_face_list(json.loads(value)["faces"])
        before = own[name].sha256 if name in own else None
        if now.sha256 != before:
            was = f"sha256 {before[:12]}" if before else "none"
            raise FerError(
                f"{run.path}: was started with another list of faces ({was}, {now.file} has "
                f"{now.sha256[:12]}); a run is resumed unchanged: start a new one"
            )


def _sections(config: RunConfig):
    chosen = (EXCLUDE, RELABEL)
    return [(name, part) for name, part in config.manipulations if name in chosen and part]


def _effect(name: str, section, config: RunConfig, data: LoadedData, train: FaceDataset) -> dict:
    given = read_face_list(section.faces, sha256=section.sha256)
    if name == RELABEL:
        given.check_audit(data.dataset, hint=ID_AND_LABEL)
    else:
        given.check_audit(data.dataset, data)
        given = given.with_issues(section.issues)
    splits = given.in_split(data, "train")
    if name == EXCLUDE:
        changes = splits["train"]
        how = "random images, as many of each label as there are" if section.at_random else "faces"
        sentence = f"trained without {changes:,} {how} of {given.name}"
    else:
        _check_left(given, train)
        labels = given.new_labels(train.labels, train.ids, train.label_names)
        changes = int((labels != train.labels).sum())
        sentence = f"trained with {changes:,} labels of {given.name}"
        _check_votes(config, given)
    if section_issues := list(getattr(section, "issues", ())):
        sentence += f", only {', '.join(section_issues)}"
    return {
        "kind": name,
        "file": given.file.name,
        "sha256": given.sha256,
        "issues": section_issues,
        "faces": len(given),
        "splits": splits,
        "unlabelled": len(given.without_a_label(data)),
        "changes": changes,
        "sentence": sentence,
    }


def _check_left(given: FaceList, train: FaceDataset) -> None:
    if not np.isin(given.ids, train.ids).any():
        raise FerError(
            f"{given.file}: changes no label: the training images that it names are all excluded"
        )


def _check_votes(config: RunConfig, given: FaceList) -> None:
    soft = config.remedies.soft_labels
    if soft is not None and soft.weight == 1:
        raise FerError(
            f"{given.file}: would have no effect: remedies.soft_labels with weight 1 trains on "
            "the annotators' votes alone; give it a smaller weight"
        )
