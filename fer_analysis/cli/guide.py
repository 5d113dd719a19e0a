"""`fer guide`: what each part does, how far it can be trusted, and how it was measured."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", required=False)
@click.option("--open", "look", is_flag=True, help="Show it in the browser.")
def guide(name, look):
    """Show a guide: the method, the evidence, the limits. Without NAME, list all guides.

    \b
    Examples:
      fer guide
      fer guide getting-started
      fer guide saliency --open
    """
    from fer_analysis.guides import FIRST, all_guides, find_guide

    chosen = find_guide(name) if name else None
    if look:
        _open(chosen.name if chosen else FIRST)
    elif chosen:
        from fer_analysis.cli.tables.markdown import GuideMarkdown
        from fer_analysis.cli.tables.screen import out

        out.print(GuideMarkdown(chosen.text, hyperlinks=False), width=min(out.width, 100))
    else:
        formatter = click.HelpFormatter()
        formatter.write_dl([(each.name, each.title) for each in all_guides()])
        click.echo(formatter.getvalue(), nl=False)


def _open(name: str) -> None:
    import tempfile
    from pathlib import Path

    from fer_analysis.data.cache import cache_folder
    from fer_analysis.guides import write_pages

    folder = (cache_folder() or Path(tempfile.mkdtemp())) / "guides"
    write_pages(folder)
    click.launch((folder / f"{name}.html").resolve().as_uri())
