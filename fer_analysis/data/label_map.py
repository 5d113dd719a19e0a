"""Data with other labels than a network's: its labels translated to those of the network."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.csv_header import check_once
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.label_names import find_label
from fer_analysis.data.vote_labels import by_split, in_split
from fer_analysis.errors import FerError, did_you_mean

MAPPED = "+mapped"
"""Ending of the protocol's name where labels were translated."""

LEAVE_OUT = "-"
FILES = (".yaml", ".yml", ".csv")

Given = Mapping[str, str | None] | str | Path | Iterable[str]
"""A label map as users give it: pairs, `data=network` texts, or files of them."""


@dataclass(frozen=True)
class LabelMap:
    """How the labels of data were translated.

    Args:
        names: The data's labels -> the network's; None: without counterpart, left out.
        left_out: Label of the data -> split -> images left out.
        absent: Labels of the network that the data does not have.
    """

    names: Mapping[str, str | None]
    left_out: Mapping[str, Mapping[str, int]]
    absent: tuple[str, ...]

    def told(self, split: str | None = None) -> str:
        """Return a line for readers of figures, on a split or on all."""
        pairs = ", ".join(f"{a}={b or LEAVE_OUT}" for a, b in self.names.items() if a != b)
        text = f"labels of the data read as the network's: {pairs or 'all alike'}"
        if self.left_out:
            counts = ", ".join(
                f"{in_split(counts, split):,} {name}" for name, counts in self.left_out.items()
            )
            text += f"; left out, without counterpart: {counts}"
        if self.absent:
            text += f"; the data has no {', '.join(self.absent)}: such answers count as wrong"
        return text

    def as_dict(self) -> dict:
        """Return it ready for JSON."""
        return {
            "names": dict(self.names),
            "left_out": {name: dict(counts) for name, counts in self.left_out.items()},
            "absent": list(self.absent),
        }


def read_label_map(given: Given) -> dict[str, str | None]:
    """Return the data's labels -> the network's (None: to be left out).

    Args:
        given: Pairs; or texts `data=network`, with `-` for no counterpart; or paths of a YAML
            file of pairs, or of a CSV with the columns `data` and `network`.

    Raises:
        FerError: If a text or a file is none of these, or a label is given twice.
    """
    if isinstance(given, Mapping):
        return {str(name): _target(target) for name, target in given.items()}
    found: dict[str, str | None] = {}
    for text in [given] if isinstance(given, str | Path) else given:
        for name, target in _pairs(text):
            if name in found and found[name] != target:
                raise FerError(f"--map: '{name}' is given twice")
            found[name] = target
    return found


def map_labels(
    dataset: FaceDataset, network: tuple[str, ...], given: Given
) -> tuple[FaceDataset, LabelMap]:
    """Translate the labels of data to those of a network.

    Labels of the same name, or of another usual form of it (happiness, happy), are translated by
    themselves; what is given goes first. Several labels of the data may become one.

    Args:
        dataset: The data.
        network: The network's labels.
        given: See `read_label_map`.

    Returns:
        The images whose label has a counterpart, with all labels of the network in its order, and
        what was done. Votes move with their labels.

    Raises:
        FerError: If a label has no counterpart and is not said to have none, or is unknown.
    """
    names = _complete(dataset.label_names, network, read_label_map(given))
    target = np.array([-1 if b is None else network.index(b) for b in names.values()])
    labels = target[dataset.labels]
    keep = labels >= 0
    votes, vote_names = _mapped_votes(dataset, network, names)
    mapped = FaceDataset(
        images=dataset.images[keep],
        labels=labels[keep],
        label_names=network,
        ids=dataset.ids[keep],
        split=dataset.split[keep],
        votes=None if votes is None else votes[keep],
        vote_names=vote_names,
    )
    return mapped, LabelMap(
        names=names,
        left_out={
            name: by_split(dataset.labels == place, dataset)
            for place, (name, target) in enumerate(names.items())
            if target is None
        },
        absent=tuple(name for name in network if name not in names.values()),
    )


