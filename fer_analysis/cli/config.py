"""`fer config`: what can be configured."""

from __future__ import annotations

import click

from fer_analysis.cli.options import json_option, set_option


@click.group()
def config():
    """Show the configs of the package, and every key of a config.

    \b
    Examples:
      fer config list
      fer config show self_built > mine.yaml          # a config of your own
      fer config keys training
      fer config keys remedies.mixup
    """


@config.command("list")
@json_option
def list_configs(as_json):
    """List the configs that come with the package, each with its summary."""
    from fer_analysis.shipped import shipped_configs, summary_of

    summaries = {name: summary_of(path) for name, path in shipped_configs().items()}
    if as_json:
        _print_json(summaries)
    else:
        _print_rows(list(summaries.items()))


@config.command()
@click.argument("name")
@set_option
@json_option
def show(name, overrides, as_json):
    """Show a config with every default written out.

    NAME is a YAML file, a config of the package, or a model.
    """
    from fer_analysis.config import load_config

    resolved = load_config(name, overrides)
    if as_json:
        _print_json(resolved.model_dump(mode="json"))
    else:
        click.echo(resolved.to_yaml(), nl=False)


@config.command()
@click.argument("prefix", default="")
@json_option
def keys(prefix, as_json):
    """Show every key, or those below PREFIX: type and limits, default, meaning."""
    from dataclasses import asdict

    from fer_analysis.config import config_keys

    found = config_keys(prefix)
    if as_json:
        _print_json([asdict(key) for key in found])
        return
    for key in found:
        only = f" ({key.only})" if key.only else ""
        default = f", default {key.default}" if key.default else ", required"
        click.echo(f"{key.path}{only}: {key.kind}{default}")
        click.echo(click.wrap_text(key.meaning, initial_indent="    ", subsequent_indent="    "))


def _print_rows(rows: list[tuple[str, str]]) -> None:
    formatter = click.HelpFormatter()
    formatter.write_dl(rows)
    click.echo(formatter.getvalue(), nl=False)


def _print_json(value: object) -> None:
    import json

    click.echo(json.dumps(value, indent=2))
