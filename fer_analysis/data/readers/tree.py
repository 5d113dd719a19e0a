"""Which folders are splits, which are labels, and which images are in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fer_analysis.data.dataset import OFFICIAL_SPLITS
from fer_analysis.data.label_names import fer_label
from fer_analysis.data.readers.source import Refusal, few
from fer_analysis.data.readers.split_names import (
    expected,
    is_official,
    looks_like_split,
    split_of,
)
from fer_analysis.data.readers.walk import TooLarge, Walk, subfolders

MOST_LABELS = 1000


@dataclass(frozen=True)
class LabelFolder:
    """One label's images: `split` is empty where the data has none, `name` is relative."""

    split: str
    label: str
    name: str
    images: tuple[str, ...]


@dataclass(frozen=True)
class Tree:
    """The folders of a data set, without or with splits.

    Args:
        folders: The label folders, those without any image included.
        splits: Split folder -> split; empty where the data has none.
        walk: Files that were seen.
        problems: Lines about what cannot be read.
        notices: What a user should know.
    """

    folders: Sequence[LabelFolder]
    splits: dict[str, str]
    walk: Walk
    problems: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def official(self) -> bool:
        """Whether all split folders have FER-2013's names of its splits."""
        return "test" in self.splits.values() and all(map(is_official, self.splits))

    def agrees(self, folder: LabelFolder, image: str) -> bool:
        """Return whether an image's name does not contradict its folder's split.

        Kaggle's `test` also has PublicTest, if no other folder has a validation split.
        """
        official = official_split(image)
        kaggles = folder.split == "test" and "validation" not in self.splits.values()
        allowed = {"", folder.split} | ({"validation"} if kaggles else set())
        return not folder.split or official in allowed


def official_split(image: str) -> str:
    """Return the split of the prefix of Kaggle's file names; empty without one."""
    prefix, underscore, _ = image.rpartition("/")[2].partition("_")
    return OFFICIAL_SPLITS.get(prefix, "") if underscore else ""


def read_tree(path: Path) -> Tree | Refusal | None:
    """Find the split and label folders under a data folder and list their images.

    Returns:
        The tree; a refusal if a folder can be a split or a label; None without images.

    Raises:
        OSError: If a folder cannot be read.
    """
    if not path.is_dir():
        return None
    children = subfolders(path)
    splits = {name: split for name in children if (split := split_of(name))}
    labels_in = {name: subfolders(path / name) for name in splits}
    walk = Walk()
    try:
        if any(labels_in.values()):
            return _with_splits(path, walk, children, splits, labels_in)
        return _without_splits(path, walk, children)
    except TooLarge:
        return Refusal(f"{path}: {walk.files:,} files, too many for a data set")


def _with_splits(path, walk, children, splits, labels_in) -> Tree | Refusal | None:
    labels = {label for labels in labels_in.values() for label in labels}
    if len(labels) > MOST_LABELS:
        return _too_many(path, len(labels))
    places = [
        (splits[name], label, f"{name}/{label}") for name in splits for label in labels_in[name]
    ]
    folders, notices = _label_folders(path, walk, places)
    if not walk.images:
        return None
    outside = [name for name in children if name not in splits]
    refusal = _split_within(path, labels_in) or _split_in_label(path, folders)
    refusal = refusal or _groups(path, folders) or _unknown_split(path, outside, splits, labels)
    if refusal:
        return refusal
    problems = []
    for name in splits:
        loose = walk.leave_loose(path / name)
        if loose and not labels_in[name]:
            problems.append(f"{path / name}: {len(loose)} images lie in it, in no label's folder")
    walk.leave_loose(path)
    for name in outside:
        walk.leave_all(path / name, f"in {name}/, which is not a split")
    for split, count in Counter(splits.values()).items():
        if count > 1:
            both = few(f"{name}/" for name, is_split in splits.items() if is_split == split)
            notices.append(f"the folders {both} are one split: {split}")
    return Tree(folders, splits, walk, tuple(problems), (*notices, *_nested(folders)))


def _split_within(path: Path, labels_in) -> Refusal | None:
    for name, labels in labels_in.items():
        for label in filter(split_of, labels):
            return Refusal(
                f"{path / name / label}: looks like a split within the split {name}/; "
                "expected label folders there"
            )
    return None


