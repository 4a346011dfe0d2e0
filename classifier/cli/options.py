"""Options that several commands share, and the judge they ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from classifier.judge import Judge


def judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which judge to load; `load_judge` takes them by name."""
    for option in (
        click.option(
            "--jobs", type=click.IntRange(1), default=None, help="Threads of the encoder; default: all cores."
        ),
        click.option("--fpr", type=float, default=None, help="Flag at this false-positive rate a label instead."),
        click.option("--operating-point", default="gate", show_default=True, help="Where to flag: gate or screen."),
        click.option("--constitution", type=click.Path(path_type=Path), default=None, help="Judge by this TOML file."),
        click.option("--model", default="default", show_default=True, help="Shipped bundle by name, or a folder."),
    ):
        command = option(command)
    return command


def load_judge(
    model: str, constitution: Path | None, operating_point: str, fpr: float | None, jobs: int | None
) -> Judge:
    """Load the judge that the options name."""
    # Imported here: onnxruntime and numpy would treble the time of --help.
    from classifier.judge import Judge
    from constitution import load_constitution

    return Judge.load(
        model,
        constitution=load_constitution(constitution) if constitution else None,
        operating_point=operating_point,
        fpr=fpr,
        threads=jobs,
    )
