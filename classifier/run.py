"""A run over files: constant memory, output in parts, resumable.

Output goes to `OUT.parts/`, a part every so many rows with its counts, renamed into place when whole; a state file says
what the run depends on. When the input ends, the parts become OUT in one rename. A killed run leaves whole parts only,
so that a resumed one continues with the first row that no part holds and ends in the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifier.bundle import digest_file
from classifier.errors import InputError, OutputError, ResumeError, UsageError
from classifier.records import Row, Verdict
from classifier.table import flatten, schema, to_row

PART_ROWS: Final = 2000
"""Verdicts in one part, and in one row group of Parquet."""
STATE: Final = "state.json"
KINDS: Final = ("jsonl", "parquet", "csv")
"""Output formats, by extension or `--to`."""


@dataclass(frozen=True, slots=True)
class RunKey:
    """What a run's output depends on; a resumed run must have the same."""

    inputs: Mapping[str, str]
    """File to sha256 of its content."""
    bundle: str
    """Digest of the bundle."""
    constitution: str
    """Digest of the constitution."""
    options: Mapping[str, Any]
    """Options that change the output."""
    version: str
    """Version of this package: another one may read the same bytes in another way."""


def key_of_run(files: Sequence[str], *, bundle: str, constitution: str, options: Mapping[str, Any]) -> RunKey:
    """Digest the inputs of a run.

    Raises
    ------
    ResumeError
        If standard input is among them: it cannot be read again.
    """
    if "-" in files:
        raise ResumeError(
            "standard input cannot be read again", where="-", then="save it to a file to use -o with resume"
        )
    inputs = {file: digest_file(Path(file)) for file in files}
    return RunKey(inputs, bundle, constitution, dict(options), version("transcript-judge"))


