#!/usr/bin/env python3
"""Write the reference guide: the help of every command, every key of a config, every public name.

    python scripts/reference.py

A test fails where the guide and the program differ.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Iterator
from pathlib import Path

import click

import fer_analysis
from fer_analysis.cli import main as fer
from fer_analysis.config import config_keys
from fer_analysis.config.keys import Key

GUIDE = Path(fer_analysis.__file__).parent / "guides" / "reference.md"
WIDTH = 80
TOP = """# Reference: commands, config keys, Python

Made from the program by `python scripts/reference.py`; the same is shown by `fer COMMAND --help`,
by `fer config keys` and, in Python, by `help(fer_analysis.NAME)`.
"""


def main() -> None:
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    GUIDE.write_text(reference(), encoding="utf-8")
    print(f"wrote {GUIDE}")


def reference() -> str:
    """Return the whole guide."""
    parts = [TOP, "## Commands\n"]
    parts += [
        _section(each.command_path, each.command.get_help(each)) for each in _contexts(fer, "fer")
    ]
    parts += ["## Config keys\n", _keys(), "## Python\n"]
    parts += [_section(name, _description(name)) for name in sorted(fer_analysis.__all__)]
    return "\n".join(parts)


def _section(title: str, text: str) -> str:
    return f"### {title}\n\n```text\n{text.strip()}\n```\n"


def _contexts(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[click.Context]:
    """Yield a command's context, then those of its subcommands."""
    settings = {**command.context_settings, "max_content_width": WIDTH}
    context = click.Context(
        command, info_name=name, parent=parent, terminal_width=WIDTH, **settings
    )
    yield context
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _contexts(command.get_command(context, each), each, context)


def _keys() -> str:
    rows = [_row(key) for key in config_keys()]
    return "\n".join(["| key | of | default | meaning |", "| --- | --- | --- | --- |", *rows, ""])


def _row(key: Key) -> str:
    cells = (f"`{key.path}`", key.only, key.default and f"`{key.default}`", key.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _description(name: str) -> str:
    """Return how a public name is called, and its docstring without the indentation."""
    value = getattr(fer_analysis, name)
    what = "class " if inspect.isclass(value) else ""
    doc = inspect.getdoc(value)
    return f"{what}{_signature(name, value)}\n\n{doc}"


def _signature(name: str, value: object) -> str:
    """Return a call of a function with its arguments, one a line where they do not fit into one."""
    if inspect.isclass(value):
        return name
    arguments = [_argument(each) for each in inspect.signature(value).parameters.values()]
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments), ")"])


def _argument(parameter: inspect.Parameter) -> str:
    """Return an argument as it stands in the source: annotations are texts there."""
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    default = "" if parameter.default is inspect.Parameter.empty else f" = {parameter.default!r}"
    return f"{stars.get(parameter.kind, '')}{parameter.name}: {parameter.annotation}{default}"


if __name__ == "__main__":
    main()