def needed_pairs(data: tuple[str, ...], network: tuple[str, ...]) -> str | None:
    """Return the `--map` options with which data fits a network; None if nothing matches."""
    found = {name: _counterpart(name, network) for name in data}
    if not any(found.values()):
        return None
    pairs = [f"{a}={b or LEAVE_OUT}" for a, b in found.items() if a != b]
    pairs = pairs or [f"{data[0]}={data[0]}"]
    return " ".join(f"--map {pair}" for pair in pairs)


def _counterpart(name: str, network: tuple[str, ...]) -> str | None:
    place = find_label(name, network)
    return None if place is None else network[place]


def _complete(data, network, given: dict[str, str | None]) -> dict[str, str | None]:
    """Return a counterpart for each label of the data.

    Raises:
        FerError: Naming every label without one, and every unknown label.
    """
    problems = [
        f"the data has no label '{name}'{did_you_mean(name, data)}"
        for name in given
        if name not in data
    ]
    problems += [
        f"the network has no label '{target}'{did_you_mean(target, network)}"
        for target in given.values()
        if target is not None and target not in network
    ]
    names = {name: given.get(name, _counterpart(name, network)) for name in data}
    problems += [
        f"'{name}' has no counterpart: --map {name}=LABEL, or --map {name}=- to leave it out"
        for name, target in names.items()
        if target is None and name not in given
    ]
    if not problems and not any(names.values()):
        problems = ["every label is left out"]
    if problems:
        raise FerError(f"--map (the network's labels: {', '.join(network)})", problems)
    return names


def _mapped_votes(
    dataset: FaceDataset, network: tuple[str, ...], names: Mapping[str, str | None]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return votes with the network's labels first; other options keep their columns."""
    if dataset.votes is None:
        return None, ()
    targets = [names.get(name) or _counterpart(name, network) for name in dataset.vote_names]
    columns = [
        dataset.votes[:, [target == name for target in targets]].sum(axis=1) for name in network
    ]
    others = [place for place, target in enumerate(targets) if target is None]
    columns += [dataset.votes[:, place] for place in others]
    return np.stack(columns, axis=1), (*network, *(dataset.vote_names[place] for place in others))


def _target(text: object) -> str | None:
    return None if text is None or str(text).strip() in ("", LEAVE_OUT) else str(text).strip()


def _pairs(text: str | Path) -> list[tuple[str, str | None]]:
    if str(text).lower().endswith(FILES) and "=" not in Path(text).name:
        return _file_pairs(Path(text).expanduser())
    name, equals, target = str(text).partition("=")
    if not equals or not name.strip():
        raise FerError(
            f"--map: expected DATA=NETWORK (e.g. happiness=happy, contempt=-) or a file "
            f"({', '.join(FILES)}), received '{text}'"
        )
    return [(name.strip(), _target(target))]


def _file_pairs(path: Path) -> list[tuple[str, str | None]]:
    """Read pairs of labels from a YAML mapping, or a CSV with the columns `data` and `network`."""
    import yaml

    try:
        text = path.read_text(encoding="utf-8-sig")
        pairs = _csv_pairs(path, text) if path.suffix.lower() == ".csv" else _yaml_pairs(text)
        return [(name.strip(), _target(target)) for name, target in pairs]
    except OSError as error:
        raise FerError(f"{path}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, ValueError, AttributeError, csv.Error, RecursionError):
        raise FerError(
            f"{path}: expected labels of the data and of the network, as YAML (happiness: happy, "
            'contempt: "-") or as a CSV with the columns data and network'
        ) from None


def _csv_pairs(path: Path, text: str) -> list[list[str]]:
    header, *rows = [row for row in csv.reader(text.splitlines()) if any(map(str.strip, row))]
    header = [name.strip() for name in header]
    check_once(path, header, ("data", "network"))
    places = [header.index(name) for name in ("data", "network")]
    if any(len(row) != len(header) for row in rows):
        raise ValueError("rows of other lengths")
    return [[row[place] for place in places] for row in rows]


def _yaml_pairs(text: str) -> list[tuple[str, object]]:
    """Return the pairs of a YAML mapping: a label that is given twice is two of them."""
    import yaml

    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("no mapping")
    if not all(isinstance(part, yaml.ScalarNode) for pair in node.value for part in pair):
        raise ValueError("no mapping of texts")
    empty = "tag:yaml.org,2002:null"
    return [(name.value, None if to.tag == empty else to.value) for name, to in node.value]