def kind_of(path: Path, wanted: str | None) -> str:
    """Return the output format.

    Raises
    ------
    UsageError
        If neither the extension nor `--to` names one.
    """
    kind = wanted or path.suffix.removeprefix(".")
    if kind not in KINDS:
        raise UsageError(
            f"no output format {kind!r}", where=str(path), then=f"end it in .{', .'.join(KINDS)} or use --to"
        )
    return kind


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder in which an output grows."""

    out: Path
    """The output that is made."""
    kind: str
    """Its format."""
    quotes: bool
    """Whether evidence carries text."""

    @property
    def folder(self) -> Path:
        """Where the parts lie."""
        return self.out.with_name(self.out.name + ".parts")

    def part(self, number: int) -> Path:
        """Return the place of one part."""
        return self.folder / f"{number:06d}.{self.kind}"

    def counts(self, number: int) -> Path:
        """Return the place of what one part counts: a resumed run ends with the exit code of the whole."""
        return self.folder / f"{number:06d}.counts.json"

    @property
    def begun(self) -> bool:
        """Whether an unfinished run has left a part."""
        return any(self.folder.glob("000000.*"))

    def holds(self, path: Path) -> bool:
        """Tell whether a file is the output or lies among the parts: a folder that is read may hold them."""
        file, own = path.resolve(), self.folder.resolve()
        return file == self.out.resolve() or own in file.parents

    def begin(self, key: RunKey | None) -> None:
        """Start afresh; without a key (standard input) the run cannot be resumed."""
        state = None if key is None else asdict(key)
        shutil.rmtree(self.folder, ignore_errors=True)
        with _writing(self.folder):
            self.folder.mkdir(parents=True)
            _replace(self.folder / STATE, json.dumps(state, sort_keys=True).encode())

    def resume(self, key: RunKey, *, seen: Callable[[str, str, int], None]) -> int:
        """Return how many whole parts are there; `seen` is told verdict, status and how many of them they hold.

        Raises
        ------
        ResumeError
            If there is no unfinished run, or it depended on something else.
        """
        if not (self.folder / STATE).is_file():
            raise ResumeError("there is no unfinished run", where=str(self.out), then="leave --resume out")
        before = json.loads((self.folder / STATE).read_text(encoding="utf-8"))
        now = json.loads(json.dumps(asdict(key)))
        changed = [name for name in now if before is None or before.get(name) != now[name]]
        if changed:
            raise ResumeError(
                f"{', '.join(changed)} changed since the run began",
                where=str(self.out),
                then="start again with --overwrite",
            )
        number = 0
        while self.part(number).is_file() and self.counts(number).is_file():
            for verdict, status, n_rows in json.loads(self.counts(number).read_text(encoding="utf-8")):
                seen(verdict, status, n_rows)
            number += 1
        return number

    def write(self, number: int, verdicts: Sequence[Verdict]) -> None:
        """Write one part and rename it into place."""
        rows = [to_row(verdict, quotes=self.quotes) for verdict in verdicts]
        counts = Counter((verdict.verdict, verdict.status) for verdict in verdicts)
        with _writing(self.out):
            # The counts come first: where the part is there, they are.
            _replace(self.counts(number), json.dumps([(*pair, n) for pair, n in counts.items()]).encode())
            _replace(self.part(number), _encode(rows, self.kind, header=number == 0))

    def finish(self, n_parts: int) -> None:
        """Join the parts, rename the whole into place, remove the folder."""
        whole = self.folder / f"whole.{self.kind}"
        parts = [self.part(number) for number in range(n_parts)]
        with _writing(self.out):
            if self.kind == "parquet":
                _join_parquet(parts, whole)
            else:
                _join_bytes(parts, whole)
            os.replace(whole, self.out)
            shutil.rmtree(self.folder)


def write_parts(
    parts: Parts,
    rows: Iterator[Row],
    judge: Callable[[Iterable[Row]], Iterator[Verdict]],
    *,
    done: int = 0,
    seen: Callable[[str, str, int], None],
) -> None:
    """Judge rows into parts, from the first row that no part holds, and finish the output.

    Parameters
    ----------
    parts : Parts
        Begun, or resumed.
    rows : iterator of Row
        From the first row of the input.
    judge : callable
        Rows to verdicts, in order.
    done : int
        Parts that are whole already.
    seen : callable
        Told verdict and status of every new row, and that it is one.
    """
    skipped = sum(1 for _ in islice(rows, done * PART_ROWS))
    if skipped < done * PART_ROWS and done and skipped <= (done - 1) * PART_ROWS:
        raise ResumeError("the input has fewer rows than the parts", where=str(parts.out), then="use --overwrite")
    number = done
    # Each part is judged by itself, so that a resumed run forms the same batches, to the last bit of the sums.
    while batch := list(judge(islice(rows, PART_ROWS))):
        for verdict in batch:
            seen(verdict.verdict, verdict.status, 1)
        parts.write(number, batch)
        number += 1
    if number == 0:
        parts.write(0, [])
        number = 1
    parts.finish(number)


def check_output(out: Path, *, overwrite: bool, resume: bool) -> None:
    """Refuse to lose an earlier output.

    Raises
    ------
    UsageError
        If it is there and neither option says what to do, or both do.
    """
    if overwrite and resume:
        raise UsageError("--resume and --overwrite exclude each other", where=str(out), then="leave one out")
    if out.is_dir():
        raise UsageError("it is a folder", where=str(out), then="name a file in it")
    if out.exists() and not overwrite:
        raise UsageError("it is there already", where=str(out), then="use --overwrite, or another name")
    if Parts(out, "", quotes=True).begun and not overwrite and not resume:
        raise UsageError("an unfinished run is there", where=str(out), then="use --resume or --overwrite")
    if not out.parent.is_dir():
        raise InputError("no such folder", where=str(out.parent), then="make it first")


def _encode(rows: Sequence[Mapping[str, Any]], kind: str, *, header: bool) -> bytes:
    if kind == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8", "replace")
    if kind == "csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(schema()), lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(flatten(row) for row in rows)
        return text.getvalue().encode("utf-8", "replace")
    # Imported here: only Parquet needs polars.
    import polars as pl

    buffer = io.BytesIO()
    pl.DataFrame(rows, schema=schema()).write_parquet(buffer, row_group_size=PART_ROWS)
    return buffer.getvalue()


def _join_bytes(parts: Sequence[Path], whole: Path) -> None:
    with whole.open("wb") as joined:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined)


def _join_parquet(parts: Sequence[Path], whole: Path) -> None:
    # Imported here: only Parquet needs polars.
    import polars as pl

    # Without glob: brackets in a name are no pattern.
    pl.scan_parquet(list(parts), glob=False).sink_parquet(whole, row_group_size=PART_ROWS, maintain_order=True)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = f"it cannot be written ({error.strerror or error})"
        raise OutputError(problem, where=str(out), then="make room, or name another place") from error


def _replace(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