def _split_in_label(path: Path, folders: Sequence[LabelFolder]) -> Refusal | None:
    """Refuse a label's sub-folder that is called as a split: whose images are they?"""
    for folder in folders:
        inner = dict.fromkeys(image.rpartition("/")[0] for image in folder.images)
        for place in inner:
            if any(split_of(part) for part in place.split("/")):
                return Refusal(
                    f"{path / folder.name / place}: looks like a split within the label "
                    f"'{folder.label}' of {folder.name.partition('/')[0]}/; expected "
                    "<split>/<label>/*: move its images there, or rename it"
                )
    return None


def _groups(path: Path, folders: Sequence[LabelFolder]) -> Refusal | None:
    """Refuse a folder of a split that holds label folders, as one of a person's images does."""
    for folder in folders:
        if folder.images and (labels := _labels_in(path, folder)):
            split = folder.name.partition("/")[0]
            return Refusal(
                f"{path / folder.name}: holds label folders ({few(f'{name}/' for name in labels)}) "
                f"and would be a label itself; expected <split>/<label>/*: move them into {split}/"
            )
    return None


def _unknown_split(path: Path, outside, splits, labels: set[str]) -> Refusal | None:
    for name in outside:
        if looks_like_split(name) or _shares_labels(subfolders(path / name), labels):
            return Refusal(
                f"{path / name}: looks like a split next to {few(f'{one}/' for one in splits)}, "
                f"and is not known as one; expected {expected()}: rename it, or move it away"
            )
    return None


def _without_splits(path, walk, children) -> Tree | Refusal | None:
    if len(children) > MOST_LABELS:
        return _too_many(path, len(children))
    folders, notices = _label_folders(path, walk, [("", name, name) for name in children])
    if not walk.images:
        return None
    for folder in folders:
        if folder.images and (problem := _is_no_label(path, folder)):
            return Refusal(f"{path / folder.name}: {problem}")
    walk.leave_loose(path)
    return Tree(folders, {}, walk, (), (*notices, *_nested(folders)))


def _label_folders(path: Path, walk: Walk, places) -> tuple[list[LabelFolder], list[str]]:
    """Return the label folders of (split, label, name), and notices of other folders.

    A folder with only other files is not a label's; an empty one may be.
    """
    folders, notices = [], []
    for split, label, name in places:
        before = walk.files
        images = walk.images_below(path / name)
        if not images and walk.files > before and not fer_label(label):
            notices.append(f"{name}/ has no image and is not used as a label")
        else:
            folders.append(LabelFolder(split, label, name, images))
    return folders, notices


def _is_no_label(path: Path, folder: LabelFolder) -> str | None:
    """Return why a folder that could be a label is not one."""
    inside = subfolders(path / folder.name)
    if looks_like_split(folder.label):
        known = "" if split_of(folder.label) else f"is not known as one (expected {expected()}), "
        return (
            f"looks like a split, {known}and has no label folders"
            if not inside
            else f"looks like a split and is not known as one; expected {expected()}: rename it"
        )
    splits = [name for name in inside if split_of(name)]
    if splits:
        names = few(f"{name}/" for name in splits)
        return f"holds split folders ({names}): a data set of its own; give its path"
    if labels := _labels_in(path, folder):
        names = few(f"{name}/" for name in labels)
        return (
            f"holds label folders ({names}): a data set of its own, or a split that is not known; "
            f"give its path, or call it {expected()}"
        )
    return None


def _labels_in(path: Path, folder: LabelFolder) -> list[str]:
    """Return the label folders in a folder that is no label: at least two, else none."""
    if fer_label(folder.label):
        return []
    labels = [name for name in subfolders(path / folder.name) if fer_label(name)]
    return labels if len(labels) > 1 else []


def _shares_labels(names: Sequence[str], labels: set[str]) -> bool:
    known = {fer_label(label) or label.casefold() for label in labels}
    return any((fer_label(name) or name.casefold()) in known for name in names)


def _too_many(path: Path, count: int) -> Refusal:
    return Refusal(
        f"{path}: {count:,} folders that could be labels, expected {MOST_LABELS:,} at most"
    )


def _nested(folders: Sequence[LabelFolder]) -> tuple[str, ...]:
    """Return a notice of images in sub-folders of label folders."""
    nested = [f"{f.name}/{image}" for f in folders for image in f.images if "/" in image]
    if not nested:
        return ()
    places = dict.fromkeys(name.rpartition("/")[0] for name in nested)
    total = sum(len(folder.images) for folder in folders)
    return (
        f"{len(nested):,} of {total:,} images lie in sub-folders of label folders "
        f"({few((f'{place}/' for place in places), 2)}) and are read",
    )
