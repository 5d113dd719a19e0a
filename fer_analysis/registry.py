"""Tables of names: each entry is `module:function`, imported on first use."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from fer_analysis.errors import FerError, did_you_mean


class Registry(Mapping):
    """A table `name -> "module:function"` that imports an entry on first use.

    Listing the names costs no import, so that `--help` is fast and a misspelling is
    reported before anything heavy is loaded.

    Args:
        kind: What the entries are, for messages (e.g. `model`).
        entries: Name to `module:function`.
    """

    def __init__(self, kind: str, entries: Mapping[str, str]):
        self.kind = kind
        self._entries = dict(entries)

    __hash__ = object.__hash__  # tables are compared by identity, not by their entries
    __eq__ = object.__eq__

    def __getitem__(self, name: str) -> Callable:
        """Return the function called `name`.

        Raises:
            FerError: If there is no such entry; the message names the closest one.
        """
        self.check(name)
        module, function = self._entries[name].split(":")
        return getattr(importlib.import_module(module), function)

    def keywords(self, name: str) -> dict[str, str]:
        """Return an entry's keyword-only arguments with their defaults, as its source has them.

        The source is parsed, not imported: `--help` lists options quickly.
        """
        module, function = self._entries[self.check(name)].split(":")
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin).read_text(encoding="utf-8")
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef) and node.name == function:
                pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
                return {a.arg: "" if value is None else ast.unparse(value) for a, value in pairs}
        return {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._entries

    def add(self, name: str, place: str) -> None:
        """Add an entry, e.g. a function of a package of your own.

        Args:
            name: Its name.
            place: `module:function`.

        Raises:
            FerError: If the name is taken.
        """
        if name in self._entries:
            raise FerError(f"{self.kind} '{name}' exists already")
        self._entries[name] = place

    def module(self, name: str) -> str:
        """Return the name of an entry's module; nothing is imported."""
        return self._entries[self.check(name)].split(":")[0]

    def check(self, name: str) -> str:
        """Return `name` if it is in the table.

        Raises:
            FerError: If it is not; the message names the closest entry.
        """
        if name not in self._entries:
            raise FerError(f"unknown {self.kind} '{name}'{did_you_mean(name, self)}")
        return name
