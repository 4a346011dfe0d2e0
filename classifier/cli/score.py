"""Judge transcripts and print or write their verdicts."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from classifier.cli.options import judge_options, load_judge

if TYPE_CHECKING:
    from classifier.judge import Judge
    from classifier.records import Row
    from classifier.run import Parts

EXIT_FLAGGED: Final = 3
EXIT_INCOMPLETE: Final = 4


@dataclass(slots=True)
class Tally:
    """What a run has seen so far."""

    verdicts: Counter[str] = field(default_factory=Counter)
    """Verdict word to count."""
    partial: int = 0
    """Transcripts that were not read whole."""
    progress: Callable[[int], None] = lambda _: None
    """Moves the progress bar."""

    def __call__(self, verdict: str, status: str, n_rows: int) -> None:
        """Count verdicts."""
        self.verdicts[verdict] += n_rows
        self.partial += n_rows * (status == "partial")
        self.progress(n_rows)

    def exit_code(self, *, fail_on_flag: bool) -> int:
        """Return the exit code of the run."""
        if self.partial or self.verdicts["unscored"]:
            return EXIT_INCOMPLETE
        return EXIT_FLAGGED if fail_on_flag and self.verdicts["flagged"] else 0

    def summary(self) -> str:
        """Say it in a line."""
        words = ", ".join(f"{self.verdicts[word]} {word}" for word in ("flagged", "uncertain", "clean", "unscored"))
        return f"{sum(self.verdicts.values())} transcripts: {words}; {self.partial} partial"


@click.command()
@click.argument("transcripts", nargs=-1, required=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write verdicts here: .jsonl, .parquet or .csv.")
@click.option("--to", "kind", default=None, help="Output format, when the extension does not say.")
@click.option("--from", "format", default=None, help="Input format; default: detected file by file.")
@click.option("--limit", type=click.IntRange(0), default=None, help="Stop after this many rows.")
@click.option("--table", is_flag=True, help="Print a table for people, flagged passages quoted.")
@click.option("--no-quotes", is_flag=True, help="Leave transcript text out of the output.")
@click.option("--fail-on-flag", is_flag=True, help="Exit 3 when a transcript is flagged.")
@click.option("--resume", is_flag=True, help="Continue a killed run of the same -o.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier output.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
@judge_options
def score(
    transcripts: tuple[str, ...],
    output: Path | None,
    kind: str | None,
    format: str | None,
    limit: int | None,
    table: bool,
    no_quotes: bool,
    fail_on_flag: bool,
    resume: bool,
    overwrite: bool,
    quiet: bool,
    **judge: Any,
) -> None:
    """Print one verdict a line, as JSON, for TRANSCRIPTS (files, folders, or - for standard input).

    Results go to standard output or -o, unscored rows among them; progress and the summary go to standard error.

    \b
    Exit codes:
      0  every row was scored
      1  nothing could be judged (bundle unreadable, disk full)
      2  the command line was wrong
      3  a transcript was flagged, and --fail-on-flag was given
      4  some rows were unscored or partial (wins over 3: the flags are then a lower bound)

    \b
    Example:
      judge score runs.jsonl --fail-on-flag > verdicts.jsonl
    """
    # Imported here: numpy, polars and onnxruntime are not needed for --help.
    from itertools import islice

    from classifier.readers import find_files, read_many
    from classifier.run import Parts, check_output, kind_of

    _check_options(output, {"--resume": resume, "--overwrite": overwrite, "--to": kind}, table=table)
    if output is not None:
        check_output(output, overwrite=overwrite, resume=resume)
    parts = None if output is None else Parts(output, kind_of(output, kind), quotes=not no_quotes)
    files = _inputs(find_files(transcripts), parts)
    loaded = load_judge(**judge)
    rows: Iterator[Row] = islice(read_many(files, format=format), limit)
    tally = Tally()
    with click.progressbar(length=0, label="judged", file=sys.stderr, show_eta=False, hidden=_hidden(quiet)) as bar:
        tally.progress = bar.update
        if parts is None:
            _print_verdicts(loaded, rows, tally, table=table, quotes=not no_quotes)
        else:
            options = {key: judge[key] for key in ("operating_point", "fpr")} | {"limit": limit, "format": format}
            _write_verdicts(parts, rows, loaded, tally, files=files, options=options, resume=resume)
    if not quiet:
        click.echo(tally.summary(), err=True)
    sys.exit(tally.exit_code(fail_on_flag=fail_on_flag))


def _check_options(output: Path | None, of_output: Mapping[str, object], *, table: bool) -> None:
    """Refuse options that would be left unheeded."""
    if output is not None and table:
        raise click.UsageError("--table goes to standard output; leave it or -o out")
    for name, given in of_output.items():
        if given and output is None:
            raise click.UsageError(f"{name} needs -o")


def _inputs(found: list[str], parts: Parts | None) -> list[str]:
    """Leave out what this run writes, where it lies in a folder that is read."""
    from classifier.errors import InputError

    files = [file for file in found if parts is None or not parts.holds(Path(file))]
    if not files:
        raise InputError("it is the output of this run", where=found[0], then="name other files")
    return files


def _write_verdicts(
    parts: Parts,
    rows: Iterator[Row],
    judge: Judge,
    tally: Tally,
    *,
    files: list[str],
    options: Mapping[str, Any],
    resume: bool,
) -> None:
    # Imported here for the same reason as above.
    from classifier.run import key_of_run, write_parts

    key = None
    if resume or "-" not in files:
        digests = {"bundle": judge.bundle_digest, "constitution": judge.constitution_digest}
        key = key_of_run(files, **digests, options={**options, "quotes": parts.quotes, "kind": parts.kind})
    done = 0
    if resume and key is not None:
        done = parts.resume(key, seen=tally)
    else:
        parts.begin(key)
    write_parts(parts, rows, judge, done=done, seen=tally)


def _print_verdicts(judge: Judge, rows: Iterator[Row], tally: Tally, *, table: bool, quotes: bool) -> None:
    # Imported here for the same reason as above.
    from classifier.cli.printing import print_table
    from classifier.table import to_row

    if table:
        verdicts = []
        for verdict in judge(rows):
            tally(verdict.verdict, verdict.status, 1)
            verdicts.append(verdict)
        print_table(verdicts, quotes=quotes)
        return
    for verdict in judge(rows):
        tally(verdict.verdict, verdict.status, 1)
        click.echo(json.dumps(to_row(verdict, quotes=quotes), ensure_ascii=False))


def _hidden(quiet: bool) -> bool:
    return quiet or not sys.stderr.isatty()
