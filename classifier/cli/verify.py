"""Check a bundle's files and arithmetic."""

from __future__ import annotations

import click


@click.command()
@click.option("--model", default="default", show_default=True, help="Shipped bundle by name, or a folder.")
def verify(model: str) -> None:
    """Check a bundle: every file against the manifest, and the golden scores on this machine.

    \b
    Exit codes:
      0  whole, and this machine computes what it should
      1  it is damaged, or the scores differ by more than 0.001
      2  the command line was wrong

    \b
    Example:
      judge verify --model models/mine
    """
    # Imported here: numpy and onnxruntime are not needed for --help.
    from classifier.golden import check_golden
    from classifier.judge import Judge

    judge = Judge.load(model)
    drift = check_golden(judge)
    click.echo(f"{judge.layout.folder}: files as in the manifest; golden scores within {drift:.1e}")
    click.echo(f"bundle {judge.bundle_digest}")
