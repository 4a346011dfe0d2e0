"""The command group: commands are loaded when they are called for."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any, Final

import click

from classifier.errors import ClassifierError
from constitution import ConstitutionError

COMMANDS: Final = {
    "score": "classifier.cli.score:score",
    "explain": "classifier.cli.explain:explain",
    "info": "classifier.cli.info:info",
    "verify": "classifier.cli.verify:verify",
    "constitution": "classifier.cli.constitution:constitution",
}
"""Name to place; loaded late so that --help stays under 0.2 s."""
SHORT_HELP: Final = {
    "score": "Judge transcripts.",
    "explain": "Show one transcript with its evidence marked.",
    "info": "Describe the bundle, or say what a file is.",
    "verify": "Check a bundle's files and arithmetic.",
    "constitution": "Show, validate or compare constitutions.",
    "train": "Fit a bundle on the corpus.",
    "evaluate": "Measure a bundle on labelled transcripts.",
    "corpus": "Look after the corpus.",
}
PLUGINS: Final = "transcript_judge.commands"
"""Entry-point group through which training brings its commands."""


class Commands(click.Group):
    """The one place where an error becomes a sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name our commands and those that installed packages bring."""
        return [*COMMANDS, *sorted(_plugins())]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Load a command by name."""
        if name in COMMANDS:
            module, _, attribute = COMMANDS[name].partition(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command
        plugin = _plugins().get(name)
        return plugin.load() if plugin else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, SHORT_HELP.get(name, "")) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ClassifierError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)
        except ConstitutionError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("transcript-judge"), prog_name="judge")
def main() -> None:
    """Judge transcripts of AI assistants, with quoted evidence.

    \b
    Example:
      judge score runs.jsonl --table
    """


def _plugins() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=PLUGINS)}
