"""The `fer` command: parse, call the library, print. Only this folder imports click.

Heavy imports live inside the commands, so that help and errors are fast.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from itertools import pairwise
from typing import NoReturn

import click

from fer_analysis import __version__
from fer_analysis.cli import verbosity
from fer_analysis.cli.terminal import encodable, escaped
from fer_analysis.errors import FerError, first_line

COMMANDS = (
    "data",
    "audit",
    "train",
    "evaluate",
    "compare",
    "ensemble",
    "stress",
    "saliency",
    "study",
    "diagnose",
    "report",
    "relabel",
    "agreement",
    "reproduce",
    "predict",
    "export",
    "config",
    "guide",
)
"""In the order of use; each is in the module of its name."""


class _Commands(MutableMapping):
    """Name -> command; a command's module is imported when it is first asked for."""

    def __init__(self):
        self._loaded: dict[str, click.Command | None] = dict.fromkeys(COMMANDS)

    def __getitem__(self, name: str) -> click.Command:
        if self._loaded[name] is None:
            command = getattr(importlib.import_module(f"fer_analysis.cli.{name}"), name)
            verbosity.add_options(command)
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class _Group(click.Group):
    """The one place where an error becomes a line on stderr and exit code 1."""

    def make_context(self, *args, **kwargs) -> click.Context:
        verbosity.reset()
        encodable()
        return super().make_context(*args, **kwargs)

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Refuse empty words: `"$F"` of a variable that is not set would be this folder."""
        if (empty := _empty(args)) and not context.resilient_parsing:
            raise click.ClickException(f"{escaped(empty)} (a variable that is not set?)")
        return super().parse_args(context, args)

    def list_commands(self, context: click.Context) -> list[str]:
        """Return the commands in the order of use, not alphabetically."""
        return list(self.commands)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, each with its full summary."""
        rows = [(name, each.get_short_help_str(limit=200)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, context: click.Context):
        try:
            result = super().invoke(context)
            _tell_fonts()
            sys.stdout.flush()  # a full disk is reported here, not after the last line
            return result
        except FerError as error:
            _fail(str(error), error)
        except BrokenPipeError:
            raise  # `fer ... | head`: click ends silently
        except OSError as error:
            _fail(_reason(error), error)
        except KeyboardInterrupt as error:
            click.echo("Stopped.", err=True)
            raise SystemExit(130) from error


def _empty(args: Sequence[str]) -> str | None:
    """Return which of a command's words is empty, or an option with an empty value, if any is."""
    for before, word in pairwise(["fer", *args]):
        if not word:
            return f"an empty argument after '{before}'"
        if re.fullmatch("--[a-z-]+=", word):
            return f"{word} without a value"
    return None


def _tell_fonts() -> None:
    """Report once which names no font of this machine could draw."""
    fonts = sys.modules.get("fer_analysis.figures.fonts")
    names = fonts.take_replaced() if fonts else []
    if names and verbosity.level() != verbosity.QUIET:
        shown = ", ".join(escaped(name) for name in names[:3]) + (", …" if names[3:] else "")
        click.echo(
            f"note: no installed font has all characters of {shown}: pictures show their "
            "codes; install one (e.g. Noto Sans) to see them",
            err=True,
        )


def _fail(text: str, error: Exception) -> NoReturn:
    click.echo(f"Error: {escaped(text)}", err=True)
    raise SystemExit(1) from error


def _reason(error: OSError) -> str:
    """Return the system's error, with the file's name."""
    reason = error.strerror or first_line(error)
    if error.filename is None:
        return reason
    return f"{os.fsdecode(error.filename)}: {reason}"


@click.group(
    cls=_Group,
    commands=_Commands(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="fer")
def main():
    """Train facial-expression classifiers, and find out where and why they fail.

    A first tour, on schematic faces that the package draws itself:

    \b
      fer data     --data synthetic                # what is in the data
      fer audit    --data synthetic                # what is wrong with it
      fer train    tiny --data synthetic           # a minute; writes runs/<time>-<model>/
      fer evaluate                                 # the newest run: recall, confusion
      fer saliency --label disgust                 # where it looks
      fer report   --open                          # all of it on one page
      fer predict  face.jpg                        # the label of a picture, by a trained network
      fer guide                                    # what each part does, and how far to trust it

    With FER-2013 on disk, --data PATH is the CSV or the folder that holds it;
    the variable FER2013_DIR is the default of --data.

    An expression is not a feeling: a label is the category that a face was filed under.

    Shell completion (bash, zsh, fish): eval "$(_FER_COMPLETE=bash_source fer)" in ~/.bashrc,
    with zsh_source in ~/.zshrc.
    """
