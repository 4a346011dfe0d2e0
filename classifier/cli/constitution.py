"""Show, validate and compare constitutions."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from constitution import diff as compare
from constitution import load_constitution

FILE = click.Path(path_type=Path)


@click.group()
def constitution() -> None:
    """Show, validate or compare constitutions."""


@constitution.command()
@click.argument("file", type=FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(file: Path | None, as_json: bool) -> None:
    """Print the principles of FILE, or of the default constitution.

    \b
    Exit codes:
      0  printed
      1  the file is not a valid constitution
      2  the command line was wrong

    \b
    Example:
      judge constitution show
    """
    loaded = load_constitution(file)
    if as_json:
        click.echo(json.dumps({**asdict(loaded), "digest": loaded.digest}, ensure_ascii=False, indent=1))
        return
    for label, principles in loaded.by_label().items():
        click.echo(click.style(label, bold=True))
        for principle in principles:
            click.echo(f"  {principle.id} (severity {principle.severity})\n    {principle.text}")
    click.echo(f"{len(loaded.principles)} principles, version {loaded.version}, digest {loaded.digest}")


@constitution.command()
@click.argument("file", type=FILE)
def validate(file: Path) -> None:
    """Check FILE and print its digest.

    \b
    Exit codes:
      0  valid
      1  not valid; the sentence says what, where and what to do next
      2  the command line was wrong

    \b
    Example:
      judge constitution validate ours.toml
    """
    loaded = load_constitution(file)
    click.echo(f"{file}: {len(loaded.principles)} principles, digest {loaded.digest}")


@constitution.command()
@click.argument("before", type=FILE)
@click.argument("after", type=FILE, required=False)
def diff(before: Path, after: Path | None) -> None:
    """List the principles that differ from BEFORE to AFTER (default: from the default constitution to BEFORE).

    \b
    Exit codes:
      0  compared
      1  a file is not a valid constitution
      2  the command line was wrong

    \b
    Example:
      judge constitution diff ours.toml
    """
    first, second = (load_constitution(), load_constitution(before))
    if after is not None:
        first, second = second, load_constitution(after)
    changes = compare(first, second)
    for change in changes:
        fields = f" ({', '.join(change.fields)})" if change.fields else ""
        click.echo(f"{change.kind} {change.id}{fields}")
    click.echo(f"{len(changes)} principles differ", err=True)
