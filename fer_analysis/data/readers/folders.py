"""Data sets as folders of images: Kaggle's FER-2013, and data sets with other labels."""

from __future__ import annotations

import functools
from pathlib import Path

from fer_analysis.data.dataset import FER_LABELS, OFFICIAL_SPLITS
from fer_analysis.data.label_names import fer_label, name_labels
from fer_analysis.data.readers.image_files import ImageFile, read_images
from fer_analysis.data.readers.source import Source
from fer_analysis.data.readers.tree import LabelFolder, Tree, official_split, read_tree

KAGGLE = "train/<label>/Training_*.jpg and test/<label>/PublicTest_*.jpg"


def find_kaggle(path: Path) -> Source | str:
    """Recognise Kaggle's folders: the prefix of a file is its official split.

    The folders `train` and `test` are not: `test` has PublicTest and PrivateTest.
    If any other folder contradicts the prefixes, a user has divided the images differently.
    """
    tree = read_tree(path)
    if not isinstance(tree, Tree):
        return tree or KAGGLE
    if not _has_prefixes(tree):
        return KAGGLE
    if _is_divided_anew(tree):
        return f"{KAGGLE}, where no folder contradicts the names"
    entries, problems, unusable = [], list(tree.problems), 0
    for folder in tree.folders:
        label = fer_label(folder.label)
        named = [(image, official_split(image)) for image in folder.images]
        if label is None:
            problems.append(
                f"{path / folder.name}: unknown label '{folder.label}', "
                f"expected {', '.join(FER_LABELS)}"
            )
        elif not named:
            problems.append(_empty(path, folder))
        else:
            problems += [
                f"{path / folder.name / image}: expected a name that begins with "
                f"{'_, '.join(OFFICIAL_SPLITS)}_ (--layout folders splits by folder)"
                for image, split in named
                if not split
            ]
        good = [(image, split) for image, split in named if split and label]
        unusable += len(named) - len(good)
        entries += [ImageFile(f"{folder.name}/{image}", label, split) for image, split in good]
    labels = name_labels(folder.label for folder in tree.folders if folder.images)
    read = functools.partial(
        read_images,
        path,
        entries,
        FER_LABELS,
        official=True,
        problems=problems,
        unusable=unusable,
    )
    return _source(path, tree, entries, read, (labels.notices, problems))


def find_folders(path: Path) -> Source | str:
    """Recognise general `<split>/<label>/*` or `<label>/*` folders of images."""
    tree = read_tree(path)
    looked_for = "<split>/<label>/* or <label>/* folders with images of at least two labels"
    if not isinstance(tree, Tree):
        return tree or looked_for
    # Of several spellings the one in the training folder is the name.
    first = sorted(tree.folders, key=lambda folder: folder.split != "train")
    labels = name_labels(folder.label for folder in first)
    if len({labels.of[folder.label] for folder in tree.folders if folder.images}) < 2:
        return looked_for
    entries = [
        ImageFile(f"{folder.name}/{image}", labels.of[folder.label], folder.split)
        for folder in tree.folders
        for image in folder.images
    ]
    problems = [*tree.problems, *(_empty(path, f) for f in tree.folders if not f.images)]
    official = tree.official and labels.names == FER_LABELS
    read = functools.partial(
        read_images, path, entries, labels.names, official=official, problems=problems
    )
    notices = (*labels.notices, *_anew(tree))
    return _source(path, tree, entries, read, (notices, (*labels.names, *problems)))


def _source(path: Path, tree: Tree, entries, read, facts) -> Source:
    notices, depends = facts
    return Source(
        folder=path,
        files=tuple(entry.name for entry in entries),
        read=read,
        left_out=tree.walk.left_out,
        notices=(*tree.notices, *notices),
        depends=tuple(depends),
    )


def _empty(path: Path, folder: LabelFolder) -> str:
    return f"{path / folder.name}: no image in this label folder"


def _has_prefixes(tree: Tree) -> bool:
    """Return whether most images have one of FER-2013's splits in their names."""
    named = [official_split(image) != "" for folder in tree.folders for image in folder.images]
    return 2 * sum(named) > len(named)


def _is_divided_anew(tree: Tree) -> bool:
    return not all(tree.agrees(folder, image) for folder in tree.folders for image in folder.images)


def _anew(tree: Tree) -> tuple[str, ...]:
    if not _has_prefixes(tree) or not _is_divided_anew(tree):
        return ()
    folders = ", ".join(f"{name}/" for name in tree.splits)
    return (
        f"split by the folders {folders} and not by the names of the files, which give another "
        "division (Training_, PublicTest_, PrivateTest_)",
    )
