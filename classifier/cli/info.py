"""Describe a bundle, or say what a file is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from classifier.cli.options import judge_options, load_judge


@click.command()
@click.option("--detect", "file", type=click.Path(path_type=Path), default=None, help="Say what format this file has.")
@click.option("--card", is_flag=True, help="Print the bundle's card.")
@judge_options
def info(file: Path | None, card: bool, **judge: Any) -> None:
    """Describe the bundle, or with --detect say what a file was found to be and why.

    \b
    Exit codes:
      0  described
      1  the bundle or the file could not be read
      2  the command line was wrong

    \b
    Example:
      judge info --detect runs.jsonl
    """
    if file is not None:
        # Imported here: readers are not needed for --help.
        from classifier.readers import detect

        found = detect(file)
        click.echo(f"{file}: {found.format} ({found.why})")
        return
    loaded = load_judge(**judge)
    if card:
        click.echo(loaded.layout.card.read_text(encoding="utf-8"))
    else:
        click.echo(json.dumps(loaded.card_summary(), indent=1))
